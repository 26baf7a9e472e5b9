"""`spread` against exact fractions: mid, quoted spread, basis points."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tickops as ops
from tests.oracles import spread as oracle
from tests.oracles import strategies
from tests.oracles.compare import assert_same
from tests.oracles.frames import DEPTH, book
from tests.oracles.market import rows_of
from tickops.exceptions import SchemaError

ADDED = ["mid", "spread", "spread_bps"]


def spread_of(frame: pl.DataFrame) -> dict[str, float | None]:
    return ops.spread().apply(frame).select(ADDED).row(0, named=True)


@strategies.EXAMPLES
@given(data=st.data(), frame=strategies.depth())
def test_equals_the_oracle(data: st.DataObject, frame: pl.DataFrame) -> None:
    run = ops.spread().start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    assert_same(pl.concat(parts), oracle.spread(rows_of(frame)))


def test_values() -> None:
    found = spread_of(book([(9.99, 5)], [(10.01, 7)]))
    assert found["mid"] == pytest.approx(10.0)
    assert found["spread"] == pytest.approx(0.02)
    assert found["spread_bps"] == pytest.approx(20.0)


def test_call_auction_has_a_spread_of_0() -> None:
    """Level 1 is the virtual match on both sides, level 2 the unmatched volume at no price."""
    auction = book([(10.0, 500), (0.0, 120)], [(10.0, 500)])
    assert spread_of(auction) == {"mid": 10.0, "spread": 0.0, "spread_bps": 0.0}


@pytest.mark.parametrize("absent", [[], [(0.0, 0)], [(0.0, 300)]])
def test_absent_side_gives_null_whatever_its_volume(absent: list[tuple[float, int]]) -> None:
    one = [(10.0, 5)]
    nothing = dict.fromkeys(ADDED)
    assert spread_of(book(one, absent)) == nothing
    assert spread_of(book(absent, one)) == nothing
    assert spread_of(book(absent, absent)) == nothing


@pytest.mark.parametrize("broken", [None, float("nan")])
def test_no_price_gives_null(broken: float | None) -> None:
    frame = book([(10.0, 5)], [(10.02, 5)])
    asks = pl.Series("ask_prices", [[broken, 10.03, 10.04, 10.05, 10.06]], pl.Array(pl.Float64, 5))
    assert spread_of(frame.with_columns(asks)) == dict.fromkeys(ADDED)


def test_no_list_of_prices_gives_null() -> None:
    frame = book([(10.0, 5)], [(10.02, 5)])
    frame = frame.with_columns(pl.lit(None, DEPTH["ask_prices"]).alias("ask_prices"))
    assert spread_of(frame) == dict.fromkeys(ADDED)


def test_keeps_rows_order_and_columns() -> None:
    frame = pl.concat([book([(10.0, 5)], [(10.02, 5)]), book([], []), book([(9.0, 1)], [(9.1, 2)])])
    assert ops.spread().apply(frame).select(DEPTH.names()).equals(frame)


def test_output_schema() -> None:
    expected = pl.Schema({**DEPTH, **dict.fromkeys(ADDED, pl.Float64())})
    assert ops.spread().output_schema(DEPTH) == expected
    assert ops.spread().apply(book([], []).clear()).schema == expected


@pytest.mark.parametrize("column", ["bid_prices", "ask_prices"])
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=column):
        ops.spread().apply(book([], []).drop(column))


@pytest.mark.parametrize("column", ["bid_prices", "ask_prices"])
def test_column_of_wrong_type_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=column):
        ops.spread().apply(book([], []).with_columns(pl.lit("10.0").alias(column)))
