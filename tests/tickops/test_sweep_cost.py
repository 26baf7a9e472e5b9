"""`sweep_cost` against exact fractions."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tickops as ops
from tests import data as real
from tests.oracles import book_depth as oracle
from tests.oracles import strategies
from tests.oracles.compare import assert_same
from tests.oracles.frames import DEPTH, book
from tests.oracles.market import rows_of
from tickops import testing
from tickops.exceptions import SchemaError

ADDED = ("buy_price", "buy_cost_bps", "sell_price", "sell_cost_bps")
QUANTITIES = st.one_of(st.integers(1, 20), st.sampled_from([100, 900, 3_000, 100_000, 10**7]))
BOOK = book([(9.9, 100), (9.8, 100)], [(10.1, 50), (10.3, 150)])


def costs_of(frame: pl.DataFrame, quantity: int) -> tuple[float | None, ...]:
    return ops.sweep_cost(quantity).apply(frame).select(ADDED).row(0)


@strategies.EXAMPLES
@given(data=st.data(), frame=st.one_of(strategies.depth(), testing.depth(hollow=True, nulls=True)))
def test_equals_the_oracle(data: st.DataObject, frame: pl.DataFrame) -> None:
    quantity = data.draw(QUANTITIES)
    run = ops.sweep_cost(quantity).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    # Of 10⁴ basis points, the float noise in a price is 10⁻¹¹.
    assert_same(pl.concat(parts), oracle.sweep_cost(rows_of(frame), quantity), absolute=1e-9)


@strategies.EXAMPLES
@given(data=st.data(), frame=strategies.depth())
def test_lists_give_what_arrays_give(data: st.DataObject, frame: pl.DataFrame) -> None:
    prices, volumes = ("bid_prices", "ask_prices"), ("bid_volumes", "ask_volumes")
    lists = frame.with_columns(
        pl.col(prices).cast(pl.List(pl.Float64)), pl.col(volumes).cast(pl.List(pl.Int64))
    )
    op = ops.sweep_cost(data.draw(QUANTITIES))
    parts = [op.apply(part) for part in data.draw(strategies.cuts(lists))]
    assert pl.concat(parts).select(ADDED).equals(op.apply(frame).select(ADDED))


def test_values() -> None:
    buy, buy_bps, sell, sell_bps = costs_of(BOOK, 100)
    assert buy == pytest.approx((50 * 10.1 + 50 * 10.3) / 100)
    assert buy_bps == pytest.approx(200.0)
    assert (sell, sell_bps) == (9.9, pytest.approx(100.0))


def test_levels_count_with_what_is_taken_of_them() -> None:
    """Known mistakes: the mean price of the levels, and all volume of the last one."""
    buy = costs_of(BOOK, 60)[0]
    assert buy == pytest.approx((50 * 10.1 + 10 * 10.3) / 60)
    assert buy != pytest.approx((10.1 + 10.3) / 2)
    assert buy != pytest.approx((50 * 10.1 + 150 * 10.3) / 200)


def test_the_whole_book_can_be_taken_but_no_more() -> None:
    assert costs_of(BOOK, 200)[0] == pytest.approx((50 * 10.1 + 150 * 10.3) / 200)
    assert costs_of(BOOK, 201) == (None,) * 4


def test_a_price_needs_its_own_side_only_and_a_cost_both() -> None:
    assert costs_of(book([], [(10.0, 5)]), 5) == (10.0, None, None, None)
    assert costs_of(book([(10.0, 5)], [(0.0, 80)]), 5) == (None, None, 10.0, None)


def test_unmatched_volume_of_an_auction_is_no_level() -> None:
    auction = book([(10.0, 5), (0.0, 120)], [(10.0, 5)])
    assert costs_of(auction, 5) == (10.0, 0.0, 10.0, 0.0)
    assert costs_of(auction, 6) == (None,) * 4


def test_a_level_without_volume_gives_nothing() -> None:
    assert costs_of(book([(9.9, 0), (9.8, 5)], [(10.1, 5)]), 5)[2] == pytest.approx(9.8)


def test_output_schema() -> None:
    expected = pl.Schema({**DEPTH, **dict.fromkeys(ADDED, pl.Float64())})
    assert ops.sweep_cost(1).output_schema(DEPTH) == expected
    assert ops.sweep_cost(1).apply(book([], []).clear()).schema == expected


@pytest.mark.parametrize("column", ["bid_prices", "ask_prices", "bid_volumes", "ask_volumes"])
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=column):
        ops.sweep_cost(1).apply(book([], []).drop(column))


@pytest.mark.real_data
@pytest.mark.parametrize("quantity", [100, 20_000])
def test_of_real_books(quantity: int) -> None:
    frame = real.depth(real.SZ5)[:: 200 if strategies.SMALL else 20]
    out = ops.sweep_cost(quantity).apply(frame)
    assert_same(out, oracle.sweep_cost(rows_of(frame), quantity), absolute=1e-9)
    assert 0 < out["buy_cost_bps"].null_count() < out.height
