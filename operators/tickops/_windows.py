"""The rows in the windows of all symbols, for operators with several statistics over them.

As in ``tickops._log`` the rows of a symbol are a linked list in one log in order of arrival.
Here a batch first slides all windows; kernels then go over what left and what came, each for
its own statistic. What left keeps its slot until the log has no room for the next batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

import numpy as np

from tickops._arrays import empty, frozen, grown
from tickops._saved import Packed
from tickops._trading_days import trading_days
from tickops.exceptions import SnapshotError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tickops._arrays import F64, I32, I64, Records
    from tickops._batch import Batch
    from tickops._per_symbol import Rows
    from tickops._saved import Saved
    from tickops._snapshot import State
    from tickops._symbols import Symbols

__all__ = ["Slide", "Windows"]

_SMALLEST: Final = 1 << 10


@dataclass(frozen=True, slots=True)
class Slide:
    """What a batch did to the windows: see ``_kernels.windows.slide``."""

    first_out: I32
    outs: I32


class Windows:
    """Windows of each symbol, and the values of some columns in them.

    Parameters
    ----------
    symbols
        Of the run.
    columns
        How many columns.
    window_us, window_rows
        Length of the windows; one of them is 0.
    daily
        Whether a new trading day empties them.

    Attributes
    ----------
    values
        (columns, capacity) value by slot.
    """

    def __init__(
        self, symbols: Symbols, columns: int, window_us: int, window_rows: int, *, daily: bool
    ) -> None:
        from tickops._kernels import windows as kernels

        self._kernels = kernels
        self._symbols = symbols
        self._window_us = window_us
        self._window_rows = window_rows
        self._daily = daily
        self._state: Records = np.zeros(0, kernels.STATE)
        self.span: I64 = np.zeros(2, np.int64)
        self._allot(_SMALLEST, columns)

    @property
    def capacity(self) -> int:
        """How many slots there are."""
        return len(self.time)

    def reserve(self, rows: int) -> None:
        """Have room for so many rows more; slots may change."""
        self._state = grown(self._state, len(self._symbols))
        if self._in_use() + rows <= self.capacity:
            return
        self._give_back()
        # Were it almost full, all heads would be looked at again after a few rows.
        if self._in_use() + max(rows, self.capacity // 4) <= self.capacity:
            return
        # In the order of arrival, so that rows that leave one after another stay side by side.
        some = self._state["length"] > 0
        slots = np.empty(int(self._state["length"].sum()), np.int64)
        marks = np.zeros(self.capacity, np.uint8)
        self._kernels.by_arrival(self._state, self.following, self.span, marks, slots)
        to = np.full(self.capacity, -1, np.int32)
        to[slots] = np.arange(len(slots), dtype=np.int32)
        time, following, values = self.time, self.following, self.values
        self._allot(1 << int(2 * len(slots) + rows).bit_length(), len(self.values))
        count = len(slots)
        self.time[:count] = time[slots]
        self.following[:count] = to[following[slots]]  # a symbol's newest row has none: any will do
        self.values[:, :count] = values[:, slots]
        self.span[:] = 0, count
        for end_of in ("head", "tail"):
            self._state[end_of][some] = to[self._state[end_of][some]]

    def slide(self, batch: Batch, rows: Rows, columns: Sequence[F64]) -> Slide:
        """Put the rows of a batch into their windows, after `reserve`."""
        n = batch.height
        slide = Slide(np.empty(n, np.int32), np.empty(n, np.int32))
        first = int(self.span[1])
        self._kernels.slide(
            rows.codes,
            rows.times_us,
            trading_days(batch, rows) if self._daily else cast("I32", empty(np.int32)),
            self._window_us,
            self._window_rows,
            self.time,
            self.following,
            self.span,
            self._state,
            slide.first_out,
            slide.outs,
        )
        end = int(self.span[1])
        for values, column in zip(self.values, columns, strict=True):
            self._kernels.put(rows.codes, first, end, column, values)
        return slide

    def save(self) -> dict[str, Saved]:
        """State by symbol, and rows by symbol, oldest first."""
        slots = np.empty(int(self._state["length"].sum()), np.int64)
        self._kernels.by_symbol(self._state, self.following, slots)
        state = grown(self._state, len(self._symbols))[: len(self._symbols)]
        owners = np.repeat(np.arange(len(state), dtype=np.int32), state["length"])
        return {
            "windows": state,
            "times_us": Packed(self.time[slots], owners),
            "values": Packed(self.values[:, slots].T, owners),
        }

    def load(self, state: State) -> tuple[I32, Slide]:
        """Go on from what `save` gave.

        Returns
        -------
        codes, slide
            The rows as if they came anew, by symbol: their symbol numbers; the first rows of
            `values` belong to them.
        """
        self._state = state.array("windows", self._kernels.STATE, len(self._symbols))
        times_us = state.array("times_us", np.int64, None)
        count = len(times_us)
        values = state.array("values", np.float64, count, len(self.values))
        length = self._state["length"]
        if (length < 0).any() or (length > self._state["rows"]).any() or length.sum() != count:
            raise SnapshotError(
                f"the snapshot of {state.operator} is damaged: its windows do not fit"
            )
        codes = np.repeat(np.arange(len(length), dtype=np.int32), length)
        ends = np.cumsum(length)
        self._allot(1 << int(2 * count + _SMALLEST).bit_length(), len(self.values))
        self.time[:count] = times_us
        self.following[:count] = np.arange(1, count + 1)  # the last of a symbol has no next
        self.values[:, :count] = values.T
        self.span[:] = 0, count
        self._state["head"] = ends - length
        self._state["tail"] = ends - 1
        none_left = np.zeros(count, np.int32)
        return cast("I32", frozen(codes)), Slide(none_left, none_left)

    def _in_use(self) -> int:
        """How many slots there are from the oldest row to the end."""
        return int(self.span[1] - self.span[0])

    def _give_back(self) -> None:
        """Let the log begin where the oldest row of all windows is."""
        end = int(self.span[1])
        heads = self._state["head"][self._state["length"] > 0].astype(np.int64)
        # The oldest row of a log that is full lies in the slot that comes next.
        self.span[0] = end - 1 - ((end - 1 - heads) & (self.capacity - 1)).max(initial=-1)

    def _allot(self, capacity: int, columns: int) -> None:
        self.time: I64 = np.zeros(capacity, np.int64)
        self.following: I32 = np.zeros(capacity, np.int32)
        self.values: F64 = np.zeros((columns, capacity))
