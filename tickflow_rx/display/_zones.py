"""Time of day at the exchange."""

from __future__ import annotations

from typing import Final

import polars as pl

from tickops._markets import MARKETS, market_code

__all__ = ["exchange_seconds", "exchange_zone", "rises_red"]

_REGIONS: Final = {"SH": "CN", "SZ": "CN", "BJ": "CN", "HK": "HK", "US": "US"}


def exchange_zone(symbol: str) -> str:
    """Time zone of a symbol's exchange, by its suffix: 600000.SH is traded in Shanghai."""
    return MARKETS[market_code(_region(symbol))].zone


def exchange_seconds(times: pl.Series, zone: str) -> pl.Series:
    """Local time as seconds since 1970 as if it were UTC, for charts that know no zones."""
    if times.dtype == pl.Date:
        times = times.cast(pl.Datetime("ms"))
    elif isinstance(times.dtype, pl.Datetime):  # without a zone it is UTC, as in tickops
        known = times if times.dtype.time_zone else times.dt.replace_time_zone("UTC")
        times = known.dt.convert_time_zone(zone).dt.replace_time_zone(None)
    return times.dt.epoch("ms") / 1_000


def rises_red(symbol: str) -> bool:
    """Whether rising prices are red, as terminals in China show them, and not green."""
    return _region(symbol) != "US"


def _region(symbol: str) -> str:
    return _REGIONS.get(symbol.rpartition(".")[2].upper(), "")
