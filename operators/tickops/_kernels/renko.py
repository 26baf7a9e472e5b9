"""Bricks of a fixed height."""

import numpy as np

from tickops._arrays import F64, I32, I64, Bool, Records
from tickops._kernels._jit import kernel

__all__ = ["COUNTS", "OUT", "STATE", "push"]

STATE = np.dtype(
    [
        ("start_us", np.int64),
        ("volume", np.int64),
        ("edge", np.int64),
        ("high", np.int64),
        ("low", np.int64),
        ("amount", np.float64),
        ("amount_rest", np.float64),
        ("rows", np.int32),
        ("gap", np.int32),
        ("direction", np.int32),
        ("based", np.int32),
    ]
)
"""By symbol: where its last brick ended (`edge`) and which way it went (1 up, -1 down, 0 none yet),
and what has come since.

Prices are in millionths. `based`: there is an edge. `high`, `low`: of the prices since, the one
that made the last brick included. amount + amount_rest is a compensated sum.
"""

OUT = np.dtype(
    [
        ("start", np.int64),
        ("end", np.int64),
        ("volume", np.int64),
        ("open", np.float64),
        ("high", np.float64),
        ("low", np.float64),
        ("close", np.float64),
        ("amount", np.float64),
        ("vwap", np.float64),
        ("code", np.int32),
        ("day", np.int32),
        ("rows", np.int32),
        ("direction", np.uint8),
        ("partial", np.uint8),
        ("gap", np.uint8),
    ]
)
"""A brick: symbol number, local date, epoch us; NaN for null; `direction` 0 up, 1 down."""

COUNTS = ("outside", "null")
"""Why rows were left out, in the order of `counts`."""

_OUTSIDE, _NULL = 0, 1
_SCALE = 1e6
_HIGHEST = 9e12


@kernel
def _plus(amount: float, rest: float, value: float) -> tuple[float, float]:
    """Add to a compensated sum; `rest` takes what the addition rounds away (Knuth's TwoSum)."""
    total = amount + value
    back = total - amount
    rest += (amount - (total - back)) + (value - back)
    amount = total + rest
    return amount, rest - (amount - total)


@kernel
def _bricks(s: Records, price: int, brick: int) -> int:
    """How many bricks a price makes, those down as less than 0; a reversal takes two heights."""
    rise = price - s["edge"]
    if rise >= brick:
        return max(0, rise // brick - (1 if s["direction"] < 0 else 0))
    if -rise >= brick:
        return -max(0, -rise // brick - (1 if s["direction"] > 0 else 0))
    return 0


@kernel
def _first_edge(price: int, brick: int, anchor: int, anchored: bool) -> int:
    """Where the first brick begins: the first price, or the line of the grid nearest to it."""
    if not anchored:
        return price
    return anchor + (price - anchor + brick // 2) // brick * brick


@kernel
def _write(s: Records, c: int, unit: int, time_us: int, day: int, brick: int, o: Records) -> None:
    """Write a brick that goes `brick` further, and keep nothing of what came before its end."""
    begin = s["edge"]
    if (s["direction"] > 0 and brick < 0) or (s["direction"] < 0 and brick > 0):
        begin += brick
    end = begin + brick
    high = max(begin, end)
    low = min(begin, end)
    if s["rows"] != 0:
        high = max(high, s["high"])
        low = min(low, s["low"])
    volume = s["volume"]
    amount = s["amount"] + s["amount_rest"]
    o["code"] = c
    o["day"] = day
    o["start"] = s["start_us"]
    o["end"] = time_us
    o["open"] = begin / _SCALE
    o["high"] = high / _SCALE
    o["low"] = low / _SCALE
    o["close"] = end / _SCALE
    o["volume"] = volume
    o["amount"] = amount
    o["vwap"] = amount / (volume * unit) if volume > 0 else np.nan
    o["rows"] = s["rows"]
    o["direction"] = 0 if brick > 0 else 1
    o["partial"] = 0
    o["gap"] = s["gap"]
    s["edge"] = end
    s["direction"] = 1 if brick > 0 else -1
    _begin(s, time_us)


@kernel
def _begin(s: Records, time_us: int) -> None:
    """Nothing has come for the next brick of a symbol yet."""
    s["start_us"] = time_us
    s["volume"] = 0
    s["amount"] = 0.0
    s["amount_rest"] = 0.0
    s["rows"] = 0
    s["gap"] = 0


@kernel
def push(
    start: int,
    codes: I32,
    times_us: I64,
    days: I32,
    last_price: F64,
    delta_volume: I64,
    volume_valid: Bool,
    delta_amount: F64,
    gap: Bool,
    units: Records,
    brick: int,
    anchor: int,
    anchored: bool,
    state: Records,
    counts: I64,
    out: Records,
    written: I64,
) -> int:
    """Write the bricks that rows make.

    Parameters
    ----------
    start
        First row to look at: where an earlier call stopped.
    codes, times_us, days
        (n,) symbol number (-1: leave the row alone), epoch us and local date; they never fall
        within a symbol.
    last_price
        (n,) price, 0 or NaN for none.
    delta_volume, volume_valid, delta_amount
        (n,) what was traded; null (`volume_valid`, empty for all valid; NaN) adds nothing.
    gap
        (n,) whether the row comes after a gap; may be empty.
    units
        Shares per unit of volume, by symbol.
    brick, anchor, anchored
        Height and a line of the grid in millionths; without a grid it begins with the first
        price.
    state
        (symbols,) of STATE, updated in place.
    counts
        (2,) rows left out, as in COUNTS; updated in place.
    out, written
        (m,) of OUT, and (1,) how many are written.

    Returns
    -------
    int
        n when done, or the row for whose bricks `out` has no room, to go on from. O(1) a row
        and a brick.
    """
    check = len(volume_valid) > 0
    n = written[0]
    for i in range(start, len(codes)):
        c = codes[i]
        if c < 0:
            counts[_NULL] += 1
            continue
        s = state[c]
        dv = delta_volume[i]
        da = delta_amount[i]
        if not np.isfinite(da) or (check and not volume_valid[i]):
            dv = 0
            da = 0.0
        price = 0
        if dv > 0 and 0 < last_price[i] < _HIGHEST:
            price = int(np.floor(last_price[i] * _SCALE + 0.5))
        bricks = _bricks(s, price, brick) if price > 0 and s["based"] != 0 else 0
        if n + abs(bricks) > len(out):
            return i
        if s["rows"] == 0:
            if dv <= 0:
                if dv != 0 or da != 0:
                    counts[_OUTSIDE] += 1
                continue
            _begin(s, times_us[i])
        s["rows"] += 1
        if len(gap) > 0 and gap[i]:
            s["gap"] = 1
        s["volume"] += dv
        s["amount"], s["amount_rest"] = _plus(s["amount"], s["amount_rest"], da)
        if price == 0:
            continue
        if s["based"] == 0:
            s["based"] = 1
            s["edge"] = _first_edge(price, brick, anchor, anchored)
            s["high"] = price
            s["low"] = price
        for _ in range(abs(bricks)):
            step = brick if bricks > 0 else -brick
            _write(s, c, units[c], times_us[i], days[i], step, out[n])
            n += 1
        if bricks != 0:
            s["high"] = price
            s["low"] = price
        s["high"] = max(s["high"], price)
        s["low"] = min(s["low"], price)
        written[0] = n
    return len(codes)
