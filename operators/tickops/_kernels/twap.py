"""Time-weighted average price: of the day, of a time window."""

import numpy as np

from tickops._arrays import F64, I32, I64, Records
from tickops._kernels._jit import kernel

__all__ = ["DAY", "ENTRY", "WINDOW", "of_day", "of_window"]

DAY = np.dtype(
    [
        ("passed", np.int64),
        ("width", np.int64),
        ("sum", np.float64),
        ("rest", np.float64),
        ("price", np.float64),
        ("day", np.int32),
        ("seen", np.int32),
    ]
)
"""By symbol: session time and price of its newest row; time and price · time of its day."""

WINDOW = np.dtype(
    [
        ("width", np.int64),
        ("sum", np.float64),
        ("rest", np.float64),
        ("length", np.int64),
        ("head", np.int32),
        ("tail", np.int32),
        ("day", np.int32),
    ]
)
"""By symbol: its prices in the log (how many, the oldest, the newest), the day of the newest;
time and price · time of all but the oldest, of which a part may have left the window."""

ENTRY = np.dtype(
    [
        ("time_us", np.int64),
        ("until_us", np.int64),
        ("price", np.float64),
        ("next", np.int32),
        ("code", np.int32),
    ]
)
"""A price (0: none), and from when to when it holds, in session time counted on from day to day.

See ``tickops._log``.
"""

_NOBODY = -1


@kernel
def _plus(total: float, rest: float, value: float) -> tuple[float, float]:
    """Add to a compensated sum; `rest` takes what the addition rounds away (Knuth's TwoSum)."""
    high = total + value
    back = high - total
    low = rest + ((total - (high - back)) + (value - back))
    rounded = high + low
    return rounded, low - (rounded - high)


@kernel
def of_day(codes: I32, days: I32, passed_us: I64, prices: F64, state: Records, result: F64) -> None:
    """TWAP since the trading day began: Σp·Δt / ΣΔt.

    Parameters
    ----------
    codes, days, passed_us
        (n,) symbol number (-1: leave the row alone), local date, session time of the day.
    prices
        (n,) what is not above 0, or not finite, is none.
    state
        (symbols,) of DAY, updated in place.
    result
        (n,) written; NaN while no price has held for any time. O(1) a row.
    """
    for i in range(len(codes)):
        result[i] = np.nan
        c = codes[i]
        if c < 0:
            continue
        s = state[c]
        now = passed_us[i]
        if s["seen"] == 0 or days[i] != s["day"]:
            s["seen"] = 1
            s["day"] = days[i]
            s["width"] = 0
            s["sum"] = 0.0
            s["rest"] = 0.0
        elif s["price"] > 0 and now > s["passed"]:
            width = now - s["passed"]
            s["width"] += width
            s["sum"], s["rest"] = _plus(s["sum"], s["rest"], s["price"] * width)
        s["passed"] = now
        s["price"] = prices[i] if 0 < prices[i] < np.inf else 0.0
        if s["width"] > 0:
            result[i] = (s["sum"] + s["rest"]) / s["width"]


@kernel
def of_window(
    codes: I32,
    days: I32,
    passed_us: I64,
    left_days: I32,
    left_passed_us: I64,
    lengths_us: I64,
    prices: F64,
    state: Records,
    entries: Records,
    span: I64,
    result: F64,
) -> int:
    """TWAP of the session time in (t − window, t].

    Parameters
    ----------
    codes, days, passed_us
        (n,) symbol number (-1: leave the row alone), local date, session time of the day.
    left_days, left_passed_us
        (n,) the same of the window's left end.
    lengths_us
        Session time of a whole day, by symbol.
    prices
        (n,) what is not above 0, or not finite, is none.
    state, entries, span
        (symbols,) of WINDOW, and a ``tickops._log.Log`` of ENTRY; updated in place.
    result
        (n,) written; NaN where no price held for any time of the window.

    Returns
    -------
    int
        n when done, else the row where the log was full, to go on from when there is room.
        O(1) a row on average.
    """
    n = len(codes)
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
        width = s["width"]
        total = s["sum"]
        rest = s["rest"]
        now = days[i] * lengths_us[c] + passed_us[i]
        price = prices[i] if 0 < prices[i] < np.inf else 0.0
        same_day = False
        if length > 0:
            newest = entries[s["tail"]]
            same_day = s["day"] == days[i]
            now = max(now, newest["time_us"])  # a clock that is put back does not run backwards
            # A price ends with its day: nobody trades at it over night.
            until = now if same_day else (s["day"] + 1) * lengths_us[c]
            newest["until_us"] = until
            if length > 1 and newest["price"] > 0:
                more = until - newest["time_us"]
                width += more
                total, rest = _plus(total, rest, newest["price"] * more)
        if same_day and entries[s["tail"]]["time_us"] == now:
            entries[s["tail"]]["price"] = price
        else:
            place = end & mask
            end += 1
            newest = entries[place]
            newest["time_us"] = now
            newest["until_us"] = now
            newest["price"] = price
            newest["code"] = c
            if length > 0:
                entries[s["tail"]]["next"] = place
            else:
                head = place
            s["tail"] = place
            length += 1
        left = left_days[i] * lengths_us[c] + left_passed_us[i]
        while length > 1 and entries[head]["until_us"] <= left:
            entries[head]["code"] = _NOBODY
            head = entries[head]["next"]
            length -= 1
            if entries[head]["price"] > 0:
                less = entries[head]["until_us"] - entries[head]["time_us"]
                width -= less
                total, rest = _plus(total, rest, -entries[head]["price"] * less)
        if length == 1:
            width = 0
            total = 0.0
            rest = 0.0
        s["day"] = days[i]
        s["length"] = length
        s["head"] = head
        s["width"] = width
        s["sum"] = total
        s["rest"] = rest
        oldest = entries[head]
        part = max(oldest["until_us"] - max(oldest["time_us"], left), 0)
        if oldest["price"] > 0 and part > 0:
            width += part
            total, rest = _plus(total, rest, oldest["price"] * part)
        if width > 0:
            result[i] = (total + rest) / width
    span[0] = first
    span[1] = end
    return done
