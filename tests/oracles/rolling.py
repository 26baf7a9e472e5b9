"""Statistics over windows, each from the list of its values, in exact fractions."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from tests.oracles.deltas import LateRow
from tests.oracles.market import Row, region_of, trading_day


@dataclass
class Answer:
    rows: list[Row] = field(default_factory=list[Row])
    late: int = 0


def rolling(
    rows: list[Row],
    window: timedelta | int | None,
    statistics: Mapping[Any, Sequence[Any]],
    *,
    min_rows: int = 1,
    daily: bool = False,
    late: str = "drop",
) -> Answer:
    answer = Answer()
    past: dict[str, list[tuple[datetime, Row]]] = {}
    regions: dict[str, str] = {}
    for row in rows:
        name, time = row["symbol"], row["timestamp"]
        if name is None or time is None:
            answer.rows.append(row | _all_null(statistics))
            continue
        regions.setdefault(name, region_of(row))
        seen = past.setdefault(name, [])
        if seen and time < seen[-1][0]:
            if late == "raise":
                raise LateRow(row)
            if late == "drop":
                answer.late += 1
                continue
            time = seen[-1][0]
        seen.append((time, row))
        kept = seen if not isinstance(window, int) else seen[-window:]
        if isinstance(window, timedelta):
            kept = [(then, old) for then, old in kept if then > time - window]
        if daily:
            today = trading_day(time, regions[name])
            kept = [(then, old) for then, old in kept if trading_day(then, regions[name]) == today]
        answer.rows.append(row | _statistics([old for _, old in kept], statistics, min_rows))
    return answer


def _label(of: Any, statistic: Any) -> str:
    of_text: str = of if isinstance(of, str) else "_".join(of)
    return f"{of_text}_{statistic if isinstance(statistic, str) else f'quantile_{statistic[1]}'}"


def _all_null(statistics: Mapping[Any, Sequence[Any]]) -> Row:
    return {_label(of, one): None for of, some in statistics.items() for one in some}


def _statistics(kept: list[Row], statistics: Mapping[Any, Sequence[Any]], least: int) -> Row:
    found: Row = {}
    for of, some in statistics.items():
        for one in some:
            if isinstance(of, tuple):
                pairs = [(_value(row[of[0]]), _value(row[of[1]])) for row in kept]
                both = [(x, y) for x, y in pairs if x is not None and y is not None]
                found[_label(of, one)] = pair(one, both) if len(both) >= least else None
            else:
                values = [_value(row[of]) for row in kept]
                found[_label(of, one)] = _of_one(one, values, least)
    return found


def _value(x: float | None) -> Fraction | None:
    return None if x is None or not math.isfinite(x) or abs(x) >= 1e75 else Fraction(x)


def _of_one(statistic: Any, with_nulls: list[Fraction | None], least: int) -> Any:
    values = [x for x in with_nulls if x is not None]
    if statistic == "count":
        return len(values)
    if not values or len(values) < least:
        return None
    newest = with_nulls[-1]
    if statistic in ("argmin", "argmax"):
        extreme = min(values) if statistic == "argmin" else max(values)
        return len(with_nulls) - 1 - with_nulls.index(extreme)
    if statistic == "rank":
        if newest is None:
            return None
        smaller = sum(x < newest for x in values)
        return smaller + (sum(x == newest for x in values) + 1) / 2
    if statistic == "zscore" and newest is None:
        return None
    return _float(single(statistic, values, newest))


def single(statistic: Any, values: list[Fraction], newest: Fraction | None = None) -> Any:
    """A statistic of values, oldest first."""
    n = len(values)
    match statistic:
        case "sum":
            return sum(values)
        case "mean":
            return sum(values) / n
        case "min":
            return min(values)
        case "max":
            return max(values)
        case "first":
            return values[0]
        case "last":
            return values[-1]
        case "median":
            return _quantile(values, Fraction(1, 2))
        case ("quantile", q):
            return _quantile(values, Fraction(q))
        case _:
            pass
    if n < 2:
        return None
    mean = sum(values, Fraction(0)) / n
    squares = _powers(values, mean, 2)
    variance = squares / (n - 1)
    match statistic:
        case "var":
            return variance
        case "std":
            return math.sqrt(variance)
        case "sem":
            return math.sqrt(variance / n)
        case _:
            pass
    if not variance:
        return None
    if statistic == "zscore":
        return None if newest is None else float(newest - mean) / math.sqrt(variance)
    if statistic == "skew":
        if n < 3:
            return None
        cubes = _powers(values, mean, 3)
        return math.sqrt(n * (n - 1)) / (n - 2) * float(cubes / n) / float(squares / n) ** 1.5
    assert statistic == "kurtosis", statistic
    if n < 4:
        return None
    ratio = n * (n + 1) * _powers(values, mean, 4) / squares**2
    return float((n - 1) * (ratio - 3 * (n - 1)) / ((n - 2) * (n - 3)))


def _powers(values: list[Fraction], mean: Fraction, power: int) -> Fraction:
    return sum(((x - mean) ** power for x in values), Fraction(0))


def pair(statistic: str, both: list[tuple[Fraction, Fraction]]) -> float | None:
    n = len(both)
    if n < 2:
        return None
    none = Fraction(0)
    x_mean, y_mean = sum((x for x, _ in both), none) / n, sum((y for _, y in both), none) / n
    xy = sum(((x - x_mean) * (y - y_mean) for x, y in both), none)
    if statistic == "cov":
        return float(xy / (n - 1))
    xx = sum(((x - x_mean) ** 2 for x, _ in both), none)
    yy = sum(((y - y_mean) ** 2 for _, y in both), none)
    if not yy or (statistic == "corr" and not xx):
        return None
    return float(xy / yy) if statistic == "beta" else float(xy) / math.sqrt(xx * yy)


def _quantile(values: list[Fraction], q: Fraction) -> Fraction:
    ordered = sorted(values)
    at = q * (len(values) - 1)
    low = math.floor(at)
    if at == low:
        return ordered[low]
    return ordered[low] + (ordered[low + 1] - ordered[low]) * (at - low)


def _float(value: Any) -> float | None:
    return None if value is None else float(value)
