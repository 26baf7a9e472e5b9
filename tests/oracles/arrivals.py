"""Rows with the time at which they count, late ones left out or taken."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Generic, TypeVar

from tests.oracles.deltas import LateRow
from tests.oracles.market import Row, region_of, trading_day

T = TypeVar("T")


@dataclass(frozen=True)
class Arrival:
    """A row of a symbol: when it counts, and which of the symbol's rows it is."""

    row: Row
    symbol: str
    time: datetime
    number: int
    day: date


def arrivals(rows: list[Row], late: str) -> list[Arrival | Row]:
    """Rows in order; those without symbol or time as they are, late ones dropped or included."""
    out = list[Arrival | Row]()
    regions, newest = dict[str, str](), dict[str, datetime]()
    numbers = defaultdict[str, int](int)
    for row in rows:
        name, time = row["symbol"], row["timestamp"]
        if name is None or time is None:
            out.append(row)
            continue
        region = regions.setdefault(name, region_of(row))
        if time < newest.get(name, time) and late != "include":
            if late == "raise":
                raise LateRow(name)
            continue
        newest[name] = max(time, newest.get(name, time))
        numbers[name] += 1
        day = trading_day(newest[name], region)
        out.append(Arrival(row, name, newest[name], numbers[name], day))
    return out


@dataclass(frozen=True)
class Placed(Generic[T]):
    """Something that a symbol's row showed."""

    arrival: Arrival
    value: T


def within(history: Sequence[Placed[T]], now: Arrival, window: timedelta | int) -> list[Placed[T]]:
    """What lies in the window that ends now."""
    if isinstance(window, int):
        return [past for past in history if past.arrival.number > now.number - window]
    return [past for past in history if past.arrival.time > now.time - window]


def exact(value: float | None) -> Fraction | None:
    """A price, exactly; 0, null and NaN are none."""
    return Fraction(value) if value is not None and value > 0 else None
