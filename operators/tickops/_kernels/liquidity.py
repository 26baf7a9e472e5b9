"""Liquidity over windows: what a row observes of it, and statistics of what was observed."""

import math

import numpy as np

from tickops._arrays import F64, I32, I64, Records
from tickops._kernels._exact import product
from tickops._kernels._jit import kernel

__all__ = [
    "ENTRY",
    "PAST",
    "WINDOW",
    "flows",
    "illiquidity",
    "number_rows",
    "of_window",
    "price_changes",
]

PAST = np.dtype(
    [
        ("price", np.float64),
        ("change", np.float64),
        ("at", np.int64),
        ("day", np.int32),
        ("changed", np.int32),
    ]
)
"""By symbol: its last price (0: none), of which day, and its last change and where that was."""

WINDOW = np.dtype(
    [
        *((name, np.float64) for name in ("x", "x_low", "y", "y_low", "xy", "xy_low")),
        *((name, np.float64) for name in ("xx", "xx_low", "yy", "yy_low")),
        ("steps", np.int64),
        ("length", np.int64),
        ("head", np.int32),
        ("tail", np.int32),
    ]
)
"""By symbol: sums of a window, each in two parts; how many x differ from the one before; and
the entries in the log: how many, the oldest, the newest."""

ENTRY = np.dtype(
    [
        ("time_us", np.int64),
        ("x", np.float64),
        ("y", np.float64),
        ("step", np.int32),
        ("next", np.int32),
        ("code", np.int32),
    ]
)
"""What a row observed, and where: at a time, or at a row number. See ``tickops._log``."""

_MEAN, _SLOPE, _ROLL = 0, 1, 2
_NOBODY = -1
# Covariances nearer to 0 than this, for the size of the changes, come of float noise in prices.
_NOTHING = 1e-9


@kernel
def number_rows(codes: I32, counts: I64, numbers: I64) -> None:
    """Number the rows of each symbol from 1 on.

    Parameters
    ----------
    codes
        (n,) symbol number; rows with -1 are not counted.
    counts
        (symbols,) updated in place.
    numbers
        (n,) written; 0 where not counted. O(1) a row.
    """
    for i in range(len(codes)):
        c = codes[i]
        numbers[i] = 0
        if c >= 0:
            counts[c] += 1
            numbers[i] = counts[c]


@kernel
def illiquidity(
    codes: I32,
    days: I32,
    delta_volume: I64,
    delta_amount: F64,
    last_price: F64,
    past: Records,
    x: F64,
) -> None:
    """Absolute log return from one traded row to the next, by what was paid.

    Parameters
    ----------
    codes, days
        (n,) symbol number (-1: leave the row alone), local date.
    delta_volume, delta_amount, last_price
        (n,) what was traded (0 for null), what was paid, and the price; 0 or NaN is none.
    past
        (symbols,) of PAST, updated in place.
    x
        (n,) of NaN; written where it is known. O(1) a row.
    """
    for i in range(len(codes)):
        c = codes[i]
        price = last_price[i]
        if c < 0 or delta_volume[i] <= 0 or not 0 < price < np.inf:
            continue
        s = past[c]
        if s["day"] == days[i] and s["price"] > 0 and 0 < delta_amount[i] < np.inf:
            x[i] = abs(math.log(price / s["price"])) / delta_amount[i]
        s["day"] = days[i]
        s["price"] = price


@kernel
def price_changes(
    codes: I32,
    days: I32,
    positions: I64,
    delta_volume: I64,
    last_price: F64,
    past: Records,
    at: I64,
    x: F64,
    y: F64,
) -> None:
    """Change of price from one traded row to the next, and the change before it.

    Parameters
    ----------
    codes, days, positions
        (n,) symbol number (-1: leave the row alone), local date, time or number of the row.
    delta_volume, last_price
        (n,) what was traded (0 for null), and the price; 0 or NaN is none.
    past
        (symbols,) of PAST, updated in place.
    at, x
        (n,) x of NaN; written where both are known: the change before, and where it was.
    y
        (n,) written there: the change. O(1) a row.
    """
    for i in range(len(codes)):
        c = codes[i]
        price = last_price[i]
        if c < 0 or delta_volume[i] <= 0 or not 0 < price < np.inf:
            continue
        s = past[c]
        if s["day"] != days[i]:
            s["day"] = days[i]
            s["price"] = 0.0
            s["changed"] = 0
        if s["price"] > 0:
            change = price - s["price"]
            if s["changed"] != 0:
                at[i] = s["at"]
                x[i] = s["change"]
                y[i] = change
            s["changed"] = 1
            s["at"] = positions[i]
            s["change"] = change
        s["price"] = price


@kernel
def flows(
    codes: I32,
    days: I32,
    delta_volume: I64,
    side: I64,
    prices: F64,
    past: Records,
    x: F64,
    y: F64,
) -> None:
    """Signed volume, and the change of price since the symbol's row before.

    Parameters
    ----------
    codes, days
        (n,) symbol number (-1: leave the row alone), local date.
    delta_volume, side
        (n,) what was traded, and 1 (bought) or -1 (sold); 0 is unknown.
    prices
        (n,) 0 or NaN is none.
    past
        (symbols,) of PAST, updated in place.
    x, y
        (n,) x of NaN; written where both are known. O(1) a row.
    """
    for i in range(len(codes)):
        c = codes[i]
        price = prices[i]
        if c < 0 or not 0 < price < np.inf:
            continue
        s = past[c]
        if s["day"] == days[i] and s["price"] > 0 and delta_volume[i] > 0 and side[i] != 0:
            x[i] = float(side[i]) * float(delta_volume[i])
            y[i] = price - s["price"]
        s["day"] = days[i]
        s["price"] = price


@kernel
def _plus(total: float, low: float, value: float, value_low: float) -> tuple[float, float]:
    """Add to a sum in two parts; the low one takes what additions round away (Knuth's TwoSum)."""
    high = total + value
    back = high - total
    return high, low + (((total - (high - back)) + (value - back)) + value_low)


@kernel
def _set_apart(total: float, low: float) -> tuple[float, float]:
    """Sum of parts, and what it rounds away; of a `low` that is larger, no more than it may."""
    rounded = total + low
    return rounded, low - (rounded - total)


@kernel
def _centred(
    n: float, xy: float, xy_low: float, x: float, x_low: float, y: float, y_low: float
) -> float:
    """n·Σxy − Σx·Σy, of sums in two parts: what cancels is exact enough to be subtracted."""
    left, left_low = product(n, xy)
    right, right_low = product(x, y)
    total, low = _plus(left, left_low + n * xy_low, -right, -(right_low + x * y_low + x_low * y))
    return total + low


@kernel
def of_window(
    codes: I32,
    positions: I64,
    at: I64,
    x: F64,
    y: F64,
    width: int,
    statistic: int,
    state: Records,
    entries: Records,
    span: I64,
    result: F64,
) -> int:
    """Statistic of what was observed in (position − width, position].

    Parameters
    ----------
    codes, positions
        (n,) symbol number (-1: leave the row alone), time or number of the row.
    at, x, y
        (n,) what the row observes (x of NaN: nothing), and the position where that counts.
    width
        Of the window, as positions are.
    statistic
        0: mean of x. 1: slope of y on x. 2: 2·√(−cov(x, y)).
    state, entries, span
        (symbols,) of WINDOW, and a ``tickops._log.Log`` of ENTRY; updated in place.
    result
        (n,) written; NaN where the statistic is not defined.

    Returns
    -------
    int
        n when done, else the row where the log was full, to go on from when there is room.
        O(1) a row on average. In pandas: ``rolling(window).cov(pairwise=True)``.
    """
    n = len(codes)
    of_pairs = statistic != _MEAN  # sums that a statistic does not need stay 0
    mask = len(entries) - 1
    first = span[0]
    end = span[1]
    done = n
    for i in range(n):
        c = codes[i]
        result[i] = np.nan
        if c < 0:
            continue
        if end - first > mask:
            while first < end and entries[first & mask]["code"] == _NOBODY:
                first += 1
            if end - first > mask:
                done = i
                break
        s = state[c]
        # Fields in local variables: state and entries might overlap for all the compiler knows.
        length = s["length"]
        head = s["head"]
        steps = s["steps"]
        sx, sx_low, sy, sy_low = s["x"], s["x_low"], s["y"], s["y_low"]
        xy, xy_low, xx, xx_low = s["xy"], s["xy_low"], s["xx"], s["xx_low"]
        yy, yy_low = s["yy"], s["yy_low"]
        left = positions[i] - width
        while length > 0 and entries[head]["time_us"] <= left:
            oldest = entries[head]
            u = oldest["x"]
            v = oldest["y"]
            head = oldest["next"]
            oldest["code"] = _NOBODY
            length -= 1
            if length > 0:
                steps -= entries[head]["step"]
            sx, sx_low = _plus(sx, sx_low, -u, 0.0)
            if of_pairs:
                sy, sy_low = _plus(sy, sy_low, -v, 0.0)
                high, low = product(u, v)
                xy, xy_low = _plus(xy, xy_low, -high, -low)
                high, low = product(u, u)
                xx, xx_low = _plus(xx, xx_low, -high, -low)
                if statistic == _ROLL:
                    high, low = product(v, v)
                    yy, yy_low = _plus(yy, yy_low, -high, -low)
        if length == 0:
            sx, sx_low, sy, sy_low = 0.0, 0.0, 0.0, 0.0
            xy, xy_low, xx, xx_low = 0.0, 0.0, 0.0, 0.0
            yy, yy_low = 0.0, 0.0
            steps = 0
        if not np.isnan(x[i]) and at[i] > left:
            u = x[i]
            v = y[i]
            place = end & mask
            end += 1
            step = 0
            if length > 0:
                before = entries[s["tail"]]
                before["next"] = place
                if before["x"] != u:
                    step = 1
            else:
                head = place
            newest = entries[place]
            newest["time_us"] = at[i]
            newest["x"] = u
            newest["y"] = v
            newest["step"] = step
            newest["code"] = c
            s["tail"] = place
            steps += step
            length += 1
            sx, sx_low = _plus(sx, sx_low, u, 0.0)
            if of_pairs:
                sy, sy_low = _plus(sy, sy_low, v, 0.0)
                high, low = product(u, v)
                xy, xy_low = _plus(xy, xy_low, high, low)
                high, low = product(u, u)
                xx, xx_low = _plus(xx, xx_low, high, low)
                if statistic == _ROLL:
                    high, low = product(v, v)
                    yy, yy_low = _plus(yy, yy_low, high, low)
        sx, sx_low = _set_apart(sx, sx_low)
        sy, sy_low = _set_apart(sy, sy_low)
        xy, xy_low = _set_apart(xy, xy_low)
        xx, xx_low = _set_apart(xx, xx_low)
        yy, yy_low = _set_apart(yy, yy_low)
        s["length"] = length
        s["head"] = head
        s["steps"] = steps
        s["x"], s["x_low"], s["y"], s["y_low"] = sx, sx_low, sy, sy_low
        s["xy"], s["xy_low"], s["xx"], s["xx_low"] = xy, xy_low, xx, xx_low
        s["yy"], s["yy_low"] = yy, yy_low
        m = float(length)
        if statistic == _MEAN and length > 0:
            result[i] = (sx + sx_low) / m
        elif statistic == _SLOPE and steps > 0:
            spread = _centred(m, xx, xx_low, sx, sx_low, sx, sx_low)
            if spread > 0:
                result[i] = _centred(m, xy, xy_low, sx, sx_low, sy, sy_low) / spread
        elif statistic == _ROLL and length > 1:
            both = _centred(m, xy, xy_low, sx, sx_low, sy, sy_low)
            if both < -_NOTHING * m * math.sqrt(xx * yy):
                result[i] = 2 * math.sqrt(-both / (m * (m - 1.0)))
    span[0] = first
    span[1] = end
    return done
