"""Columns keep what they were made of: types, nulls, NaN."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from tickops import REASON
from tickops._arrays import frozen
from tickops._column import Column
from tickops.testing import assert_identical

FLOATS = pl.Series("x", [1.0, math.nan, None, 2.0])
INTS = pl.Series("x", [1, None, 3, 4])
ROWS = (0, 1, 2)


def taken(column: Column, *rows: int) -> Column:
    return column.take(np.array(rows))


@pytest.mark.parametrize(
    "series",
    [
        FLOATS,
        FLOATS.cast(pl.Float32),
        INTS,
        INTS.cast(pl.UInt8),
        INTS.cast(pl.Datetime("ns", "Asia/Shanghai")),
        INTS.cast(pl.Date),
        pl.Series("x", ["trade", None, "gap", "first"], dtype=REASON),
        pl.Series("x", [[1.0, 2.0], None, [3.0, 4.0], [5.0, 6.0]], dtype=pl.Array(pl.Float64, 2)),
    ],
    ids=lambda series: str(series.dtype),
)
@pytest.mark.parametrize("ask", ["nothing", "floats", "ints"])
def test_a_series_stays_what_it_is_whatever_kernels_ask_of_it(series: pl.Series, ask: str) -> None:
    column = Column.of(series)
    if ask == "floats" and series.dtype.is_numeric():
        column.floats()
    if ask == "ints" and not (series.dtype.is_float() or series.dtype.is_nested()):
        column.ints()
    assert_identical(column.series("x").to_frame(), series.to_frame())
    assert_identical(taken(column, *ROWS).series("x").to_frame(), series[:3].to_frame())
    again = taken(taken(column, 3, 2, 1), 1, 0)
    assert_identical(again.series("x").to_frame(), series[[2, 3]].to_frame())
    assert column.made() is None
    assert again.made() is None
    assert again.root is column
    part = column.take(slice(1, 4))
    assert_identical(part.series("x").to_frame(), series[1:4].to_frame())
    assert_identical(taken(part, 2, 0).series("x").to_frame(), series[[3, 1]].to_frame())
    assert_identical(part.take(slice(1, 2)).series("x").to_frame(), series[2:3].to_frame())


def test_numbers_for_kernels() -> None:
    np.testing.assert_array_equal(Column.of(FLOATS).floats(), [1, math.nan, math.nan, 2])
    np.testing.assert_array_equal(Column.of(INTS).floats(), [1, math.nan, 3, 4])
    column = Column.of(INTS)
    valid = column.valid()
    np.testing.assert_array_equal(column.ints(), [1, 0, 3, 4])
    assert valid is not None
    np.testing.assert_array_equal(valid, [True, False, True, True])
    times = Column.of(INTS.cast(pl.Datetime("ms", "UTC")))
    np.testing.assert_array_equal(times.ints(), [1, 0, 3, 4])
    assert Column.of(INTS.fill_null(0)).valid() is None
    both = Column.of(INTS)
    both.floats()
    assert both.valid() is not None, "also after its floats were asked for"
    for values in (column.ints(), Column.of(FLOATS).floats()):
        assert not values.flags.writeable


@pytest.mark.parametrize("series", [FLOATS, FLOATS.fill_null(3.0), INTS, INTS.fill_null(2)])
def test_numbers_of_rows_that_were_taken(series: pl.Series) -> None:
    rows, of = [3, 1, 1], series[[3, 1, 1]]
    np.testing.assert_array_equal(taken(Column.of(series), *rows).floats(), Column.of(of).floats())
    if series.dtype.is_integer():
        column = taken(Column.of(series), *rows)
        np.testing.assert_array_equal(column.ints(), Column.of(of).ints())
        valid = column.valid()
        assert (valid is None) == (of.null_count() == 0)
        assert valid is None or valid.tolist() == of.is_not_null().to_list()
    times = series.fill_nan(7).cast(pl.Int64).cast(pl.Datetime("ms", "UTC"))
    taken_us = taken(Column.of(times), *rows).times_us()
    np.testing.assert_array_equal(taken_us, Column.of(times[rows]).times_us())


def test_columns_of_arrays() -> None:
    floats = Column.of_floats(np.array([1.0, math.nan]))
    assert floats.series("x").to_list() == [1.0, None]
    assert taken(floats, 1).series("x").to_list() == [None]
    valid = np.array([True, False, True])
    ints = Column.of_ints(np.array([7, 8, 9]), pl.Int64(), valid)
    assert ints.series("x").to_list() == [7, None, 9]
    assert taken(ints, 1, 2).series("x").to_list() == [None, 9]
    assert ints.valid() is not None
    codes = Column.of_ints(np.array([1, 255, 5], np.uint8), REASON, valid)
    assert codes.series("x").to_list() == ["trade", None, "gap"]
    np.testing.assert_array_equal(codes.ints(), [1, 255, 5])
    again = Column.of_made(frozen(np.array([5, 5], np.uint8)), REASON, None)
    assert again.series("x").to_list() == ["gap", "gap"]
    assert Column.of_made(np.array([math.nan]), pl.Float64(), None).series("x").to_list() == [None]
