"""`imbalance_bars`: sides, and the flow of buys less sales."""

from typing import Any, Literal

import polars as pl
import pytest

import tickops as ops
from tests.oracles.frames import MONDAY, TUESDAY, quote, traded
from tests.oracles.market import Row

Of = Literal["tick", "volume", "amount"]


def trades(*prices: float | None, volumes: list[int] | None = None, start: int = 0) -> list[Row]:
    """Rows that traded at these prices, one lot each unless said otherwise."""
    return [
        quote(f"10:00:{start + n:02}", 0, price)
        | {"delta_volume": volume, "delta_amount": 1000.0 * volume}
        for n, (price, volume) in enumerate(zip(prices, volumes or [1] * len(prices), strict=True))
    ]


def bars_of(
    rows: list[Row], of: Of = "tick", *, threshold: float, sides: list[int | None] | None = None
) -> list[tuple[Any, ...]]:
    """Rows of each bar, and whether it is partial."""
    frame = traded(rows)
    if sides is not None:
        frame = frame.with_columns(trade_side=pl.Series(sides, dtype=pl.Int64))
    out = ops.imbalance_bars(of, threshold=threshold).apply(frame)
    return out.select("rows", "partial").rows()


def test_buys_less_sales() -> None:
    rows = trades(10.0, 10.1, 10.2, 10.1, 10.2, 10.3)
    assert bars_of(rows, threshold=3) == [(6, False)]


def test_sales_less_buys() -> None:
    rows = trades(10.0, 9.9, 9.8, 9.7)
    assert bars_of(rows, threshold=3) == [(4, False)]


def test_flow_that_goes_both_ways_closes_none() -> None:
    """Not the sum of what flowed, whatever its sign."""
    rows = trades(10.0, *[10.1, 10.0] * 5)
    assert bars_of(rows, threshold=2) == [(11, True)]


def test_the_first_row_has_no_side() -> None:
    assert bars_of(trades(10.0, 10.0, 10.1), threshold=1) == [(3, False)]


def test_a_price_that_stays_has_the_side_before_also_in_the_next_bar() -> None:
    rows = trades(10.0, 10.1, 10.1, 10.1, 10.1)
    assert bars_of(rows, threshold=2) == [(3, False), (2, False)]


def test_noise_of_floats_is_no_change_of_price() -> None:
    rows = trades(85.4, 85.41, 85.40999999999998, 85.41)
    assert bars_of(rows, threshold=3) == [(4, False)]


def test_prices_of_rows_that_did_not_trade_say_nothing() -> None:
    rows = trades(10.0, 10.1, 10.2, volumes=[1, 1, 1])
    rows[1] |= {"last_price": 99.0, "delta_volume": 0, "delta_amount": 0.0}
    assert bars_of(rows, threshold=1) == [(3, False)]


@pytest.mark.parametrize("none", [0.0, None])
def test_a_row_without_a_price_has_no_side(none: float | None) -> None:
    rows = trades(10.0, 10.1, none, 10.1)
    assert bars_of(rows, threshold=2) == [(4, False)]


def test_a_new_day_forgets_the_side_and_the_price() -> None:
    rows = trades(10.0, 10.1, 11.0, 11.0, 11.1)
    for row in rows[2:]:
        row["timestamp"] = row["timestamp"].replace(day=TUESDAY.day)
    assert MONDAY.month == TUESDAY.month
    assert bars_of(rows, threshold=2) == [(2, True), (3, True)]


@pytest.mark.parametrize(("of", "threshold"), [("volume", 5), ("amount", 5000)])
def test_what_flows(of: Of, threshold: float) -> None:
    rows = trades(10.0, 10.1, 10.0, 10.1, volumes=[100, 4, 3, 4])
    assert bars_of(rows, of, threshold=threshold) == [(4, False)]
    assert bars_of(rows, of, threshold=threshold * 1.2) == [(4, True)]


def test_a_correction_has_no_side() -> None:
    rows = trades(10.0, 10.1, 10.2, volumes=[1, 4, -50])
    assert bars_of(rows, "volume", threshold=5) == [(3, True)]
    assert bars_of(rows, "volume", threshold=6, sides=[1, 1, -1]) == [(3, True)]


def test_trade_side_goes_before_the_tick_rule() -> None:
    rows = trades(10.0, 10.1, 10.2, 10.3)
    assert bars_of(rows, threshold=2, sides=[-1, -1, 1, 1]) == [(2, False), (2, False)]


def test_null_and_0_are_no_side() -> None:
    rows = trades(10.0, 10.1, 10.2, 10.3)
    assert bars_of(rows, threshold=2, sides=[1, None, 0, 1]) == [(4, False)]


def test_the_sides_of_trade_side() -> None:
    """In one chain: sold at the bid, bought at the ask."""
    rows = [
        quote("10:00:00", 100, 10.0),
        quote("10:00:03", 101, 10.0, amount=100_999.0),
        quote("10:00:06", 102, 10.0, amount=101_998.0),
        quote("10:00:09", 103, 10.0, amount=102_999.0),
    ]
    frame = pl.DataFrame(rows).with_columns(mid=10.0)
    op = ops.chain(ops.deltas(), ops.trade_side(), ops.imbalance_bars("volume", threshold=2))
    assert op.apply(frame).select("volume", "partial").rows() == [(2, False), (1, True)]
