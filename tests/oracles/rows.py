"""What a row's operator says, recomputed for each row from all rows of its symbol so far."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import settings

from tests.oracles import strategies
from tests.oracles.deltas import LateRow
from tests.oracles.market import Row, region_of, trading_day


@dataclass
class Seen:
    """A row of a symbol, and when it counts: a late one as at the symbol's newest time."""

    row: Row
    time: datetime
    day: date

    def number(self, column: str) -> float | None:
        """A value; null, NaN and infinity are none."""
        value = self.row[column]
        return None if value is None or not math.isfinite(value) else float(value)


EXAMPLES = settings(strategies.EXAMPLES, max_examples=20 if strategies.SMALL else 50)
"""Half as many as elsewhere: each row of an example is a case of its own here."""

History = list[Seen]
"""All rows of a symbol so far, in order of arrival, this one last."""


@dataclass
class Answer:
    rows: list[Row] = field(default_factory=list[Row])
    late: int = 0


def walk(
    rows: Sequence[Row], added: Sequence[str], values: Callable[[History], Any], *, late: str
) -> Answer:
    """Each row with the value (of one column) or values (of several) that its history gives."""
    answer = Answer()
    histories: dict[str, History] = {}
    for row in rows:
        if row["symbol"] is None or row["timestamp"] is None:
            answer.rows.append(row | dict.fromkeys(added))
            continue
        history = histories.setdefault(row["symbol"], [])
        time = row["timestamp"]
        if history and time < history[-1].time:
            if late == "raise":
                raise LateRow(row["symbol"])
            if late == "drop":
                answer.late += 1
                continue
            time = history[-1].time
        region = region_of(history[0].row if history else row)
        history.append(Seen(row, time, trading_day(time, region)))
        found = values(history)
        listed = found if len(added) > 1 else [found]
        answer.rows.append(row | dict(zip(added, listed, strict=True)))
    return answer


def of_day(history: History, *, daily: bool) -> History:
    """The rows of the last one's day."""
    return [seen for seen in history if not daily or seen.day == history[-1].day]


def before(history: History, column: str, periods: int) -> float | None:
    return history[-1 - periods].number(column) if len(history) > periods else None


def difference(history: History, column: str, periods: int) -> float | None:
    then, now = before(history, column, periods), history[-1].number(column)
    return None if then is None or now is None else now - then


def price_return(history: History, column: str, periods: int, kind: str) -> float | None:
    prices = [price for seen in history if (price := seen.number(column)) and price > 0]
    now = history[-1].number(column)
    if not now or now < 0 or len(prices) <= periods:
        return None
    ratio = Fraction(now) / Fraction(prices[-1 - periods])
    return float(ratio - 1) if kind == "simple" else math.log(ratio)


def so_far(history: History, column: str, statistic: str) -> float | int | None:
    known = [value for seen in history if (value := seen.number(column)) is not None]
    if not known:
        return None
    match statistic:
        case "sum":
            return float(sum(map(Fraction, known)))
        case "min":
            return min(known)
        case "max":
            return max(known)
        case _:
            return len(known)


def weighted(
    history: History,
    column: str,
    *,
    decay: float = 0.0,
    halflife: timedelta | None = None,
    min_rows: int = 1,
    bias: bool = False,
) -> tuple[float | None, float | None, float | None]:
    """Exponentially weighted mean, variance and deviation, from the definition of each."""
    pairs: list[tuple[Fraction, Fraction]] = []
    known = 0
    for age, seen in enumerate(reversed(history)):
        value = seen.number(column)
        elapsed = history[-1].time - seen.time
        weight = decay**age if halflife is None else 2.0 ** -(elapsed / halflife)
        if value is None:
            continue
        known += 1
        if weight >= 1e-150:
            pairs.append((Fraction(weight), Fraction(value)))
    if history[-1].number(column) is None or known < min_rows:
        return None, None, None
    total = sum(weight for weight, _ in pairs)
    mean = sum(weight * value for weight, value in pairs) / total
    squares = sum(weight * (value - mean) ** 2 for weight, value in pairs)
    divisor = total if bias else total - sum(weight**2 for weight, _ in pairs) / total
    if not divisor:
        return float(mean), None, None
    return float(mean), float(squares / divisor), math.sqrt(squares / divisor)


def crossed(history: History, a: str, b: str | float) -> str | None:
    sides = [side for seen in history if (side := _side(seen, a, b))]
    if not _side(history[-1], a, b) or len(sides) < 2 or sides[-2] == sides[-1]:
        return None
    return "up" if sides[-1] > 0 else "down"


def _side(seen: Seen, a: str, b: str | float) -> int:
    left, right = seen.number(a), seen.number(b) if isinstance(b, str) else b
    if left is None or right is None:
        return 0
    return (left > right) - (left < right)


def is_on(history: History, column: str, enter: float, leave: float) -> bool | None:
    """By the last value that is past one of the levels; downwards is upwards, mirrored."""
    sign = 1 if enter > leave else -1
    for seen in reversed(history):
        value = seen.number(column)
        if value is None:
            continue
        if sign * value >= sign * enter:
            return True
        if sign * value <= sign * leave:
            return False
    return None


def has_fired(history: History, column: str, pause: timedelta) -> bool:
    last: Seen | None = None
    for seen in history:
        is_set = seen.row[column] not in (None, False)
        if is_set and (last is None or seen.time - last.time >= pause):
            last = seen
    return last is history[-1]


def begins_day(history: History) -> bool:
    return len(of_day(history, daily=True)) == 1
