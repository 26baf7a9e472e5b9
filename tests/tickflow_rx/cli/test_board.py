"""The newest of every symbol."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from tests.tickflow_rx.cli.quotes import quotes
from tickflow_rx.cli._board import Board, Counts
from tickflow_rx.cli._pipelines import BAR_SCHEMA, BOOK, PRICED
from tickflow_rx.decoding import DEPTH, QUOTES

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def quote(symbol: str, last: float, *, seconds: int = 0, region: str = "CN") -> pl.DataFrame:
    """A quote with what ``deltas`` and ``vwap`` add."""
    time = NOON + timedelta(seconds=seconds)
    row = {
        "symbol": symbol,
        "timestamp": time,
        "received": time + timedelta(milliseconds=400),
        "region": region,
        "last_price": last,
        "prev_close": 10.0,
    }
    frame = pl.DataFrame([{**dict.fromkeys(QUOTES), **row}], schema=QUOTES)
    return frame.with_columns(vwap=pl.lit(10.5))


def test_nothing_yet() -> None:
    board = Board(["B", "A"])
    assert [line.symbol for line in board.lines()] == ["B", "A"]
    assert board.lines()[0].last is None
    assert (board.counts, board.newest, board.lag) == (Counts(), None, None)
    assert board.changed() == []


def test_quotes() -> None:
    board = Board(["A.SH", "B.SH"])
    board.take_quotes(pl.concat([quote("A.SH", 9.0), quote("C.SH", 12.0), quote("A.SH", 11.0)]))
    first, second, third = board.lines()
    assert (first.symbol, first.last, first.vwap) == ("A.SH", 11.0, 10.5)
    assert first.change_pct == pytest.approx(10.0)
    assert second.last is None
    assert (third.symbol, third.last) == ("C.SH", 12.0)
    assert f"{first.time:%H:%M:%S}" == "12:00:00"
    assert board.counts == Counts(quotes=3)
    assert board.lag == pytest.approx(0.4)
    assert [line.symbol for line in board.changed()] == ["A.SH", "C.SH"]
    assert board.changed() == []


def test_before_the_first_trade() -> None:
    board = Board([])
    board.take_quotes(quote("A.SH", 0.0))
    (line,) = board.lines()
    assert (line.last, line.change_pct) == (None, None)


def test_times_are_local_to_the_market() -> None:
    board = Board([])
    board.take_quotes(pl.concat([quote("A.US", 1.0, region="US"), quote("A.HK", 1.0, region="HK")]))
    assert [f"{line.time:%H:%M}" for line in board.lines()] == ["23:00", "12:00"]


def test_newest_is_the_largest_timestamp() -> None:
    board = Board([])
    board.take_quotes(quote("A.SH", 1.0, seconds=5))
    board.take_quotes(quote("B.SH", 1.0, seconds=1))
    assert board.newest == NOON + timedelta(seconds=5)


def test_books() -> None:
    sides = {"bid_prices": 9.99, "ask_prices": 10.01}
    frame = pl.DataFrame(
        [
            {
                **dict.fromkeys(DEPTH),
                "symbol": "A.SH",
                **{name: [price, 0.0, 0.0, 0.0, 0.0] for name, price in sides.items()},
                "bid_volumes": [3, 0, 0, 0, 0],
                "ask_volumes": [1, 0, 0, 0, 0],
            }
        ],
        schema=DEPTH,
    )
    board = Board([])
    board.take_depth(BOOK.apply(frame))
    (line,) = board.lines()
    assert line.spread_bps == pytest.approx(20.0)
    assert line.imbalance == 0.5
    assert board.counts == Counts(depth=1)


def test_bars() -> None:
    values = {"open": 1.0, "high": 4.0, "low": 0.5, "close": 2.0, "volume": 7}
    rows = [
        {**dict.fromkeys(BAR_SCHEMA), "symbol": "A.SH", "end": NOON, **values, "volume": volume}
        for volume in (3, 7)
    ]
    board = Board([])
    board.take_bars(pl.DataFrame(rows, schema=BAR_SCHEMA))
    (line,) = board.lines()
    bar = line.bar
    assert bar is not None
    assert f"{bar.end:%H:%M}" == "12:00"
    assert {name: getattr(bar, name) for name in values} == values
    assert board.counts == Counts(bars=2)


def test_what_is_read_does_not_change_any_more() -> None:
    board = Board([])
    board.take_quotes(quote("A.SH", 1.0))
    (before,) = board.lines()
    board.take_quotes(quote("A.SH", 2.0))
    assert before.last == 1.0


def test_a_frame_or_many() -> None:
    frame = PRICED.apply(quotes()[:200])
    at_once, one_by_one = Board([]), Board([])
    at_once.take_quotes(frame)
    for row in frame.iter_slices(1):
        one_by_one.take_quotes(row)
    assert at_once.lines() == one_by_one.lines()
    assert at_once.counts == one_by_one.counts
