"""Volume ratio: days summed up one by one, minutes counted in the sessions."""

from collections import defaultdict
from datetime import UTC, date, datetime, time
from fractions import Fraction

from tests.oracles.arrivals import Arrival
from tests.oracles.by_symbol import by_symbol
from tests.oracles.market import ZONES, Row, region_of
from tests.oracles.twap import opened, overlap


def volume_ratio(
    rows: list[Row], days: int, min_days: int | None = None, *, late: str = "drop"
) -> list[Row]:
    def answer(history: list[Arrival]) -> float | None:
        now = history[-1]
        volumes = _by_day(history)
        first = history[0].day
        if not any(_is_base(arrival.row) for arrival in history if arrival.day == first):
            volumes[first] = 0
        before = [volume for day, volume in volumes.items() if day != now.day]
        before = [volume for volume in before if volume > 0][-days:]
        region = region_of(now.row)
        so_far = _minutes(region, now.day, now.time)
        today = volumes[now.day]
        if len(before) < (min_days or days) or not so_far or today < 0:
            return None
        whole = _minutes(region, now.day, datetime.max.replace(tzinfo=UTC))
        usual = Fraction(sum(before), len(before)) / whole
        return float(today / so_far / usual)

    return by_symbol("volume_ratio", answer, rows, late)


def _by_day(history: list[Arrival]) -> dict[date, int]:
    volumes = defaultdict[date, int](int)
    for arrival in history:
        if _is_base(arrival.row):
            volumes[arrival.day] = arrival.row["volume"]
        volumes[arrival.day] += arrival.row["delta_volume"] or 0
    return volumes


def _is_base(row: Row) -> bool:
    return row.get("reason") == "first" and row.get("volume") is not None


def _minutes(region: str, day: date, until: datetime) -> Fraction:
    midnight = datetime.combine(day, time(), ZONES.get(region, UTC)).astimezone(UTC)
    passed = sum(overlap(midnight, until, *hours) for hours in opened(region, day))
    return Fraction(passed, 60_000_000)
