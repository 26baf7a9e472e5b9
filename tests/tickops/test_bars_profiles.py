"""`bars`: which bars a day has, what they are called, and which rows each takes."""

from datetime import date, datetime, timedelta
from typing import Any, Literal

import pytest

import tickops as ops
from tests.oracles.compare import left_out
from tests.oracles.frames import MONDAY, at, quote, quotes
from tests.oracles.market import Row

Profile = Literal["tdx", "split_auction", "dolphindb"]
PROFILES: list[Profile] = ["tdx", "split_auction", "dolphindb"]
DAYLIGHT = date(2026, 3, 6), date(2026, 3, 9)
"""The Fridays and Mondays around the day on which New York's clocks go forward."""


def steps(first: str, last: str, every: timedelta) -> list[datetime]:
    """Times from first to last, both included."""
    moments, moment = list[datetime](), at(first)
    while moment <= at(last):
        moments.append(moment)
        moment += every
    return moments


def day(*, seconds: int = 20) -> list[Row]:
    """A day of one share: a row every so many seconds in which one lot trades."""
    times = steps("09:14:00", "15:02:00", timedelta(seconds=seconds))
    return [
        quote("00:00:00", number, timestamp=moment) for number, moment in enumerate(times, start=1)
    ]


def bars_of(rows: list[Row], op: ops.bars) -> list[Row]:
    return ops.chain(ops.deltas(), op).apply(quotes(rows)).to_dicts()


def taken(*texts: str, op: ops.bars, region: str = "CN", day: date = MONDAY) -> list[str | None]:
    """Which bar, by its local start and end, takes a row of each time; None where no bar does."""
    found: list[str | None] = []
    for text in texts:
        first = quote("00:00:30", 1, region=region, day=day)
        bars = bars_of([first, quote(text, 2, region=region, day=day)], op)
        found.append(name_of(bars[0], region) if bars else None)
    return found


def name_of(bar: Row, region: str = "CN") -> str:
    zone = at("00:00:00", region=region).tzinfo
    start, end = (bar[edge].astimezone(zone) for edge in ("start", "end"))
    return f"{start:%H:%M}-{end:%H:%M}"


@pytest.mark.parametrize("fill", [False, True])
def test_tdx_has_240_bars_labelled_with_their_end(fill: bool) -> None:
    bars = bars_of(day(), ops.bars("1m", fill=fill))
    minute = timedelta(minutes=1)
    expected = steps("09:31:00", "11:30:00", minute) + steps("13:01:00", "15:00:00", minute)
    assert [bar["end"] for bar in bars] == expected
    assert [bar["start"] for bar in bars] == [end - minute for end in expected]
    assert len(bars) == 240


@pytest.mark.parametrize("fill", [False, True])
def test_split_auction_has_the_auction_apart(fill: bool) -> None:
    bars = bars_of(day(), ops.bars("1m", profile="split_auction", fill=fill))
    assert len(bars) == 241
    assert name_of(bars[0]) == "09:15-09:30"
    minutes = bars_of(day(), ops.bars("1m", fill=fill))
    assert bars[2:] == minutes[1:]
    assert name_of(bars[1]) == name_of(minutes[0])
    assert bars[0]["volume"] + bars[1]["volume"] == minutes[0]["volume"]


@pytest.mark.parametrize("fill", [False, True])
def test_dolphindb_has_240_bars_labelled_with_their_start(fill: bool) -> None:
    bars = bars_of(day(), ops.bars("1m", profile="dolphindb", fill=fill))
    minute = timedelta(minutes=1)
    morning = steps("09:30:00", "11:30:00", minute)
    afternoon = steps("13:00:00", "14:57:00", minute)
    assert [bar["start"] for bar in bars] == [*morning, *afternoon, at("15:00:00")]
    assert (len(morning), len(afternoon)) == (121, 118)
    assert all(bar["end"] - bar["start"] == minute for bar in bars)


EDGES = [
    ("09:14:59.999", None, None, None),
    ("09:15:00", "09:30-09:31", "09:15-09:30", None),
    ("09:24:59.999", "09:30-09:31", "09:15-09:30", None),
    ("09:25:00", "09:30-09:31", "09:15-09:30", "09:30-09:31"),
    ("09:29:59.999", "09:30-09:31", "09:15-09:30", "09:30-09:31"),
    ("09:30:00", "09:30-09:31", "09:30-09:31", "09:30-09:31"),
    ("09:30:59.999", "09:30-09:31", "09:30-09:31", "09:30-09:31"),
    ("09:31:00", "09:31-09:32", "09:31-09:32", "09:31-09:32"),
    ("11:29:59.999", "11:29-11:30", "11:29-11:30", "11:29-11:30"),
    ("11:30:00", "11:29-11:30", "11:29-11:30", "11:30-11:31"),
    ("11:30:59.999", "11:29-11:30", "11:29-11:30", "11:30-11:31"),
    ("11:31:00", None, None, None),
    ("12:00:00", None, None, None),
    ("12:59:59.999", None, None, None),
    ("13:00:00", "13:00-13:01", "13:00-13:01", "13:00-13:01"),
    ("14:56:59.999", "14:56-14:57", "14:56-14:57", "14:56-14:57"),
    ("14:57:00", "14:57-14:58", "14:57-14:58", "14:57-14:58"),
    ("14:58:00", "14:58-14:59", "14:58-14:59", "15:00-15:01"),
    ("14:59:00", "14:59-15:00", "14:59-15:00", "15:00-15:01"),
    ("15:00:00", "14:59-15:00", "14:59-15:00", "15:00-15:01"),
    ("15:00:03", "14:59-15:00", "14:59-15:00", "15:00-15:01"),
    ("15:00:59.999", "14:59-15:00", "14:59-15:00", "15:00-15:01"),
    ("15:01:00", None, None, None),
    ("15:10:00", None, None, None),
]


@pytest.mark.parametrize(("text", "tdx", "split_auction", "dolphindb"), EDGES)
def test_which_bar_takes_a_row(
    text: str, tdx: str | None, split_auction: str | None, dolphindb: str | None
) -> None:
    found = [taken(text, op=ops.bars("1m", profile=profile))[0] for profile in PROFILES]
    assert found == [tdx, split_auction, dolphindb]


@pytest.mark.parametrize("profile", PROFILES)
def test_session_grace_is_how_long_the_last_bar_takes_rows(profile: Profile) -> None:
    op = ops.bars("1m", profile=profile, session_grace="10s")
    found = taken("11:30:09.999", "11:30:10", "15:00:09.999", "15:00:10", op=op)
    assert [name is None for name in found] == [False, True, False, True]


def test_rows_that_no_bar_takes_are_counted() -> None:
    run = ops.chain(ops.deltas(), ops.bars("1m")).start()
    texts = ["09:14:00", "09:31:00", "11:31:00", "12:00:00", "13:00:00", "15:01:00"]
    run.push(quotes([quote(text, number) for number, text in enumerate(texts)]))
    assert left_out(run) == {"bars.outside": 4}


def test_rows_of_an_unknown_market_are_counted() -> None:
    run = ops.chain(ops.deltas(), ops.bars("1m")).start()
    rows = [quote("10:00:00", 1, region="XX"), quote("10:00:03", 2, region="XX")]
    assert run.push(quotes(rows)).is_empty()
    assert run.finish().is_empty()
    assert left_out(run) == {"bars.outside": 2}


def test_closed_right_takes_the_rows_in_start_to_end() -> None:
    op = ops.bars("1m", closed="right")
    found = taken("10:00:00", "10:00:00.001", "10:01:00", "10:01:00.001", op=op)
    assert found == ["09:59-10:00", "10:00-10:01", "10:00-10:01", "10:01-10:02"]


def test_closed_right_keeps_the_edges_of_sessions() -> None:
    op = ops.bars("1m", closed="right")
    found = taken("09:25:00", "09:30:00", "09:31:00", "11:30:00", "11:30:03", "15:00:03", op=op)
    last = ["11:29-11:30", "11:29-11:30", "14:59-15:00"]
    assert found == ["09:30-09:31", "09:30-09:31", "09:30-09:31", *last]


def test_longer_bars_are_cut_at_the_sessions_end() -> None:
    bars = bars_of(day(), ops.bars("50m"))
    assert [name_of(bar) for bar in bars] == [
        "09:30-10:20",
        "10:20-11:10",
        "11:10-11:30",
        "13:00-13:50",
        "13:50-14:40",
        "14:40-15:00",
    ]


@pytest.mark.parametrize(("every", "count"), [("30s", 480), ("5m", 48), ("15m", 16), ("1h", 4)])
def test_other_lengths(every: str, count: int) -> None:
    bars = bars_of(day(), ops.bars(every))
    assert len(bars) == count
    assert len(bars_of(day(), ops.bars(every, profile="split_auction"))) == count + 1
    assert sum(bar["volume"] for bar in bars) == sum(
        bar["volume"] for bar in bars_of(day(), ops.bars("1m"))
    )


def test_hong_kong() -> None:
    found = taken(
        *["09:29:59", "09:30:00", "11:59:59", "12:00:03", "12:01:00"],
        *["12:59:59", "13:00:00", "15:59:59", "16:00:03", "16:11:00"],
        op=ops.bars("1m"),
        region="HK",
    )
    first, last = "09:30-09:31", "15:59-16:00"
    assert found == [
        *[first, first, "11:59-12:00", "11:59-12:00", None],
        *[None, "13:00-13:01", last, last, None],
    ]


def test_hong_kong_auctions_belong_to_the_first_and_last_bar() -> None:
    """09:00-09:30 and until 16:10: market.md; without them a day's volume is not its bars'."""
    found = taken("08:59:59", "09:00:00", "09:20:00", "16:08:30", op=ops.bars("1m"), region="HK")
    assert found == [None, "09:30-09:31", "09:30-09:31", "15:59-16:00"]


@pytest.mark.parametrize("friday_or_monday", DAYLIGHT)
def test_new_york_before_and_after_its_clocks_change(friday_or_monday: date) -> None:
    found = taken(
        *["09:29:59", "09:30:00", "12:00:00", "15:59:59", "16:00:03", "16:01:00"],
        op=ops.bars("1m"),
        region="US",
        day=friday_or_monday,
    )
    assert found[:3] == [None, "09:30-09:31", "12:00-12:01"]
    assert found[3:] == ["15:59-16:00", "15:59-16:00", None]


def test_new_york_moves_in_utc_when_its_clocks_change() -> None:
    friday, monday = DAYLIGHT
    rows = [
        quote("09:30:00", 1, region="US", day=friday),
        quote("09:30:03", 2, region="US", day=friday),
        quote("09:30:03", 2, region="US", day=monday),
    ]
    bars = bars_of(rows, ops.bars("1m"))
    assert [f"{bar['start']:%H:%M}" for bar in bars] == ["14:30", "13:30"]
    assert [bar["trading_day"] for bar in bars] == [friday, monday]


def test_markets_have_their_own_hours_in_one_frame() -> None:
    regions = ["CN", "HK", "US"]
    rows = [quote("09:25:00", 1, region=region, symbol=region) for region in regions]
    rows += [quote("11:45:00", 3, region=region, symbol=region) for region in regions]
    bars = bars_of(rows, ops.bars("1m"))
    assert [(bar["symbol"], bar["volume"]) for bar in bars] == [("HK", 2), ("US", 2)]


def test_custom_sessions_are_in_local_time() -> None:
    """With extended hours; and of a market that nobody knows, in UTC."""
    op = ops.bars("1h", sessions=[("04:00", "09:30"), ("09:30", "16:00")])
    texts = "03:59:59", "04:00:00", "09:29:59", "09:30:00", "15:59:59", "16:00:30", "16:01:00"
    expected = [None, "04:00-05:00", "09:00-09:30", "09:30-10:30", "15:30-16:00", "15:30-16:00"]
    assert taken(*texts, op=op, region="US") == [*expected, None]
    assert taken(*texts, op=op, region="XX") == [*expected, None]


def test_sessions_that_follow_one_another_share_no_row() -> None:
    """The grace of the first ends where the second begins: a row has one bar."""
    op = ops.bars("1m", sessions=[("09:30", "10:00"), ("10:00", "11:00")])
    assert taken("09:59:59", "10:00:00", "10:00:30", op=op) == [
        "09:59-10:00",
        "10:00-10:01",
        "10:00-10:01",
    ]


def test_sessions_by_name() -> None:
    op = ops.bars("1m", sessions="US")
    assert taken("11:45:00", "15:30:00", "16:01:00", op=op) == ["11:45-11:46", "15:30-15:31", None]


def test_sessions_by_name_have_their_auctions_and_profiles() -> None:
    """To say "CN" is to say what a frame without regions has by default."""
    for profile in PROFILES:
        named = ops.bars("1m", sessions="CN", profile=profile)
        default = ops.bars("1m", profile=profile)
        texts = ["09:20:00", "09:25:00", "11:30:03", "14:58:00", "15:00:03"]
        assert taken(*texts, op=named) == taken(*texts, op=default)


@pytest.mark.parametrize("closed", ["left", "right"])
def test_first_moment_of_a_session_is_in_it(closed: Literal["left", "right"]) -> None:
    """Rows of 13:00:00 carry trades: no way of closing bars may lose them."""
    assert taken("13:00:00", op=ops.bars("1m", closed=closed)) == ["13:00-13:01"]


@pytest.mark.parametrize("every", ["5m", "30s"])
def test_dolphindb_is_defined_for_minutes_only(every: str) -> None:
    with pytest.raises(ValueError, match=r"dolphindb.*1m|1m.*dolphindb"):
        ops.bars(every, profile="dolphindb")


def test_profile_is_of_a_shares_only() -> None:
    wanted: dict[str, Any] = {"profile": "split_auction"}
    found = taken("09:20:00", "09:30:00", op=ops.bars("1m", **wanted), region="US")
    assert found == [None, "09:30-09:31"]
