"""The rows of a day in which the exchange trades."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from tickflow_rx.display._zones import exchange_zone
from tickops._markets import MARKETS
from tickops._sessions import parse_sessions

if TYPE_CHECKING:
    from tickops._sessions import Sessions

__all__ = ["in_session"]

_CLOSING_US: Final = 60_000_000
"""So long after a session its closing price may come."""


def in_session(seconds: pl.Series, symbol: str, sessions: Sessions) -> pl.Series:
    """Whether each time is in a session, its opening auction and its closing price included.

    Parameters
    ----------
    seconds
        Local times.
    symbol
        Whose market's sessions are meant, if none are given.
    sessions
        As `tickops.bars` takes them.
    """
    zone = exchange_zone(symbol)
    region = next(market.region for market in MARKETS if market.zone == zone)
    parsed = parse_sessions(sessions or region or None)
    if parsed is None:
        return pl.repeat(value=True, n=len(seconds), dtype=pl.Boolean, eager=True)
    of_day = (seconds % 86_400) * 1e6
    inside = of_day < 0
    for one in parsed:
        inside |= (of_day >= one.auction) & (of_day <= one.rows_until + _CLOSING_US)
    return inside
