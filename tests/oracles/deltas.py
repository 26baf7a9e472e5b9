"""Differences of cumulative volume and amount between two rows of a symbol, with their reason."""

import math
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from tests.oracles.market import Row, Unit, region_of, shares_per_unit, trading_day

ADDED = ("delta_volume", "delta_amount", "delta_price", "reason")


class LateRow(Exception):
    """A row is older than its symbol's newest, and ``late="raise"``."""


@dataclass
class Answer:
    rows: list[Row] = field(default_factory=list[Row])
    late: int = 0


@dataclass
class _Symbol:
    """What the row before of one symbol said."""

    region: str
    newest: datetime
    day: date
    volume: int
    amount: float
    connection: int | None


def deltas(
    rows: list[Row],
    *,
    unit: Unit = None,
    gap_after: timedelta = timedelta(seconds=30),
    late: str = "drop",
) -> Answer:
    answer = Answer()
    symbols: dict[str, _Symbol] = {}
    for row in rows:
        if _incomplete(row):
            answer.rows.append(row | dict.fromkeys(ADDED))
            continue
        name = row["symbol"]
        before = symbols.get(name)
        if before is not None and row["timestamp"] < before.newest:
            if late == "raise":
                raise LateRow(name)
            if late == "drop":
                answer.late += 1
                continue
        reason, volume, amount = _difference(row, before, gap_after)
        region = before.region if before else region_of(row)
        shares = shares_per_unit(name, region, unit)
        price = amount / (volume * shares) if volume and amount is not None and volume > 0 else None
        answer.rows.append(row | dict(zip(ADDED, (volume, amount, price, reason), strict=True)))
        symbols[name] = _after(row, before, region)
    return answer


def _incomplete(row: Row) -> bool:
    needed = [row["symbol"], row["timestamp"], row["volume"], row["amount"]]
    return any(value is None for value in needed) or math.isnan(row["amount"])


def _difference(
    row: Row, before: _Symbol | None, gap_after: timedelta
) -> tuple[str, int | None, float | None]:
    if before is None:
        return "first", None, None
    if trading_day(row["timestamp"], before.region) > before.day:
        return "new_day", row["volume"], row["amount"]
    volume, amount = row["volume"] - before.volume, row["amount"] - before.amount
    silent = row["timestamp"] - before.newest > gap_after
    if silent or ("connection" in row and row["connection"] != before.connection):
        return "gap", volume, amount
    if volume < 0 or amount < 0:
        return "correction", volume, amount
    if volume > 0 or amount > 0:
        return "trade", volume, amount
    return "unchanged", volume, amount


def _after(row: Row, before: _Symbol | None, region: str) -> _Symbol:
    """A late row replaces what was said, but neither the newest time nor the day."""
    newest = max(row["timestamp"], before.newest) if before else row["timestamp"]
    return _Symbol(
        region=region,
        newest=newest,
        day=trading_day(newest, region),
        volume=row["volume"],
        amount=row["amount"],
        connection=row.get("connection"),
    )
