"""The markets that operators know: where their day begins and what a unit of volume is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import numpy as np

from tickops._arrays import frozen

if TYPE_CHECKING:
    from tickops._arrays import I32, I64, Array

__all__ = ["CN", "MARKETS", "LocalTime", "Market", "ZoneTable", "market_code", "zone_table"]


@dataclass(frozen=True, slots=True)
class Market:
    """A market: its zone (the trading day is the local date) and shares per unit of volume."""

    region: str
    zone: str
    unit: int


MARKETS: Final = (
    Market("CN", "Asia/Shanghai", 100),
    Market("HK", "Asia/Hong_Kong", 1),
    Market("US", "America/New_York", 1),
    Market("", "UTC", 1),
)
"""Known markets; the last stands for every region that is none of them."""

CN: Final = 0
_CODES: Final = {market.region: code for code, market in enumerate(MARKETS) if market.region}


def market_code(region: str | None) -> int:
    """Index into `MARKETS` of a region as the feed names it."""
    return _CODES.get(region or "", len(MARKETS) - 1)


@dataclass(frozen=True, slots=True)
class LocalTime:
    """Local date of each row as days since 1970-01-01, and microseconds since its midnight."""

    days: I32
    time_of_day_us: I64


@dataclass(frozen=True, slots=True)
class ZoneTable:
    """UTC offsets of all markets: those of market m stand at ``bounds[m]:bounds[m + 1]``.

    From ``starts_us[i]`` (epoch, UTC) on, local time is UTC + ``offsets_us[i]``.
    """

    bounds: Array
    starts_us: Array
    offsets_us: Array


@cache
def zone_table() -> ZoneTable:
    """UTC offsets of `MARKETS` from 1970 to 2100."""
    bounds, starts, offsets = [0], list[int](), list[int]()
    for market in MARKETS:
        for start, offset in _transitions(ZoneInfo(market.zone)):
            starts.append(start)
            offsets.append(offset)
        bounds.append(len(starts))
    return ZoneTable(
        frozen(np.array(bounds, np.int64)),
        frozen(np.array(starts, np.int64)),
        frozen(np.array(offsets, np.int64)),
    )


def _transitions(zone: ZoneInfo) -> list[tuple[int, int]]:
    """When the offset of a zone changes (epoch us) and to what (us), the first at -infinity."""
    step = timedelta(days=28)  # no zone here changes twice within four weeks
    start, end = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
    found = [(-(2**63), _offset_us(zone, start))]
    while start < end:
        if _offset_us(zone, start + step) != found[-1][1]:
            low, high = start, start + step
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) // 2
                if _offset_us(zone, middle) == found[-1][1]:
                    low = middle
                else:
                    high = middle
            change = int(high.timestamp()) * 1_000_000
            found.append((change, _offset_us(zone, high)))
        start += step
    return found


def _offset_us(zone: ZoneInfo, moment: datetime) -> int:
    offset = moment.astimezone(zone).utcoffset()
    return 0 if offset is None else offset // timedelta(microseconds=1)
