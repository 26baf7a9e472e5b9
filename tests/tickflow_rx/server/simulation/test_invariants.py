"""What always holds in a simulated market, for any seed and any kind of symbol."""

from datetime import UTC, date, datetime
from itertools import islice
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tickflow_rx.server.simulation.days import day, frame
from tickflow_rx.server import Batch, SimulatedMarket
from tickflow_rx.server._simulation import Kind

LIMIT_PERCENT = {"300": 20, "301": 20, "688": 20, "920": 30}
CENT = 0.005
"""Half a tick: what float noise cannot reach."""


def check(rows: pl.DataFrame) -> None:
    """All invariants, on rows in order of arrival."""
    rows = rows.with_columns(
        pl.col("symbol").str.head(3).replace_strict(LIMIT_PERCENT, default=10).alias("percent"),
        pl.col("amount").cast(pl.Float64),
    )
    check_counters(rows)
    check_prices(rows.filter(pl.col("last_price") > 0))
    check_books(rows)


def check_counters(rows: pl.DataFrame) -> None:
    by_day = rows.with_columns(pl.col("volume", "amount").diff().over("symbol", "day"))
    assert by_day.select(pl.min_horizontal(pl.col("volume", "amount").min())).item() >= 0
    silent = rows.filter(pl.col("last_price") == 0)
    assert silent.select(pl.sum_horizontal("volume", "amount", "high").sum()).item() == 0


def check_prices(traded: pl.DataFrame) -> None:
    low, high, last = pl.col("low"), pl.col("high"), pl.col("last_price")
    percent, prev = pl.col("percent"), (pl.col("prev_close") * 100).round()
    upper, lower = ((prev * (100 + sign * percent) / 100 + 0.5).floor() / 100 for sign in (1, -1))
    mean = pl.col("amount") / (pl.col("volume") * 100)
    volume = pl.col("volume")
    hair = high / volume + 0.01
    bad = traded.filter(
        ~(
            (low <= last)
            & (last <= high)
            & ((pl.col("open") == 0) | pl.col("open").is_between(low, high))
            & (low >= lower - CENT)
            & (high <= upper + CENT)
            & (volume > 0)
            & mean.is_between(low - hair, high + hair)
        )
    )
    assert bad.is_empty(), bad.row(0, named=True)
    ranges = traded.select(
        pl.col("high").diff().over("symbol", "day").min(),
        pl.col("low").diff().over("symbol", "day").max(),
    )
    assert (ranges["high"][0] or 0) >= 0
    assert (ranges["low"][0] or 0) <= 0
    ticks = traded.select(pl.col("last_price", "open", "high", "low", "prev_close") * 100)
    noise = (pl.all() - pl.all().round()).abs() < 1e-6
    assert ticks.select(noise.all()).row(0) == (True,) * ticks.width


def check_books(rows: pl.DataFrame) -> None:
    for side, direction in (("bid", -1), ("ask", 1)):
        prices = rows[f"{side}_prices"]
        assert (prices.list.len() == 5).all()
        steps = prices.list.eval(pl.element().filter(pl.element() > 0)).list.eval(
            pl.element().diff().drop_nulls() * direction
        )
        assert (steps.explode().drop_nulls() > 0).all()
        assert (rows[f"{side}_volumes"].list.min() >= 0).all()
    both = rows.filter(pl.col("bidp") > 0, pl.col("askp") > 0)
    crossed = both.filter(pl.col("bidp") > pl.col("askp"))
    assert crossed.is_empty()
    locked = both.filter(pl.col("bidp") == pl.col("askp"))
    assert locked["session"].null_count() == len(locked)


def test_a_day() -> None:
    check(day())


kinds = st.sampled_from(["active", "thin", "idle", "limit_up", "limit_down"])
codes = st.sampled_from(["600000.SH", "688001.SH", "000001.SZ", "300001.SZ", "920001.BJ"])


@settings(max_examples=15, deadline=None)
@given(st.dictionaries(codes, kinds, min_size=1), st.integers(0, 2**32))
def test_other_markets(wanted: dict[str, Kind], seed: int) -> None:
    """From before the open into the morning, where the limits are reached."""
    market = SimulatedMarket(list(wanted), kinds=wanted, seed=seed)
    check(frame(market, 2000))


def test_the_close_is_the_next_day_s_prev_close() -> None:
    symbols: list[str] = ["000001.SZ", "000002.SZ"]
    kinds: dict[str, Kind] = {"000001.SZ": "thin", "000002.SZ": "thin"}
    rows = frame(SimulatedMarket(symbols, kinds=kinds, start=date(2026, 3, 6), days=3))
    check(rows)
    days = rows.group_by("symbol", "day", maintain_order=True).agg(
        pl.col("prev_close").last(), pl.col("last_price").last()
    )
    # From a Friday over the weekend.
    expected = [date(2026, 3, 6), date(2026, 3, 9), date(2026, 3, 10)]
    assert days["day"].unique(maintain_order=True).to_list() == expected
    for _, group in days.group_by("symbol"):
        closes = group["last_price"].to_list()
        assert group["prev_close"].to_list()[1:] == pytest.approx(closes[:2])


def batches(**arguments: object) -> list[Batch]:
    market = SimulatedMarket(["600000.SH", "000001.SZ", "300001.SZ"], **arguments)  # pyright: ignore[reportArgumentType]
    return list(islice(market.batches(), 1000))


def test_the_same_seed_is_the_same_market() -> None:
    assert batches(seed=7) == batches(seed=7)
    assert batches(seed=7) != batches(seed=8)


def test_batches_can_be_had_again() -> None:
    market = SimulatedMarket(["600000.SH"], seed=3)
    first, second = (list(islice(market.batches(), 500)) for _ in range(2))
    assert first == second


def test_a_start_within_the_day_changes_nothing_after_it() -> None:
    whole = SimulatedMarket(seed=5, count=10)
    start = datetime(2026, 3, 2, 9, 45)
    late = SimulatedMarket(seed=5, count=10, start=start)
    start_ms = round(start.replace(tzinfo=ZoneInfo("Asia/Shanghai")).timestamp() * 1000)
    quotes, depth, *rest = islice(late.batches(), 400)
    # First the newest row of every symbol, at once.
    assert quotes.time_ms == depth.time_ms == start_ms
    assert sorted(quotes.symbols) == sorted(late.symbols or [])
    newest: dict[str, bytes] = {}
    after: list[Batch] = []
    for batch in whole.batches():
        newest_ms = int(batch.rows[0].split(b'"timestamp":')[1].split(b",")[0].rstrip(b"}"))
        if newest_ms >= start_ms:
            after.append(batch)
        elif batch.channel == "quotes":
            newest |= dict(zip(batch.symbols, batch.rows, strict=True))
        if len(after) == len(rest):
            break
    assert dict(zip(quotes.symbols, quotes.rows, strict=True)) == newest
    assert rest == after


def test_a_start_of_any_zone() -> None:
    local = SimulatedMarket(["600000.SH"], start=datetime(2026, 3, 2, 9, 20))
    aware = SimulatedMarket(["600000.SH"], start=datetime(2026, 3, 2, 1, 20, tzinfo=UTC))
    assert list(islice(local.batches(), 50)) == list(islice(aware.batches(), 50))


def test_a_start_after_the_close_begins_with_the_closing_rows() -> None:
    kinds: dict[str, Kind] = {"000001.SZ": "thin"}
    start = datetime(2026, 3, 6, 20)
    market = SimulatedMarket(["000001.SZ"], kinds=kinds, start=start, days=2)
    rows = frame(market, 4)
    # The newest row at once, then Monday.
    assert rows["session"].to_list() == ["closed", "pre_market"]
    assert rows["day"].to_list() == [date(2026, 3, 6), date(2026, 3, 9)]


def test_messages_are_the_batches() -> None:
    market = SimulatedMarket(["600000.SH", "000001.SZ"])
    messages = islice(market.messages(), 100)
    expected = [(b.time_ms, m) for b in islice(market.batches(), 100) for m in b.messages()]
    assert list(messages) == expected


def test_rows_split_over_messages() -> None:
    market = SimulatedMarket(count=50, start=datetime(2026, 3, 2, 10))
    (first, _), (second, _) = islice(market.messages(40), 2)
    assert first == second
