"""Columns of what the feed emits."""

from typing import Final

import polars as pl

from tickops import SYMBOL

__all__ = ["DEPTH", "INSTRUMENT_TYPE", "INTERLEAVED", "LEVELS", "QUOTES", "REGION", "SESSION"]

LEVELS: Final = 5

REGION: Final = pl.Categorical(pl.Categories("tickflow.region"))
SESSION: Final = pl.Categorical(pl.Categories("tickflow.session"))
INSTRUMENT_TYPE: Final = pl.Categorical(pl.Categories("tickflow.instrument_type"))

# Polars forgets a mapping when no Series uses it and then hands out its codes anew.
_KEEP_ALIVE: Final = [pl.Series([""], dtype=dtype) for dtype in (REGION, SESSION, INSTRUMENT_TYPE)]

_COMMON: Final = {
    "symbol": SYMBOL,
    "timestamp": pl.Datetime("ms", "UTC"),
    "received": pl.Datetime("us", "UTC"),
    "connection": pl.UInt32(),
    "region": REGION,
}

QUOTES: Final = pl.Schema(
    {
        **_COMMON,
        "last_price": pl.Float64(),
        "prev_close": pl.Float64(),
        "open": pl.Float64(),
        "high": pl.Float64(),
        "low": pl.Float64(),
        "amount": pl.Float64(),
        "volume": pl.Int64(),
        "session": SESSION,
        "instrument_type": INSTRUMENT_TYPE,
        "name": pl.String(),
        "change_pct": pl.Float64(),
        "change_amount": pl.Float64(),
        "amplitude": pl.Float64(),
        "turnover_rate": pl.Float64(),
    }
)
"""Schema of the quotes: one row is the state of an instrument at ``timestamp``."""

DEPTH: Final = pl.Schema(
    {
        **_COMMON,
        "bid_prices": pl.Array(pl.Float64, LEVELS),
        "ask_prices": pl.Array(pl.Float64, LEVELS),
        "bid_volumes": pl.Array(pl.Int64, LEVELS),
        "ask_volumes": pl.Array(pl.Int64, LEVELS),
    }
)
"""Schema of the books: five levels, best first, absent ones with price 0.0 and volume 0."""

INTERLEAVED: Final = pl.Schema({**QUOTES, **DEPTH, "channel": pl.Enum(["quotes", "depth"])})
"""Schema of quotes and books in one: null in the columns that the row's `channel` lacks."""
