"""Liquidity measures over windows: everything in the window again for each row."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import timedelta
from fractions import Fraction
from itertools import pairwise
from typing import TypeVar

from tests.oracles.arrivals import Arrival, Placed, arrivals, exact, within
from tests.oracles.market import Row

T = TypeVar("T")
Window = timedelta | int
NOISE = 1e-9


def amihud(rows: list[Row], window: Window, *, late: str = "drop") -> list[Row]:
    def answer(history: list[Arrival], now: Arrival) -> float | None:
        ratios = [
            Placed(there, abs(math.log(there.row["last_price"] / here.row["last_price"])) / paid)
            for here, there in pairwise(filter(_traded, history))
            if here.day == there.day and (paid := _positive(there.row["delta_amount"]))
        ]
        values = [ratio.value for ratio in within(ratios, now, window)]
        return math.fsum(values) / len(values) if values else None

    return _each("amihud", answer, rows, late)


def roll_spread(rows: list[Row], window: Window, *, late: str = "drop") -> list[Row]:
    def answer(history: list[Arrival], now: Arrival) -> float | None:
        changes = [
            Placed(there, _price(there, "last_price") - _price(here, "last_price"))
            for here, there in pairwise(filter(_traded, history))
            if here.day == there.day
        ]
        pairs = [
            (here.value, there.value)
            for here, there in pairwise(within(changes, now, window))
            if here.arrival.day == there.arrival.day
        ]
        if len(pairs) < 2:
            return None
        covariance = co_moment(pairs) / (len(pairs) - 1)
        size = math.sqrt(sum(x * x for x, _ in pairs) * sum(y * y for _, y in pairs))
        negative = covariance * (len(pairs) - 1) < -NOISE * size
        return 2 * math.sqrt(-covariance) if negative else None

    return _each("roll_spread", answer, rows, late)


def kyle_lambda(rows: list[Row], window: Window, *, late: str = "drop") -> list[Row]:
    name = "mid" if rows and "mid" in rows[0] else "last_price"

    def answer(history: list[Arrival], now: Arrival) -> float | None:
        known = [row for row in history if exact(row.row[name]) is not None]
        observations = [
            Placed(there, (Fraction(flow), _price(there, name) - _price(here, name)))
            for here, there in pairwise(known)
            if here.day == there.day and (flow := _flow(there.row))
        ]
        pairs = [placed.value for placed in within(observations, now, window)]
        if len({flow for flow, _ in pairs}) < 2:
            return None
        return float(co_moment(pairs) / co_moment([(flow, flow) for flow, _ in pairs]))

    return _each("kyle_lambda", answer, rows, late)


def co_moment(pairs: list[tuple[Fraction, Fraction]]) -> Fraction:
    """Σ(x − x̄)(y − ȳ)."""
    x_mean, y_mean = _mean(x for x, _ in pairs), _mean(y for _, y in pairs)
    return sum(((x - x_mean) * (y - y_mean) for x, y in pairs), Fraction(0))


def _mean(values: Iterable[Fraction]) -> Fraction:
    known = list(values)
    return sum(known, Fraction(0)) / len(known)


def _each(
    column: str,
    answer: Callable[[list[Arrival], Arrival], float | None],
    rows: list[Row],
    late: str,
) -> list[Row]:
    histories = defaultdict[str, list[Arrival]](list)
    out = list[Row]()
    for arrival in arrivals(rows, late):
        if isinstance(arrival, Arrival):
            history = histories[arrival.symbol]
            history.append(arrival)
            out.append(arrival.row | {column: answer(history, arrival)})
        else:
            out.append(arrival | {column: None})
    return out


def _traded(arrival: Arrival) -> bool:
    volume = arrival.row["delta_volume"]
    return volume is not None and volume > 0 and exact(arrival.row["last_price"]) is not None


def _price(arrival: Arrival, name: str) -> Fraction:
    return Fraction(arrival.row[name])


def _positive(value: float | None) -> float | None:
    return value if value is not None and value > 0 else None


def _flow(row: Row) -> int:
    """Signed volume; 0 where none is known."""
    volume, side = row["delta_volume"], row["trade_side"]
    return side * volume if volume is not None and volume > 0 and side is not None else 0
