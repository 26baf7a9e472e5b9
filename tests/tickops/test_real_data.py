"""Operators on real market data: against the oracles, Polars, and what must hold of whole days."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Literal

import polars as pl
import pytest

import tickops as ops
from tests import data
from tests.oracles import bars, deltas, imbalance, spread, vwap, weighted_mid
from tests.oracles.compare import assert_same, left_out
from tests.oracles.frames import QUOTES
from tests.oracles.market import Row, rows_of, seconds
from tests.oracles.sessions import Calendar
from tests.oracles.strategies import SMALL

pytestmark = pytest.mark.real_data

Profile = Literal["tdx", "split_auction", "dolphindb"]
PROFILES: dict[Profile, int] = {"tdx": 240, "split_auction": 241, "dolphindb": 240}
"""How many bars a day has."""

LOCAL = pl.col("timestamp").dt.convert_time_zone("Asia/Shanghai")
MONEY = 1e-4
"""A day's amount is 10¹⁰ yuan: its sums are exact to a hundredth of a cent."""


@dataclass(frozen=True)
class Source:
    """Quotes of a set; in which unit its volumes are."""

    name: str
    kind: Literal["parquet", "wire"]

    @property
    def unit(self) -> int:
        return 1 if self.kind == "parquet" else 100


SOURCES = [Source(name, kind) for name in data.SETS for kind in ("parquet", "wire")]
every_source = pytest.mark.parametrize(
    "source", SOURCES, ids=lambda s: f"{s.name.split('_')[1]}-{s.kind}"
)
every_set = pytest.mark.parametrize("name", data.SETS)


@cache
def quotes(source: Source) -> pl.DataFrame:
    """Quotes in order of arrival; of one symbol and day where little data is wanted."""
    return sample(data.quotes(source.name) if source.kind == "parquet" else wire(source.name))


def wire(name: str) -> pl.DataFrame:
    """Quotes of the frames as they came through the socket: volumes in lots."""
    with gzip.open(data.path(name, "wire.jsonl.gz"), "rt") as lines:
        messages = [json.loads(line) for line in lines]
    rows = [
        row | {"received": message["received"]}
        for message in messages
        if message["frame"]["op"] == "quotes"
        for row in message["frame"]["data"]
    ]
    raw = pl.DataFrame(rows, schema={"received": pl.Int64, **RAW})
    return raw.cast({"timestamp": pl.Datetime("ms")}).with_columns(
        pl.col("timestamp").dt.replace_time_zone("UTC")
    )


RAW = {name: kind for name, kind in QUOTES.items() if name != "connection"} | {
    "timestamp": pl.Int64()
}


def sample(frame: pl.DataFrame) -> pl.DataFrame:
    if not SMALL:
        return frame
    one = pl.col("symbol") == frame["symbol"][0]
    return frame.filter(one & (LOCAL.dt.date() == frame.select(LOCAL.dt.date()).item(0, 0)))


@cache
def differenced(source: Source) -> list[Row]:
    return deltas.deltas(rows_of(quotes(source)), unit=source.unit).rows


def days(source: Source) -> Iterator[tuple[str, date, pl.DataFrame]]:
    """Each symbol and day, and its rows."""
    frame = quotes(source).with_columns(day=LOCAL.dt.date())
    for (symbol, day), rows in frame.group_by("symbol", "day", maintain_order=True):
        yield str(symbol), day, rows


def options(source: Source, profile: Profile, *, fill: bool, every: str = "1m") -> bars.Options:
    return bars.Options(Calendar(seconds(every), profile), fill=fill, unit=source.unit)


@cache
def bars_of(source: Source, profile: Profile, *, fill: bool) -> pl.DataFrame:
    op = ops.bars("1m", profile=profile, fill=fill, unit=source.unit)
    return ops.chain(ops.deltas(unit=source.unit), op).apply(quotes(source))


@every_source
def test_deltas_equal_the_oracle(source: Source) -> None:
    out = ops.deltas(unit=source.unit).apply(quotes(source))
    assert_same(out, differenced(source))


@every_source
def test_deltas_equal_polars(source: Source) -> None:
    """Within a day, a difference is what Polars' `diff` says it is."""
    out = ops.deltas(unit=source.unit).apply(quotes(source))
    by = ["symbol", LOCAL.dt.date()]
    naive = out.select(pl.col("volume", "amount").diff().over(by))
    within_a_day = ~out["reason"].is_in(["first", "new_day"])
    for ours, theirs in (("delta_volume", "volume"), ("delta_amount", "amount")):
        assert out.filter(within_a_day)[ours].equals(naive.filter(within_a_day)[theirs])
    assert naive.filter(~within_a_day)["volume"].null_count() == len(naive) - within_a_day.sum()


@every_source
def test_deltas_of_a_day_sum_to_its_last_value(source: Source) -> None:
    out = ops.deltas(unit=source.unit).apply(quotes(source))
    for symbol, day, rows in days(source):
        mine = out.filter(pl.col("symbol") == symbol, LOCAL.dt.date() == day)
        assert mine["delta_volume"].sum() == rows["volume"][-1]
        assert mine["delta_amount"].sum() == pytest.approx(rows["amount"][-1], abs=MONEY)


@every_source
@pytest.mark.parametrize("window", [None, "5m", 100])
def test_vwap_equals_the_oracle(source: Source, window: str | int | None) -> None:
    width = seconds(window) if isinstance(window, str) else window
    op = ops.chain(ops.deltas(unit=source.unit), ops.vwap(window, unit=source.unit))
    expected = vwap.vwap(differenced(source), window=width, unit=source.unit).rows
    assert_same(op.apply(quotes(source)), expected)


@every_source
def test_vwap_of_a_day_is_its_amount_over_its_volume(source: Source) -> None:
    out = ops.chain(ops.deltas(unit=source.unit), ops.vwap(unit=source.unit)).apply(quotes(source))
    traded = out.filter(pl.col("volume") > 0)
    exact = traded["amount"] / (traded["volume"] * source.unit)
    assert ((traded["vwap"] - exact).abs() / exact).max() < 1e-9  # pyright: ignore[reportOperatorIssue]
    assert out.filter(pl.col("volume") == 0)["vwap"].null_count() == (out["volume"] == 0).sum()


@every_set
def test_vwap_of_a_window_equals_polars(name: str) -> None:
    source = Source(name, "parquet")
    frame = ops.deltas(unit=1).apply(quotes(source))
    out = ops.vwap("5m", unit=1).apply(frame)
    for mine in out.partition_by("symbol"):
        known = mine.with_columns(pl.col("delta_volume", "delta_amount").fill_null(0))
        sums = known.select(
            "timestamp",
            "vwap",
            pl.col("delta_volume", "delta_amount").rolling_sum_by("timestamp", window_size="5m"),
        )
        # Polars gives all rows of one timestamp the sum of them all; ours have not come yet.
        last = sums.filter(pl.col("timestamp").is_last_distinct(), pl.col("delta_volume") > 0)
        theirs = last["delta_amount"] / last["delta_volume"]
        # Its running sums are not compensated.
        assert ((last["vwap"] - theirs).abs() / theirs).max() < 1e-6  # pyright: ignore[reportOperatorIssue]


@every_set
def test_books_equal_the_oracles(name: str) -> None:
    frame = sample(data.depth(name)).gather_every(3)
    rows = rows_of(frame)
    assert_same(ops.spread().apply(frame), spread.spread(rows))
    assert_same(ops.weighted_mid().apply(frame), weighted_mid.weighted_mid(rows))
    assert_same(ops.imbalance().apply(frame), imbalance.imbalance(rows))
    inverse = ops.imbalance(levels=3, weights="inverse").apply(frame)
    assert_same(inverse, imbalance.imbalance(rows, levels=3, weights="inverse"))


@every_set
def test_books_of_call_auctions_have_no_spread(name: str) -> None:
    frame = sample(data.depth(name)).filter(LOCAL.dt.time().is_between(time(9, 16), time(9, 24)))
    out = ops.spread().apply(frame).drop_nulls("spread")
    assert out.height > 0
    assert out["spread"].to_list() == [0.0] * out.height
    assert out["spread_bps"].to_list() == [0.0] * out.height


@every_source
@pytest.mark.parametrize("fill", [False, True])
@pytest.mark.parametrize("profile", PROFILES)
def test_bars_equal_the_oracle(source: Source, profile: Profile, fill: bool) -> None:
    expected = bars.bars(differenced(source), options(source, profile, fill=fill))
    assert_same(bars_of(source, profile, fill=fill), expected, absolute=MONEY)


@every_source
@pytest.mark.parametrize("every", ["30s", "5m", "1h"])
def test_bars_of_other_lengths_equal_the_oracle(source: Source, every: str) -> None:
    op = ops.chain(ops.deltas(unit=source.unit), ops.bars(every, unit=source.unit))
    expected = bars.bars(differenced(source), options(source, "tdx", fill=False, every=every))
    assert_same(op.apply(quotes(source)), expected, absolute=MONEY)


@every_source
@pytest.mark.parametrize("fill", [False, True])
@pytest.mark.parametrize("profile", PROFILES)
def test_what_must_hold_of_the_bars_of_a_day(source: Source, profile: Profile, fill: bool) -> None:
    for symbol, day, rows in days(source):
        mine = bars_of(source, profile, fill=fill).filter(
            pl.col("symbol") == symbol, pl.col("trading_day") == day
        )
        until = rows.filter(LOCAL.dt.time() <= time(15, 1))
        assert mine["volume"].sum() == until["volume"][-1]
        assert mine["amount"].sum() == pytest.approx(until["amount"][-1], abs=MONEY)
        assert mine["high"].max() == rows["high"][-1]
        assert mine["low"].min() == rows["low"][-1]
        traded = mine.filter(pl.col("volume") > 0)
        assert traded["open"][0] == rows["open"][-1]
        assert mine["close"][-1] == rows["last_price"][-1]
        assert not mine["partial"].any()
        assert mine["start"].is_sorted()
        if fill:
            assert mine.height == PROFILES[profile]


@every_source
def test_open_of_the_day_is_the_auctions_price(source: Source) -> None:
    for symbol, day, rows in days(source):
        first = bars_of(source, "split_auction", fill=False).filter(
            pl.col("symbol") == symbol, pl.col("trading_day") == day
        )
        match = rows.filter(pl.col("volume") > 0).row(0, named=True)
        auction = first.row(0, named=True)
        prices = {auction[name] for name in ("open", "high", "low", "close")}
        assert prices == {match["last_price"]}
        assert auction["volume"] == match["volume"]


@every_source
def test_bars_inside_a_session_equal_polars(source: Source) -> None:
    """Minutes that no auction or closing price touches are plain groups of rows."""
    ours = bars_of(source, "tdx", fill=False)
    frame = ops.deltas(unit=source.unit).apply(quotes(source))
    traded = frame.filter(pl.col("delta_volume") > 0)
    minutes = traded.group_by_dynamic("timestamp", every="1m", group_by="symbol")
    theirs = minutes.agg(
        open=pl.col("last_price").first(),
        close=pl.col("last_price").last(),
        volume=pl.col("delta_volume").sum(),
        amount=pl.col("delta_amount").sum(),
    ).rename({"timestamp": "start"})
    clock = pl.col("start").dt.convert_time_zone("Asia/Shanghai").dt.time()
    plain = clock.is_between(time(9, 31), time(11, 28)) | clock.is_between(time(13), time(14, 58))
    columns = ["symbol", "start", "open", "close", "volume"]
    left = ours.filter(plain, pl.col("volume") > 0).select(columns).sort("symbol", "start")
    right = theirs.filter(plain).select(columns).sort("symbol", "start")
    assert left.equals(right)
    assert left.height > 200


@every_source
def test_symbols_do_not_change_each_other(source: Source) -> None:
    together = bars_of(source, "tdx", fill=True)
    op = ops.chain(ops.deltas(unit=source.unit), ops.bars("1m", fill=True, unit=source.unit))
    for alone in quotes(source).partition_by("symbol"):
        mine = together.filter(pl.col("symbol") == alone["symbol"][0])
        assert op.apply(alone).equals(mine)


@every_set
def test_bars_with_time_passing_equal_the_oracle(name: str) -> None:
    """The first day as it came: a frame for every ten seconds, and after it the time."""
    source = Source(name, "wire")
    frame = quotes(source)
    frame = frame.filter(LOCAL.dt.date() == frame.select(LOCAL.dt.date()).item(0, 0))
    op = ops.chain(ops.deltas(), ops.bars("1m", fill=True))
    run, naive = op.start(), bars.Bars(options(source, "tdx", fill=True))
    parts = frame.with_columns(span=pl.col("received") // 10_000).partition_by(
        "span", include_key=False
    )
    expected: list[Row] = []
    out: list[pl.DataFrame] = []
    known = iter(deltas.deltas(rows_of(frame)).rows)
    for part in parts:
        now = last_moment(part)
        out += [run.push(part), run.advance(now)]
        expected += [bar for _ in range(part.height) for bar in naive.push(next(known))]
        expected += naive.advance(now)
    out.append(run.finish())
    expected += naive.finish()
    assert_same(pl.concat(out), expected, absolute=MONEY)
    assert left_out(run).get("bars.late", 0) == naive.late == 0


@every_set
def test_bars_with_time_passing_are_those_of_the_whole_day(name: str) -> None:
    """Grace is long enough: no row comes after its bar, so live and batch are the same."""
    source = Source(name, "wire")
    frame = quotes(source)
    frame = frame.filter(LOCAL.dt.date() == frame.select(LOCAL.dt.date()).item(0, 0))
    op = ops.chain(ops.deltas(), ops.bars("1m", fill=True))
    run, out = op.start(), list[pl.DataFrame]()
    for part in frame.with_columns(minute=pl.col("received") // 60_000).partition_by("minute"):
        out += [run.push(part.drop("minute")), run.advance(last_moment(part))]
    out.append(run.finish())
    live = pl.concat(out).sort("symbol", "start")
    assert live.equals(op.apply(frame).sort("symbol", "start"))


def last_moment(part: pl.DataFrame) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=part["received"].to_list()[-1])
