"""Drawn quotes are plausible, show each quirk where it is wanted, and shrink."""

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from hypothesis import Phase, find, given, settings

from tickops import SYMBOL
from tickops.testing import quotes

PLAIN = settings(database=None, derandomize=True, deadline=None, max_examples=40)
SEARCH = settings(PLAIN, max_examples=3_000, phases=[Phase.generate])
SHRINK = settings(PLAIN, phases=[Phase.generate, Phase.shrink], max_examples=200)
LOCAL = pl.col("timestamp").dt.convert_time_zone("Asia/Shanghai")
DAY = LOCAL.dt.date()
MINUTE_OF_DAY = LOCAL.dt.hour().cast(pl.Int32) * 60 + LOCAL.dt.minute()
TRADING = MINUTE_OF_DAY.is_between(570, 689) | MINUTE_OF_DAY.is_between(780, 899)
KEYS = ("symbol", DAY)


def any_row(frame: pl.DataFrame, condition: pl.Expr) -> bool:
    return bool(frame.select(condition.any()).item())


def no_row(frame: pl.DataFrame, condition: pl.Expr) -> None:
    assert not any_row(frame, condition.fill_null(value=False))


@given(quotes())
@PLAIN
def test_by_default_a_healthy_feed_is_drawn(frame: pl.DataFrame) -> None:
    assert frame.height <= 24
    assert frame.null_count().sum_horizontal().sum() == 0
    no_row(frame, pl.col("volume").diff().over(*KEYS) < 0)
    no_row(frame, pl.col("amount").diff().over(*KEYS) < 0)
    no_row(frame, pl.col("timestamp").diff().over("symbol") < pl.duration())
    no_row(frame, pl.col("connection").diff().over("symbol").cast(pl.Int64) < 0)
    no_row(frame, pl.col("received") < pl.col("timestamp"))
    traded = frame.filter(pl.col("last_price") > 0)
    noise = 1e-9
    no_row(traded, pl.col("high") < pl.col("last_price") - noise)
    no_row(traded, pl.col("low") > pl.col("last_price") + noise)
    no_row(traded, pl.col("high").diff().over(*KEYS) < -noise)
    no_row(traded, pl.col("low").diff().over(*KEYS) > noise)
    no_row(traded, (pl.col("open") > 0) & (pl.col("open") > pl.col("high") + noise))
    no_row(frame, (pl.col("volume") > 0) & (pl.col("last_price") == 0))
    # The day's average price lies between its low and high: the unit is 100 shares.
    average = pl.col("amount") / (pl.col("volume") * 100)
    whole = traded.filter(pl.col("volume") >= 100)
    no_row(whole, (average < pl.col("low") - 0.2) | (average > pl.col("high") + 0.2))


def test_the_schema_is_that_of_a_feed() -> None:
    frame = find(quotes(), lambda frame: True, settings=SEARCH)
    assert frame.schema == {
        "symbol": SYMBOL,
        "timestamp": pl.Datetime("ms", "UTC"),
        "received": pl.Datetime("us", "UTC"),
        "connection": pl.UInt32(),
        "region": pl.Categorical(),
        **dict.fromkeys(["last_price", "prev_close", "open", "high", "low"], pl.Float64()),
        "volume": pl.Int64(),
        "amount": pl.Float64(),
    }


FALLS = pl.col("volume").diff().over(*KEYS) < 0
BACK = pl.col("timestamp").diff().over("symbol") < pl.duration()
SWITCHES: dict[str, pl.Expr] = {
    "zeros": (pl.col("last_price") == 0),
    "odd_lots": (pl.col("volume").diff().over(*KEYS) == 0)
    & (pl.col("amount").diff().over(*KEYS) > 0),
    "same_second": (pl.col("timestamp").diff().over("symbol") == pl.duration())
    & (pl.col("volume").diff().over("symbol") != 0),
    "boundaries": pl.col("timestamp").dt.epoch("ms") % 60_000 == 0,
    "off_session": ~TRADING,
    "gaps": pl.col("connection") > 1,
    "float_noise": pl.col("last_price").cast(pl.String).str.len_chars() > 7,
    "spikes": (pl.col("high").diff().over(*KEYS) > 0.005)
    & (pl.col("high") > pl.col("last_price") + 0.005),
    "corrections": FALLS,
    "late": BACK,
    "nulls": pl.col("volume").is_null() | pl.col("amount").is_null(),
}
"""By keyword, rows that are there only where it is on."""


@pytest.mark.parametrize("quirk", SWITCHES)
def test_a_quirk_is_there_where_it_is_on(quirk: str) -> None:
    on: dict[str, Any] = {quirk: True}
    strategy = quotes(**on, min_rows=2)
    find(strategy, lambda frame: any_row(frame, SWITCHES[quirk]), settings=SEARCH)


@pytest.mark.parametrize("quirk", SWITCHES)
def test_a_quirk_is_not_there_where_it_is_off(quirk: str) -> None:
    off: dict[str, Any] = {quirk: False}

    @given(quotes(**off))
    @PLAIN
    def holds(frame: pl.DataFrame) -> None:
        no_row(frame, SWITCHES[quirk])

    holds()


SHAPES: dict[str, Callable[[pl.DataFrame], bool]] = {
    "a row 1 ms before a minute": lambda frame: any_row(
        frame, pl.col("timestamp").dt.epoch("ms") % 60_000 == 59_999
    ),
    "the first traded row of Shanghai, with open 0": lambda frame: any_row(
        frame, (pl.col("last_price") > 0) & (pl.col("open") == 0)
    ),
    "a new day that starts the counters again": lambda frame: any_row(
        frame,
        (pl.col("volume").diff().over("symbol") < 0) & (DAY.diff().over("symbol").is_not_null()),
    ),
    "rows of symbols in turns": lambda frame: frame["symbol"].rle().len() > 3,
    "rows at the close": lambda frame: any_row(frame, LOCAL.dt.time() == pl.time(15, 0, 0)),
    "rows in the lunch break": lambda frame: any_row(frame, LOCAL.dt.hour() == 12),
    "an idle symbol beside a busy one": lambda frame: (
        frame.height > 6 and 1 in frame["symbol"].value_counts()["count"].to_list()
    ),
    "symbols whose rows arrive later than others'": lambda frame: (
        frame.select((pl.col("received") - pl.col("timestamp")).n_unique()).item() > 1
    ),
    "many rows": lambda frame: frame.height == 24,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_of_real_days_are_drawn(shape: str) -> None:
    find(quotes(), SHAPES[shape], settings=SEARCH)


def test_blocks_put_one_symbol_after_another() -> None:
    def in_blocks(frame: pl.DataFrame) -> bool:
        later = frame.filter(pl.col("symbol").cum_count().over("symbol") == 1)["received"]
        return frame["symbol"].rle().len() == 2 and not later.is_sorted() and frame.height > 4

    find(quotes(symbols=2), in_blocks, settings=SEARCH)


def test_symbols_regions_and_days_are_as_asked_for() -> None:
    @given(
        quotes(symbols=["AAPL.US", "00700.HK", "X"], days=1, max_rows=9, min_rows=3, regions=["US"])
    )
    @PLAIN
    def holds(frame: pl.DataFrame) -> None:
        assert 3 <= frame.height <= 9
        regions = dict(frame.select(pl.col("symbol", "region").cast(pl.String)).iter_rows())
        assert regions.items() <= {"AAPL.US": "US", "00700.HK": "HK", "X": "US"}.items()
        american = frame.filter(pl.col("region").cast(pl.String) == "US")
        local = pl.col("timestamp").dt.convert_time_zone("America/New_York").dt.date()
        assert american.select(local.n_unique()).item() <= 1

    holds()


def test_more_symbols_than_names_are_made_up() -> None:
    @given(quotes(symbols=12, regions=("CN", "ZZ"), min_rows=20))
    @PLAIN
    def holds(frame: pl.DataFrame) -> None:
        pairs = frame.select(pl.col("symbol", "region").cast(pl.String)).unique()
        assert pairs["symbol"].n_unique() == pairs.height

    holds()


def test_with_levels_there_are_books_too() -> None:
    frame = find(quotes(levels=3, min_rows=1), lambda frame: True, settings=SHRINK)
    assert frame.columns[-4:] == ["bid_prices", "bid_volumes", "ask_prices", "ask_volumes"]
    assert frame.schema["bid_prices"] == pl.Array(pl.Float64, 3)
    assert frame["bid_prices"].arr.get(0).item() == frame["prev_close"].item()


def test_a_failure_shrinks_to_the_rows_that_it_needs() -> None:
    found = find(
        quotes(corrections=True, late=True, nulls=True),
        lambda frame: frame["volume"].null_count() > 0,
        settings=SHRINK,
    )
    assert found.height == 1
    two = find(quotes(), lambda frame: frame["symbol"].n_unique() == 2, settings=SHRINK)
    assert two.height == 2


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"symbols": 0}, "symbols"),
        ({"symbols": "600000.SH"}, "symbols"),
        ({"symbols": []}, "symbols"),
        ({"days": 0}, "days"),
        ({"regions": "CN"}, "regions"),
        ({"regions": []}, "regions"),
    ],
)
def test_wrong_arguments_are_refused(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        quotes(**wrong)
