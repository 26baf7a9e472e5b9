"""Long frames as blocks of rows, and what comes out of them put together again.

What lies between two operators then stays in the processor's caches, in memory that is used
again and again: a whole day of the market takes about half the time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from tickops._column import Column

if TYPE_CHECKING:
    from tickops._arrays import Array, Bool
    from tickops._batch import Batch

__all__ = ["BLOCK_ROWS", "Assembly"]

BLOCK_ROWS: Final = 1 << 17
"""Measured from 2**12 to 2**20: shorter ones cost calls, longer ones leave the caches."""


class Assembly:
    """What operators that only add columns give for the blocks of a frame, as a frame.

    Parameters
    ----------
    frame
        The whole of which the blocks are; at most so many rows come out.
    """

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame
        self._height = 0
        self._columns: dict[str, _Whole] = {}

    def add(self, start: int, block: Batch, out: Batch) -> None:
        """Take what came out of the block that begins at row `start`."""
        aligned = self._height == start
        for name, column in out.columns.items():
            whole = self._columns.get(name)
            if whole is None:
                whole = self._columns[name] = _Whole(name, self._frame)
            untouched = aligned and column is block.columns.get(name)
            whole.add(column, out.height, untouched=untouched)
        self._height += out.height

    def frame(self, empty: pl.DataFrame) -> pl.DataFrame:
        """All that came out; `empty` if nothing did."""
        if not self._columns:
            return empty.clear()
        return pl.DataFrame([whole.series() for whole in self._columns.values()])


class _Whole:
    """One column: rows of the frame as they stand, arrays in one long one, or Series."""

    def __init__(self, name: str, frame: pl.DataFrame) -> None:
        self._name = name
        self._frame = frame
        self._untouched = 0
        self._parts: list[pl.Series] = []
        self._dtype: pl.DataType = pl.Null()
        self._values: Array | None = None
        self._valid: Bool | None = None
        self._filled = 0

    def add(self, column: Column, height: int, *, untouched: bool) -> None:
        if untouched and not self._parts:
            self._untouched += height
            return
        values = column.made()
        if values is not None and not self._untouched and not self._parts:
            self._fill(column, values)
            return
        if not self._parts:
            self._parts = self._so_far()
        self._parts.append(column.series(self._name))

    def series(self) -> pl.Series:
        if self._values is not None:
            return self._filled_column().series(self._name)
        if self._parts:
            return pl.concat(self._parts, rechunk=True)
        return self._frame[self._name][: self._untouched]

    def _so_far(self) -> list[pl.Series]:
        """What came before a part that can be neither left where it is nor filled in."""
        if self._values is not None:
            filled = self._filled_column().series(self._name)
            self._values = None
            return [filled]
        return [self._frame[self._name][: self._untouched]] if self._untouched else []

    def _fill(self, column: Column, values: Array) -> None:
        if self._values is None:
            self._dtype = column.dtype
            self._values = np.empty(self._frame.height, values.dtype)
        end = self._filled + len(values)
        valid = column.valid()
        if valid is not None and self._valid is None:
            self._valid = np.ones(self._frame.height, np.bool_)
        if self._valid is not None and valid is not None:
            self._valid[self._filled : end] = valid
        self._values[self._filled : end] = values
        self._filled = end

    def _filled_column(self) -> Column:
        if self._values is None:
            raise AssertionError(f"no array was filled with {self._name!r}")
        valid = None if self._valid is None else self._valid[: self._filled]
        return Column.of_made(self._values[: self._filled], self._dtype, valid)
