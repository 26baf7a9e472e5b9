"""The rows in the windows of all symbols, for operators with several statistics over them.

As in ``tickops._log`` the rows of a symbol are a linked list in one log in order of arrival.
Here a batch first slides all windows; kernels then go over what left and what came, each for
its own statistic; at last the slots of what left are given back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from tickops._arrays import empty, grown
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

    place: I32
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

    def reserve(self, rows: int) -> I32 | None:
        """Have room for so many rows more.

        Returns
        -------
        Array or None
            If the rows were moved: their new slot by the old one, -1 for free ones.
        """
        self._state = grown(self._state, len(self._symbols))
        first, end = map(int, self.span)
        if end - first + rows <= self.capacity:
            return None
        slots = np.arange(first, end) & (self.capacity - 1)
        slots = slots[self.owner[slots] >= 0]
        to = np.full(self.capacity, -1, np.int32)
        to[slots] = np.arange(len(slots), dtype=np.int32)
        old = self.time, self.number, self.owner, self.following, self.values
        self._allot(1 << int(2 * len(slots) + rows).bit_length(), len(self.values))
        count = len(slots)
        time, number, owner, following, values = old
        self.time[:count] = time[slots]
        self.number[:count] = number[slots]
        self.owner[:count] = owner[slots]
        self.following[:count] = to[following[slots]]  # a symbol's newest row has none: any will do
        self.values[:, :count] = values[:, slots]
        self.span[:] = 0, count
        some = self._state["length"] > 0
        for end_of in ("head", "tail"):
            self._state[end_of][some] = to[self._state[end_of][some]]
        return to

    def slide(self, batch: Batch, rows: Rows, columns: Sequence[F64]) -> Slide:
        """Put the rows of a batch into their windows, after `reserve`; then `release`."""
        n = batch.height
        slide = Slide(np.empty(n, np.int32), np.zeros(n, np.int32), np.empty(n, np.int32))
        self._kernels.slide(
            rows.codes,
            rows.times_us,
            trading_days(batch, rows) if self._daily else cast("I32", empty(np.int32)),
            self._window_us,
            self._window_rows,
            self.time,
            self.number,
            self.following,
            self.owner,
            self.span,
            self._state,
            slide.place,
            slide.first_out,
            slide.outs,
        )
        for values, column in zip(self.values, columns, strict=True):
            self._kernels.put(slide.place, column, values)
        return slide

    def release(self, slide: Slide) -> None:
        """Give back the slots of what left."""
        self._kernels.release(slide.first_out, slide.outs, self.following, self.owner, self.span)

    def save(self) -> dict[str, Saved]:
        """State by symbol, and rows by symbol, oldest first."""
        first, end = map(int, self.span)
        slots = np.arange(first, end) & (self.capacity - 1)
        slots = slots[self.owner[slots] >= 0]
        slots = slots[np.argsort(self.owner[slots], kind="stable")]
        owners = self.owner[slots]
        state = grown(self._state, len(self._symbols))[: len(self._symbols)]
        return {
            "windows": state,
            "times_us": Packed(self.time[slots], owners),
            "values": Packed(self.values[:, slots].T, owners),
        }

    def load(self, state: State) -> Slide:
        """Go on from what `save` gave; returns the rows as if they came anew, by symbol."""
        self._state = state.array("windows", self._kernels.STATE, len(self._symbols))
        times_us = state.array("times_us", np.int64, None)
        count = len(times_us)
        values = state.array("values", np.float64, count, len(self.values))
        length = self._state["length"]
        if (length < 0).any() or (length > self._state["rows"]).any() or length.sum() != count:
            raise SnapshotError(
                f"the snapshot of {state.operator} is damaged: its windows do not fit"
            )
        owner = np.repeat(np.arange(len(length), dtype=np.int32), length)
        ends = np.cumsum(length)
        self._allot(1 << int(2 * count + _SMALLEST).bit_length(), len(self.values))
        self.time[:count] = times_us
        self.owner[:count] = owner
        self.following[:count] = np.arange(1, count + 1)  # the last of a symbol has no next
        self.values[:, :count] = values.T
        self.number[:count] = np.arange(count) - np.repeat(ends - self._state["rows"], length)
        self.span[:] = 0, count
        self._state["head"] = ends - length
        self._state["tail"] = ends - 1
        place = np.arange(count, dtype=np.int32)
        return Slide(place, np.zeros(count, np.int32), np.zeros(count, np.int32))

    def _allot(self, capacity: int, columns: int) -> None:
        self.time: I64 = np.zeros(capacity, np.int64)
        self.number: I64 = np.zeros(capacity, np.int64)
        self.following: I32 = np.zeros(capacity, np.int32)
        self.owner: I32 = np.zeros(capacity, np.int32)
        self.values: F64 = np.zeros((columns, capacity))


def moved(array: Any, to: I32, capacity: int) -> Any:
    """What is known by slot, at the new slots."""
    new = np.zeros((capacity, *array.shape[1:]), array.dtype)
    kept = np.flatnonzero(to >= 0)
    new[to[kept]] = array[kept]
    return new
