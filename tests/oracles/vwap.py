"""Volume-weighted average price since the day began, over a time, or over a number of rows."""

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import takewhile

from tests.oracles.deltas import LateRow
from tests.oracles.market import Row, Unit, region_of, shares_per_unit, trading_day


@dataclass
class Answer:
    rows: list[Row] = field(default_factory=list[Row])
    late: int = 0


@dataclass
class Step:
    """One row of a symbol: when it counts, and what it added (0 where it said nothing)."""

    time: datetime
    volume: int
    amount: float


@dataclass
class Sums:
    """Of a day, exactly."""

    volume: int = 0
    amount: Fraction = Fraction(0)


@dataclass
class _Symbol:
    region: str
    newest: datetime
    today: Sums = field(default_factory=Sums)
    steps: list[Step] = field(default_factory=list[Step])
    """All rows of the symbol, in order of arrival."""


def vwap(
    rows: list[Row],
    *,
    window: timedelta | int | None = None,
    unit: Unit = None,
    late: str = "drop",
) -> Answer:
    answer = Answer()
    symbols: dict[str, _Symbol] = {}
    for row in rows:
        name, time = row["symbol"], row["timestamp"]
        if name is None or time is None:
            answer.rows.append(row | {"vwap": None})
            continue
        symbol = symbols.setdefault(name, _Symbol(region_of(row), time))
        if time < symbol.newest:
            if late == "raise":
                raise LateRow(name)
            if late == "drop":
                answer.late += 1
                continue
        symbol.steps.append(Step(max(time, symbol.newest), *_delta(row)))
        sums = _since_day_began(row, symbol) if window is None else _within(symbol, window)
        symbol.newest = symbol.steps[-1].time
        shares = shares_per_unit(name, symbol.region, unit)
        mean = float(sums.amount / (sums.volume * shares)) if sums.volume > 0 else None
        answer.rows.append(row | {"vwap": mean})
    return answer


def _delta(row: Row) -> tuple[int, float]:
    return _known(row["delta_volume"], row["delta_amount"])


def _known(volume: int | None, amount: float | None) -> tuple[int, float]:
    if volume is None or amount is None or math.isnan(amount):
        return 0, 0.0
    return volume, amount


def _since_day_began(row: Row, symbol: _Symbol) -> Sums:
    """Sums since the day began, which hold from the first row seen on: it is cumulative."""
    step, region = symbol.steps[-1], symbol.region
    volume, amount = step.volume, step.amount
    if row.get("reason") == "first":
        symbol.today = Sums()
        volume, amount = _known(row.get("volume"), row.get("amount"))
    if trading_day(step.time, region) != trading_day(symbol.newest, region):
        symbol.today = Sums()
    symbol.today.volume += volume
    symbol.today.amount += Fraction(amount)
    return symbol.today


def _within(symbol: _Symbol, window: timedelta | int) -> Sums:
    """Sums of the last rows, or of those in (t−w, t]."""
    if isinstance(window, int):
        counted = symbol.steps[-window:]
    else:
        after = symbol.steps[-1].time - window
        counted = list(takewhile(lambda step: step.time > after, reversed(symbol.steps)))
    volume = sum(step.volume for step in counted)
    return Sums(volume, Fraction(math.fsum(step.amount for step in counted)))
