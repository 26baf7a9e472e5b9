"""Moments of a trading day at which rows are worth having."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

__all__ = [
    "FIRST_DAYS",
    "MINUTE",
    "SECOND",
    "Market",
    "local_date",
    "market_of",
    "milestones",
    "opening",
    "trading_day",
    "trading_time",
]

SECOND: Final = 1_000
MINUTE: Final = 60_000


@dataclass(frozen=True, slots=True)
class Market:
    """What the drawn rows need to know of a market; times are local.

    Parameters
    ----------
    zone
        Its time zone; the trading day is the local date.
    unit
        Shares per unit of volume.
    sessions
        Continuous trading, as start, end, start, end …
    phases
        Other moments at which something begins or ends.
    names
        Symbols to draw from.
    """

    zone: str
    unit: int
    sessions: tuple[time, ...]
    phases: tuple[time, ...]
    names: tuple[str, ...]


_MARKETS: Final = {
    "CN": Market(
        "Asia/Shanghai",
        100,
        (time(9, 30), time(11, 30), time(13), time(15)),
        (time(9, 10), time(9, 15), time(9, 25), time(12, 10), time(14, 57), time(15, 5)),
        ("600000.SH", "000001.SZ", "300750.SZ", "688981.SH", "510300.SH", "430047.BJ"),
    ),
    "HK": Market(
        "Asia/Hong_Kong",
        1,
        (time(9, 30), time(12), time(13), time(16)),
        (time(9), time(12, 30), time(16, 8)),
        ("00700.HK", "00005.HK", "09988.HK"),
    ),
    "US": Market(
        "America/New_York",
        1,
        (time(9, 30), time(16)),
        (time(4), time(16, 1), time(19, 59)),
        ("AAPL.US", "SPY.US", "BRK.B.US"),
    ),
}
_OTHER: Final = Market("UTC", 1, (time(8), time(16)), (time(7), time(16, 1)), ("X1", "X2", "X3"))

FIRST_DAYS: Final = (date(2023, 2, 1), date(2023, 3, 10))
"""Days on which streams begin; New York's clocks change over the weekend after the second."""


def market_of(region: str) -> Market:
    """Market of a region; of one that is not known, an invented one."""
    return _MARKETS.get(region, _OTHER)


@cache
def trading_day(first: date, index: int) -> date:
    """Day number `index` from `first`, weekends left out."""
    day = first
    for _ in range(index):
        day += timedelta(days=3 if day.weekday() == 4 else 1)
    return day


@cache
def milestones(region: str, day: date) -> tuple[int, ...]:
    """Moments of a day at which a phase of the market begins or ends, in epoch ms, rising."""
    market = market_of(region)
    return tuple(sorted(_epoch_ms(market, day, at) for at in market.sessions + market.phases))


@cache
def _sessions(region: str, day: date) -> tuple[tuple[int, int], ...]:
    market = market_of(region)
    bounds = [_epoch_ms(market, day, at) for at in market.sessions]
    return tuple(zip(bounds[::2], bounds[1::2], strict=True))


def opening(region: str, day: date) -> int:
    """Moment at which continuous trading begins."""
    return _sessions(region, day)[0][0]


def trading_time(region: str, day: date, moment_ms: int) -> int:
    """Move a moment into continuous trading: to the next session, or the end of the day's last."""
    for start, end in _sessions(region, day):
        if moment_ms < end:
            return max(moment_ms, start)
    return _sessions(region, day)[-1][1] - 1


def local_date(region: str, moment_ms: int) -> date:
    """Trading day of a moment: the local date of the market."""
    return datetime.fromtimestamp(moment_ms / SECOND, ZoneInfo(market_of(region).zone)).date()


@cache
def _epoch_ms(market: Market, day: date, at: time) -> int:
    moment = datetime.combine(day, at, ZoneInfo(market.zone)).astimezone(UTC)
    return int(moment.timestamp()) * SECOND
