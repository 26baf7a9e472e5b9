"""`runs_bars`: buys and sales, each on their own."""

from typing import Any, Literal

import pytest

import tickops as ops
from tests.oracles.frames import quote, traded
from tests.oracles.market import Row


def bars_of(
    prices: list[float],
    of: Literal["tick", "volume", "amount"] = "tick",
    *,
    threshold: float,
    volumes: list[int] | None = None,
) -> list[tuple[Any, ...]]:
    """Rows of each bar, and whether it is partial."""
    pairs = zip(prices, volumes or [1] * len(prices), strict=True)
    rows: list[Row] = [
        quote(f"10:00:{n:02}", 0, price) | {"delta_volume": volume, "delta_amount": 1000.0 * volume}
        for n, (price, volume) in enumerate(pairs)
    ]
    out = ops.runs_bars(of, threshold=threshold).apply(traded(rows))
    return out.select("rows", "partial").rows()


def test_a_run_may_be_interrupted_and_nothing_is_taken_from_it() -> None:
    """Buys one, sale one, and so on: an unbroken run or a net flow never reaches 3."""
    assert bars_of([10.0, *[10.1, 10.0] * 3], threshold=3) == [(6, False), (1, True)]


def test_sales_close_it_too() -> None:
    assert bars_of([10.0, 9.9, 10.0, 9.9, 9.8], threshold=3) == [(5, False)]


def test_the_larger_side_closes_it_not_their_sum() -> None:
    assert bars_of([10.0, 10.1, 10.0, 10.1], threshold=3) == [(4, True)]


def test_both_sides_begin_anew() -> None:
    prices = [10.0, 10.1, 10.0, 10.1, 10.0, 9.9]
    assert bars_of(prices, threshold=2) == [(4, False), (2, False)]


@pytest.mark.parametrize(("of", "scale"), [("volume", 1), ("amount", 1000)])
def test_what_flows(of: Literal["volume", "amount"], scale: int) -> None:
    prices, volumes = [10.0, 10.1, 10.0, 10.1], [100, 4, 6, 4]
    assert bars_of(prices, of, threshold=8 * scale, volumes=volumes) == [(4, False)]
    assert bars_of(prices, of, threshold=9 * scale, volumes=volumes) == [(4, True)]
