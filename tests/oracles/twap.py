"""TWAP: each price times the session time it held, one price after the other."""

from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from itertools import pairwise

from tests.oracles.arrivals import Arrival, exact
from tests.oracles.by_symbol import by_symbol
from tests.oracles.market import ZONES, Row, region_of
from tests.oracles.sessions import HOURS, Hours

MICROSECOND = timedelta(microseconds=1)


def twap(
    rows: list[Row],
    window: timedelta | None,
    *,
    column: str = "last_price",
    sessions: list[Hours] | None = None,
    late: str = "drop",
) -> list[Row]:
    def answer(history: list[Arrival]) -> float | None:
        now, held, weighted = history[-1], 0, Fraction(0)
        left = None if window is None else now.time - window
        for here, there in pairwise(history):
            price = exact(here.row[column])
            if price is None or (left is None and here.day != now.day):
                continue
            start = here.time if left is None else max(here.time, left)
            hours = opened(region_of(here.row), here.day, sessions)
            width = sum(overlap(start, there.time, opens, closes) for opens, closes in hours)
            held += width
            weighted += price * width
        return float(weighted / held) if held else None

    return by_symbol("twap", answer, rows, late)


def opened(
    region: str, day: date, sessions: list[Hours] | None = None
) -> list[tuple[datetime, datetime]]:
    """Sessions of a market on a day, in UTC."""
    zone = ZONES.get(region, UTC)
    return [
        (_on(day, first).replace(tzinfo=zone), _on(day, last).replace(tzinfo=zone))
        for first, last in (HOURS.get(region, []) if sessions is None else sessions)
    ]


def overlap(start: datetime, end: datetime, opens: datetime, closes: datetime) -> int:
    """Microseconds that two spans of time have in common."""
    first, last = max(start, opens.astimezone(UTC)), min(end, closes.astimezone(UTC))
    return max((last - first) // MICROSECOND, 0)


def _on(day: date, text: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(text))
