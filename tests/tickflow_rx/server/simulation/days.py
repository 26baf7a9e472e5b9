"""A simulated day as frames, made once for all tests of a process."""

from datetime import date, time
from functools import cache
from itertools import islice
from typing import Any

import polars as pl

from tickflow_rx.server import Batch, SimulatedMarket

MARKET = SimulatedMarket(seed=1, start=date(2026, 3, 2), speed=None)

_LEVELS = ("bid_prices", "bid_volumes", "ask_prices", "ask_volumes")
# What may be whole, or null, in every row.
_QUOTES: dict[str, Any] = {
    "amount": pl.Float64,
    "session": pl.String,
    "ext": pl.Struct(
        {"type": pl.String, "name": pl.String}
        | dict.fromkeys(["change_pct", "change_amount", "amplitude", "turnover_rate"], pl.Float64)
    ),
}


@cache
def day() -> pl.DataFrame:
    """All rows of the day in order of arrival: quotes with their books beside them."""
    return frame(MARKET)


def frame(market: SimulatedMarket, most_batches: int | None = None) -> pl.DataFrame:
    """Rows of a market's first batches, an even number of them."""
    batches = list(islice(market.batches(), most_batches))
    left = _frame([batch for batch in batches if batch.channel == "quotes"], _QUOTES)
    right = _frame([batch for batch in batches if batch.channel == "depth"], {})
    assert left.select("symbol", "timestamp", "arrival").equals(
        right.select("symbol", "timestamp", "arrival")
    )
    both = pl.concat([left, right.select(_LEVELS)], how="horizontal")
    local = pl.from_epoch("timestamp", "ms").dt.offset_by("8h")
    return both.with_columns(
        local.dt.date().alias("day"),
        local.dt.time().alias("time"),
        pl.col("symbol").str.tail(2).alias("exchange"),
        *(pl.col(name).list.get(0).alias(name[:3] + name[4]) for name in _LEVELS),
    )


def _frame(batches: list[Batch], types: dict[str, Any]) -> pl.DataFrame:
    lines = b"\n".join(row for batch in batches for row in batch.rows)
    arrivals = [batch.time_ms for batch in batches for _ in batch.rows]
    rows = pl.read_ndjson(lines, schema_overrides=types, infer_schema_length=None)
    return rows.with_columns(pl.Series("arrival", arrivals))


def between(first: str, last: str) -> pl.Expr:
    """Rows of a time of day, both ends included."""
    return pl.col("time").is_between(time.fromisoformat(first), time.fromisoformat(last))


def kind(name: str) -> pl.Expr:
    """Rows of the symbols of a kind, as their places in the list say."""
    places = {"limit_up": [11], "idle": [13], "limit_down": [15], "thin": [7, 16]}
    symbols = MARKET.symbols
    assert symbols is not None
    special = {symbols[place] for found in places.values() for place in found}
    if name == "active":
        return ~pl.col("symbol").is_in(special)
    return pl.col("symbol").is_in([symbols[place] for place in places[name]])
