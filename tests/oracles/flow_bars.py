"""Bars that close by what was traded: one symbol at a time, over lists of rows."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

from tests.oracles.market import (
    Row,
    Unit,
    made_region,
    region_of,
    shares_per_unit,
    trading_day,
)

Reached = Callable[[list["Taken"]], bool]


@dataclass(frozen=True)
class Taken:
    """A row in a bar; what it moved; its side, if it traded and has one."""

    row: Row
    time: datetime
    volume: int
    amount: float
    side: int

    @property
    def trades(self) -> bool:
        return self.volume > 0

    @property
    def price(self) -> float | None:
        price = self.row["last_price"]
        return price if self.trades and price is not None and price > 0 else None


def total(of: str, threshold: float) -> Reached:
    """Of all rows of a bar."""
    return lambda rows: math.fsum(_flow(of, taken) for taken in rows) >= threshold


def imbalance(of: str, threshold: float) -> Reached:
    """Of buys less sales."""
    return lambda rows: abs(math.fsum(taken.side * _flow(of, taken) for taken in rows)) >= threshold


def runs(of: str, threshold: float) -> Reached:
    """Of buys, or of sales."""
    return lambda rows: any(
        math.fsum(_flow(of, taken) for taken in rows if taken.side == side) >= threshold
        for side in (1, -1)
    )


def _flow(of: str, taken: Taken) -> float:
    match of:
        case "tick":
            return int(taken.trades)
        case "volume":
            return taken.volume
        case _:
            return taken.amount


@dataclass
class Answer:
    bars: list[Row] = field(default_factory=list[Row])
    taken: list[list[Taken]] = field(default_factory=list[list[Taken]])
    """Rows of each bar."""
    late: int = 0
    outside: int = 0
    null: int = 0


@dataclass
class _Symbol:
    name: str
    region: str
    newest: datetime
    open: list[Taken] = field(default_factory=list[Taken])
    day: date | None = None
    """Of the newest row of the open bar."""
    prices: dict[date, list[float]] = field(default_factory=dict[date, list[float]])
    """Traded ones of each day."""
    last_price: float | None = None


def flow_bars(
    rows: list[Row],
    reached: Reached,
    *,
    daily: bool = True,
    unit: Unit = None,
    late: str = "drop",
    finish: bool = True,
) -> Answer:
    answer = Answer()
    symbols: dict[str, _Symbol] = {}
    for row in rows:
        name, time = row["symbol"], row["timestamp"]
        if name is None or time is None:
            answer.null += 1
            continue
        symbol = symbols.setdefault(name, _Symbol(name, region_of(row), time))
        if time < symbol.newest and late == "drop":
            answer.late += 1
            continue
        symbol.newest = max(symbol.newest, time)
        today = trading_day(symbol.newest, symbol.region)
        if daily and symbol.open and symbol.day != today:
            _close(symbol, answer, unit, partial=True)
        taken = _taken(symbol, row, today)
        if not symbol.open and not taken.trades:
            answer.outside += taken.volume != 0 or taken.amount != 0
            continue
        symbol.open.append(taken)
        symbol.day = today
        if reached(symbol.open):
            _close(symbol, answer, unit, partial=False)
    for _, symbol in sorted(symbols.items()) if finish else ():
        if symbol.open:
            _close(symbol, answer, unit, partial=True)
    return answer


def _taken(symbol: _Symbol, row: Row, today: date) -> Taken:
    volume, amount = row["delta_volume"], row["delta_amount"]
    if volume is None or amount is None or math.isnan(amount):
        volume, amount = 0, 0.0
    side = 0
    price = row["last_price"]
    if volume > 0 and price is not None and price > 0:
        prices = symbol.prices.setdefault(today, [])
        prices.append(price)
        side = _tick(prices)
    if "trade_side" in row:
        side = (row["trade_side"] or 0) if volume > 0 else 0
    return Taken(row, symbol.newest, volume, amount, side)


def _tick(prices: list[float]) -> int:
    """Direction of the last change of price there was."""
    cents = [round(price, 6) for price in prices]
    for before, after in zip(reversed(cents[:-1]), reversed(cents), strict=False):
        if after != before:
            return 1 if after > before else -1
    return 0


def _close(symbol: _Symbol, answer: Answer, unit: Unit, *, partial: bool) -> None:
    rows = symbol.open
    prices = [taken.price for taken in rows if taken.price is not None]
    if prices:
        symbol.last_price = prices[-1]
    elif symbol.last_price is not None:
        prices = [symbol.last_price]
    volume = sum(taken.volume for taken in rows)
    amount = math.fsum(taken.amount for taken in rows)
    shares = shares_per_unit(symbol.name, symbol.region, unit)
    answer.bars.append(
        {
            "symbol": symbol.name,
            "trading_day": symbol.day,
            "start": rows[0].time,
            "end": rows[-1].time,
            "open": prices[0] if prices else None,
            "high": max(prices, default=None),
            "low": min(prices, default=None),
            "close": prices[-1] if prices else None,
            "volume": volume,
            "amount": amount,
            "vwap": amount / (volume * shares) if volume > 0 else None,
            "rows": len(rows),
            "partial": partial,
            "gap": any(taken.row.get("reason") == "gap" for taken in rows),
            **made_region(rows[0].row),
        }
    )
    answer.taken.append(rows)
    symbol.open = []
