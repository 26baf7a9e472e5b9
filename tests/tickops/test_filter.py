"""`filter`: rows for which an expression of one row is true."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tickops as ops
from tests.oracles import strategies
from tests.oracles.frames import QUOTES, quote, quotes
from tickops.exceptions import SchemaError

PRICE = pl.col("last_price")
FRAME = quotes([quote("10:00:00", 1), quote("10:00:03", 2, 11.0), quote("10:00:06", 3, None)])

PREDICATES = {
    "price": PRICE > 10,
    "symbol": pl.col("symbol") == "600000.SH",
    "symbols": pl.col("symbol").is_in(["600000.SH", "300750.SZ"]),
    "time": pl.col("timestamp").dt.hour() < 6,
    "both": (pl.col("volume") > 0) & (PRICE != 10.0),
    "null": pl.col("volume").is_null(),
    "always": pl.lit(value=True),
    "never": pl.lit(value=False),
}


@strategies.EXAMPLES
@given(data=st.data(), frame=strategies.quotes())
def test_equals_polars(data: st.DataObject, frame: pl.DataFrame) -> None:
    parts = data.draw(strategies.cuts(frame))
    for name, predicate in PREDICATES.items():
        run = ops.filter(predicate).start()
        out = pl.concat([run.push(part) for part in parts])
        assert out.equals(frame.filter(predicate)), name
        assert out.schema == frame.schema, name


@pytest.mark.parametrize(
    "predicate",
    [
        PRICE.shift() < PRICE,
        PRICE.mean() < PRICE,
        PRICE.is_first_distinct(),
        PRICE.max().over("symbol") > 10,
        (PRICE > 10).any(),
        PRICE.diff() > 0,
        PRICE.cum_max() > 10,
    ],
)
def test_refuses_expressions_that_look_at_other_rows(predicate: pl.Expr) -> None:
    with pytest.raises(ValueError, match="one row"):
        ops.filter(predicate)


def test_null_leaves_the_row_out() -> None:
    assert ops.filter(PRICE > 10).apply(FRAME)["volume"].to_list() == [2]


def test_rows_left_out_are_not_seen_by_the_operators_after_it() -> None:
    op = ops.chain(ops.filter(pl.col("volume") != 2), ops.deltas())
    assert op.apply(FRAME)["delta_volume"].to_list() == [None, 2]


def test_output_schema() -> None:
    assert ops.filter(PRICE > 10).output_schema(QUOTES) == QUOTES
    assert ops.filter(PRICE > 10).apply(FRAME.clear()).schema == QUOTES


def test_missing_column_is_named_with_the_operator_that_makes_it() -> None:
    with pytest.raises(SchemaError, match="delta_volume") as caught:
        ops.filter(pl.col("delta_volume") > 0).apply(FRAME)
    assert "deltas" in str(caught.value)


def test_refuses_what_is_no_boolean() -> None:
    with pytest.raises((SchemaError, ValueError), match="Bool"):
        ops.filter(PRICE + 1).apply(FRAME)
