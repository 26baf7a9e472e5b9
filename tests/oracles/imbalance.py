"""Depth imbalance over the first levels of the book."""

import math
from fractions import Fraction

from tests.oracles.market import Row
from tests.oracles.spread import best, price

Weights = str | tuple[str, float]


def imbalance(rows: list[Row], *, levels: int = 5, weights: Weights = "equal") -> list[Row]:
    return [row | {"imbalance": _value(row, levels, weights)} for row in rows]


def weight(level: int, weights: Weights) -> Fraction:
    """Weight of a level, the best being level 1."""
    if weights == "equal":
        return Fraction(1)
    if weights == "inverse":
        return Fraction(1, level)
    return Fraction(math.exp(-float(weights[1]) * level))


def _value(row: Row, levels: int, weights: Weights) -> float | None:
    if best(row["bid_prices"]) is None or best(row["ask_prices"]) is None:
        return None
    bid = _side(row["bid_prices"], row["bid_volumes"], levels, weights)
    ask = _side(row["ask_prices"], row["ask_volumes"], levels, weights)
    return float((bid - ask) / (bid + ask)) if bid + ask > 0 else None


def _side(prices: list[float], sizes: list[int], levels: int, weights: Weights) -> Fraction:
    """Weighted size of a side; a level with price 0 is none, whatever its volume."""
    return sum(
        (
            weight(number, weights) * (size or 0)
            for number, (value, size) in enumerate(zip(prices, sizes, strict=True), start=1)
            if number <= levels and price(value) is not None
        ),
        Fraction(0),
    )
