"""`merge_bars`: longer bars from shorter ones."""

import math
from datetime import date, datetime, timedelta
from typing import Any, Literal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tickops as ops
from tests import data
from tests.oracles import strategies
from tests.oracles.compare import assert_same, left_out
from tests.oracles.frames import MONDAY, TUESDAY, at, micros, quote, quotes
from tests.oracles.market import Row, in_utc, seconds, trading_day
from tests.oracles.sessions import Calendar, find
from tickops import testing
from tickops.exceptions import LateRowError, SchemaError

Profile = Literal["tdx", "split_auction"]
FEW = settings(strategies.EXAMPLES, max_examples=8 if strategies.SMALL else 20)
AMOUNTS = ["amount", "vwap"]
MOST = 10 if strategies.SMALL else 30
LENGTHS = [
    ("1m", "5m"),
    ("1m", "30m"),
    ("30s", "1m"),
    ("5m", "1h"),
    ("15m", "2h"),
    ("5m", "session"),
]
SCHEMA = pl.Schema(
    {
        "symbol": pl.String(),
        "start": pl.Datetime("ms", "UTC"),
        "end": pl.Datetime("ms", "UTC"),
        **dict.fromkeys(["open", "high", "low", "close"], pl.Float64()),
        "volume": pl.Int64(),
        "amount": pl.Float64(),
    }
)


def in_order(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.sort("symbol", "start", maintain_order=True)


@FEW
@given(
    frame=testing.quotes(
        regions=("CN", "HK", "US", "ZZ"), max_rows=MOST, odd_lots=False, float_noise=False
    ),
    lengths=st.sampled_from(LENGTHS),
    profile=st.sampled_from(["tdx", "split_auction"]),
    closed=st.sampled_from(["left", "right"]),
)
def test_bars_of_bars_equal_bars_of_rows(
    frame: pl.DataFrame,
    lengths: tuple[str, str],
    profile: Profile,
    closed: Literal["left", "right"],
) -> None:
    """Without noise, which moves a day's high or low in a minute that has no trade to show it."""
    short, long = lengths
    rows = ops.deltas().apply(frame)
    starts: set[datetime] = set(rows["timestamp"].to_list())
    options: dict[str, Any] = {"fill": True, "profile": profile, "closed": closed}
    expected = in_order(ops.bars(long, **options).apply(rows))
    merged = ops.chain(ops.bars(short, **options), ops.merge_bars(long, profile=profile))
    actual = in_order(merged.apply(rows))
    apart = pl.col("partial") & ~actual["partial"]
    assert actual.drop("partial", *AMOUNTS).equals(expected.drop("partial", *AMOUNTS))
    assert_same(actual.select(AMOUNTS), expected.select(AMOUNTS).to_dicts(), absolute=1e-6)
    assert actual.filter(actual["partial"] & ~expected["partial"]).is_empty()
    for bar in expected.filter(apart).to_dicts():
        # The day's first row came exactly where a shorter bar begins: that one is whole.
        step = seconds(short)
        count = int((bar["end"] - bar["start"]) / step)
        assert starts & {bar["start"] + number * step for number in range(1, count)}


@FEW
@given(
    frame=testing.quotes(max_rows=MOST, odd_lots=False, float_noise=False),
    lengths=st.sampled_from(LENGTHS),
)
def test_without_fill_prices_and_sums_are_equal_too(
    frame: pl.DataFrame, lengths: tuple[str, str]
) -> None:
    short, long = lengths
    rows = ops.deltas().apply(frame)
    columns = ["symbol", "trading_day", "start", "end", "open", "high", "low", "close", "volume"]
    expected = in_order(ops.bars(long).apply(rows)).select(columns)
    actual = in_order(ops.chain(ops.bars(short), ops.merge_bars(long)).apply(rows))
    assert actual.select(columns).equals(expected)


@pytest.mark.real_data
@pytest.mark.parametrize("name", data.SETS)
@pytest.mark.parametrize(
    ("long", "profile"), [("5m", "tdx"), ("1d", "tdx"), ("1h", "split_auction")]
)
def test_bars_of_bars_equal_bars_of_rows_on_real_days(
    name: str, long: str, profile: Profile
) -> None:
    rows = ops.deltas(unit=1).apply(data.quotes(name))
    expected = in_order(ops.bars(long, fill=True, profile=profile, unit=1).apply(rows))
    minutes = ops.bars("1m", fill=True, profile=profile, unit=1)
    merge = ops.merge_bars(long, profile=profile, unit=1)
    actual = in_order(ops.chain(minutes, merge).apply(rows))
    assert expected.height
    # A day takes the rows of the lunch break, too, which no minute does.
    apart = [*AMOUNTS, "rows"] if long == "1d" else AMOUNTS
    assert actual.drop(apart).equals(expected.drop(apart))
    assert_same(actual.select(AMOUNTS), expected.select(AMOUNTS).to_dicts(), absolute=1e-3)


def minute(
    text: str,
    volume: int | None = 1,
    price: float | None = 10.0,
    *,
    minutes: float = 1,
    day: date = MONDAY,
    region: str = "CN",
    **others: Any,
) -> Row:
    """A bar that starts then, all of whose prices are one, unless said otherwise."""
    start = at(text, day, region)
    bar: Row = {
        "symbol": "600000.SH",
        "start": start,
        "end": start + timedelta(minutes=minutes),
        **dict.fromkeys(["open", "high", "low", "close"], price),
        "volume": volume,
        "amount": None if volume is None else volume * 1000.0,
    }
    return bar | others


def frame_of(bars: list[Row]) -> pl.DataFrame:
    more = [name for name in (bars[0] if bars else {}) if name not in SCHEMA]
    kinds = {"rows": pl.Int64(), "region": pl.String()}
    extra = {name: kinds.get(name, pl.Boolean()) for name in more}
    return pl.DataFrame(bars, schema=pl.Schema({**SCHEMA, **extra}))


def merged(*bars: Row, every: str = "5m", **others: Any) -> list[Row]:
    return ops.merge_bars(every, **others).apply(frame_of(list(bars))).to_dicts()


def pick(bars: list[Row], *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(bar[column] for column in columns) for bar in bars]


def naive(bars: list[Row], every: str, profile: str) -> list[Row]:
    """Grouped by the longer bar that takes the start, each group looked at as a whole."""
    groups = dict[tuple[str, datetime], list[Row]]()
    slots = dict[tuple[str, datetime], Any]()
    calendar = Calendar(seconds(every), profile)
    for bar in bars:
        start = in_utc(bar["start"])
        if bar["symbol"] is None or start is None or bar["end"] is None:
            continue
        day = trading_day(start, "CN")
        of_day = calendar.slots("CN", day)
        index = find(of_day, start)
        if index is not None:
            key = bar["symbol"], of_day[index].start
            groups.setdefault(key, []).append(bar)
            slots[key] = of_day[index], day
    newest = dict(sorted(groups))
    made = list[Row]()
    for (symbol, start), group in sorted(groups.items()):
        slot, day = slots[symbol, start]
        cut = start == newest[symbol] and all(bar["end"] < slot.end for bar in group)
        made.append(of_group(symbol, day, slot, group, cut=cut))
    return made


def of_group(symbol: str, day: date, slot: Any, group: list[Row], *, cut: bool) -> Row:
    known = [bar for bar in group if bar["volume"] is not None and bar["amount"] is not None]
    traded = [bar for bar in known if bar["volume"] > 0]
    moved = [bar for bar in known if bar["volume"] <= 0 and (bar["volume"] or bar["amount"])]
    of = traded or moved or group

    def prices(name: str) -> list[float]:
        return [bar[name] for bar in of if bar[name] is not None and bar[name] > 0]

    def beyond(name: str, sign: int) -> list[float]:
        pairs = [(bar[name], bar["close"]) for bar in moved if bar[name] and bar["close"]]
        return [price for price, close in pairs if sign * price > sign * close]

    highs, lows = prices("high"), prices("low")
    volume = sum(bar["volume"] for bar in known)
    amount = math.fsum(bar["amount"] for bar in known)
    return {
        "symbol": symbol,
        "trading_day": day,
        "start": slot.start,
        "end": slot.end,
        "open": next(iter(prices("open")), None),
        "high": max(highs + beyond("high", 1)) if highs else None,
        "low": min(lows + beyond("low", -1)) if lows else None,
        "close": next(reversed(prices("close")), None),
        "volume": volume,
        "amount": amount,
        "vwap": amount / (volume * 100) if volume > 0 else None,
        "rows": sum(bar.get("rows", 1) for bar in group),
        "partial": cut or any(bar.get("partial", False) for bar in group),
        "gap": any(bar.get("gap", False) for bar in group),
    }


@st.composite
def own_bars(draw: st.DrawFn) -> pl.DataFrame:
    """Minutes that a vendor might have: some are missing, some have no trade, or nulls."""
    flags = draw(st.booleans())
    texts = ["09:30", "09:31", "09:34", "09:35", "11:29", "13:00", "13:03", "14:59"]
    bars = list[Row]()
    for symbol in draw(st.sampled_from([["600000.SH"], ["600000.SH", "000001.SZ"]])):
        for day in (MONDAY, TUESDAY):
            for text in sorted(draw(st.sets(st.sampled_from(texts)))):
                volume = draw(st.sampled_from([1, 1, 3, 7, 0, 0, -2, None]))
                price = st.sampled_from([10.0, 10.1, 9.9, 10.2, 9.8, 0.0, None])
                names = ["open", "high", "low", "close"]
                bar = minute(f"{text}:00", volume, day=day, symbol=symbol)
                bar |= {name: draw(price) for name in names}
                if volume == 0:
                    bar["amount"] = draw(st.sampled_from([0.0, 0.0, 30.0]))
                if flags:
                    bar["rows"] = draw(st.integers(0, 20))
                    bar |= {name: draw(st.sampled_from([False] * 4 + [True])) for name in FLAGS}
                bars.append(bar)
    return frame_of(bars)


FLAGS = ["partial", "gap"]


@FEW
@given(draws=st.data(), frame=own_bars(), every=st.sampled_from(["5m", "2h", "15m"]))
def test_bars_of_ones_own(draws: st.DataObject, frame: pl.DataFrame, every: str) -> None:
    profile: Any = draws.draw(st.sampled_from(["tdx", "split_auction"]))
    run = ops.merge_bars(every, profile=profile).start()
    out = pl.concat([*map(run.push, draws.draw(strategies.cuts(frame))), run.finish()])
    assert_same(in_order(out), naive(frame.to_dicts(), every, profile), absolute=1e-6)


def test_a_bar() -> None:
    bars = [
        minute("10:00:00", 3, open=10.1, high=10.5, low=10.0, close=10.2),
        minute("10:01:00", 2, open=10.2, high=10.3, low=9.8, close=9.9),
        minute("10:05:00", 7),
    ]
    assert merged(*bars)[0] == {
        "symbol": "600000.SH",
        "trading_day": MONDAY,
        "start": at("10:00:00"),
        "end": at("10:05:00"),
        "open": 10.1,
        "high": 10.5,
        "low": 9.8,
        "close": 9.9,
        "volume": 5,
        "amount": 5000.0,
        "vwap": 10.0,
        "rows": 2,
        "partial": False,
        "gap": False,
    }


def test_prices_come_from_bars_that_traded() -> None:
    """Filled ones, at the close before, say nothing of the prices in the bar."""
    bars = minute("10:00:00", 0, 12.0), minute("10:01:00", 2, 10.0), minute("10:02:00", 0, 8.0)
    assert pick(merged(*bars), "open", "high", "low", "close") == [(10.0, 10.0, 10.0, 10.0)]
    assert pick(merged(bars[0]), "open", "close", "volume", "vwap") == [(12.0, 12.0, 0, None)]


def test_a_high_beyond_the_close_counts_though_only_sums_moved() -> None:
    moved = minute("10:00:00", 0, 10.0, amount=30.0, high=10.6, low=9.4)
    assert pick(merged(moved, minute("10:01:00", 1, 10.1)), "high", "low") == [(10.6, 9.4)]


def test_closes_with_the_bar_that_ends_where_it_ends() -> None:
    run = ops.merge_bars("5m").start()
    assert run.push(frame_of([minute("10:03:00"), minute("10:00:00")])).is_empty()
    assert run.push(frame_of([minute("10:04:00")]))["volume"].to_list() == [3]
    assert run.finish().is_empty()


def test_closes_with_a_bar_beyond_it_or_of_another_day() -> None:
    run = ops.merge_bars("5m").start()
    assert run.push(frame_of([minute("10:00:00")])).is_empty()
    assert run.push(frame_of([minute("10:07:00", 2)]))["volume"].to_list() == [1]
    assert run.push(frame_of([minute("09:30:00", 3, day=TUESDAY)]))["volume"].to_list() == [2]
    out = run.finish()
    assert out.select("trading_day", "volume", "partial").rows() == [(TUESDAY, 3, True)]


def test_closes_by_the_clock() -> None:
    run = ops.merge_bars("5m", grace="10s").start()
    run.push(frame_of([minute("10:00:00"), minute("11:28:00", symbol="000001.SZ")]))
    assert run.advance(micros("10:05:09")).is_empty()
    assert run.advance(micros("10:05:10"))["symbol"].to_list() == ["600000.SH"]
    assert run.advance(micros("11:30:59")).is_empty()
    assert run.advance(micros("11:31:00"))["symbol"].to_list() == ["000001.SZ"]


def test_one_clock_closes_minutes_and_what_is_made_of_them() -> None:
    run = ops.chain(ops.deltas(), ops.bars("1m"), ops.merge_bars("5m")).start()
    rows = [quote("09:25:00", 1), quote("10:01:00", 3), quote("10:04:30", 7)]
    run.push(quotes(rows))
    assert run.advance(micros("10:05:04")).is_empty()
    out = run.advance(micros("10:05:05"))
    assert out.select("start", "volume", "partial").rows() == [(at("10:00:00"), 6, False)]


@pytest.mark.parametrize(("last", "partial"), [("10:03:00", True), ("10:04:00", False)])
def test_finish_cuts_what_no_bar_ends(last: str, partial: bool) -> None:
    assert pick(merged(minute("10:00:00"), minute(last)), "partial") == [(partial,)]


def test_rows_partial_and_gap() -> None:
    flags = {"rows": 3, "partial": False, "gap": False}
    bars = [minute("10:00:00") | flags, minute("10:01:00") | flags | {"gap": True}]
    bars += [minute("10:04:00") | flags | {"partial": True}, minute("10:09:00") | flags]
    assert pick(merged(*bars), "rows", "partial", "gap") == [(9, True, True), (3, False, False)]


def test_late_bars() -> None:
    bars = [minute("10:04:00", 1), minute("10:03:00", 2), minute("10:06:00", 4)]
    run = ops.merge_bars("5m").start()
    out = pl.concat([run.push(frame_of(bars)), run.finish()])
    assert out["volume"].to_list() == [1, 4]
    assert left_out(run) == {"merge_bars.late": 1}
    assert pick(merged(*bars, late="include"), "volume") == [(1,), (6,)]
    with pytest.raises(LateRowError, match=r"600000\.SH"):
        merged(*bars, late="raise")


def test_a_late_bar_of_an_earlier_day_closes_none() -> None:
    bars = [minute("14:00:00"), minute("10:00:00", 2, day=TUESDAY), minute("14:03:00", 4)]
    out = merged(*bars, minute("10:01:00", 8, day=TUESDAY), late="include")
    assert pick(out, "trading_day", "volume") == [(MONDAY, 1), (TUESDAY, 14)]


def test_a_bar_late_by_the_clock() -> None:
    run = ops.merge_bars("5m").start(schema=SCHEMA)
    run.advance(micros("10:06:00"))
    assert run.push(frame_of([minute("10:03:00"), minute("10:06:00", 5)])).is_empty()
    assert run.finish()["volume"].to_list() == [5]
    assert left_out(run) == {"merge_bars.late": 1}


def test_bars_that_none_takes_are_counted() -> None:
    run = ops.merge_bars("5m").start()
    broken = [minute("10:00:00") | {name: None} for name in ("symbol", "start", "end")]
    run.push(frame_of([minute("08:00:00"), minute("12:00:00"), minute("15:01:00"), *broken]))
    assert run.finish().is_empty()
    assert left_out(run) == {"merge_bars.outside": 3, "merge_bars.null": 3}


def test_the_auction_is_of_the_first_bar_or_its_own() -> None:
    bars = [minute("09:15:00", 5, minutes=15), minute("09:30:00", 2)]
    assert pick(merged(*bars), "start", "volume") == [(at("09:30:00"), 7)]
    found = pick(merged(*bars, profile="split_auction"), "start", "end", "volume")
    assert found == [
        (at("09:15:00"), at("09:30:00"), 5),
        (at("09:30:00"), at("09:35:00"), 2),
    ]


def test_closing_minutes_of_dolphindb_are_of_the_last_bar() -> None:
    times = ["09:26:00", "11:29:30", "11:30:03", "14:57:30", "14:59:30", "15:00:03"]
    rows = quotes([quote(text, number) for number, text in enumerate(times, start=1)])
    minutes = ops.chain(ops.deltas(), ops.bars("1m", profile="dolphindb"))
    out = ops.chain(minutes, ops.merge_bars("5m")).apply(rows)
    expected = ops.chain(ops.deltas(), ops.bars("5m")).apply(rows)
    assert minutes.apply(rows).height == 4
    assert out.drop("partial", "vwap").equals(expected.drop("partial", "vwap"))


@pytest.mark.parametrize(
    ("minutes", "text", "every"),
    [
        (1, "09:31:00", "90s"),
        (2, "09:34:00", "5m"),
        (5, "09:30:00", "1m"),
        (300, "09:30:00", "session"),
    ],
)
def test_bars_across_an_end_cannot_be(minutes: int, text: str, every: str) -> None:
    with pytest.raises(ValueError, match=r"600000\.SH from .* across the end .*multiple"):
        merged(minute(text, minutes=minutes), every=every)


def test_sessions_of_other_markets() -> None:
    bar = minute("12:00:00", region="US")
    frame = frame_of([bar])
    assert ops.merge_bars("5m").apply(frame).is_empty()
    assert ops.merge_bars("5m").apply(frame.with_columns(region=pl.lit("US")))[
        "start"
    ].to_list() == [bar["start"]]


def test_region_goes_on_from_bars_to_longer_ones() -> None:
    """Each operator on its own, on the frames of the one before: the day is that of New York."""
    times = ["09:30:00", "12:00:00", "12:04:30", "15:59:00"]
    rows = [quote(text, n, region="US", symbol="AAPL.US") for n, text in enumerate(times, start=1)]
    minutes = ops.chain(ops.deltas(), ops.bars("1m")).apply(quotes(rows))
    longer = ops.merge_bars("5m").apply(minutes)
    out = ops.merge_bars("1d").apply(longer)
    assert longer.columns == minutes.columns
    assert out.select("start", "end", "volume", "region").rows() == [
        (at("09:30:00", region="US"), at("16:00:00", region="US"), 3, "US")
    ]


def test_in_one_chain_the_region_is_that_of_the_rows() -> None:
    times = ["09:30:00", "12:00:00", "12:04:30"]
    rows = [quote(text, n, region="US", symbol="AAPL.US") for n, text in enumerate(times, start=1)]
    out = ops.chain(ops.deltas(), ops.bars("1m"), ops.merge_bars("5m")).apply(quotes(rows))
    assert out.select("start", "volume").rows() == [(at("12:00:00", region="US"), 2)]


def test_unit() -> None:
    bars = [minute("10:00:00", 3)]
    assert pick(merged(*bars, unit=1), "vwap") == [(1000.0,)]
    with pytest.raises(ValueError, match="unit"):
        ops.chain(ops.bars("1m", unit=1), ops.merge_bars("5m"))


def test_large_amounts_leave_small_ones_exact() -> None:
    bars = [minute("10:00:00", 1, amount=1e17), minute("10:01:00", 1, amount=1000.1)]
    bars += [minute("10:02:00", -1, amount=-1e17)]
    assert pick(merged(*bars), "amount") == [(1000.1,)]


def test_output_schema_is_that_of_bars() -> None:
    rows = ops.deltas().output_schema(quotes([]).schema)
    minutes = ops.bars("1m", aggregate={"last_price": ["mean"]}).output_schema(rows)
    expected = ops.bars("5m").output_schema(rows)
    assert ops.merge_bars("5m").output_schema(minutes) == expected
    assert ops.merge_bars("5m").apply(pl.DataFrame(schema=minutes)).schema == expected


@pytest.mark.parametrize("column", ["start", "end", "open", "close", "volume", "amount"])
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=f"needs column '{column}'"):
        ops.merge_bars("5m").apply(frame_of([minute("10:00:00")]).drop(column))


def test_columns_of_other_types_are_refused() -> None:
    frame = frame_of([minute("10:00:00")])
    for name, wrong in {"partial": 1, "gap": "no", "rows": 2.5}.items():
        with pytest.raises(SchemaError, match=name):
            ops.merge_bars("5m").apply(frame.with_columns(pl.lit(wrong).alias(name)))


def test_warmup_of_a_chain() -> None:
    """What comes out of `bars` before any row is no frame yet."""
    ops.warmup(ops.chain(ops.deltas(), ops.bars("1m"), ops.merge_bars("5m")), ops.merge_bars("1d"))
