"""Cores of liquidity measures over windows, of time or of rows."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, cast

import numpy as np

from tickops._arrays import frozen, grown
from tickops._column import Column
from tickops._duration import microseconds
from tickops._log import Log, unlinked
from tickops._per_symbol import PerSymbol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._arrays import F64, I64, Records
    from tickops._batch import Batch
    from tickops._late import LatePolicy
    from tickops._per_symbol import Rows
    from tickops._saved import Saved
    from tickops._snapshot import State
    from tickops._symbols import Symbols

__all__ = ["MEAN", "ROLL", "SLOPE", "Observed", "Window", "Windowed", "check_window"]

Window: TypeAlias = str | timedelta | int
"""A length of time, or a number of rows."""

MEAN: Final = 0
SLOPE: Final = 1
ROLL: Final = 2


def check_window(window: Window) -> None:
    """Raise unless `window` is a duration or a number of rows.

    Raises
    ------
    TypeError, ValueError
        It is neither, or not positive.
    """
    if not isinstance(window, int):
        microseconds("window", window)
    elif isinstance(window, bool) or window < 1:
        raise ValueError(f"window must be at least 1 row, not {window!r}")


class _WithWindow(Protocol):
    @property
    def window(self) -> Window: ...
    @property
    def late(self) -> LatePolicy: ...


@dataclass(frozen=True, slots=True)
class Observed:
    """What each row of a batch observes.

    Attributes
    ----------
    at
        (n,) where in the window that counts: the row's own position, or an earlier one.
    x, y
        (n,) x is NaN where a row observes nothing.
    """

    at: I64
    x: F64
    y: F64


class Windowed(PerSymbol):
    """A core that adds a statistic of what a symbol's rows observed within a window.

    Parameters
    ----------
    operator
        Has `window` and the policy `late`; its name is that of the column.
    symbols
        Of the run.
    statistic
        Which one: MEAN of x, SLOPE of y on x, or ROLL.
    """

    heavy = True

    def __init__(self, operator: _WithWindow, symbols: Symbols, statistic: int) -> None:
        from tickops._kernels import liquidity as kernels

        super().__init__(operator, symbols, kernels.WINDOW)
        self.kernels: Any = kernels
        self.past: Records = np.zeros(0, kernels.PAST)
        self._name = type(operator).__name__
        self._statistic = statistic
        self._of_rows = isinstance(operator.window, int)
        self._width = (
            operator.window
            if isinstance(operator.window, int)
            else microseconds("window", operator.window)
        )
        self._rows: I64 = np.zeros(0, np.int64)
        self._log = Log(kernels.ENTRY)

    @abstractmethod
    def observe(self, batch: Batch, rows: Rows, positions: I64) -> Observed:
        """Say what each row observes, updating `past`."""

    def add(self, batch: Batch, rows: Rows) -> Mapping[str, Column]:
        """Make the column."""
        self._reserve()
        positions = self._positions(rows)
        observed = self.observe(batch, rows, positions)
        at, x, y = (frozen(values) for values in (observed.at, observed.x, observed.y))
        result = np.empty(batch.height)
        start = 0
        while True:
            start += self.kernels.of_window(
                rows.codes[start:],
                positions[start:],
                at[start:],
                x[start:],
                y[start:],
                self._width,
                self._statistic,
                self.state,
                self._log.entries,
                self._log.span,
                result[start:],
            )
            if start == batch.height:
                return {self._name: Column.of_floats(result)}
            self._log.make_room(self.state)

    def save(self) -> Mapping[str, Saved]:
        """Records, entries and newest times, by symbol."""
        self._reserve()
        count = len(self.symbols)
        own = {"past": self.past[:count], "rows": self._rows[:count], "entries": self._log.pack()}
        return {**super().save(), **own}

    def load(self, state: State) -> None:
        """Go on from what `save` gave."""
        super().load(state)
        self.past = state.array("past", self.kernels.PAST, len(self.symbols))
        self._rows = state.array("rows", np.int64, len(self.symbols))
        self._log.unpack(self.state, state.array("entries", unlinked(self.kernels.ENTRY), None))

    def _positions(self, rows: Rows) -> I64:
        if not self._of_rows:
            return rows.times_us
        numbers = np.empty(len(rows.codes), np.int64)
        self.kernels.number_rows(rows.codes, self._rows, numbers)
        return cast("I64", frozen(numbers))

    def _reserve(self) -> None:
        self.past = grown(self.past, len(self.symbols))
        self._rows = grown(self._rows, len(self.symbols))
