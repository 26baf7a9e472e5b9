"""Each quirk of real rows is in a simulated day."""

from datetime import datetime

import polars as pl
import pytest

from tests.tickflow_rx.server.simulation.days import between, day, kind
from tickflow_rx.server import SimulatedMarket

PRICES = ("last_price", "open", "high", "low")
SHANGHAI = pl.col("exchange") == "SH"
TRADES = ~kind("idle")
BID, ASK = pl.col("bidp"), pl.col("askp")
BOOK = ("bid_prices", "bid_volumes", "ask_prices", "ask_volumes")


def rows(*predicates: pl.Expr) -> pl.DataFrame:
    found = day().filter(*predicates)
    assert len(found)
    return found


def level(name: str, number: int) -> pl.Expr:
    return pl.col(name).list.get(number - 1)


def empty(*names: str) -> pl.Expr:
    return pl.all_horizontal(pl.col(name).list.sum() == 0 for name in names)


def steps(frame: pl.DataFrame) -> pl.Series:
    """Seconds between rows of a symbol."""
    return frame.select(pl.col("timestamp").diff().over("symbol").drop_nulls() // 1000)["timestamp"]


def test_before_the_open_all_is_zero() -> None:
    found = rows(between("09:10:00", "09:14:59"))
    assert found.select(pl.sum_horizontal(*PRICES, "volume", "amount").sum()).item() == 0
    assert (found["prev_close"] > 0).all()
    assert found.select(empty(*BOOK).all()).item()
    assert found["symbol"].n_unique() == 20


@pytest.mark.parametrize(("start", "end"), [("09:15:00", "09:24:59"), ("14:57:03", "14:59:59")])
def test_auction_books_are_virtual_matches(start: str, end: str) -> None:
    found = rows(between(start, end), kind("active"), BID > 0)
    assert found.select((BID == ASK).all()).item()
    assert found.select((pl.col("bidv") == pl.col("askv")).all()).item()
    assert found.select((level("bid_prices", 2) == 0).all()).item()
    unmatched = level("bid_volumes", 2), level("ask_volumes", 2)
    assert found.select(pl.any_horizontal(*(side > 0 for side in unmatched)).mean()).item() > 0.5
    assert not found.select(pl.all_horizontal(*(side > 0 for side in unmatched)).any()).item()
    assert found["session"].null_count() == len(found)


def test_nothing_is_traded_before_the_match() -> None:
    assert rows(between("09:15:00", "09:24:59"))["volume"].max() == 0
    during = rows(between("14:57:00", "14:59:59")).group_by("symbol")
    assert during.agg(pl.col("volume").n_unique())["volume"].max() == 1


def test_first_traded_row_of_shanghai_has_no_open_yet() -> None:
    traded = rows(pl.col("last_price") > 0)
    first = traded.group_by("symbol", maintain_order=True).first()
    shanghai, others = first.filter(SHANGHAI), first.filter(~SHANGHAI)
    assert (shanghai["open"] == 0).all()
    assert (shanghai["high"] > 0).all()
    assert (others["open"] == others["last_price"]).filter(others["time"].dt.minute() == 25).all()
    second = traded.group_by("symbol", maintain_order=True).agg(pl.all().get(1))
    assert (second["open"] > 0).all()
    match = shanghai.filter(pl.col("time").dt.minute() == 25)
    assert set(match["time"].dt.second()) == {1}


@pytest.mark.parametrize(
    ("start", "end"),
    [("09:25:04", "09:29:59"), ("11:30:04", "12:59:59"), ("15:00:04", "15:40:59")],
)
def test_about_a_row_a_minute_while_nothing_trades(start: str, end: str) -> None:
    found = rows(between(start, end))
    assert set(steps(found)) == {60}
    changes = found.group_by("symbol").agg(pl.col("volume", *BOOK).n_unique())
    assert changes.select(pl.max_horizontal("volume", *BOOK).max()).item() == 1
    assert found["symbol"].n_unique() == 20


def test_rows_until_twenty_to_four() -> None:
    late = rows(pl.col("time").dt.hour() >= 15, pl.col("time").dt.minute() >= 40)
    assert late["symbol"].n_unique() == 20
    assert day().filter(~between("09:10:00", "15:40:59")).is_empty()


def test_shanghai_jitters() -> None:
    found = rows(between("09:30:00", "11:29:59"), SHANGHAI, kind("active"))
    shares: dict[int, float] = dict(steps(found).value_counts(normalize=True).iter_rows())
    assert set(shares) == {0, 2, 3, 4}
    assert shares[3] > 0.85
    assert min(shares[2], shares[4]) > 0.01


def test_shenzhen_is_sharp_and_skips_what_did_not_change() -> None:
    found = rows(between("09:30:00", "11:29:59"), ~SHANGHAI, TRADES)
    assert set(found["time"].dt.second() % 3) == {0}
    assert (steps(found.filter(kind("active"))) > 3).any()
    changed = pl.any_horizontal(
        pl.col(name).ne_missing(pl.col(name).shift().over("symbol")) for name in ("volume", *BOOK)
    )
    assert found.select(changed.mean()).item() > 0.999


def test_some_seconds_have_two_different_rows() -> None:
    key = pl.struct("symbol", "timestamp")
    twice = rows(between("09:30:00", "11:29:59"), key.is_duplicated())
    assert set(twice["exchange"]) == {"SH"}
    volumes = twice.group_by("symbol", "timestamp").agg(pl.col("volume").n_unique())["volume"]
    assert (volumes > 1).all()


def test_some_rows_change_nothing() -> None:
    found = rows(between("09:31:00", "11:29:59"), SHANGHAI, kind("active"))
    same = pl.all_horizontal(
        pl.col(name) == pl.col(name).shift().over("symbol") for name in ("volume", "amount", *BOOK)
    )
    assert 0.01 < found.select(same.mean()).item() < 0.5


def test_a_moment_without_a_book_before_the_closing_auction() -> None:
    found = rows(between("14:57:00", "14:57:00"), TRADES).group_by("symbol", maintain_order=True)
    assert found.first().select(empty(*BOOK).all()).item()


def test_closing_auction_trades_at_once() -> None:
    closing = rows(kind("active"), between("14:59:00", "15:01:59"))
    before = closing.filter(between("14:59:00", "15:00:01")).group_by("symbol").last()
    traded = closing.join(before.select("symbol", before="volume"), "symbol").filter(
        pl.col("volume") > pl.col("before")
    )
    first = traded.group_by("symbol", maintain_order=True).first()
    assert first["symbol"].n_unique() == closing["symbol"].n_unique()
    assert set(first["time"].dt.second()) == {2, 3}
    assert set(first["session"]) == {"closed"}
    assert traded.group_by("symbol").agg(pl.col("volume").n_unique())["volume"].max() == 1


@pytest.mark.parametrize(
    ("name", "side", "other", "limit"),
    [
        ("limit_up", "bid_prices", "ask_prices", "high"),
        ("limit_down", "ask_prices", "bid_prices", "low"),
    ],
)
def test_a_price_limit_empties_one_side(name: str, side: str, other: str, limit: str) -> None:
    found = rows(between("10:00:00", "14:56:59"), kind(name), empty(other))
    assert len(found) > 1000
    assert found.select((pl.col(side).list.get(0) == pl.col(limit)).all()).item()
    expected = round(found["prev_close"][0] * (1.1 if name == "limit_up" else 0.9) + 1e-9, 2)
    assert found[limit][0] == pytest.approx(expected, abs=0.0051)
    assert found.select((pl.col("last_price") == pl.col(limit)).mean()).item() > 0.9


def test_idle_symbols_are_halted() -> None:
    found = rows(kind("idle"))
    assert set(found["session"]) == {"halted"}
    assert found.select(pl.sum_horizontal(*PRICES, "volume").sum()).item() == 0
    assert 100 < len(found) < 200


def test_thin_symbols_miss_levels_and_sometimes_the_book() -> None:
    found = rows(kind("thin"), between("09:30:00", "14:56:59"))
    levels = found.select(pl.col("bid_prices").list.eval(pl.element() > 0).list.sum())
    assert set(levels["bid_prices"]) == {0, 1, 2, 3, 4, 5}
    assert found.select(empty(*BOOK).any()).item()
    assert found["volume"].n_unique() < 500


def test_absent_levels_have_no_volume_in_continuous_trading() -> None:
    found = rows(between("09:30:00", "11:29:59"))
    for side in ("bid", "ask"):
        pairs = found.select(
            pl.col(f"{side}_prices").explode(), pl.col(f"{side}_volumes").explode()
        )
        absent = pairs.filter(pl.col(f"{side}_prices") == 0)
        assert absent[f"{side}_volumes"].sum() == 0
        # The other way round there are prices with less than a lot.
        assert (pairs.filter(pl.col(f"{side}_prices") > 0)[f"{side}_volumes"] == 0).any()


def test_float_noise() -> None:
    for name in (*PRICES, "prev_close", "bidp"):
        noisy = day().filter(pl.col(name) != pl.col(name).round(2))
        assert len(noisy), name
        assert noisy.select((pl.col(name) - pl.col(name).round(2)).abs().max()).item() < 1e-9


def test_amounts_printed_with_and_without_a_point() -> None:
    market = SimulatedMarket(start=datetime(2026, 3, 2, 9, 35))
    rows = next(market.batches()).rows
    printed = {row.split(b'"amount":')[1].split(b",")[0] for row in rows}
    assert any(b"." in amount for amount in printed)
    assert any(b"." not in amount and amount != b"0" for amount in printed)


def test_ext_is_null_until_something_traded() -> None:
    unnested = day().unnest("ext")
    figures = ("change_pct", "change_amount", "amplitude", "turnover_rate")
    for name in figures:
        assert unnested.filter(pl.col("last_price") == 0)[name].null_count() == len(
            unnested.filter(pl.col("last_price") == 0)
        )
        assert unnested.filter(pl.col("last_price") > 0)[name].null_count() == 0
    traded = unnested.filter(pl.col("last_price") > 0)
    expected = traded["last_price"] / traded["prev_close"] - 1
    assert ((traded["change_pct"] - expected).abs() < 1e-6).all()


def test_rows_arrive_late_and_not_in_order_of_time() -> None:
    lag = day().select(pl.col("arrival") - pl.col("timestamp"))["arrival"]
    assert lag.is_between(30, 5_100).all()
    assert day()["arrival"].is_sorted()
    assert not day()["timestamp"].is_sorted()
    # But of one symbol they do.
    assert day().group_by("symbol").agg(pl.col("timestamp").diff().min())["timestamp"].min() == 0


def test_sessions_of_the_day() -> None:
    found = (
        rows(kind("active"))
        .group_by("session", maintain_order=True)
        .agg(pl.col("time").min().alias("first"))
    )
    assert found["session"].to_list() == ["pre_market", None, "regular", "lunch_break", "closed"]
