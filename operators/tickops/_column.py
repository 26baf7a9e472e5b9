"""A column on its way through a chain: a Polars Series, a numpy array, or both."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import polars as pl

from tickops._arrays import frozen

if TYPE_CHECKING:
    from tickops._arrays import F64, I64, U8, Array, Bool

__all__ = ["Column", "nulled", "row_index"]

_FLOAT: Final = pl.Float64()


class Column:
    """One column of a batch.

    Kernels ask for numpy arrays (`floats`, `ints`), Polars for a Series (`series`);
    each form is made when it is first asked for. In float arrays NaN stands for null;
    an integer array has null as 0 and a validity mask beside it.

    Attributes
    ----------
    dtype
        Type of the Series.
    """

    __slots__ = ("_floats", "_given", "_ints", "_of", "_rows", "_series", "_valid", "dtype")

    def __init__(self, dtype: pl.DataType) -> None:
        self.dtype = dtype
        self._given = False
        self._of: Column | None = None
        self._rows: slice | I64 | None = None
        self._series: pl.Series | None = None
        self._floats: F64 | None = None
        self._ints: I64 | U8 | Bool | None = None
        self._valid: Bool | None = None

    @classmethod
    def of(cls, series: pl.Series) -> Column:
        """Take a Series as it is."""
        column = cls(series.dtype)
        column._given = True
        column._series = series
        return column

    @classmethod
    def of_floats(cls, values: F64) -> Column:
        """Take a float array in which NaN is null."""
        column = cls(_FLOAT)
        column._floats = cast("F64", frozen(values))
        return column

    @classmethod
    def of_ints(
        cls, values: I64 | U8 | Bool, dtype: pl.DataType, valid: Bool | None = None
    ) -> Column:
        """Take the physical integers of `dtype` (also dates, times, enums, booleans)."""
        column = cls(dtype)
        column._ints = frozen(values)
        column._valid = None if valid is None or valid.all() else valid
        return column

    @property
    def root(self) -> Column:
        """Column that the rows were taken from as they are: itself, unless `take` made it."""
        return self if self._of is None else self._of.root

    def floats(self) -> F64:
        """Values as read-only float64, null as NaN."""
        if self._floats is None:
            if self._is_taken_of(pl.Float64):
                self._floats = cast("F64", self._taken(cast("Column", self._of).floats()))
                return self._floats
            series = self._need_series()
            if series.dtype != pl.Float64:
                series = series.cast(pl.Float64)
            if series.null_count():
                series = series.fill_null(math.nan)  # a third of what to_numpy takes for it
            self._floats = cast("F64", frozen(series.to_numpy()))
        return self._floats

    def ints(self) -> I64:
        """Values as read-only int64, null as 0; `valid` says which are null."""
        if self._ints is None:
            if self._is_taken_of(pl.Int64, pl.Datetime):
                self._ints = cast("I64", self._taken(cast("Column", self._of).ints()))
                return self._ints
            series = self._need_series()
            if series.dtype == pl.Enum:
                series = series.cat.physical()
            elif series.dtype.is_temporal():
                series = series.cast(pl.Int64)  # a thirtieth of what to_physical takes
            if series.null_count():
                self._valid = cast("Bool", series.is_not_null().to_numpy())
                series = series.fill_null(0)
            self._ints = frozen(series.to_numpy())
        if self._ints.dtype != np.int64:
            self._ints = cast("I64", frozen(self._ints.astype(np.int64)))
        return cast("I64", self._ints)

    def times_us(self) -> I64:
        """Datetimes of any unit as epoch microseconds, null as 0; nanoseconds are floored."""
        unit = cast("pl.Datetime", self.dtype).time_unit
        if unit == "ms" and self._ints is None and self._is_taken_of(pl.Datetime):
            return cast("I64", self._taken(cast("Column", self._of).ints(), 1_000))
        ticks = self.ints()
        match unit:
            case "us":
                return ticks
            case "ms":
                return cast("I64", frozen(ticks * 1_000))
            case _:
                return cast("I64", frozen(ticks // 1_000))

    def valid(self) -> Bool | None:
        """Which of `ints` are not null; None if all are, or if it was made of floats."""
        if self._ints is None and self._given:
            self.ints()
        return self._valid

    def series(self, name: str) -> pl.Series:
        """Column as a Series of its type, called `name`."""
        if self._series is None:
            self._series = self._make_series()
        return self._series if self._series.name == name else self._series.alias(name)

    def made(self) -> Array | None:
        """Array that the column was made of, with `valid`; None if it was a Series."""
        if self._given:
            return None
        return self._ints if self._floats is None else self._floats

    @classmethod
    def of_made(cls, values: Array, dtype: pl.DataType, valid: Bool | None) -> Column:
        """Column of arrays as `made` and `valid` give them."""
        if dtype == _FLOAT:
            return cls.of_floats(values)
        return cls.of_ints(values, dtype, valid)

    def take(self, rows: slice | I64, found: dict[int, I64] | None = None) -> Column:
        """Keep only the rows with these numbers; columns of a batch share what they `found`."""
        if not self._given:
            values = cast("Array", self.made())
            valid = None if self._valid is None else self._valid[rows]
            return Column.of_made(values[rows], self.dtype, valid)
        # Later, if anyone asks. Of the Series as it came: floats do not know null from NaN.
        column = Column(self.dtype)
        column._given = True
        if isinstance(self._rows, np.ndarray):
            found = {} if found is None else found
            if id(self._rows) not in found:
                found[id(self._rows)] = self._rows[rows]
            column._of, column._rows = self._of, found[id(self._rows)]
        else:
            column._of, column._rows = self, rows
        return column

    def _is_taken_of(self, *plain: Any) -> bool:
        """Whether rows were taken of a column whose array is there at no cost."""
        if not isinstance(self._rows, np.ndarray) or self._of is None or self._series is not None:
            return False
        return self.dtype in plain and not self._of._solid().null_count()

    def _taken(self, values: Array, factor: int = 1) -> Array:
        # Polars would use threads of its own for it.
        from tickops._kernels.lanes import take

        rows = cast("I64", self._rows)
        out = np.empty(len(rows), values.dtype)
        take(values, frozen(rows), values.dtype.type(factor), out)
        return frozen(out)

    def _solid(self) -> pl.Series:
        """Series in one chunk: Polars is slow to take rows out of several."""
        series = self._need_series()
        if series.n_chunks() > 1:
            series = self._series = series.rechunk()
        return series

    def _need_series(self) -> pl.Series:
        return self.series("" if self._series is None else self._series.name)

    def _make_series(self) -> pl.Series:
        if self._rows is not None:
            of = cast("Column", self._of)
            if isinstance(self._rows, slice):
                return of._need_series()[self._rows]
            return of._solid()[row_index(self._rows)]
        if self._floats is not None:
            return pl.Series("", self._floats, nan_to_null=True)
        values = cast("Array", self._ints)
        if isinstance(self.dtype, pl.Enum):
            codes = values if self._valid is None else np.where(self._valid, values, 0)
            # A fifth of what cat.to takes.
            series = _categories(self.dtype)[pl.Series("", codes.astype(np.uint32))]
        else:
            series = pl.Series("", values).cast(self.dtype)
        return series if self._valid is None else nulled(series, self._valid)


def nulled(series: pl.Series, valid: Bool) -> pl.Series:
    """Series with null where `valid` is false; the values are not copied."""
    return series.zip_with(pl.Series(valid), pl.Series([None], dtype=series.dtype))


def row_index(rows: Array) -> pl.Series:
    """Row numbers as Polars wants them; an array would be turned into them column by column."""
    return pl.Series("", rows.astype(np.uint32))


@cache
def _categories(dtype: pl.Enum) -> pl.Series:
    """Series with the category of code k at place k."""
    return pl.Series("", dtype.categories, dtype=dtype)
