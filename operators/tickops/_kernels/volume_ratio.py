"""Volume of the day so far against that of the days before."""

import numpy as np

from tickops._arrays import F64, I32, I64, Bool, Records
from tickops._kernels._jit import kernel

__all__ = ["STATE", "volume_ratio"]

STATE = np.dtype(
    [
        ("volume", np.int64),
        ("total", np.int64),
        ("day", np.int32),
        ("place", np.int32),
        ("count", np.int32),
        ("whole", np.int32),
        ("seen", np.int32),
    ]
)
"""By symbol: volume of its day and whether all of it is known; where the next day goes in its
ring of days, how many there are, and the sum of their volumes."""


@kernel
def volume_ratio(
    codes: I32,
    days: I32,
    passed_us: I64,
    lengths_us: I64,
    delta_volume: I64,
    base_volume: I64,
    is_base: Bool,
    min_days: int,
    state: Records,
    past: I64,
    result: F64,
) -> None:
    """Volume per session time of the day so far, by the mean of the days before.

    Parameters
    ----------
    codes, days, passed_us
        (n,) symbol number (-1: leave the row alone), local date, session time of the day.
    lengths_us
        Session time of a whole day, by symbol.
    delta_volume
        (n,) what was traded; 0 for null.
    base_volume, is_base
        (n,) what the day had traded before the symbol's first row, where that is; or empty.
    min_days
        With fewer days before the result is null.
    state, past
        (symbols,) of STATE, and (symbols, days) their rings; updated in place.
    result
        (n,) written; NaN where not defined. O(1) a row.
    """
    based = len(is_base) > 0
    room = past.shape[1]
    for i in range(len(codes)):
        result[i] = np.nan
        c = codes[i]
        if c < 0:
            continue
        s = state[c]
        if s["seen"] == 0:
            s["seen"] = 1
            s["day"] = days[i]
        elif days[i] != s["day"]:
            if s["whole"] != 0 and s["volume"] > 0:
                place = s["place"]
                if s["count"] == room:
                    s["total"] -= past[c, place]
                else:
                    s["count"] += 1
                past[c, place] = s["volume"]
                s["total"] += s["volume"]
                s["place"] = place + 1 if place + 1 < room else 0
            s["day"] = days[i]
            s["volume"] = 0
            s["whole"] = 1
        if based and is_base[i]:
            s["volume"] = base_volume[i]
            s["whole"] = 1
        s["volume"] += delta_volume[i]
        if s["count"] >= min_days and s["volume"] >= 0 and passed_us[i] > 0:
            rate = s["volume"] / passed_us[i]
            result[i] = rate / (s["total"] / (float(s["count"]) * lengths_us[c]))
