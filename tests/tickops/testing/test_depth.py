"""Drawn books are plausible, show each quirk where it is wanted, and shrink."""

from typing import Any

import polars as pl
import pytest
from hypothesis import Phase, find, given, settings

from tickops.testing import depth

PLAIN = settings(database=None, derandomize=True, deadline=None, max_examples=40)
SEARCH = settings(PLAIN, max_examples=3_000, phases=[Phase.generate])
SHRINK = settings(PLAIN, phases=[Phase.generate, Phase.shrink], max_examples=200)
BID, ASK = pl.col("bid_prices").arr, pl.col("ask_prices").arr
BID_VOLUMES, ASK_VOLUMES = pl.col("bid_volumes").arr, pl.col("ask_volumes").arr
NO_BID, NO_ASK = BID.get(0) == 0, ASK.get(0) == 0
AUCTION = (BID.get(0) == ASK.get(0)) & ~NO_BID
LEVEL_2 = (BID.get(1) == 0) & (BID_VOLUMES.get(1) > 0)

SWITCHES: dict[str, pl.Expr] = {
    "auctions": AUCTION & LEVEL_2,
    "limits": NO_BID != NO_ASK,
    "thin": (BID.get(0) > 0) & (BID.get(4) == 0) & ~AUCTION,
    "empty_books": NO_BID & NO_ASK,
    "hollow": (BID.get(0) > 0) & (BID_VOLUMES.sum() == 0) & (ASK_VOLUMES.sum() == 0),
    "late": pl.col("timestamp").diff().over("symbol") < pl.duration(),
    "nulls": pl.any_horizontal(pl.col("bid_prices", "ask_prices", "bid_volumes").is_null())
    | BID.contains(None),
}
"""By keyword, rows that are there only where it is on."""


def any_row(frame: pl.DataFrame, condition: pl.Expr) -> bool:
    return bool(frame.select(condition.any()).item())


@pytest.mark.parametrize("quirk", SWITCHES)
def test_a_quirk_is_there_where_it_is_on(quirk: str) -> None:
    on: dict[str, Any] = {quirk: True}
    strategy = depth(**on)
    find(strategy, lambda frame: any_row(frame, SWITCHES[quirk]), settings=SEARCH)


@pytest.mark.parametrize("quirk", SWITCHES)
def test_a_quirk_is_not_there_where_it_is_off(quirk: str) -> None:
    off: dict[str, Any] = {quirk: False}

    @given(depth(**off))
    @PLAIN
    def holds(frame: pl.DataFrame) -> None:
        assert not any_row(frame, SWITCHES[quirk].fill_null(value=False))

    holds()


@given(depth(levels=4))
@PLAIN
def test_books_are_sorted_best_first(frame: pl.DataFrame) -> None:
    assert frame.schema["bid_volumes"] == pl.Array(pl.Int64, 4)
    for bids, asks in frame.select("bid_prices", "ask_prices").iter_rows():
        bids = [price for price in bids if price]
        asks = [price for price in asks if price]
        assert bids == sorted(bids, reverse=True)
        assert asks == sorted(asks)
        assert not bids or not asks or bids[0] <= asks[0]


def test_the_columns_are_those_of_a_feed() -> None:
    frame = find(depth(), lambda frame: True, settings=SEARCH)
    assert frame.columns == [
        "symbol",
        "timestamp",
        "received",
        "connection",
        "region",
        "bid_prices",
        "bid_volumes",
        "ask_prices",
        "ask_volumes",
    ]


def test_the_last_level_can_be_null() -> None:
    def null_level(frame: pl.DataFrame) -> bool:
        return any_row(frame, BID.get(4).is_null() & pl.col("bid_prices").is_not_null())

    assert find(depth(nulls=True), null_level, settings=SHRINK).height == 1


def test_levels_must_be_positive() -> None:
    with pytest.raises(ValueError, match="levels must be at least 1, not 0"):
        depth(levels=0)
