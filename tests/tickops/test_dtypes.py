"""Schemas as plain data."""

from functools import reduce
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing.parametric import dtypes

from tickflow_rx import DEPTH, QUOTES
from tickops import REASON, SYMBOL, SnapshotError
from tickops._dtypes import read_schema, write_schema


def round_trip(schema: pl.Schema) -> pl.Schema:
    return read_schema(msgspec.msgpack.decode(msgspec.msgpack.encode(write_schema(schema))))


@given(st.lists(dtypes(excluded_dtypes=[pl.Categorical, pl.Extension]), max_size=4))
def test_round_trip_of_whatever_polars_has(kinds: list[pl.DataType]) -> None:
    schema = pl.Schema({str(number): kind for number, kind in enumerate(kinds)})
    assert round_trip(schema) == schema


@pytest.mark.parametrize(
    "dtype",
    [
        SYMBOL,
        REASON,
        pl.Categorical(),
        pl.Categorical(pl.Categories("tests.dtypes", "space", pl.UInt16)),
        pl.Datetime("ns"),
        pl.Datetime("us", "America/New_York"),
        pl.Array(pl.Float64, (2, 3)),
        pl.Struct({"a": pl.List(pl.Int8), "b": pl.Decimal(10, 2)}),
        pl.Null(),
    ],
    ids=str,
)
def test_round_trip(dtype: pl.DataType) -> None:
    assert round_trip(pl.Schema({"x": dtype})) == pl.Schema({"x": dtype})


def test_round_trip_of_the_feeds() -> None:
    assert round_trip(QUOTES) == QUOTES
    assert round_trip(DEPTH) == DEPTH
    assert round_trip(pl.Schema()) == pl.Schema()


def test_a_type_that_cannot_be_written() -> None:
    with pytest.raises(SnapshotError, match=r"column 'x' is of type Object.*drop it"):
        write_schema(pl.Schema({"x": pl.Object()}))


NESTED = reduce(lambda inner, _: ["List", inner], range(20), ["Int64"])


@pytest.mark.parametrize(
    "written",
    [
        ["x"],
        [["x", ["Int65"]]],
        [["x", "Int64"]],
        [[7, ["Int64"]]],
        [["x", ["Datetime", "s", None]]],
        [["x", ["Datetime", "ms", "Nowhere/Land"]]],
        [["x", ["Datetime", "ms", "../../etc/passwd"]]],
        [["x", ["Decimal", 99, 1]]],
        [["x", ["Array", ["Int64"], -1]]],
        [["x", ["Array", ["Int64"], 2**62]]],
        [["x", ["Enum", ["a", "a"]]]],
        [["x", ["Enum", [1]]]],
        [["x", ["Categorical", "a", "b", "Int64"]]],
        [["x", ["Struct", [["a"]]]]],
        [["x", NESTED]],
        [["x", None]],
    ],
    ids=lambda written: str(written)[:50],
)
def test_what_is_no_schema(written: list[Any]) -> None:
    with pytest.raises(SnapshotError, match="its schema is none"):
        read_schema(written)


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=5) | st.sampled_from(["Enum", "List", "Int64"]),
    lambda inner: st.lists(inner, max_size=4),
)


@given(st.lists(JSON, max_size=4))
def test_anything_at_all(written: list[Any]) -> None:
    """A schema, or a SnapshotError."""
    try:
        schema = read_schema(written)
    except SnapshotError:
        return
    assert round_trip(schema) == schema
