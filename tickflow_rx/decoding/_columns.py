"""Columns from numpy arrays, in half a microsecond each.

``pl.Series(name, array)`` takes eight microseconds, most of them to find out what kind of array
it got: for all columns of a frame of a hundred quotes that is three times what reading it takes.
So where this Polars has them the constructors behind it are called; else the public ones. A
test compares both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import polars as pl

from tickflow_rx.decoding._schema import LEVELS

if TYPE_CHECKING:
    from tickops._arrays import F64, I64, Array

__all__ = ["COLUMNS", "PublicColumns", "QuickColumns"]


class PublicColumns:
    """Columns by Polars' documented interface. Arrays are shared: never write to them again."""

    def floats(self, name: str, values: F64) -> Any:
        """Column of floats."""
        return pl.Series(name, values)

    def optional_floats(self, name: str, values: F64) -> Any:
        """Column of floats; NaN is null."""
        return pl.Series(name, values, nan_to_null=True)

    def ints(self, name: str, values: I64) -> Any:
        """Column of integers."""
        return pl.Series(name, values)

    def times(self, name: str, values: I64, dtype: pl.DataType) -> Any:
        """Column of integers that are points in time."""
        return pl.Series(name, values).cast(dtype)

    def levels(self, name: str, values: Array) -> Any:
        """Column of five values a row."""
        return pl.Series(name, values).reshape((len(values) // LEVELS, LEVELS))

    def take(self, known: pl.Series, places: Array) -> Any:
        """Column of the values of a Series at places."""
        return cast("Any", known)[pl.Series(places)]

    def repeat(self, known: pl.Series, place: int, rows: int) -> Any:
        """Column of `rows` times the value of a Series at a place."""
        return known.new_from_index(place, rows)

    def frame(self, columns: list[Any]) -> pl.DataFrame:
        """Frame of columns."""
        return pl.DataFrame(columns)


class QuickColumns(PublicColumns):
    """The same by what is behind it.

    Raises
    ------
    ImportError, AttributeError
        This Polars has it differently.
    """

    def __init__(self) -> None:
        from polars import _plr

        series: Any = cast("Any", _plr).PySeries
        self._floats: Any = series.new_f64
        self._ints: Any = series.new_i64
        self._places: Any = series.new_u32
        self._frame: Any = cast("Any", _plr).PyDataFrame
        self._wrap: Any = cast("Any", pl.DataFrame)._from_pydf
        for name in ("cast", "reshape", "gather_with_series", "new_from_index"):
            getattr(series, name)

    def floats(self, name: str, values: F64) -> Any:
        return self._floats(name, values, False)

    def optional_floats(self, name: str, values: F64) -> Any:
        return self._floats(name, values, True)

    def ints(self, name: str, values: I64) -> Any:
        return self._ints(name, values, False)

    def times(self, name: str, values: I64, dtype: pl.DataType) -> Any:
        return self._ints(name, values, False).cast(dtype, True, False)

    def levels(self, name: str, values: Array) -> Any:
        new = self._floats if values.dtype.kind == "f" else self._ints
        return new(name, values, False).reshape((len(values) // LEVELS, LEVELS))

    def take(self, known: pl.Series, places: Array) -> Any:
        return cast("Any", known)._s.gather_with_series(self._places("", places, False))

    def repeat(self, known: pl.Series, place: int, rows: int) -> Any:
        return cast("Any", known)._s.new_from_index(place, rows)

    def frame(self, columns: list[Any]) -> pl.DataFrame:
        return self._wrap(self._frame(columns))


def _fastest() -> PublicColumns:
    try:
        return QuickColumns()
    except (ImportError, AttributeError):
        return PublicColumns()


COLUMNS: Final = _fastest()
