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
        ("length", np.int64),
        ("head", np.int32),
        ("tail", np.int32),
    ]
)
"""By symbol: newest time, sums, and its rows in the log: how many, the oldest, the newest."""

ENTRY = np.dtype(
    [
        ("time_us", np.int64),
        ("volume", np.int64),
        ("amount", np.float64),
        ("next", np.int32),
        ("code", np.int32),
    ]
)
"""A row in a window; see ``tickops._log``."""

_INCLUDE = 2
_NOBODY = -1


@kernel
def _plus(amount: float, rest: float, value: float) -> tuple[float, float]:
    """Add to a compensated sum; `rest` takes what the addition rounds away (Knuth's TwoSum)."""
    total = amount + value
    back = total - amount
    return total, rest + ((amount - (total - back)) + (value - back))


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
            total, rest = _plus(s["amount"], s["rest"], delta_amount[i])
            s["amount"] = total + rest
            s["rest"] = rest - (s["amount"] - total)
        if s["volume"] > 0:
            result[i] = (s["amount"] + s["rest"]) / (s["volume"] * units[c])
    return -1


@kernel
def of_window(
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
    span: I64,
    result: F64,
    keep: Bool,
) -> int:
    """VWAP of the rows in (t − window, t], or of the last rows.

    Parameters
    ----------
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
    state, entries, span
        (symbols,) of WINDOW, and a ``tickops._log.Log`` of ENTRY; updated in place.
    result
        (n,) written; NaN where nothing was traded in the window.
    keep
        (n,) of true; written false for late rows to be dropped.

    Returns
    -------
    int
        n when done; the row where the log was full, to go on from when there is room; or,
        if `late` is 1 and a row is late, -1 - row. O(1) a row on average. In Polars:
        ``rolling_sum_by("timestamp", window)`` of both, over the symbol, divided.
    """
    n = len(codes)
    check = len(volume_valid) > 0
    mask = len(entries) - 1
    first = span[0]
    end = span[1]
    done = n
    for i in range(n):
        c = codes[i]
        if c < 0:
            result[i] = np.nan
            continue
        if end - first > mask:
            while first < end and entries[first & mask]["code"] == _NOBODY:
                first += 1
            if end - first > mask:
                done = i
                break
        s = state[c]
        t = times_us[i]
        # Fields in local variables: state and entries might overlap for all the compiler knows.
        length = s["length"]
        if length > 0 and t < s["time_us"]:
            if late == 1:
                done = -1 - i
                break
            if late != _INCLUDE:
                keep[i] = False
                result[i] = np.nan
                continue
            t = s["time_us"]
        head = s["head"]
        volume = s["volume"]
        amount = s["amount"]
        rest = s["rest"]
        while length > 0:
            oldest = entries[head]
            if window_us > 0:
                if oldest["time_us"] > t - window_us:
                    break
            elif length < window_rows:
                break
            volume -= oldest["volume"]
            amount, rest = _plus(amount, rest, -oldest["amount"])
            head = oldest["next"]
            oldest["code"] = _NOBODY
            length -= 1
        if length == 0:
            volume = 0
            amount = 0.0
            rest = 0.0
        place = end & mask
        end += 1
        dv = delta_volume[i]
        da = delta_amount[i]
        if np.isnan(da) or (check and not volume_valid[i]):
            dv = 0
            da = 0.0
        newest = entries[place]
        newest["time_us"] = t
        newest["volume"] = dv
        newest["amount"] = da
        newest["code"] = c
        if length > 0:
            entries[s["tail"]]["next"] = place
        else:
            head = place
        volume += dv
        total, rest = _plus(amount, rest, da)
        amount = total + rest
        rest -= amount - total
        s["time_us"] = t
        s["head"] = head
        s["tail"] = place
        s["length"] = length + 1
        s["volume"] = volume
        s["amount"] = amount
        s["rest"] = rest
        result[i] = (amount + rest) / (volume * units[c]) if volume > 0 else np.nan
    span[0] = first
    span[1] = end
    return done
