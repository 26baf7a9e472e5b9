"""`effective_spread` against exact fractions."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tickops as ops
from tests.oracles import sided, strategies
from tests.oracles import trades as oracle
from tests.oracles.compare import assert_same
from tests.oracles.market import rows_of
from tickops.exceptions import SchemaError

COLUMNS = pl.Schema({"delta_price": pl.Float64(), "trade_side": pl.Int64(), "mid": pl.Float64()})


def spread_of(price: float | None, side: int | None, mid: float | None) -> tuple[float | None, ...]:
    frame = pl.DataFrame([(price, side, mid)], schema=COLUMNS, orient="row")
    return ops.effective_spread().apply(frame).row(0)[3:]


@strategies.EXAMPLES
@given(data=st.data(), frame=sided.with_sides())
def test_equals_the_oracle(data: st.DataObject, frame: pl.DataFrame) -> None:
    run = ops.effective_spread().start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    assert_same(pl.concat(parts), oracle.effective_spread(rows_of(frame)))


def test_is_twice_the_distance_and_not_the_distance() -> None:
    """At the ask of 9.99 | 10.01 it is the quoted spread, not half of it."""
    assert spread_of(10.01, 1, 10.0) == pytest.approx((0.02, 20.0))


def test_is_signed_by_the_side() -> None:
    assert spread_of(9.99, -1, 10.0) == pytest.approx((0.02, 20.0))
    assert spread_of(9.99, 1, 10.0) == pytest.approx((-0.02, -20.0))


def test_basis_points_are_of_the_mid_and_not_of_the_price() -> None:
    assert spread_of(30.0, 1, 20.0) == (20.0, 10_000.0)


@pytest.mark.parametrize(
    ("price", "side", "mid"),
    [(None, 1, 10.0), (10.0, None, 10.0), (10.0, 1, None), (0.0, 1, 10.0), (10.0, 1, 0.0)],
)
def test_null_where_one_is_none(price: float | None, side: int | None, mid: float | None) -> None:
    assert spread_of(price, side, mid) == (None, None)


def test_at_the_mid_it_is_nothing() -> None:
    assert spread_of(10.0, -1, 10.0) == (0.0, 0.0)


def test_output_schema() -> None:
    added = {"effective_spread": pl.Float64(), "effective_spread_bps": pl.Float64()}
    expected = pl.Schema({**COLUMNS, **added})
    assert ops.effective_spread().output_schema(COLUMNS) == expected
    assert ops.effective_spread().apply(pl.DataFrame(schema=COLUMNS)).schema == expected


@pytest.mark.parametrize(
    ("column", "maker"),
    [("delta_price", "deltas"), ("trade_side", "trade_side"), ("mid", "spread")],
)
def test_missing_column_is_named_with_the_operator_that_makes_it(column: str, maker: str) -> None:
    with pytest.raises(SchemaError, match=rf"{column}.*{maker}\(\)"):
        ops.effective_spread().apply(pl.DataFrame(schema=COLUMNS).drop(column))
