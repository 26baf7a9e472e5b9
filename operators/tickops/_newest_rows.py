"""Cores that give the newest row of each symbol at the times of a grid."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, cast

import numpy as np
import polars as pl

from tickops._arrays import frozen, grown
from tickops._batch import Batch
from tickops._column import Column
from tickops._duration import Duration, microseconds
from tickops._grid import NEVER_US, check_every, grid_times
from tickops._kept_rows import KeptRows
from tickops._made_rows import name_ranks
from tickops._operator import Core
from tickops._per_symbol import Watermarks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tickops._arrays import I32, I64, Array, Records
    from tickops._late import LatePolicy
    from tickops._saved import Saved
    from tickops._snapshot import State
    from tickops._symbols import Symbols

__all__ = ["Arrived", "NewestRows", "Shown"]

PLACE: Final = np.dtype(
    [
        ("row_us", np.int64),
        ("time_us", np.int64),
        ("first_us", np.int64),
        ("midnight_us", np.int64),
        ("bound_us", np.int64),
        ("status", np.int64),
    ]
)
"""Of a symbol's newest row: its timestamp, when it counts, the first time of the grid that it is
for, local midnight before it; up to when the clock has let times of the grid come out; and
0 where there was no row yet, 1 where it waits, 2 where it has come out for good."""

_WAITS, _OUT = 1, 2


class _OnGrid(Protocol):
    @property
    def every(self) -> Duration: ...
    @property
    def grace(self) -> Duration: ...
    @property
    def late(self) -> LatePolicy: ...


@dataclass(frozen=True, slots=True)
class Arrived:
    """Rows of a batch that count: number in the batch, symbol number, when it counts."""

    rows: I64
    codes: I32
    times_us: I64


@dataclass(frozen=True, slots=True)
class Shown:
    """Which of some rows come out, and at which time of the grid each."""

    which: I64
    at_us: I64


class NewestRows(Core):
    """A core that keeps the newest row of each symbol until the time of the grid has passed.

    Parameters
    ----------
    operator
        Has `every`, `grace` and the policy `late`.
    schema
        Of the rows that come in.
    symbols
        Of the run.
    names
        Columns to keep.
    once
        A row comes out but once.
    """

    def __init__(
        self,
        operator: _OnGrid,
        schema: pl.Schema,
        symbols: Symbols,
        names: Sequence[str],
        *,
        once: bool,
    ) -> None:
        super().__init__()
        columns = {name: schema[name] for name in names}
        empty = {name: Column.of(pl.Series(name, [], kind)) for name, kind in columns.items()}
        self.symbols = symbols
        self.schema = schema
        self._once = once
        self.newest: Records = np.zeros(0, PLACE)
        self.counts = {"late": 0}
        self._every_us = check_every(operator.every)
        self._grace_us = microseconds("grace", operator.grace, zero=True)
        self._watermarks = Watermarks(operator, symbols)
        self._kept = KeptRows(repr(operator), columns)
        self._no_rows = Batch(empty, 0, symbols)

    @abstractmethod
    def shown(self, codes: Array, newest: Records, until_us: I64) -> Shown:
        """Rows at the times of the grid after the clock's bound of each, `until_us` included."""

    @abstractmethod
    def output(self, columns: dict[str, Column], codes: I32, newest: Records, at_us: I64) -> Batch:
        """Rows that come out, of which `columns` were kept."""

    def is_shown(self, newest: Records, at_us: I64) -> Array:
        """Which rows come out with their values; the others are null."""
        return np.ones(len(at_us), np.bool_)

    def admitted(self, batch: Batch, arrived: Arrived) -> Arrived:
        """Rows that are not too late for the clock, and when they count."""
        return arrived

    def push(self, batch: Batch) -> Batch:
        """Take the next rows; return those for which a later one has come."""
        from tickops._kernels import newest as kernels

        self._reserve()
        rows = self._watermarks.rows(batch)
        self.counts["late"] += batch.height - int(rows.keep.sum())
        taken = np.flatnonzero(rows.codes >= 0)
        arrived = self.admitted(batch, Arrived(taken, rows.codes[taken], rows.times_us[taken]))
        places = self._places(batch, arrived)
        last, before = np.full(len(self.symbols), -1), np.empty(len(places), np.int64)
        kernels.previous(cast("I32", frozen(arrived.codes)), last, before)
        is_here = before >= 0
        earlier = _gathered(self.newest, arrived.codes)
        earlier[is_here] = _gathered(places, before[is_here])
        some = np.flatnonzero(earlier["status"] == _WAITS)
        shown = self.shown(arrived.codes[some], earlier[some], places["first_us"][some] - 1)
        which = some[shown.which]
        sources = np.where(is_here[which], arrived.rows[before[which]], -1)
        out = self._taken(batch, sources, arrived.codes[which], earlier[which], shown.at_us)
        ends = np.flatnonzero(last >= 0)
        self.newest[ends] = _gathered(places, last[ends])
        self._kept.keep(batch, arrived.rows[last[ends]], ends)
        return out

    def advance(self, now_us: int) -> Batch | None:
        """Give what is due."""
        self._reserve()
        bound_us = now_us - self._grace_us
        out = self._due(np.full(len(self.newest), bound_us))
        # For symbols without a row there is nothing that could be late.
        known = self.newest["status"] != 0
        self.newest["bound_us"][known] = np.maximum(self.newest["bound_us"][known], bound_us)
        return out

    def finish(self) -> Batch | None:
        """Give each newest row at the next time of the grid."""
        self._reserve()
        return self._due(self.newest["first_us"])

    def save(self) -> Mapping[str, Saved]:
        """Newest rows, by symbol."""
        self._reserve()
        count = len(self.symbols)
        newest = {"newest": self.newest[:count], "newest_us": self._watermarks.save()}
        return {**newest, **self._kept.save(count)}

    def load(self, state: State) -> None:
        """Go on from what `save` gave."""
        self.newest = state.array("newest", PLACE, len(self.symbols))
        self._watermarks.load(state)
        self._kept.load(state, len(self.symbols))

    def first_us(self, codes: I32, times_us: I64) -> I64:
        """First time of the grid that is not before each row."""
        return grid_times(self.symbols, codes, times_us, self._every_us)

    def bounds_us(self, codes: I32) -> I64:
        """Up to when the clock has let times of the grid come out, for these symbols."""
        return np.where(self.newest["status"][codes] == 0, NEVER_US, self.newest["bound_us"][codes])

    def _reserve(self) -> None:
        self.newest = grown(self.newest, len(self.symbols))

    def _places(self, batch: Batch, arrived: Arrived) -> Records:
        places = np.zeros(len(arrived.rows), PLACE)
        codes, times_us = cast("I32", frozen(arrived.codes)), cast("I64", frozen(arrived.times_us))
        places["row_us"] = batch.rows()[1][arrived.rows]
        places["time_us"] = times_us
        places["first_us"] = self.first_us(codes, times_us)
        places["midnight_us"] = times_us - self.symbols.localise(codes, times_us).time_of_day_us
        places["bound_us"] = self.bounds_us(codes)
        places["status"] = _WAITS
        return places

    def _due(self, until_us: I64) -> Batch | None:
        """Rows up to a time for each symbol, in the order of time and of the symbols' names."""
        codes = np.flatnonzero(self.newest["status"] == _WAITS)
        shown = self.shown(codes, self.newest[codes], until_us[codes])
        if not len(shown.which):
            return None
        which = codes[shown.which]
        order = np.lexsort((name_ranks(self.symbols)[which], shown.at_us))
        codes, at_us = which[order], shown.at_us[order]
        nowhere = np.full(len(codes), -1)
        out = self._taken(self._no_rows, nowhere, codes, self.newest[codes], at_us)
        if self._once:
            self.newest["status"][codes] = _OUT
            self._kept.forget(codes)
        return out

    def _taken(
        self, batch: Batch, sources: I64, codes: Array, newest: Records, at_us: I64
    ) -> Batch:
        known = self.is_shown(newest, at_us)
        slots = np.where(known, codes, -1)
        columns = self._kept.take(batch, np.where(known, sources, -1), slots)
        return self.output(columns, cast("I32", frozen(codes.astype(np.int32))), newest, at_us)


def _gathered(records: Records, rows: Array) -> Records:
    """Copy of some records of whole numbers: a third of what numpy takes for records."""
    numbers = records.view(np.int64).reshape(len(records), len(PLACE.names or ()))
    return numbers[rows].reshape(-1).view(PLACE)
