"""What there is to show: the newest of every symbol, filled by a feed and read by a display."""

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import polars as pl

_ZONES: Final = {"US": ZoneInfo("America/New_York")}
_ZONE: Final = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Bar:
    """A closed bar; times are local to the market."""

    end: datetime
    open: float | None
    high: float | None
    low: float | None
    close: float | None
    volume: int


_BAR: Final = tuple(field.name for field in fields(Bar))


@dataclass(slots=True)
class Line:
    """What is known of a symbol; None where there is nothing yet, or nothing defined.

    Attributes
    ----------
    time
        Of its newest quote, local to the market.
    last
        Price of the last trade; None before the first of the day.
    change_pct
        From the close of the day before, per cent.
    vwap
        Since the day began.
    bar
        The newest that has closed.
    """

    symbol: str
    zone: ZoneInfo = _ZONE
    time: datetime | None = None
    last: float | None = None
    change_pct: float | None = None
    spread_bps: float | None = None
    imbalance: float | None = None
    vwap: float | None = None
    bar: Bar | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows taken so far."""

    quotes: int = 0
    depth: int = 0
    bars: int = 0


class Board:
    """The newest of every symbol. One thread fills it, any other reads it.

    Parameters
    ----------
    symbols
        What to show, in this order; others that come are added at the end.
    """

    def __init__(self, symbols: Iterable[str]) -> None:
        self._lines = {symbol: Line(symbol) for symbol in symbols}
        self._changed: set[str] = set()
        self._counts = Counts()
        self._newest: datetime | None = None
        self._lag: float | None = None
        self._lock = threading.Lock()

    @property
    def counts(self) -> Counts:
        """Rows taken so far."""
        return self._counts

    @property
    def newest(self) -> datetime | None:
        """Largest timestamp of a quote, local to its market."""
        return self._newest

    @property
    def lag(self) -> float | None:
        """Seconds from the newest quote's timestamp to its arrival."""
        return self._lag

    def take_quotes(self, frame: pl.DataFrame) -> None:
        """Take quotes with the columns of ``deltas`` and ``vwap``."""
        columns = ("timestamp", "received", "last_price", "prev_close", "vwap", "region")
        with self._lock:
            for row in _newest_rows(frame, *columns):
                line = self._line(row)
                line.zone = _ZONES.get(row["region"], _ZONE)
                time: datetime = row["timestamp"].astimezone(line.zone)
                line.time = time
                line.last = row["last_price"] or None
                line.change_pct = _change_pct(line.last, row["prev_close"])
                line.vwap = row["vwap"]
                if self._newest is None or time >= self._newest:
                    self._newest = time
                    self._lag = (row["received"] - time).total_seconds()
            self._counts = replace(self._counts, quotes=self._counts.quotes + frame.height)

    def take_depth(self, frame: pl.DataFrame) -> None:
        """Take books with the columns of ``spread`` and ``imbalance``."""
        with self._lock:
            for row in _newest_rows(frame, "spread_bps", "imbalance"):
                line = self._line(row)
                line.spread_bps, line.imbalance = row["spread_bps"], row["imbalance"]
            self._counts = replace(self._counts, depth=self._counts.depth + frame.height)

    def take_bars(self, frame: pl.DataFrame) -> None:
        """Take closed bars."""
        with self._lock:
            for row in _newest_rows(frame, *_BAR):
                line = self._line(row)
                row["end"] = row["end"].astimezone(line.zone)
                line.bar = Bar(**{name: row[name] for name in _BAR})
            self._counts = replace(self._counts, bars=self._counts.bars + frame.height)

    def lines(self) -> list[Line]:
        """All lines as they are now."""
        with self._lock:
            return [replace(line) for line in self._lines.values()]

    def changed(self) -> list[Line]:
        """Lines that changed since the last call, as they are now."""
        with self._lock:
            changed, self._changed = self._changed, set()
            return [replace(line) for symbol, line in self._lines.items() if symbol in changed]

    def _line(self, row: dict[str, Any]) -> Line:
        symbol = row["symbol"]
        self._changed.add(symbol)
        return self._lines.setdefault(symbol, Line(symbol))


def _newest_rows(frame: pl.DataFrame, *columns: str) -> Iterator[dict[str, Any]]:
    rows = frame.select("symbol", *columns)
    return rows.group_by("symbol", maintain_order=True).last().iter_rows(named=True)


def _change_pct(last: float | None, before: float | None) -> float | None:
    return None if not last or not before else 100 * (last / before - 1)
