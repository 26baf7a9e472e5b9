"""Long frames as blocks of rows, and what comes out of them put together again.

What lies between two operators then stays in the processor's caches, in memory that is used
again and again: a whole day of the market takes about half the time.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from tickops._arrays import frozen
from tickops._batch import Batch
from tickops._column import Column, nulled, row_index
from tickops._symbols import Named

if TYPE_CHECKING:
    from tickops._arrays import I32, I64, Array, Bool
    from tickops._symbols import Symbols

__all__ = ["BLOCK_ROWS", "Assembly", "Source"]

BLOCK_ROWS: Final = 1 << 17
"""Measured from 2**12 to 2**20: shorter ones cost calls, longer ones leave the caches."""


class Source:
    """A frame to be taken whole or in blocks, one after another; symbols are numbered then.

    Parameters
    ----------
    frame
        Rows in order of arrival.
    symbols
        Of the run; new ones are numbered.
    by_symbol
        Whether an operator looks at symbols.
    """

    def __init__(self, frame: pl.DataFrame, symbols: Symbols, *, by_symbol: bool) -> None:
        self._whole = {series.name: Column.of(series) for series in frame.get_columns()}
        self._height = frame.height
        self._symbols = symbols
        self._named: Named | None = None
        if not by_symbol:
            return
        valid: Bool | None = None
        # Though no step may need it: a longer chain must not see fewer rows of a symbol.
        if "timestamp" in self._whole and isinstance(self._whole["timestamp"].dtype, pl.Datetime):
            time = frame["timestamp"]
            valid = time.is_not_null().to_numpy() if time.null_count() else None
        regions = frame["region"] if "region" in self._whole else None
        self._named = Named.of(frame["symbol"], regions, valid)

    def codes(self, start: int, stop: int) -> I32 | None:
        """Symbol numbers of some rows, -1 where symbol or time is null; None if not `by_symbol`."""
        return None if self._named is None else self._symbols.number(self._named[start:stop])

    def whole(self) -> Batch:
        """All rows."""
        codes = None if self._named is None else self._symbols.number(self._named)
        return self._batch(self._whole, self._height, codes)

    def block(self, start: int, stop: int) -> Batch:
        """Rows from `start` to before `stop`, or to the last."""
        stop = min(stop, self._height)
        columns = {name: column.take(slice(start, stop)) for name, column in self._whole.items()}
        batch = self._batch(columns, stop - start, self.codes(start, stop))
        batch.origin = slice(start, stop)
        return batch

    def some(self, rows: I64, codes: I32) -> Batch:
        """Rows with these numbers, and the symbols `codes`."""
        columns = {name: column.take(rows) for name, column in self._whole.items()}
        batch = self._batch(columns, len(rows), codes)
        batch.origin = rows
        return batch

    def _batch(self, columns: dict[str, Column], height: int, codes: I32 | None) -> Batch:
        batch = Batch(columns, height, self._symbols, codes)
        time = columns.get("timestamp")
        if codes is not None and time is not None and isinstance(time.dtype, pl.Datetime):
            batch.times_us = time.times_us()
        return batch


class Assembly:
    """What operators that keep rows give for parts of a frame, as a frame.

    Parts may come in any order, and from several threads.

    Parameters
    ----------
    frame
        The whole of which the parts are; at most its rows come out.
    """

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame
        self._kept: Bool | None = None
        self._any = False
        self._columns: dict[str, _Whole] = {}
        self._lock = Lock()

    def add(self, part: Batch, out: Batch | None) -> None:
        """Take what came out of a part of the frame; None if nothing did."""
        if out is not None and out.origin is None:
            raise AssertionError(
                "an operator that keeps rows must give those of the batch that it was given:"
                " batch.with_columns(…), batch.where(…)"
            )
        if out is None or out.height < part.height:
            kept = self._marks()
            kept[part.origin] = False
            if out is not None:
                kept[out.origin] = True
        if out is None:
            return
        self._any = True
        for name, column in out.columns.items():
            given = part.columns.get(name)
            untouched = given is not None and column.root is given.root
            with self._lock:
                whole = self._columns.get(name)
                if whole is None:
                    whole = self._columns[name] = _Whole(name, self._frame)
                writes = whole.place(column, out.origin, untouched=untouched)
            for values, into in writes:
                _write(values, out.origin, into)

    def frame(self, empty: pl.DataFrame) -> pl.DataFrame:
        """All that came out; `empty` if nothing did."""
        if not self._any:
            return empty.clear()
        return pl.DataFrame([whole.series(self._kept) for whole in self._columns.values()])

    def _marks(self) -> Bool:
        with self._lock:
            if self._kept is None:
                self._kept = np.ones(self._frame.height, np.bool_)
            return self._kept


class _Whole:
    """One column, which is at first as its first part is.

    Parameters
    ----------
    name, frame
        Of the column; of which the parts are.
    """

    def __init__(self, name: str, frame: pl.DataFrame) -> None:
        self._name = name
        self._frame = frame
        self._begun = False
        self._untouched = False
        self._dtype: pl.DataType = pl.Null()
        self._values: Array | None = None
        self._valid: Bool | None = None
        self._others: list[tuple[Any, pl.Series]] = []

    def place(self, column: Column, rows: Any, *, untouched: bool) -> list[tuple[Array, Array]]:
        """Take the column of these rows; return which arrays are to be written into which."""
        values = None if untouched else column.made()
        if not self._begun:
            self._begun = True
            self._untouched = untouched
            if values is not None:
                self._dtype = column.dtype
                self._values = np.empty(self._frame.height, values.dtype)
        if untouched and self._untouched:
            return []
        if values is None or self._values is None or column.dtype != self._dtype:
            self._others.append((rows, column.series(self._name)))
            return []
        writes = [(values, self._values)]
        valid = _valid(column, values)
        if valid is not None:
            if self._valid is None:
                self._valid = np.ones(self._frame.height, np.bool_)
            writes.append((valid, self._valid))
        return writes

    def series(self, kept: Bool | None) -> pl.Series:
        """The column of the rows that are kept, or of all."""
        if not self._others:
            return self._first(kept)
        if self._values is not None:  # where nobody wrote there might be no value at all
            for rows, _ in self._others:
                self._values[rows] = 0
            if kept is not None:
                self._values[~kept] = 0
        parts = [self._first(None)] if self._untouched or self._values is not None else []
        height = sum(map(len, parts))
        index = np.arange(self._frame.height) if parts else np.zeros(self._frame.height, np.int64)
        for rows, part in self._others:
            index[rows] = np.arange(height, height + len(part))
            height += len(part)
            parts.append(part)
        index = index if kept is None else index[kept]
        whole = pl.concat(parts, rechunk=True)
        return whole if np.array_equal(index, np.arange(height)) else whole[row_index(index)]

    def _first(self, kept: Bool | None) -> pl.Series:
        """The column without what came as Series; where nobody wrote, any values."""
        values, valid = self._values, self._valid
        if values is None:
            series = self._frame[self._name]
            return series if kept is None else series.filter(pl.Series(kept))
        if kept is not None:
            values, valid = values[kept], None if valid is None else valid[kept]
        if self._dtype != pl.Float64:
            return Column.of_ints(values, self._dtype, valid).series(self._name)
        series = pl.Series(self._name, values)
        return series if valid is None else nulled(series, valid)


def _valid(column: Column, values: Array) -> Bool | None:
    """Which values are not null, None for all; of floats while they are in the caches."""
    if column.dtype != pl.Float64:
        return column.valid()
    nan = np.isnan(values)
    return ~nan if nan.any() else None


def _write(values: Array, rows: Any, into: Array) -> None:
    if isinstance(rows, slice):
        into[rows] = values
        return
    from tickops._kernels.lanes import put

    # Bits are bits: so there is a kernel for each size, not for each type.
    bits = f"u{values.itemsize}"
    put(frozen(values.view(bits)), frozen(rows), into.view(bits))
