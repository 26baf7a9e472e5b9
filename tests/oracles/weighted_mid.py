"""Weighted mid: each best price weighted with the size on the other side."""

from tests.oracles.market import Row
from tests.oracles.spread import best


def weighted_mid(rows: list[Row]) -> list[Row]:
    return [row | {"weighted_mid": _value(row)} for row in rows]


def _value(row: Row) -> float | None:
    bid, ask = best(row["bid_prices"]), best(row["ask_prices"])
    if bid is None or ask is None:
        return None
    bid_size, ask_size = row["bid_volumes"][0], row["ask_volumes"][0]
    if bid_size is None or ask_size is None or bid_size + ask_size <= 0:
        return None
    return float((bid_size * ask + ask_size * bid) / (ask_size + bid_size))
