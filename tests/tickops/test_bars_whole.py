"""`bars` of whole sessions and trading days."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Literal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tickops as ops
from tests import data
from tests.oracles import bars as oracle
from tests.oracles import strategies
from tests.oracles.compare import left_out
from tests.oracles.frames import MONDAY, TUESDAY, at, micros, quote, quotes
from tests.oracles.market import Row
from tests.oracles.sessions import Calendar, Slot
from tests.tickops.test_bars_oracle import Given, check, differenced, givens, scripts

Every = Literal["session", "1d"]


class Days(Calendar):
    """All sessions of a day as one."""

    def slots(self, region: str, day: date) -> list[Slot]:
        sessions = super().slots(region, day)
        if not sessions:
            return []
        first, last = sessions[0], sessions[-1]
        begin = replace(first, end=last.end, takes_until=last.takes_until, due=last.due)
        return [begin]


@dataclass(frozen=True)
class Whole(Given):
    """Bars so long that the session's end comes first, whatever the profile."""

    def options(self) -> oracle.Options:
        options = Given.options(replace(self, every="24h", profile="tdx"))
        if self.every == "session":
            return options
        parameters: dict[str, Any] = vars(options.calendar)
        return replace(options, calendar=Days(**parameters))


@settings(strategies.EXAMPLES, max_examples=20 if strategies.SMALL else 60)
@given(draws=st.data(), given=givens(), every=st.sampled_from(["session", "1d"]))
def test_equals_the_oracle(draws: st.DataObject, given: Given, every: Every) -> None:
    profile = draws.draw(st.sampled_from(["tdx", "split_auction", "dolphindb"]))
    parameters: dict[str, Any] = vars(replace(given, every=every, profile=profile))
    given = Whole(**parameters)
    rows = draws.draw(st.one_of(strategies.quotes(), strategies.markets()))
    frame = differenced(rows, "include")
    check(given, frame, draws.draw(scripts(frame)))


DAY = [
    quote("09:14:00", 0, 0.0),
    quote("09:25:00", 10, 10.0),
    quote("09:31:00", 15, 10.4),
    quote("11:30:03", 16, 10.1),
    quote("12:00:00", 16, 10.1),
    quote("13:00:00", 18, 9.8),
    quote("15:00:03", 25, 9.9),
    quote("15:10:00", 27, 9.9),
]


def bars_of(*rows: Row, every: str, **others: Any) -> pl.DataFrame:
    return ops.chain(ops.deltas(gap_after="3h"), ops.bars(every, **others)).apply(quotes(rows))


def test_a_day_from_the_auction_to_the_closing_price() -> None:
    row = bars_of(*DAY, every="1d").row(0, named=True)
    edges = {"trading_day": MONDAY, "start": at("09:30:00"), "end": at("15:00:00")}
    prices = {"open": 10.0, "high": 10.4, "low": 9.8, "close": 9.9}
    sums = {"volume": 25, "amount": 25_000.0, "vwap": 10.0, "rows": 6}
    flags = {"partial": False, "gap": False}
    assert row == {"symbol": "600000.SH", **edges, **prices, **sums, **flags, "region": "CN"}


def test_a_session_is_the_morning_or_the_afternoon() -> None:
    columns = ["start", "end", "open", "high", "low", "close", "volume", "rows"]
    assert bars_of(*DAY, every="session").select(columns).rows() == [
        (at("09:30:00"), at("11:30:00"), 10.0, 10.4, 10.0, 10.1, 16, 3),
        (at("13:00:00"), at("15:00:00"), 9.8, 9.9, 9.8, 9.9, 9, 2),
    ]


@pytest.mark.parametrize("every", ["1d", "24h", timedelta(days=1), "session"])
@pytest.mark.parametrize("profile", ["split_auction", "dolphindb"])
def test_the_profile_makes_no_difference(every: Any, profile: str) -> None:
    expected = bars_of(*DAY, every=every)
    assert bars_of(*DAY, every=every, profile=profile).equals(expected)
    assert expected.height == (2 if every == "session" else 1)


def test_a_day_of_one_bar_is_not_cut_at_lunch() -> None:
    """As bars of 24 hours counted from each session's opening would be."""
    assert bars_of(*DAY, every="1d")["volume"].to_list() == [25]
    assert bars_of(*DAY, every="23h")["volume"].to_list() == [16, 9]


@pytest.mark.parametrize(
    ("every", "now", "volumes"),
    [
        ("session", "11:30:59", []),
        ("session", "11:31:00", [16]),
        ("1d", "11:31:00", []),
        ("1d", "15:00:59", []),
        ("1d", "15:01:00", [16]),
    ],
)
def test_closes_by_the_clock_after_the_grace_of_a_session(
    every: str, now: str, volumes: list[int]
) -> None:
    run = ops.chain(ops.deltas(), ops.bars(every)).start()
    assert run.push(quotes(DAY[:4])).is_empty()
    assert run.advance(micros(now))["volume"].to_list() == volumes


def test_closes_with_the_first_row_of_a_later_day() -> None:
    run = ops.chain(ops.deltas(), ops.bars("1d")).start()
    assert run.push(quotes(DAY[:3])).is_empty()
    out = run.push(quotes([quote("09:00:00", 0, 0.0, day=TUESDAY)]))
    assert out.select("trading_day", "volume", "partial").rows() == [(MONDAY, 15, False)]
    assert run.finish().is_empty()


def test_partial() -> None:
    late = bars_of(quote("10:00:00", 5), *DAY[3:], every="1d")
    assert late["partial"].to_list() == [True]
    cut = bars_of(*DAY[:4], every="1d")
    assert cut["partial"].to_list() == [True]


def test_a_day_without_trades_has_a_bar_where_it_is_filled() -> None:
    still = [quote("09:26:00", 0, 0.0), quote("15:01:00", 0, 0.0)]
    assert bars_of(*still, every="1d").is_empty()
    filled = bars_of(*still, every="1d", fill=True)
    assert filled.select("open", "close", "volume", "rows").rows() == [(9.9, 9.9, 0, 1)]


@pytest.mark.parametrize(
    ("region", "start", "end", "last"),
    [("HK", "09:30:00", "16:00:00", "16:10:59"), ("US", "09:30:00", "16:00:00", "16:00:59")],
)
def test_other_markets(region: str, start: str, end: str, last: str) -> None:
    texts = "09:30:00", "12:30:00", last, "16:11:00"
    rows = [quote(text, n, region=region) for n, text in enumerate(texts)]
    bar = bars_of(*rows, every="1d").row(0, named=True)
    assert (bar["start"], bar["end"]) == (at(start, region=region), at(end, region=region))
    assert bar["volume"] == 2


def test_an_unknown_market_has_no_day() -> None:
    run = ops.chain(ops.deltas(), ops.bars("1d")).start()
    assert run.push(quotes([quote("10:00:00", 1, region="ZZ")])).is_empty()
    assert left_out(run) == {"bars.outside": 1}


def test_sessions_of_ones_own() -> None:
    hours = [("09:00", "10:15"), ("10:30", "11:30"), ("13:30", "15:00")]
    texts = "08:59:59", "09:00:00", "10:20:00", "10:31:00", "13:30:00"
    rows = [quote(text, n) for n, text in enumerate(texts)]
    assert bars_of(*rows, every="1d", sessions=hours)["volume"].to_list() == [4]
    assert bars_of(*rows, every="session", sessions=hours)["volume"].to_list() == [1, 1, 1]


@pytest.mark.real_data
@pytest.mark.parametrize("name", data.SETS)
def test_a_real_day_is_the_sum_of_its_minutes_and_of_its_sessions(name: str) -> None:
    rows = ops.deltas(unit=1).apply(data.quotes(name))

    def daily(every: str) -> pl.DataFrame:
        sums = [pl.col("volume").sum(), pl.col("high").max(), pl.col("low").min()]
        ends = [pl.col("open").first(), pl.col("close").last()]
        bars = ops.bars(every, unit=1).apply(rows)
        grouped = bars.group_by("symbol", "trading_day", maintain_order=True)
        return grouped.agg(*sums, *ends).sort("symbol", "trading_day")

    days = daily("1d")
    assert days.height
    assert days.equals(daily("session"))
    assert days.equals(daily("1m"))
