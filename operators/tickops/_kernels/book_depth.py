"""What lies in a book beyond its best prices: value, cost of a sweep, slope."""

import math

import numpy as np

from tickops._arrays import F64, I32, I64
from tickops._kernels._jit import kernel

__all__ = ["depth_value", "mids", "slope", "sweep", "vamp"]

# Prices nearer to each other than this are the same price: the rest is float noise.
_SAME = 1e-9


@kernel
def mids(bids: F64, asks: F64, result: F64) -> None:
    """Mean of the best prices.

    Parameters
    ----------
    bids, asks
        (n, ≥1) prices, best first; 0 or NaN is none.
    result
        (n,) written; NaN where a side is absent. O(1) a row.
    """
    for i in range(len(bids)):
        b = bids[i, 0]
        a = asks[i, 0]
        result[i] = (a + b) / 2 if b > 0 and a > 0 else np.nan


@kernel
def vamp(bids: F64, asks: F64, bid_volumes: F64, ask_volumes: F64, result: F64) -> None:
    """Volume-adjusted mid price: Σ(P_b·Q_a + P_a·Q_b) / Σ(Q_b + Q_a) over the levels.

    Parameters
    ----------
    bids, asks
        (n, levels) prices, best first; a level with 0 or NaN on a side does not count.
    bid_volumes, ask_volumes
        (n, levels) volumes.
    result
        (n,) written; NaN where a best price or all volume is absent. O(levels) a row.
    """
    for i in range(len(bids)):
        crossed = 0.0
        total = 0.0
        if bids[i, 0] > 0 and asks[i, 0] > 0:
            for k in range(bids.shape[1]):
                b = bids[i, k]
                a = asks[i, k]
                if b > 0 and a > 0:
                    crossed += b * ask_volumes[i, k] + a * bid_volumes[i, k]
                    total += bid_volumes[i, k] + ask_volumes[i, k]
        result[i] = crossed / total if total > 0 else np.nan


@kernel
def depth_value(codes: I32, prices: F64, volumes: F64, units: I64, value: F64) -> None:
    """Value of one side of the book: Σ P·Q·unit over the levels.

    Parameters
    ----------
    codes
        (n,) symbol number; -1: NaN.
    prices, volumes
        (n, levels) one side, best first; a level with price 0 or NaN does not count.
    units
        Shares per unit of volume, by symbol.
    value
        (n,) written, currency; NaN where no level is there. O(levels) a row.
    """
    for i in range(len(codes)):
        value[i] = np.nan
        if codes[i] < 0:
            continue
        total = 0.0
        there = False
        for k in range(prices.shape[1]):
            if prices[i, k] > 0:
                total += prices[i, k] * volumes[i, k]
                there = True
        if there:
            value[i] = total * units[codes[i]]


@kernel
def sweep(
    prices: F64, volumes: F64, mids: F64, side: int, quantity: float, price: F64, cost_bps: F64
) -> None:
    """Average price of a market order, and what it costs against the mid.

    Parameters
    ----------
    prices, volumes
        (n, levels) the side that is swept, best first; price 0 or NaN is no level.
    mids
        (n,) mid, NaN for none.
    side
        1 for buying (through the asks), -1 for selling (through the bids).
    quantity
        Volume of the order.
    price, cost_bps
        (n,) written; NaN where the volume of all levels is below `quantity`, `cost_bps` also
        without a mid. O(levels) a row.
    """
    for i in range(len(prices)):
        price[i] = np.nan
        cost_bps[i] = np.nan
        rest = quantity
        first = 0.0
        mid = mids[i]
        # Distances, not prices, are summed: a sweep of one level has exactly its price.
        from_first = 0.0
        from_mid = 0.0
        for k in range(prices.shape[1]):
            p = prices[i, k]
            if not p > 0:
                continue
            if first == 0.0:
                first = p
            taken = min(rest, max(volumes[i, k], 0.0))
            from_first += taken * (p - first)
            from_mid += taken * (p - mid)
            rest -= taken
            if rest <= 0:
                break
        if rest <= 0:
            price[i] = first + from_first / quantity
            cost_bps[i] = 10_000 * side * from_mid / (quantity * mid)


@kernel
def slope(codes: I32, prices: F64, volumes: F64, mids: F64, units: I64, result: F64) -> None:
    """Slope of one side of the book as of Næs and Skjeltorp (2006).

    Parameters
    ----------
    codes
        (n,) symbol number; -1: NaN.
    prices, volumes
        (n, levels) one side, best first; the first level with price 0 or NaN ends it.
    mids
        (n,) mid, NaN for none.
    units
        Shares per unit of volume, by symbol.
    result
        (n,) written; NaN without a mid, where the best price is the mid, two levels have one
        price, or the logarithm of the cumulated shares is not positive. O(levels) a row.
    """
    for i in range(len(codes)):
        result[i] = np.nan
        mid = mids[i]
        if codes[i] < 0 or not mid > 0:
            continue
        unit = units[codes[i]]
        before = mid
        shares = 0.0
        total = 0.0
        count = 0
        for k in range(prices.shape[1]):
            p = prices[i, k]
            if not p > 0:
                break
            distance = abs(p - before) / before
            added = volumes[i, k] * unit
            if distance <= _SAME or not (added >= 0 and shares + added > 1):
                count = 0
                break
            if k == 0:
                total = math.log(added) / distance
            else:
                # ln(V + v) − ln V without the loss of digits.
                total += math.log1p(added / shares) / math.log(shares) / distance
            shares += added
            before = p
            count += 1
        if count > 0:
            result[i] = total / count
