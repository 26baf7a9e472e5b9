"""Which part of a recording is wanted."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from tickflow_rx._replaying._blocks import Moment, Rows, received_of
from tickflow_rx.protocol import check_symbols
from tickops import SYMBOL
from tickops._markets import MARKETS, market_code
from tickops._run import epoch_us

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tickflow_rx._replaying._blocks import Block

__all__ = ["Selection", "as_day", "as_time_us"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_US: Final = 86_400_000_000


def as_day(day: date | str | None) -> date | None:
    """Day that an argument means.

    Raises
    ------
    ValueError
        It means none.
    """
    if isinstance(day, str):
        try:
            return date.fromisoformat(day)
        except ValueError:
            pass
    elif day is None or (isinstance(day, date) and not isinstance(day, datetime)):  # pyright: ignore[reportUnnecessaryIsInstance]
        return day
    raise ValueError(f'day must be a date or "YYYY-MM-DD", not {day!r}')


def as_time_us(name: str, time: int | datetime) -> int:
    """Epoch microseconds of an argument: such a number, or an aware datetime.

    Raises
    ------
    ValueError
        The datetime has no time zone.
    """
    if isinstance(time, datetime) and time.tzinfo is None:
        raise ValueError(f"{name} must have a time zone: {time!r} does not say which it is in")
    return epoch_us(time)


class Selection:
    """Rows of one day, of some symbols, or all.

    Parameters
    ----------
    day
        Trading day: the local date of a row's timestamp in its market.
    symbols
        Those that are wanted; None: all.

    Attributes
    ----------
    received : tuple of int, or None
        From when on, and before when, rows of the day are looked for, in epoch microseconds:
        three days of UTC. A server may push the last row of a day again, days later: that is
        no part of the day.
    """

    def __init__(self, day: date | None, symbols: Iterable[str] | None) -> None:
        self.day = day
        self.symbols = None if symbols is None else check_symbols(symbols)
        self.received: tuple[int, int] | None = None
        if day is not None:
            start = epoch_us(datetime(day.year, day.month, day.day, tzinfo=UTC)) - _DAY_US
            self.received = start, start + 3 * _DAY_US
        self._wanted = (
            None if self.symbols is None else pl.Series(self.symbols, dtype=SYMBOL).implode()
        )
        self._zones: dict[str, str] = {}

    def of(self, block: Block) -> Block | None:
        """What of a block is wanted; None if nothing is."""
        if self.day is None and self._wanted is None:
            return block
        if isinstance(block, Moment):
            return block if self._is_of_day(block.time_us) else None
        quotes, depth = self._rows(block.quotes), self._rows(block.depth)
        some = [received_of(frame) for frame in (quotes, depth) if frame is not None]
        if not some:
            return None
        raw = block.raw
        if raw:
            times = np.array([frame.received_us for frame in raw])
            raw = [raw[k] for k in np.flatnonzero(np.isin(times, np.concatenate(some))).tolist()]
        return Rows(quotes, depth, raw)

    def _rows(self, frame: pl.DataFrame | None) -> pl.DataFrame | None:
        if frame is None:
            return None
        if self._wanted is not None:
            frame = frame.filter(frame["symbol"].is_in(self._wanted))
        if self.day is not None:
            parts = [
                (pl.col("region").cast(pl.String).eq_missing(region))
                & (pl.col("timestamp").dt.convert_time_zone(zone).dt.date() == self.day)
                for region, zone in self._zones_of(frame)
            ]
            frame = frame.filter(pl.any_horizontal(parts)) if parts else frame
        return frame if frame.height else None

    def _zones_of(self, frame: pl.DataFrame) -> list[tuple[str, str]]:
        """Regions of a frame's rows, and their zones."""
        for region in frame["region"].unique().cast(pl.String).to_list():
            self._zones.setdefault(region, MARKETS[market_code(region)].zone)
        return list(self._zones.items())

    def _is_of_day(self, time_us: int) -> bool:
        """Whether it is the day in a market that has had rows."""
        at = _EPOCH + timedelta(microseconds=time_us)
        return self.day is None or any(
            at.astimezone(ZoneInfo(zone)).date() == self.day for zone in self._zones.values()
        )
