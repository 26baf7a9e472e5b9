"""Trades inferred from snapshots: their side, what they cost, the unit of their volume."""

import numpy as np

from tickops._arrays import F64, I32, I64, Bool, Records
from tickops._kernels._jit import kernel

__all__ = ["TICK", "effective_spread", "trade_side", "unit_fits"]

TICK = np.dtype([("price", np.float64), ("day", np.int32), ("sign", np.int32)])
"""By symbol: price of its last trade (0: none yet), of which day, sign of its last change."""

# Prices nearer to each other than this are the same price: the rest is float noise.
_SAME = 1e-9


@kernel
def _compare(price: float, other: float) -> int:
    """Sign of price − other."""
    if abs(price - other) <= _SAME * other:
        return 0
    return 1 if price > other else -1


@kernel
def trade_side(
    codes: I32,
    days: I32,
    delta_volume: I64,
    delta_price: F64,
    mid: F64,
    state: Records,
    side: I64,
    valid: Bool,
) -> None:
    """Side of what was traded: above or below the mid, else by the tick rule.

    Parameters
    ----------
    codes, days
        (n,) symbol number (-1: leave the row alone), local date.
    delta_volume, delta_price
        (n,) what was traded (0 for null), and at which mean price (NaN for null).
    mid
        (n,) NaN or 0 is none.
    state
        (symbols,) of TICK, updated in place.
    side
        (n,) of 0; written 1 (bought) or -1 (sold).
    valid
        (n,) of false; written true where the side is known. O(1) a row.
    """
    for i in range(len(codes)):
        c = codes[i]
        price = delta_price[i]
        if c < 0 or delta_volume[i] <= 0 or not 0 < price < np.inf:
            continue
        s = state[c]
        if s["day"] != days[i]:
            s["day"] = days[i]
            s["price"] = 0.0
            s["sign"] = 0
        before = s["price"]
        if before > 0:
            change = _compare(price, before)
            if change != 0:
                s["sign"] = change
        s["price"] = price
        found = _compare(price, mid[i]) if 0 < mid[i] < np.inf else 0
        if found == 0:
            found = s["sign"]
        side[i] = found
        valid[i] = found != 0


@kernel
def effective_spread(price: F64, side: I64, mid: F64, spread: F64, spread_bps: F64) -> None:
    """2·D·(p − mid), and the same in basis points of the mid.

    Parameters
    ----------
    price, mid
        (n,) NaN or 0 is none.
    side
        (n,) 1 or -1; 0 for unknown.
    spread, spread_bps
        (n,) written; NaN where one of the three is none. O(1) a row.
    """
    for i in range(len(price)):
        p = price[i]
        m = mid[i]
        d = side[i]
        if 0 < p < np.inf and 0 < m < np.inf and d != 0:
            spread[i] = 2 * d * (p - m)
            spread_bps[i] = 10_000 * (2 * d * (p - m)) / m
        else:
            spread[i] = np.nan
            spread_bps[i] = np.nan


@kernel
def _unit_fits(volume: float, amount: float, low: float, high: float, unit: int) -> bool:
    """Whether amount / shares can lie in low..high, for shares of `volume` cut to whole units."""
    least = low * volume * unit
    most = high * (volume + 1) * unit
    # Amounts can be printed as whole yuan, and prices carry float noise.
    return least <= (amount + 1) * (1 + _SAME) and amount < most * (1 + _SAME)


@kernel
def unit_fits(
    codes: I32,
    volume: I64,
    amount: F64,
    low: F64,
    high: F64,
    candidates: I64,
    units: I64,
    warned: Bool,
    fits: I64,
    valid: Bool,
    contradicted: Bool,
) -> None:
    """Shares per unit of volume that fit the day's low and high.

    Parameters
    ----------
    codes
        (n,) symbol number, or -1.
    volume, amount, low, high
        (n,) of the day so far; 0 for null volumes, NaN for null floats.
    candidates
        Units to try, ascending.
    units
        Unit in use by symbol.
    warned
        (symbols,) symbols of which this was told; updated in place.
    fits
        (n,) of 0; written: the first candidate that fits.
    valid
        (n,) of false; written true where one fits.
    contradicted
        (n,) of false; written true on the first row of a symbol of which a candidate fits and
        the unit in use does not. O(candidates) a row.
    """
    for i in range(len(codes)):
        v = volume[i]
        a = amount[i]
        if v <= 0 or not (0 < a < np.inf and 0 < low[i] <= high[i] < np.inf):
            continue
        for k in range(len(candidates)):
            if _unit_fits(v, a, low[i], high[i], candidates[k]):
                fits[i] = candidates[k]
                valid[i] = True
                break
        c = codes[i]
        if not valid[i] or c < 0 or warned[c]:
            continue
        if not _unit_fits(v, a, low[i], high[i], int(units[c])):
            warned[c] = True
            contradicted[i] = True
