"""A small market that turns drawn steps into rows shaped like the real ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from tickops.testing._calendar import (
    MINUTE,
    SECOND,
    local_date,
    market_of,
    milestones,
    trading_day,
    trading_time,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

__all__ = [
    "BEFORE_MINUTE",
    "NEXT_DAY",
    "NEXT_MINUTE",
    "NEXT_PHASE",
    "Plan",
    "Quirk",
    "Row",
    "Step",
    "rows_of",
]

# A step's pause is so many milliseconds, or one of these.
NEXT_MINUTE: Final = -1
BEFORE_MINUTE: Final = -2
NEXT_PHASE: Final = -3
NEXT_DAY: Final = -4

Quirk: TypeAlias = str
"""What is odd about a row: "" (nothing), "noise", "spike", "reconnect", "correction", "late",
or the name of a column that is null, or NaN after "nan "."""


class Step(NamedTuple):
    """One row to come.

    Four drawn values and no more: Hypothesis drops rows of up to five choices (with the one
    whether there is a row) readily when it looks for a small example, longer ones hardly.

    Parameters
    ----------
    symbol
        Whose row, as a number.
    pause
        How long after the row before.
    number
        Shares that have changed hands; price moves and books follow from it too.
    oddity
        Quirk, and shape of the book (see `_books`).
    """

    symbol: int
    pause: int
    number: int
    oddity: tuple[Quirk, str]

    @property
    def quirk(self) -> Quirk:
        """What is odd about the row."""
        return self.oddity[0]

    @property
    def ticks(self) -> int:
        """Price move of the trade, in cents."""
        return self.number * 7 % 11 - 5


@dataclass(frozen=True, slots=True)
class Plan:
    """What holds for all rows of a frame.

    Parameters
    ----------
    symbols, regions, lags_ms
        Of each symbol its name, its region and how far its timestamps are behind arrival.
    first_day, days
        Where the stream begins, and how many trading days it can cross.
    start
        Which of the first day's milestones it begins at.
    zeros
        Prices are 0 before the day's first trade.
    odd_lots
        Trades can be smaller than a unit of volume.
    boundaries, off_session
        Rows can be exactly on a minute; outside continuous trading.
    """

    symbols: Sequence[str]
    regions: Sequence[str]
    lags_ms: Sequence[int]
    first_day: date
    days: int
    start: int
    zeros: bool
    odd_lots: bool
    boundaries: bool
    off_session: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One quote; prices are in cents, so that all sums are exact until the frame is made."""

    symbol: str
    region: str
    timestamp_ms: int
    received_ms: int
    connection: int
    last: int
    prev_close: int
    open: int
    high: int
    low: int
    volume: int
    amount: int
    quirk: Quirk = ""


@dataclass(slots=True)
class _Day:
    """One symbol's trading day so far."""

    day: date
    prev_close: int
    last: int = 0
    open: int = 0
    high: int = 0
    low: int = 0
    shares: int = 0
    amount: int = 0


class _Instrument:
    """One symbol."""

    def __init__(self, number: int, plan: Plan) -> None:
        self.name, self.region = plan.symbols[number], plan.regions[number]
        self.lag_ms = plan.lags_ms[number]
        self.unit = market_of(self.region).unit
        self.plan = plan
        self.price = 1_000 + 117 * number
        self.today: _Day | None = None
        self.sent: list[Row] = []

    def row(self, step: Step, day: date, now_ms: int, connection: int) -> Row:
        """Take a step; return the row that the feed sends of it."""
        if step.quirk == "late":
            older = [row for row in self.sent if row.timestamp_ms < self.sent[-1].timestamp_ms]
            if older:
                again = older[-1 - step.number % min(3, len(older))]
                return replace(again, received_ms=now_ms, connection=connection, quirk="late")
        timestamp_ms = self._timestamp(day, now_ms)
        today = self._begin(timestamp_ms)
        self._trade(today, step)
        sent = Row(
            self.name,
            self.region,
            timestamp_ms,
            now_ms,
            connection,
            today.last,
            today.prev_close,
            today.open,
            today.high,
            today.low,
            today.shares // self.unit,
            today.amount,
            step.quirk,
        )
        self.sent.append(sent)
        # Shanghai's first traded row comes a second before its open.
        if self.name.endswith(".SH") and today.open == 0:
            today.open = self.price if today.last else 0
        return sent

    def _timestamp(self, day: date, now_ms: int) -> int:
        timestamp_ms = now_ms - self.lag_ms
        if not self.plan.off_session:
            timestamp_ms = trading_time(self.region, day, timestamp_ms)
        into_minute = timestamp_ms % MINUTE
        if not self.plan.boundaries and into_minute < SECOND:
            timestamp_ms += SECOND - into_minute
        return timestamp_ms

    def _begin(self, timestamp_ms: int) -> _Day:
        day = local_date(self.region, timestamp_ms)
        if self.today is None or self.today.day != day:
            self.today = _Day(day, self.price)
        return self.today

    def _trade(self, today: _Day, step: Step) -> None:
        shares = step.number
        if not self.plan.odd_lots:
            shares *= self.unit
        if not self.plan.zeros and not today.last:
            shares = max(shares, self.unit)
        if step.quirk == "correction" and today.shares:
            taken = min(today.shares, shares)
            today.amount -= today.amount * taken // today.shares
            today.shares -= taken
            return
        if not shares:
            return
        self.price = max(self.price + step.ticks, 1)
        traded = [self.price]
        if step.quirk == "spike":
            traded += [self.price + 2, max(self.price - 3, 1)]
        today.shares += shares
        today.amount += shares * self.price
        first = not today.last
        today.last = self.price
        today.high = max([today.high, *traded])
        today.low = min([today.low or self.price, *traded])
        if first and not (self.plan.zeros and self.name.endswith(".SH")):
            today.open = self.price


def rows_of(plan: Plan, steps: Iterable[Step]) -> list[Row]:
    """Let the market take these steps; return its rows in order of arrival."""
    instruments = [_Instrument(number, plan) for number in range(len(plan.symbols))]
    index, connection = 0, 1
    day = plan.first_day
    now = milestones(plan.regions[0], day)[plan.start]
    rows: list[Row] = []
    for step in steps:
        instrument = instruments[step.symbol]
        if step.pause == NEXT_DAY and index + 1 < plan.days:
            index += 1
            day = trading_day(plan.first_day, index)
            now = max(now, milestones(instrument.region, day)[0])
        else:
            now = _after(instrument.region, day, now, step.pause)
        if not plan.off_session:
            now = max(now, trading_time(instrument.region, day, now))
        connection += step.quirk == "reconnect"
        rows.append(instrument.row(step, day, now, connection))
    return rows


def _after(region: str, day: date, now: int, pause: int) -> int:
    """Moment of the next row after a pause; once the day is over, the next millisecond."""
    if pause == NEXT_MINUTE:
        after = now - now % MINUTE + MINUTE
    elif pause == BEFORE_MINUTE:
        after = now - (now + 1) % MINUTE + MINUTE
    elif pause == NEXT_PHASE:
        after = next((at for at in milestones(region, day) if at > now), now + 1)
    else:
        after = now + (3 * SECOND if pause == NEXT_DAY else pause)
    return after if after < milestones(region, day)[-1] + 10 * MINUTE else now + 1
