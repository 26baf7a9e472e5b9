"""Volume-weighted average price: of the day, of a time window, of a number of rows."""

import numpy as np

from tickops._arrays import F64, I32, I64, Bool, Records
from tickops._kernels._jit import kernel

__all__ = ["DAY", "ENTRY", "WINDOW", "of_day", "of_window"]

DAY = np.dtype(
    [
        ("time_us", np.int64),
        ("volume", np.int64),
        ("amount", np.float64),
        ("rest", np.float64),
        ("day", np.int32),
        ("seen", np.int32),
    ]
)
"""By symbol: newest time and day, sums of the day; amount + rest is the compensated sum."""

WINDOW = np.dtype(
    [
        ("time_us", np.int64),
        ("volume", np.int64),
        ("amount", np.float64),
        ("rest", np.float64),
        ("base", np.int64),
        ("capacity", np.int64),
        ("head", np.int64),
        ("length", np.int64),
    ]
)
"""By symbol: newest time, sums, and where its ring of rows lies in the entries."""

ENTRY = np.dtype([("time_us", np.int64), ("volume", np.int64), ("amount", np.float64)])
"""A row in a window."""

_INCLUDE = 2
_SMALLEST = 16


@kernel
def _add(amount: float, rest: float, value: float) -> tuple[float, float]:
    """Add to a double-double sum: amount + rest is exact to about 1e-32 of the largest term."""
    total = amount + value
    back = total - amount
    rest += (amount - (total - back)) + (value - back)
    amount = total + rest
    return amount, rest - (amount - total)


@kernel
def of_day(
    codes: I32,
    times_us: I64,
    days: I32,
    delta_volume: I64,
    volume_valid: Bool,
    delta_amount: F64,
    base_volume: I64,
    base_amount: F64,
    units: I64,
    late: int,
    state: Records,
    result: F64,
    keep: Bool,
) -> int:
    """VWAP since the trading day began: ΣΔamount / (ΣΔvolume · unit).

    Parameters
    ----------
    codes, times_us, days
        (n,) symbol number (-1: leave the row alone), epoch us, local date.
    delta_volume, volume_valid, delta_amount
        (n,) what was traded; null (`volume_valid`, empty for all valid; NaN) adds nothing.
    base_volume, base_amount
        (n,) what the day had traded before the symbol's first row, where that is; NaN amounts
        elsewhere. Or empty.
    units
        Shares per unit of volume, by symbol.
    late
        0 drop, 1 raise, 2 include.
    state
        (symbols,) of DAY, updated in place.
    result
        (n,) written; NaN before the first trade.
    keep
        (n,) of true; written false for late rows to be dropped.

    Returns
    -------
    int
        The first late row if `late` is 1, else -1. O(1) a row.
    """
    check = len(volume_valid) > 0
    based = len(base_amount) > 0
    for i in range(len(codes)):
        result[i] = np.nan
        c = codes[i]
        if c < 0:
            continue
        s = state[c]
        t = times_us[i]
        seen = s["seen"] != 0
        if seen and t < s["time_us"]:
            if late == 1:
                return i
            if late != _INCLUDE:
                keep[i] = False
                continue
        else:
            s["time_us"] = t
            if not seen or days[i] != s["day"]:
                s["day"] = days[i]
                s["volume"] = 0
                s["amount"] = 0.0
                s["rest"] = 0.0
        s["seen"] = 1
        if based and not np.isnan(base_amount[i]):
            s["volume"] = base_volume[i]
            s["amount"] = base_amount[i]
            s["rest"] = 0.0
        if not np.isnan(delta_amount[i]) and not (check and not volume_valid[i]):
            s["volume"] += delta_volume[i]
            s["amount"], s["rest"] = _add(s["amount"], s["rest"], delta_amount[i])
        if s["volume"] > 0:
            result[i] = (s["amount"] + s["rest"]) / (s["volume"] * units[c])
    return -1


@kernel
def _reserve(s: Records, entries: Records, used: I64) -> bool:
    """Move a full ring to one of twice its size at the end of the entries, if there is room."""
    capacity = max(2 * s["capacity"], _SMALLEST)
    base = used[0]
    if base + capacity > len(entries):
        return False
    for k in range(s["length"]):
        entries[base + k] = entries[s["base"] + ((s["head"] + k) & (s["capacity"] - 1))]
    used[0] = base + capacity
    s["base"] = base
    s["capacity"] = capacity
    s["head"] = 0
    return True


@kernel
def of_window(
    start: int,
    codes: I32,
    times_us: I64,
    delta_volume: I64,
    volume_valid: Bool,
    delta_amount: F64,
    units: I64,
    window_us: int,
    window_rows: int,
    late: int,
    state: Records,
    entries: Records,
    used: I64,
    result: F64,
    keep: Bool,
) -> int:
    """VWAP of the rows in (t − window, t], or of the last rows.

    Parameters
    ----------
    start
        First row to look at: where an earlier call stopped.
    codes, times_us
        (n,) symbol number (-1: leave the row alone), epoch us.
    delta_volume, volume_valid, delta_amount
        (n,) what was traded; null (`volume_valid`, empty for all valid; NaN) adds nothing.
    units
        Shares per unit of volume, by symbol.
    window_us, window_rows
        Length of the window; one of them is 0.
    late
        0 drop, 1 raise, 2 include (as at the symbol's newest time).
    state, entries, used
        (symbols,) of WINDOW, the rings of ENTRY, and (1,) how many entries are given to rings,
        updated in place.
    result
        (n,) written; NaN where nothing was traded in the window.
    keep
        (n,) of true; written false for late rows to be dropped.

    Returns
    -------
    int
        n when done; the row where the entries were used up, to go on from when there are more; or,
        if `late` is 1 and a row is late, -1 - row. O(1) a row on average. In Polars:
        ``rolling_sum_by("timestamp", window)`` of both, over the symbol, divided.
    """
    n = len(codes)
    check = len(volume_valid) > 0
    for i in range(start, n):
        c = codes[i]
        if c < 0:
            result[i] = np.nan
            continue
        s = state[c]
        t = times_us[i]
        if t < s["time_us"] and s["capacity"] > 0:
            if late == 1:
                return -1 - i
            if late != _INCLUDE:
                keep[i] = False
                result[i] = np.nan
                continue
            t = s["time_us"]
        # Fields in local variables: state and entries might overlap for all the compiler knows.
        base = s["base"]
        mask = s["capacity"] - 1
        head = s["head"]
        length = s["length"]
        volume = s["volume"]
        amount = s["amount"]
        rest = s["rest"]
        while length > 0:
            oldest = entries[base + (head & mask)]
            if window_us > 0:
                if oldest["time_us"] > t - window_us:
                    break
            elif length < window_rows:
                break
            volume -= oldest["volume"]
            amount, rest = _add(amount, rest, -oldest["amount"])
            head += 1
            length -= 1
        if length == 0:
            volume = 0
            amount = 0.0
            rest = 0.0
        if length > mask:
            if not _reserve(s, entries, used):
                return i
            base = s["base"]
            mask = s["capacity"] - 1
            head = s["head"]
        dv = delta_volume[i]
        da = delta_amount[i]
        if np.isnan(da) or (check and not volume_valid[i]):
            dv = 0
            da = 0.0
        newest = entries[base + ((head + length) & mask)]
        newest["time_us"] = t
        newest["volume"] = dv
        newest["amount"] = da
        volume += dv
        amount, rest = _add(amount, rest, da)
        s["time_us"] = t
        s["head"] = head
        s["length"] = length + 1
        s["volume"] = volume
        s["amount"] = amount
        s["rest"] = rest
        result[i] = (amount + rest) / (volume * units[c]) if volume > 0 else np.nan
    return n
