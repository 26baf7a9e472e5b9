"""Prices of several symbols put together, row by row."""

import numpy as np

from tickops._arrays import F64, I32, I64, Records
from tickops._kernels._jit import kernel

__all__ = ["BASKET", "LAST", "index", "pair"]

LAST = np.dtype(
    [("price", np.float64), ("prev_close", np.float64), ("time_us", np.int64), ("day", np.int64)]
)
"""By place of a symbol: its last price and close of the day before (0: none), its time and day."""

BASKET = np.dtype([("newest_us", np.int64), ("started", np.int64), ("base_value", np.float64)])
"""Newest time of all; whether all prices have been known, and what the basket was worth then."""


@kernel
def pair(
    places: I32,
    times_us: I64,
    days: I32,
    prices: F64,
    hedge: float,
    log: bool,
    max_age_us: int,
    last: Records,
    at_us: I64,
    out: F64,
) -> int:
    """Difference of two prices, at each row of either once both are known.

    Parameters
    ----------
    places, times_us, days, prices
        (n,) 0 or 1; epoch us; local date; price, above 0.
    hedge, log
        Of the second so much is taken off, of the logarithms if `log`.
    max_age_us
        The two prices may be so far apart in time; -1: they must be of one day.
    last
        (2,) of LAST, updated in place.
    at_us, out
        (n,) and (3, n) written from the front: the later time of the two, both prices, and
        their difference (NaN where it is not finite).

    Returns
    -------
    int
        How many are written. O(1) a row.
    """
    count = 0
    for i in range(len(places)):
        s = last[places[i]]
        s["price"] = prices[i]
        s["time_us"] = times_us[i]
        s["day"] = days[i]
        a = last[0]["price"]
        b = last[1]["price"]
        if not (a > 0 and b > 0):
            continue
        newest = max(last[0]["time_us"], last[1]["time_us"])
        oldest = min(last[0]["time_us"], last[1]["time_us"])
        if max_age_us < 0:
            if last[0]["day"] != last[1]["day"]:
                continue
        elif newest - oldest > max_age_us:
            continue
        spread = np.log(a) - hedge * np.log(b) if log else a - hedge * b
        at_us[count] = newest
        out[0, count] = a
        out[1, count] = b
        out[2, count] = spread if np.isfinite(spread) else np.nan
        count += 1
    return count


@kernel
def _worth(weights: F64, last: Records, at_start: bool, by_prev_close: bool) -> float:
    """Sum of weights times prices, always of all of them in one order, compensated (TwoSum)."""
    total = 0.0
    rest = 0.0
    for k in range(len(weights)):
        price = last[k]["prev_close"] if at_start and by_prev_close else last[k]["price"]
        value = weights[k] * price
        larger = total + value
        back = larger - total
        rest += (total - (larger - back)) + (value - back)
        total = larger
    return total + rest


@kernel
def _all_known(last: Records, by_prev_close: bool) -> bool:
    for k in range(len(last)):
        if not last[k]["price"] > 0 or (by_prev_close and not last[k]["prev_close"] > 0):
            return False
    return True


@kernel
def index(
    places: I32,
    times_us: I64,
    prices: F64,
    prev_close: F64,
    weights: F64,
    base: float,
    last: Records,
    basket: Records,
    at_us: I64,
    out: F64,
) -> int:
    """Worth of a basket against what it was worth at first, at each row of a symbol in it.

    Parameters
    ----------
    places, times_us, prices, prev_close
        (n,) place of the row's symbol, epoch us, price above 0, and the close of the day
        before (not above 0 is none); empty where it does not count.
    weights, base
        (symbols,) shares of each, and the level at first.
    last, basket
        (symbols,) of LAST and (1,) of BASKET, updated in place.
    at_us, out
        (n,) written from the front: newest time of all, and level (NaN where it is not finite).

    Returns
    -------
    int
        How many are written: none before all prices are known. O(symbols) a row.
    """
    by_prev_close = len(prev_close) > 0
    state = basket[0]
    count = 0
    for i in range(len(places)):
        s = last[places[i]]
        s["price"] = prices[i]
        if by_prev_close and prev_close[i] > 0 and np.isfinite(prev_close[i]):
            s["prev_close"] = prev_close[i]
        state["newest_us"] = max(state["newest_us"], times_us[i])
        if state["started"] == 0:
            if not _all_known(last, by_prev_close):
                continue
            state["started"] = 1
            state["base_value"] = _worth(weights, last, True, by_prev_close)
        level = _worth(weights, last, False, by_prev_close) / state["base_value"] * base
        at_us[count] = state["newest_us"]
        out[count] = level if np.isfinite(level) else np.nan
        count += 1
    return count
