"""Mid, quoted spread, spread in basis points."""

from fractions import Fraction

from tests.oracles.market import Row

ADDED = ("mid", "spread", "spread_bps")


def spread(rows: list[Row]) -> list[Row]:
    return [row | _values(row) for row in rows]


def _values(row: Row) -> Row:
    bid, ask = best(row["bid_prices"]), best(row["ask_prices"])
    if bid is None or ask is None:
        return dict.fromkeys(ADDED)
    mid, width = (ask + bid) / 2, ask - bid
    return {"mid": float(mid), "spread": float(width), "spread_bps": float(10_000 * width / mid)}


def best(prices: list[float | None] | None) -> Fraction | None:
    """Best price of a side, exactly; none where it is absent."""
    return price(prices[0]) if prices else None


def price(value: float | None) -> Fraction | None:
    """A price; 0, null and NaN are none."""
    return Fraction(value) if value is not None and value > 0 else None
