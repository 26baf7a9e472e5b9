"""Statistics over windows, one group of them a kernel."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from tickops._arrays import frozen, grown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tickops._arrays import F64, I32, I64, Array, Bool, Records
    from tickops._snapshot import State
    from tickops._windows import Slide, Windows

__all__ = [
    "COMOMENTS",
    "MOMENTS",
    "Comoments",
    "Ends",
    "Extremes",
    "Group",
    "Input",
    "Moments",
    "Ranks",
    "Sums",
]

MOMENTS: Final = ("count", "sum", "mean", "var", "std", "sem", "zscore", "skew", "kurtosis")
COMOMENTS: Final = ("cov", "corr", "beta")
_POWERS: Final = (1, 1, 1, 2, 2, 2, 2, 3, 4)


@dataclass(frozen=True, slots=True)
class Input:
    """Rows that came, and what they did to the windows.

    Attributes
    ----------
    codes
        (n,) symbol number; -1: leave the row alone.
    columns
        Values of each column, NaN for null.
    fresh
        (n,) rows before which an expanding window is emptied; or empty.
    windows, slide
        None for windows that expand.
    """

    codes: I32
    columns: Sequence[F64]
    fresh: Bool
    windows: Windows | None
    slide: Slide | None

    def sliding(self, *columns: int) -> tuple[Any, ...]:
        """What left: first_out, outs, following, and the values of columns by slot."""
        if self.windows is None or self.slide is None:
            none = np.empty(0, np.int32)
            return none, none, none, *(np.empty(0) for _ in columns)
        values = (self.windows.values[column] for column in columns)
        return self.slide.first_out, self.slide.outs, self.windows.following, *values


class Group(ABC):
    """Some statistics of a column, or of two, that are computed together.

    Attributes
    ----------
    names
        What they are called, in the order of `update`'s rows.
    """

    names: Sequence[str]

    @abstractmethod
    def update(self, given: Input, symbols: int) -> F64:
        """Statistics after each row, (names, n); NaN for null."""

    def save(self, symbols: int) -> Mapping[str, Array]:
        """Give what cannot be told from the rows in the windows."""
        return {}

    def load(self, state: State, prefix: str, symbols: int) -> None:  # noqa: B027
        """Take what `save` gave, its names after `prefix`."""

    def rebuild(self, rows: Input, symbols: int) -> None:
        """Take the rows in the windows again, after `load`."""
        self.update(rows, symbols)


class Sums(Group):
    """Statistics from sums of powers and products of columns.

    Parameters
    ----------
    kernel
        Takes values of `columns`, then kinds, then what is kept by symbol.
    columns
        Numbers of the columns.
    names, all_names
        Statistics wanted, of those that the kernel numbers so.
    shift
        (0,) or (0, columns) what values are taken relative to.
    sums
        How many numbers the sums of a symbol are.
    """

    def __init__(
        self,
        kernel: Any,
        columns: Sequence[int],
        names: Sequence[str],
        all_names: Sequence[str],
        min_rows: int,
        *,
        shift: F64,
        sums: int,
    ) -> None:
        self.names = names
        self._kernel = kernel
        self._columns = columns
        self._min_rows = min_rows
        self._kinds = frozen(np.array([all_names.index(name) for name in names], np.int64))
        self._count: I64 = np.zeros(0, np.int64)
        self._shift = shift
        self._sums: F64 = np.zeros((0, sums))

    def update(self, given: Input, symbols: int) -> F64:
        self._reserve(symbols)
        result = np.empty((len(self.names), len(given.codes)))
        self._kernel(
            given.codes,
            *(given.columns[column] for column in self._columns),
            given.fresh,
            *given.sliding(*self._columns),
            self._min_rows,
            cast("I64", self._kinds),
            self._count,
            self._shift,
            self._sums,
            result,
        )
        return result

    def save(self, symbols: int) -> Mapping[str, Array]:
        self._reserve(symbols)
        return {
            "count": self._count[:symbols],
            "shift": self._shift[:symbols],
            "sums": self._sums[:symbols],
        }

    def load(self, state: State, prefix: str, symbols: int) -> None:
        shift, sums = self._shift.shape[1:], self._sums.shape[1:]
        self._count = state.array(f"{prefix}count", np.int64, symbols)
        self._shift = state.array(f"{prefix}shift", np.float64, symbols, *shift)
        self._sums = state.array(f"{prefix}sums", np.float64, symbols, *sums)

    def rebuild(self, rows: Input, symbols: int) -> None:
        """Nothing: the sums were loaded."""

    def _reserve(self, symbols: int) -> None:
        self._count = grown(self._count, symbols)
        self._shift = grown(self._shift, symbols)
        self._sums = grown(self._sums, symbols)


class Moments(Group):
    """Statistics of a column from sums of powers."""

    def __init__(self, column: int, names: Sequence[str], min_rows: int) -> None:
        from tickops._kernels import moments as kernels

        self.names = names
        self._kernels: Any = kernels
        self._column = column
        self._min_rows = min_rows
        kinds = [MOMENTS.index(name) for name in names]
        self._kinds = frozen(np.array(kinds, np.int64))
        self._powers = max(_POWERS[kind] for kind in kinds)
        self._state: F64 = np.zeros((0, kernels.FIELDS * kernels.WIDTH))

    def update(self, given: Input, symbols: int) -> F64:
        self._reserve(symbols)
        result = np.empty((len(self.names), len(given.codes)))
        self._kernels.moments(
            given.codes,
            given.columns[self._column],
            given.fresh,
            *given.sliding(self._column),
            self._min_rows,
            self._kinds,
            self._powers,
            self._state.reshape(-1),
            result,
        )
        return result

    def save(self, symbols: int) -> Mapping[str, Array]:
        self._reserve(symbols)
        blocks = self._state.reshape(-1, self._kernels.FIELDS, self._kernels.WIDTH)
        fields = blocks.transpose(0, 2, 1).reshape(-1, self._kernels.FIELDS)[:symbols]
        return {
            "count": fields[:, 0].astype(np.int64),
            "shift": fields[:, 1].copy(),
            "sums": fields[:, 2:].copy(),
        }

    def load(self, state: State, prefix: str, symbols: int) -> None:
        self._reserve(symbols)
        fields = np.zeros((len(self._state) * self._kernels.WIDTH, self._kernels.FIELDS))
        fields[:symbols, 0] = state.array(f"{prefix}count", np.int64, symbols)
        fields[:symbols, 1] = state.array(f"{prefix}shift", np.float64, symbols)
        fields[:symbols, 2:] = state.array(
            f"{prefix}sums", np.float64, symbols, self._kernels.FIELDS - 2
        )
        blocks = fields.reshape(len(self._state), self._kernels.WIDTH, self._kernels.FIELDS)
        self._state = np.ascontiguousarray(blocks.transpose(0, 2, 1)).reshape(self._state.shape)

    def rebuild(self, rows: Input, symbols: int) -> None:
        """Nothing: the sums were loaded."""

    def _reserve(self, symbols: int) -> None:
        self._state = grown(self._state, -(-symbols // self._kernels.WIDTH))


class Comoments(Sums):
    """Covariance, correlation and slope of two columns."""

    def __init__(self, x: int, y: int, names: Sequence[str], min_rows: int) -> None:
        from tickops._kernels.comoments import comoments

        shift = np.zeros((0, 2))
        super().__init__(comoments, (x, y), names, COMOMENTS, min_rows, shift=shift, sums=10)


class Extremes(Group):
    """Smallest or largest value, and how many rows ago it was."""

    def __init__(
        self, column: int, which: str, min_rows: int, *, ago: bool, expanding: bool
    ) -> None:
        from tickops._kernels import extremes as kernels

        self.names = (which, f"arg{which}") if ago else (which,)
        self._kernels: Any = kernels
        self._column = column
        self._sign = 1.0 if which == "min" else -1.0
        self._min_rows = min_rows
        self._expanding = expanding
        self._count: I64 = np.zeros(0, np.int64)
        self._known: F64 = np.zeros(0)
        self._state: Records = np.zeros(0, kernels.WINDOW)
        self._used: I64 = np.zeros(1, np.int64)
        self._kept: F64 = np.zeros(0)
        self._at: I32 = np.zeros(0, np.int32)

    def update(self, given: Input, symbols: int) -> F64:
        n = len(given.codes)
        result = np.empty((len(self.names), n))
        x = given.columns[self._column]
        if given.windows is None or given.slide is None:
            self._count = grown(self._count, symbols)
            self._known = grown(self._known, symbols)
            self._kernels.best_so_far(
                given.codes,
                x,
                given.fresh,
                self._sign,
                self._min_rows,
                self._count,
                self._known,
                result[0],
            )
            return result
        self._state = grown(self._state, symbols)
        done = 0
        while done < n:
            rest = slice(done, None)
            done += self._kernels.extremes(
                given.codes[rest],
                x[rest],
                given.slide.first_out[rest],
                given.slide.outs[rest],
                given.windows.following,
                given.windows.values[self._column],
                self._sign,
                self._min_rows,
                self._state,
                self._used,
                self._kept,
                self._at,
                result[0, rest],
                result[1, rest] if len(self.names) > 1 else np.empty(0),
            )
            if done < n:
                self._make_room()
        return result

    def _make_room(self) -> None:
        """Move rings together, and have room for as much again."""
        rings = self._state["room"] > 0
        # A ring is at most twice as large as what is in it and one more, or of the first size.
        most = int(np.maximum(2 * self._state["size"][rings] + 2, self._kernels.FIRST).sum())
        kept = np.zeros(2 * most + len(self._state) * self._kernels.FIRST)
        at = np.zeros(len(kept) if len(self.names) > 1 else 0, np.int32)
        self._used[0] = self._kernels.move_all(self._state, self._kept, self._at, kept, at)
        self._kept, self._at = kept, at

    def save(self, symbols: int) -> Mapping[str, Array]:
        if not self._expanding:
            return {}
        self._count, self._known = grown(self._count, symbols), grown(self._known, symbols)
        return {"count": self._count[:symbols], "known": self._known[:symbols]}

    def load(self, state: State, prefix: str, symbols: int) -> None:
        if self._expanding:
            self._count = state.array(f"{prefix}count", np.int64, symbols)
            self._known = state.array(f"{prefix}known", np.float64, symbols)


class Ends(Group):
    """Oldest and newest value."""

    names = ("first", "last")

    def __init__(self, column: int, min_rows: int, *, expanding: bool) -> None:
        from tickops._kernels import extremes as kernels

        self._kernels: Any = kernels
        self._column = column
        self._min_rows = min_rows
        self._expanding = expanding
        self._state: Records = np.zeros(0, kernels.ENDS)

    def update(self, given: Input, symbols: int) -> F64:
        self._state = grown(self._state, symbols)
        result = np.empty((2, len(given.codes)))
        self._kernels.ends(
            given.codes,
            given.columns[self._column],
            given.fresh,
            *given.sliding(self._column),
            self._min_rows,
            self._state,
            result[0],
            result[1],
        )
        return result

    def save(self, symbols: int) -> Mapping[str, Array]:
        self._state = grown(self._state, symbols)
        return {"ends": self._state[:symbols]} if self._expanding else {}

    def load(self, state: State, prefix: str, symbols: int) -> None:
        if self._expanding:
            self._state = state.array(f"{prefix}ends", self._kernels.ENDS, symbols)


class Ranks(Group):
    """Quantiles, and the rank of the newest value."""

    def __init__(
        self,
        column: int,
        names: Sequence[str],
        quantiles: Sequence[float],
        min_rows: int,
        *,
        ranked: bool,
    ) -> None:
        from tickops._kernels import ranks as kernels

        self.names = (*names, "rank") if ranked else names
        self._kernels: Any = kernels
        self._column = column
        self._min_rows = min_rows
        self._quantiles = cast("F64", frozen(np.array(quantiles, np.float64)))
        self._nodes: Records = np.zeros(0, kernels.NODE)
        self._blocks: F64 = np.zeros((0, kernels.WIDTH))
        self._pool: I64 = np.zeros(2, np.int64)
        self._roots: I64 = np.zeros(0, np.int64)

    def update(self, given: Input, symbols: int) -> F64:
        if given.windows is None or given.slide is None:
            raise AssertionError("quantiles are over windows that rows leave")
        self._reserve(len(given.codes), symbols)
        result = np.empty((len(self.names), len(given.codes)))
        count = len(self._quantiles)
        self._kernels.ranks(
            given.codes,
            given.columns[self._column],
            given.slide.first_out,
            given.slide.outs,
            given.windows.following,
            given.windows.values[self._column],
            self._min_rows,
            self._quantiles,
            self._nodes,
            self._blocks,
            self._pool,
            self._roots,
            result[:count],
            result[-1] if len(self.names) > count else np.empty(0),
        )
        return result

    def _reserve(self, rows: int, symbols: int) -> None:
        """Have room for the blocks that so many rows can need at most."""
        self._roots = grown(self._roots, symbols)
        used = int(self._pool[1])
        # One for the first value of a symbol, one for each block that may be full already, and
        # one for every half block of rows, after which a new one may be full.
        room = used + min(rows, used + symbols + rows // self._kernels.HALF)
        self._nodes = grown(self._nodes, room)
        self._blocks = grown(self._blocks, room)
