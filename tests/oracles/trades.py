"""Side of trades by the rule of Lee and Ready, effective spread, and fitting units."""

from fractions import Fraction
from itertools import pairwise

from tests.oracles.arrivals import Arrival, arrivals, exact
from tests.oracles.market import Row
from tests.oracles.spread import best

SAME = Fraction(1, 10**9)


def trade_side(rows: list[Row], *, late: str = "drop") -> list[Row]:
    out = list[Row]()
    histories = dict[object, list[Fraction]]()
    for arrival in arrivals(rows, late):
        if not isinstance(arrival, Arrival):
            out.append(arrival | {"trade_side": None})
            continue
        prices = histories.setdefault((arrival.symbol, arrival.day), [])
        price = traded_price(arrival.row)
        if price is not None:
            prices.append(price)
        out.append(arrival.row | {"trade_side": None if price is None else _side(arrival, prices)})
    return out


def traded_price(row: Row) -> Fraction | None:
    volume = row["delta_volume"]
    return exact(row["delta_price"]) if volume is not None and volume > 0 else None


def mid_of(row: Row) -> Fraction | None:
    if "mid" in row:
        return exact(row["mid"])
    bid, ask = best(row["bid_prices"]), best(row["ask_prices"])
    return None if bid is None or ask is None else (bid + ask) / 2


def _side(arrival: Arrival, prices: list[Fraction]) -> int | None:
    """Quote rule, then tick rule: the last of all changes of the day, in either direction."""
    mid = mid_of(arrival.row)
    if mid is not None and _sign(prices[-1], mid):
        return _sign(prices[-1], mid)
    signs = [_sign(now, before) for before, now in pairwise(prices)]
    changes = [sign for sign in signs if sign]
    return changes[-1] if changes else None


def _sign(price: Fraction, other: Fraction) -> int:
    if abs(price - other) <= SAME * other:
        return 0
    return 1 if price > other else -1


def effective_spread(rows: list[Row]) -> list[Row]:
    return [row | _spread(row) for row in rows]


def _spread(row: Row) -> Row:
    price, side, mid = exact(row["delta_price"]), row["trade_side"], exact(row["mid"])
    if price is None or not side or mid is None:
        return {"effective_spread": None, "effective_spread_bps": None}
    spread = 2 * side * (price - mid)
    return {
        "effective_spread": float(spread),
        "effective_spread_bps": float(spread / mid * 10_000),
    }


def unit_fits(row: Row) -> int | None:
    """The first unit for which some number of shares has a mean price between low and high."""
    low, high, amount, volume = exact(row["low"]), exact(row["high"]), row["amount"], row["volume"]
    if not low or not high or low > high or not volume or volume < 0 or not amount or amount <= 0:
        return None
    for unit in (1, 10, 100, 1000):
        fewest, most = volume * unit, (volume + 1) * unit
        dearest, cheapest = Fraction(amount + 1) / fewest, Fraction(amount) / most
        if dearest * (1 + SAME) >= low and cheapest < high * (1 + SAME):
            return unit
    return None
