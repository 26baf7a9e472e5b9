"""Comparisons see every bit, and nothing else."""

import math
import struct

import numpy as np
import polars as pl
import pytest

from tickops import SYMBOL
from tickops.testing import assert_identical, frames_equal

OTHER_NAN = struct.unpack("<d", struct.pack("<Q", 0x7FF8_0000_0000_0001))[0]
BOOKS = pl.Array(pl.Float64, 2)


def frame(values: list[object], dtype: pl.DataType | type[pl.DataType]) -> pl.DataFrame:
    return pl.DataFrame({"x": values}, schema={"x": dtype})


SAME = [
    frame([], pl.Float64),
    frame([1.5, None, math.nan, -0.0], pl.Float64),
    frame([1.5, None], pl.Float32),
    frame([1, None], pl.Int64),
    frame(["a", None, ""], pl.String),
    frame(["a", None], SYMBOL),
    frame(["a", None], pl.Enum(["b", "a"])),
    frame([True, None], pl.Boolean),
    frame([[1.0, math.nan], None, [None, -0.0]], BOOKS),
    frame([[1.0], None, [], [None]], pl.List(pl.Float64)),
    frame([{"a": 1.0, "b": "x"}, None], pl.Struct({"a": pl.Float64(), "b": pl.String()})),
    frame([1_675_212_318_000, None], pl.Datetime("ms", "UTC")),
    frame([b"x", None], pl.Binary),
]


@pytest.mark.parametrize("one", SAME, ids=lambda one: str(one.schema["x"]))
def test_a_frame_is_identical_to_a_copy_however_it_is_chunked(one: pl.DataFrame) -> None:
    copy = pl.concat([one, one], rechunk=True)[: one.height]
    pieces = pl.concat([one[row : row + 1] for row in range(one.height)] or [one], rechunk=False)
    assert frames_equal(one, copy)
    assert frames_equal(one, pieces)


DIFFERENT = [
    (frame([1.0, 0.0], pl.Float64), frame([1.0, -0.0], pl.Float64), "row 1 differs in 'x'"),
    (frame([0.1 + 0.2], pl.Float64), frame([0.3], pl.Float64), "0x3fd3333333333333"),
    (frame([None], pl.Float64), frame([math.nan], pl.Float64), "got null"),
    (frame([OTHER_NAN], pl.Float64), frame([math.nan], pl.Float64), "0x7ff8000000000001"),
    (frame([1, 2], pl.Int64), frame([1, None], pl.Int64), "expected null, got 2"),
    (frame(["", "b"], pl.String), frame([None, "b"], pl.String), "row 0 differs"),
    (frame(["a"], SYMBOL), frame(["b"], SYMBOL), "expected b, got a"),
    (frame([[1.0, 0.0]], BOOKS), frame([[1.0, -0.0]], BOOKS), "row 0 differs"),
    (frame([[1.0, 0.0]], BOOKS), frame([None], BOOKS), "row 0 differs"),
    (frame([1], pl.Int64), frame([1], pl.Int32), "type of column 'x' differs: expected Int32"),
    (frame(["a"], SYMBOL), frame(["a"], pl.Categorical), "type of column 'x' differs"),
    (frame([1, 2], pl.Int64), frame([1], pl.Int64), "row 1 differs: expected 1 rows, got 2"),
    (frame([1], pl.Int64), frame([1, 2], pl.Int64), "got:      no such row"),
    (frame([1], pl.Int64), frame([1], pl.Int64).rename({"x": "y"}), "columns differ"),
]


@pytest.mark.parametrize(
    ("actual", "expected", "says"), DIFFERENT, ids=lambda value: str(value)[:9]
)
def test_a_difference_is_named(actual: pl.DataFrame, expected: pl.DataFrame, says: str) -> None:
    assert not frames_equal(actual, expected)
    assert not frames_equal(expected, actual)
    with pytest.raises(AssertionError) as caught:
        assert_identical(actual, expected, "this and that")
    assert str(caught.value).startswith("this and that: ")
    assert says in str(caught.value)


def test_the_first_row_that_differs_is_shown_whichever_its_column() -> None:
    expected = pl.DataFrame({"a": [1, 2, 3], "b": [1.0, 2.0, 3.0]})
    actual = pl.DataFrame({"a": [1, 2, 9], "b": [1.0, 8.0, 3.0]})
    with pytest.raises(AssertionError, match="row 1 differs in 'b'") as caught:
        assert_identical(actual, expected)
    assert "expected: {'a': 2, 'b': 2.0}" in str(caught.value)
    assert "got:      {'a': 2, 'b': 8.0}" in str(caught.value)


def test_what_lies_under_nulls_does_not_matter() -> None:
    hidden = pl.Series("x", np.array([1.0, 2.0])).set(pl.Series([False, True]), None)
    assert frames_equal(hidden.to_frame(), frame([1.0, None], pl.Float64))
