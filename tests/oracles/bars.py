"""Bars from rows with differences: one symbol at a time, one row at a time."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from tests.oracles.deltas import LateRow
from tests.oracles.market import (
    Row,
    Unit,
    made_region,
    region_of,
    shares_per_unit,
    trading_day,
)
from tests.oracles.sessions import Calendar, Slot, find

Aggregate = Mapping[str, list[str]]

EARLIEST = datetime(1, 1, 1, tzinfo=UTC)

STATISTICS: dict[str, Callable[[list[float]], float | int | None]] = {
    "first": lambda values: values[0] if values else None,
    "last": lambda values: values[-1] if values else None,
    "min": lambda values: min(values) if values else None,
    "max": lambda values: max(values) if values else None,
    "mean": lambda values: math.fsum(values) / len(values) if values else None,
    "sum": lambda values: math.fsum(values),
    "count": len,
}


@dataclass(frozen=True)
class Options:
    """Parameters of the operator."""

    calendar: Calendar
    fill: bool = False
    unit: Unit = None
    late: str = "drop"
    aggregate: Aggregate = field(default_factory=dict[str, list[str]])


@dataclass
class Taken:
    """A row in a bar, and whether it said that the day's high rose or its low fell."""

    row: Row
    risen_high: float | None
    fallen_low: float | None


@dataclass
class Day:
    """A trading day of one symbol."""

    trading_day: date
    slots: list[Slot]
    first_row: datetime
    closed: int = 0
    """How many of the slots are closed."""
    high: float | None = None
    low: float | None = None
    prev_close: float | None = None
    last_close: float | None = None
    """Of the bars closed today."""
    taken: list[Taken] = field(default_factory=list[Taken])
    """Rows of the one slot that is being filled: the first that is not closed."""


@dataclass
class Symbol:
    name: str
    region: str
    made_region: Row
    newest: datetime = EARLIEST
    day: Day | None = None
    last_close: float | None = None
    """Of any day."""


class Bars:
    """A run: rows and times in, bars out."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.symbols: dict[str, Symbol] = {}
        self.slots: dict[tuple[str, date], list[Slot]] = {}
        self.now = EARLIEST
        self.late = 0
        self.outside = 0
        self.null = 0

    def push(self, row: Row) -> list[Row]:
        """Bars that this row closes, after which it goes to its own bar."""
        name, time = row["symbol"], row["timestamp"]
        if name is None or time is None:
            self.null += 1
            return []
        new = Symbol(name, region_of(row), made_region(row))
        symbol = self.symbols.setdefault(name, new)
        done: list[Row] = []
        if time >= symbol.newest:
            done = self._see(symbol, time)
        self._take(symbol, row)
        return done

    def advance(self, now: datetime) -> list[Row]:
        """Bars that are due by now."""
        self.now = max(self.now, now)
        done: list[Row] = []
        for _, symbol in sorted(self.symbols.items()):
            done += self._close(symbol, self._is_due)
        return done

    def finish(self) -> list[Row]:
        """Bars that hold rows and are still open."""
        done: list[Row] = []
        for _, symbol in sorted(self.symbols.items()):
            day = symbol.day
            if day is not None and day.taken:
                slot = day.slots[day.closed]
                done += self._bar(symbol, day, slot, cut=symbol.newest < slot.end)
                day.taken = []
        return done

    def _is_due(self, slot: Slot) -> bool:
        return slot.due <= self.now

    def _see(self, symbol: Symbol, time: datetime) -> list[Row]:
        """A symbol's newest row: what is before its bar is closed."""
        symbol.newest = time
        today = trading_day(time, symbol.region)
        done: list[Row] = []
        if symbol.day is None or symbol.day.trading_day != today:
            done = self._close(symbol, lambda _: True)
            slots = self._slots(symbol.region, today)
            over = sum(self._is_due(slot) for slot in slots)
            symbol.day = Day(today, slots, first_row=time, closed=over)
        return done + self._close(symbol, lambda slot: slot.passed_by(time))

    def _close(self, symbol: Symbol, is_over: Callable[[Slot], bool]) -> list[Row]:
        """Close the slots that are over, in order; those that have a bar give it."""
        done: list[Row] = []
        day = symbol.day
        while day and day.closed < len(day.slots) and is_over(day.slots[day.closed]):
            done += self._bar(symbol, day, day.slots[day.closed], cut=False)
            day.taken = []
            day.closed += 1
        return done

    def _take(self, symbol: Symbol, row: Row) -> None:
        """Put a row into the bar it belongs to, if there is one and it is open."""
        day, time = symbol.day, row["timestamp"]
        assert day is not None
        if time == symbol.newest:
            day.prev_close = _positive(row.get("prev_close"))
        today = trading_day(time, symbol.region)
        slots = self._slots(symbol.region, today)
        index = find(slots, time)
        if index is None:
            self.outside += 1
            if today == day.trading_day:
                _watch_extremes(day, row)
        elif today == day.trading_day and index >= day.closed:
            assert index == day.closed, "all bars before it are passed by the row itself"
            day.taken.append(_watch_extremes(day, row))
        elif self.options.late == "raise":
            raise LateRow(symbol.name)
        elif self.options.late == "include" and day.closed < len(day.slots):
            day.taken.append(_watch_extremes(day, row))
        else:
            self.late += 1
            if time == symbol.newest:
                # Only the clock was faster: it still is the symbol's row before.
                _watch_extremes(day, row)

    def _slots(self, region: str, day: date) -> list[Slot]:
        if (region, day) not in self.slots:
            self.slots[region, day] = self.options.calendar.slots(region, day)
        return self.slots[region, day]

    def _bar(self, symbol: Symbol, day: Day, slot: Slot, *, cut: bool) -> list[Row]:
        """The bar of a slot, or nothing where it has none."""
        prices = _prices(symbol, day, slot, self.options)
        if prices is None:
            return []
        rows = [taken.row for taken in day.taken]
        volume = sum(_volume(row) for row in rows)
        amount = math.fsum(row["delta_amount"] or 0.0 for row in rows)
        shares = shares_per_unit(symbol.name, symbol.region, self.options.unit)
        is_first = slot.takes(day.first_row)
        bar: Row = {
            "symbol": symbol.name,
            "trading_day": day.trading_day,
            "start": slot.start,
            "end": slot.end,
            **prices,
            "volume": volume,
            "amount": amount,
            "vwap": amount / (volume * shares) if volume > 0 else None,
            "rows": len(rows),
            "partial": cut or (is_first and day.first_row > slot.complete_from),
            "gap": any(row["reason"] == "gap" for row in rows),
        }
        return [bar | _statistics(rows, self.options.aggregate) | symbol.made_region]


def _watch_extremes(day: Day, row: Row) -> Taken:
    """Compare the day's high and low with those of the symbol's row before."""
    high, low = _positive(row["high"]), _positive(row["low"])
    risen = high is not None and (day.high is None or high > day.high)
    fallen = low is not None and (day.low is None or low < day.low)
    day.high, day.low = high, low
    if row["delta_volume"] is None:
        return Taken(row, None, None)
    return Taken(row, high if risen else None, low if fallen else None)


def _prices(symbol: Symbol, day: Day, slot: Slot, options: Options) -> dict[str, Any] | None:
    """Open, high, low, close of a slot; nothing where it has no bar."""
    prices = [_positive(taken.row["last_price"]) for taken in day.taken if _volume(taken.row) > 0]
    traded = [price for price in prices if price is not None]
    highs = [taken.risen_high for taken in day.taken if taken.risen_high is not None]
    lows = [taken.fallen_low for taken in day.taken if taken.fallen_low is not None]
    if traded:
        day.last_close = symbol.last_close = traded[-1]
        return _ohlc(traded[0], max(traded + highs), min(traded + lows), traded[-1])
    if prices or _has_moved([taken.row for taken in day.taken]):
        close = symbol.last_close
        if close is None:
            return _ohlc(None, None, None, None)
        return _ohlc(close, max([close, *highs]), min([close, *lows]), close)
    before_first_row = slot.passed_by(day.first_row)
    if not options.fill or before_first_row:
        return None
    close = day.last_close or day.prev_close or symbol.last_close
    return None if close is None else _ohlc(close, close, close, close)


def _has_moved(rows: list[Row]) -> bool:
    """Whether volume or amount are not as before, though no row traded: sums must hold."""
    return sum(_volume(row) for row in rows) != 0 or any(row["delta_amount"] for row in rows)


def _volume(row: Row) -> int:
    return row["delta_volume"] or 0


def _ohlc(
    first: float | None, high: float | None, low: float | None, last: float | None
) -> dict[str, Any]:
    return {"open": first, "high": high, "low": low, "close": last}


def _positive(value: float | None) -> float | None:
    return value if value is not None and value > 0 else None


def _statistics(rows: list[Row], aggregate: Aggregate) -> Row:
    """The extra columns: nulls are skipped."""
    result: Row = {}
    for column, names in aggregate.items():
        values = [row[column] for row in rows if row[column] is not None]
        result |= {f"{column}_{name}": STATISTICS[name](values) for name in names}
    return result


def bars(rows: list[Row], options: Options) -> list[Row]:
    """All bars of the rows, start to end."""
    run = Bars(options)
    return [bar for row in rows for bar in run.push(row)] + run.finish()
