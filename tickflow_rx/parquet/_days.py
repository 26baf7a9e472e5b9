"""Trading days of rows, and their places among those that arrived together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import numpy as np
import polars as pl

from tickops._markets import market_code, zone_table
from tickops._symbols import physical

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tickops._arrays import I64, Array

__all__ = ["DAY_US", "Places", "by_day", "trading_days"]

DAY_US: Final = 86_400_000_000


def by_day(frame: pl.DataFrame, days: I64) -> Iterator[tuple[str, pl.DataFrame]]:
    """Rows of each day, in their order; days as `trading_days` gives them."""
    if not len(days):
        return
    first = int(days.min())
    if first == int(days.max()):
        yield _text(first), frame
        return
    for day in cast("list[int]", np.unique(days).tolist()):
        yield _text(day), frame.filter(pl.Series(days == day))


def trading_days(frame: pl.DataFrame) -> I64:
    """Local date of each row in its region's market, as days since 1970-01-01."""
    times_us = frame["timestamp"].to_physical().to_numpy() * 1_000
    days = np.empty(frame.height, np.int64)
    codes = physical(frame["region"]).to_numpy()
    for code, first in zip(*np.unique(codes, return_index=True), strict=True):
        of_region = codes == code
        market = market_code(frame["region"][int(first)])
        days[of_region] = _local_days(times_us[of_region], market)
    return days


def _local_days(times_us: Array, market: int) -> Array:
    zones = zone_table()
    starts = zones.starts_us[zones.bounds[market] : zones.bounds[market + 1]]
    offsets = zones.offsets_us[zones.bounds[market] : zones.bounds[market + 1]]
    return (times_us + offsets[np.searchsorted(starts, times_us, "right") - 1]) // DAY_US


def _text(day: int) -> str:
    return str(np.datetime64(day, "D"))


class Places:
    """Numbers the rows with the same `received`, which come one after another, from 0 on."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._count = 0

    def of(self, received: pl.Series) -> pl.Series:
        """Place of each row; the next frame goes on where this one ends."""
        times = received.to_physical().to_numpy()
        rows = np.arange(len(times))
        begins = np.flatnonzero(np.diff(times, prepend=times[:1] - 1))
        places = rows - np.repeat(begins, np.diff(begins, append=len(times)))
        if len(times):
            if times[0] == self._last:
                same = len(times) if len(begins) == 1 else int(begins[1])
                places[:same] += self._count
            self._last, self._count = int(times[-1]), int(places[-1]) + 1
        return pl.Series("place", places, dtype=pl.UInt32)
