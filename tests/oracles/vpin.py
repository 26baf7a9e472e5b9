"""VPIN: every unit of volume on its own."""

from fractions import Fraction

from tests.oracles.arrivals import Arrival
from tests.oracles.by_symbol import by_symbol
from tests.oracles.market import Row


def vpin(rows: list[Row], bucket: int, buckets: int, *, late: str = "drop") -> list[Row]:
    def answer(history: list[Arrival]) -> float | None:
        units = [side for arrival in history for side in _units(arrival.row)]
        full = [units[end - bucket : end] for end in range(bucket, len(units) + 1, bucket)]
        if len(full) < buckets:
            return None
        return float(Fraction(sum(abs(sum(of)) for of in full[-buckets:]), buckets * bucket))

    return by_symbol("vpin", answer, rows, late)


def _units(row: Row) -> list[int]:
    """1 for each unit bought, -1 for each sold."""
    volume, side = row["delta_volume"], row["trade_side"]
    return [side] * volume if volume and volume > 0 and side else []
