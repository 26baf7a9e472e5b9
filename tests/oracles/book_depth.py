"""What lies in a book beyond its best prices, in exact fractions: VAMP, value, sweep, slope."""

import math
from fractions import Fraction
from itertools import pairwise

from tests.oracles.market import Row, Unit, region_of, shares_per_unit
from tests.oracles.spread import best, price

Level = tuple[Fraction, int]
"""Price and volume."""


def vamp(rows: list[Row], *, levels: int = 1) -> list[Row]:
    return [row | {"vamp": _vamp(row, levels)} for row in rows]


def _vamp(row: Row, levels: int) -> float | None:
    if _mid(row) is None:
        return None
    pairs = [
        (bid, ask)
        for bid, ask in zip(_levels(row, "bid"), _levels(row, "ask"), strict=True)
        if bid and ask
    ][:levels]
    volume = sum(bid[1] + ask[1] for bid, ask in pairs)
    crossed = sum(bid[0] * ask[1] + ask[0] * bid[1] for bid, ask in pairs)
    return float(crossed / volume) if volume else None


def depth_value(rows: list[Row], *, levels: int = 5, unit: Unit = None) -> list[Row]:
    return [
        row | {f"{side}_value": _value(row, side, levels, unit) for side in ("bid", "ask")}
        for row in rows
    ]


def _value(row: Row, side: str, levels: int, unit: Unit) -> float | None:
    there = [level for level in _levels(row, side)[:levels] if level]
    if not there:
        return None
    shares = shares_per_unit(row["symbol"], region_of(row), unit)
    return float(sum(price * volume * shares for price, volume in there))


def sweep_cost(rows: list[Row], quantity: int) -> list[Row]:
    return [row | _sweep(row, quantity) for row in rows]


def _sweep(row: Row, quantity: int) -> Row:
    mid = _mid(row)
    found: Row = {}
    for word, side, sign in (("buy", "ask", 1), ("sell", "bid", -1)):
        paid, rest = Fraction(0), quantity
        for level in _levels(row, side):
            if level:
                taken = min(rest, level[1])
                paid += taken * level[0]
                rest -= taken
        average = None if rest else paid / quantity
        cost = None if average is None or mid is None else sign * 10_000 * (average - mid) / mid
        found[f"{word}_price"] = None if average is None else float(average)
        found[f"{word}_cost_bps"] = None if cost is None else float(cost)
    return found


def book_slope(rows: list[Row], *, levels: int = 5, unit: Unit = None) -> list[Row]:
    return [row | _slopes(row, levels, unit) for row in rows]


def _slopes(row: Row, levels: int, unit: Unit) -> Row:
    shares = shares_per_unit(row["symbol"], region_of(row), unit)
    bid, ask = (_slope(row, side, levels, shares) for side in ("bid", "ask"))
    both = None if bid is None or ask is None else (bid + ask) / 2
    return {"bid_slope": bid, "ask_slope": ask, "book_slope": both}


def _slope(row: Row, side: str, levels: int, shares: int) -> float | None:
    mid = _mid(row)
    there: list[Level] = []
    for level in _levels(row, side)[:levels]:
        if not level:
            break
        there.append(level)
    if mid is None or not there:
        return None
    prices = [mid, *(_no_noise(price) for price, _ in there)]
    prices[0] = _no_noise(mid * 2) / 2
    cumulated = [shares * sum(volume for _, volume in there[: k + 1]) for k in range(len(there))]
    if any(now == before for before, now in pairwise(prices)):
        return None
    if cumulated[0] <= 1:
        return None
    steps = [float(abs(now / before - 1)) for before, now in pairwise(prices)]
    total = math.log(cumulated[0]) / steps[0]
    for k in range(1, len(there)):
        grown = math.log1p((cumulated[k] - cumulated[k - 1]) / cumulated[k - 1])
        total += grown / math.log(cumulated[k - 1]) / steps[k]
    return total / len(there)


def _no_noise(value: Fraction) -> Fraction:
    """Price in whole thousandths."""
    return Fraction(round(value * 1000), 1000)


def _mid(row: Row) -> Fraction | None:
    bid, ask = best(row["bid_prices"]), best(row["ask_prices"])
    return None if bid is None or ask is None else (bid + ask) / 2


def _levels(row: Row, side: str) -> list[Level | None]:
    """Levels of a side, best first; none where the price is 0, whatever the volume."""
    prices, volumes = row[f"{side}_prices"] or [0.0] * 5, row[f"{side}_volumes"] or [0] * 5
    return [
        None if (exact := price(value)) is None else (exact, volume or 0)
        for value, volume in zip(prices, volumes, strict=True)
    ]
