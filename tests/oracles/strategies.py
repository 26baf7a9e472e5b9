"""Hypothesis strategies: snapshots and books with the quirks of real ones, in order of arrival."""

import os
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import polars as pl
from hypothesis import settings
from hypothesis import strategies as st

from tests.oracles.frames import DEPTH, QUOTES, at
from tests.oracles.market import Row
from tickops import testing

SMALL = os.environ.get("TICKOPS_SMALL") == "1"
"""Kernels run as plain Python: use little data."""

EXAMPLES = settings(deadline=None, max_examples=20 if SMALL else 100)
MANY = settings(deadline=None, max_examples=20 if SMALL else 400)

EDGES = [
    "08:45:18", "09:14:59", "09:15:00", "09:24:59", "09:25:00", "09:25:01", "09:29:59.999",
    "09:30:00", "09:30:01", "09:30:59.999", "09:31:00", "10:00:30", "10:05:00", "11:28:59",
    "11:29:57", "11:30:00", "11:30:03", "11:30:59.999", "11:31:00", "12:05:00", "12:59:59",
    "13:00:00", "13:00:02", "14:56:59", "14:57:00", "14:57:30", "14:57:59.999", "14:58:00",
    "14:59:30", "15:00:00", "15:00:03", "15:00:59.999", "15:01:00", "15:10:00",
]  # fmt: skip
"""Times of an A-share day at which something begins or ends."""

TIMESTAMPS = [
    pl.Datetime("ms", "UTC"),
    pl.Datetime("us", "UTC"),
    pl.Datetime("ns", "Asia/Shanghai"),
    pl.Datetime("ms", "America/New_York"),
]


@dataclass(frozen=True)
class Move:
    """What one row says, compared with the symbol's row before."""

    symbol: str
    step: timedelta | str
    """Time since the row before, or the time of an edge that comes next."""
    volume: int
    price: int
    """Change of the last price, in cents."""
    beyond: int
    """Trades unseen went so many cents past the last price, up or down."""
    amount: float
    """Yuan that the amount moves by itself."""
    reconnects: bool
    missing: str | None


@dataclass(frozen=True)
class Past:
    """The symbol's row before."""

    time: datetime
    volume: int = 0
    amount: float = 0.0
    cents: int = 1000
    high: int = 0
    low: int = 0
    connection: int = 1


def _steps() -> st.SearchStrategy[timedelta | str]:
    milliseconds = st.sampled_from([0, 0, 1, 1000, 2999, 3000, 5000, 30_000, 30_001, 90_000])
    back = st.sampled_from([-1, -3000, -70_000, -86_400_000])
    return st.one_of(
        milliseconds.map(_milliseconds),
        milliseconds.map(_milliseconds),
        st.sampled_from(EDGES),
        back.map(_milliseconds),
    )


def _milliseconds(count: int) -> timedelta:
    return timedelta(milliseconds=count)


def moves() -> st.SearchStrategy[Move]:
    return st.builds(
        Move,
        symbol=st.sampled_from(["600000.SH", "000001.SZ", "300750.SZ"]),
        step=_steps(),
        volume=st.sampled_from([0, 0, 0, 1, 1, 2, 17, 300, -1, -5]),
        price=st.integers(-3, 3),
        beyond=st.sampled_from([0, 0, 0, 0, 2, 7, -2, -7]),
        amount=st.sampled_from([0, 0, 0, 0, 0, 50, 0.37, -50]),
        reconnects=st.sampled_from([False] * 9 + [True]),
        missing=st.sampled_from([None] * 14 + ["volume", "amount"]),
    )


@st.composite
def quotes(draw: st.DrawFn, *, max_size: int = 40, with_nulls: bool = True) -> pl.DataFrame:
    """Snapshots of up to three symbols over a few days, a few of them late."""
    pasts: dict[str, Past] = {}
    rows: list[Row] = []
    for move in draw(st.lists(moves(), max_size=max_size)):
        past = pasts.get(move.symbol, Past(at("09:29:57")))
        now = _moved(past, move)
        # A row that is late shows the past, not a new future.
        pasts[move.symbol] = now if now.time >= past.time else replace(now, time=past.time)
        missing = move.missing if with_nulls else None
        rows.append(_row(move.symbol, now) | ({missing: None} if missing else {}))
    frame = pl.DataFrame(rows, schema=QUOTES)
    return _dressed(draw, frame)


def markets() -> st.SearchStrategy[pl.DataFrame]:
    """Snapshots of all markets, one of them unknown, with everything that can be wrong."""
    return testing.quotes(
        symbols=4,
        regions=("CN", "HK", "US", "XX"),
        corrections=True,
        late=True,
        nulls=True,
        max_rows=10 if SMALL else 40,
    )


def _moved(past: Past, move: Move) -> Past:
    time = _next(past.time, move.step)
    cents = past.cents + move.price
    volume, amount = past.volume + move.volume, past.amount + move.volume * cents + move.amount
    high, low = past.high, past.low
    if _day(time) > _day(past.time):
        volume, amount, high, low = max(move.volume, 0), max(move.volume, 0) * 10.0 * cents, 0, 0
    if volume > 0:
        high = max(high, cents, cents + move.beyond)
        low = min(low or cents, cents, cents + move.beyond)
    connection = past.connection + move.reconnects
    return Past(time, volume, amount, cents, high, low, connection)


def _next(time: datetime, step: timedelta | str) -> datetime:
    if isinstance(step, timedelta):
        return time + step
    edge = at(step, _day(time))
    return edge if edge >= time else edge + timedelta(days=1)


def _day(time: datetime) -> Any:
    return time.astimezone(at("09:30:00").tzinfo).date()


def _row(symbol: str, now: Past) -> Row:
    last = now.cents / 100 if now.volume > 0 else 0.0
    return {
        "symbol": symbol,
        "timestamp": now.time,
        "connection": now.connection,
        "region": "CN",
        "last_price": last,
        "prev_close": 9.9,
        "open": 10.0 if now.volume > 0 else 0.0,
        "high": now.high / 100,
        "low": now.low / 100,
        "volume": now.volume,
        "amount": now.amount,
    }


def _dressed(draw: st.DrawFn, frame: pl.DataFrame) -> pl.DataFrame:
    """The same rows with other column types, and without columns that nobody must have."""
    kind = draw(st.sampled_from(TIMESTAMPS))
    frame = frame.with_columns(pl.col("timestamp").cast(kind))
    if draw(st.booleans()):
        frame = frame.with_columns(pl.col("symbol").cast(pl.Categorical()))
    return frame.drop(draw(st.sets(st.sampled_from(["connection", "region", "prev_close"]))))


@st.composite
def depth(draw: st.DrawFn, *, max_size: int = 20) -> pl.DataFrame:
    """Books: whole, thin, one-sided, empty, and of call auctions."""
    rows = [{"symbol": "600000.SH", "timestamp": at("10:00:00")} | book for book in draw(
        st.lists(st.one_of(_continuous(), _auction()), max_size=max_size)
    )]  # fmt: skip
    return pl.DataFrame(rows, schema=DEPTH)


@st.composite
def _continuous(draw: st.DrawFn) -> Row:
    cents, width = draw(st.integers(100, 200_000)), draw(st.integers(1, 50))
    bids = [(cents - level) / 100 for level in range(draw(st.integers(0, 5)))]
    asks = [(cents + width + level) / 100 for level in range(draw(st.integers(0, 5)))]
    return {
        "bid_prices": _padded(bids, 0.0),
        "bid_volumes": _padded([draw(_sizes()) for _ in bids], 0),
        "ask_prices": _padded(asks, 0.0),
        "ask_volumes": _padded([draw(_sizes()) for _ in asks], 0),
    }


@st.composite
def _auction(draw: st.DrawFn) -> Row:
    price, matched = draw(st.integers(100, 200_000)) / 100, draw(_sizes())
    unmatched = [draw(_sizes()), 0]
    bid, ask = draw(st.permutations(unmatched))
    return {
        "bid_prices": _padded([price], 0.0),
        "bid_volumes": _padded([matched, bid], 0),
        "ask_prices": _padded([price], 0.0),
        "ask_volumes": _padded([matched, ask], 0),
    }


def _sizes() -> st.SearchStrategy[int]:
    return st.sampled_from([0, 1, 3, 100, 99_999])


def _padded(values: list[Any], filler: float) -> list[Any]:
    return [*values, *[filler] * (5 - len(values))]


@st.composite
def cuts(draw: st.DrawFn, frame: pl.DataFrame) -> list[pl.DataFrame]:
    """The frame cut into frames, some of them empty."""
    places = sorted(draw(st.lists(st.integers(0, frame.height), max_size=5)))
    edges = [0, *places, frame.height]
    return [frame[start:stop] for start, stop in pairwise(edges)]
