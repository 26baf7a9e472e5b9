"""Small frames for examples: what a test does not name has a harmless value."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from tests.oracles.market import ZONES, Row

MONDAY = date(2026, 3, 2)
TUESDAY = date(2026, 3, 3)

QUOTES = pl.Schema(
    {
        "symbol": pl.String(),
        "timestamp": pl.Datetime("ms", "UTC"),
        "connection": pl.UInt32(),
        "region": pl.String(),
        "last_price": pl.Float64(),
        "prev_close": pl.Float64(),
        "open": pl.Float64(),
        "high": pl.Float64(),
        "low": pl.Float64(),
        "volume": pl.Int64(),
        "amount": pl.Float64(),
    }
)

DELTAS = pl.Schema(
    {
        "delta_volume": pl.Int64(),
        "delta_amount": pl.Float64(),
        "delta_price": pl.Float64(),
        "reason": pl.Enum(["first", "trade", "unchanged", "new_day", "correction", "gap"]),
    }
)

DEPTH = pl.Schema(
    {
        "symbol": pl.String(),
        "timestamp": pl.Datetime("ms", "UTC"),
        "bid_prices": pl.Array(pl.Float64, 5),
        "bid_volumes": pl.Array(pl.Int64, 5),
        "ask_prices": pl.Array(pl.Float64, 5),
        "ask_volumes": pl.Array(pl.Int64, 5),
    }
)


def at(text: str, day: date = MONDAY, region: str = "CN") -> datetime:
    """A moment on the market's own clock: ``at("09:30:00")``."""
    clock = datetime.strptime(text, "%H:%M:%S.%f" if "." in text else "%H:%M:%S").time()
    return datetime.combine(day, clock, ZONES.get(region, UTC))


def micros(text: str, day: date = MONDAY, region: str = "CN") -> int:
    """The same as epoch microseconds, as `advance` takes them."""
    return round(at(text, day, region).timestamp()) * 1_000_000


def quote(
    text: str,
    volume: int | None = 0,
    last: float | None = 10.0,
    *,
    day: date = MONDAY,
    region: str = "CN",
    **others: Any,
) -> Row:
    """One snapshot; its amount is what its volume costs at 10 yuan and 100 shares a lot."""
    row: Row = {
        "symbol": "600000.SH",
        "timestamp": at(text, day, region),
        "connection": 1,
        "region": region,
        "last_price": last,
        "prev_close": 9.9,
        "open": 10.0,
        "high": 0.0,
        "low": 0.0,
        "volume": volume,
        "amount": None if volume is None else volume * 1000.0,
    }
    return row | others


def quotes(rows: Sequence[Row]) -> pl.DataFrame:
    """A frame of snapshots."""
    return pl.DataFrame(list(rows), schema=QUOTES)


def traded(rows: Sequence[Row]) -> pl.DataFrame:
    """A frame of snapshots with their differences, as `deltas` gives them."""
    extra = {name: kind for name, kind in DELTAS.items() if rows and name in rows[0]}
    return pl.DataFrame(list(rows), schema=pl.Schema({**QUOTES, **extra}))


def book(bids: Sequence[tuple[float, int]], asks: Sequence[tuple[float, int]]) -> pl.DataFrame:
    """One five-level book, best level first; levels not named are empty."""
    row: Row = {"symbol": "600000.SH", "timestamp": at("10:00:00")}
    for side, levels in (("bid", bids), ("ask", asks)):
        padded = [*levels, *[(0.0, 0)] * (5 - len(levels))]
        row[f"{side}_prices"] = [price for price, _ in padded]
        row[f"{side}_volumes"] = [volume for _, volume in padded]
    return pl.DataFrame([row], schema=DEPTH)
