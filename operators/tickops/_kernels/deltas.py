"""What was traded between a symbol's rows."""

import numpy as np

from tickops._arrays import F64, I32, I64, U8, Bool, Records
from tickops._kernels._jit import kernel

__all__ = ["STATE", "deltas"]

STATE = np.dtype(
    [
        ("time_us", np.int64),
        ("volume", np.int64),
        ("amount", np.float64),
        ("connection", np.int64),
        ("day", np.int32),
        ("seen", np.int32),
    ]
)
"""By symbol: its newest time and day, and volume, amount and connection of its last row."""

_FIRST, _TRADE, _UNCHANGED, _NEW_DAY, _CORRECTION, _GAP = 0, 1, 2, 3, 4, 5
_UNKNOWN = 255
_INCLUDE = 2


@kernel
def deltas(
    codes: I32,
    times_us: I64,
    days: I32,
    volume: I64,
    volume_valid: Bool,
    amount: F64,
    connection: I64,
    units: I64,
    gap_us: int,
    late: int,
    state: Records,
    delta_volume: I64,
    delta_amount: F64,
    delta_price: F64,
    reason: U8,
    valid: Bool,
    keep: Bool,
) -> int:
    """Difference of cumulative volume and amount to the symbol's row before.

    Parameters
    ----------
    codes, times_us, days
        (n,) symbol number (-1: leave the row alone), epoch us, local date.
    volume, volume_valid, amount
        (n,) cumulative; a row with null volume (`volume_valid`, empty for all valid) or NaN
        amount is left alone.
    connection
        (n,) number of the connection, or empty.
    units
        Shares per unit of volume, by symbol.
    gap_us
        Silence longer than this is a gap.
    late
        0 drop, 1 raise, 2 include.
    state
        (symbols,) of STATE, updated in place.
    delta_volume, delta_amount, delta_price, reason
        (n,) written; prices in currency per share, NaN for null.
    valid
        (n,) of true; written false where `delta_volume` is null. `reason` is 255 for null.
    keep
        (n,) of true; written false for late rows to be dropped.

    Returns
    -------
    int
        The first late row if `late` is 1, else -1. O(1) a row. In Polars:
        ``pl.col("volume").diff().over("symbol")`` for the plain case.
    """
    check = len(volume_valid) > 0
    connected = len(connection) > 0
    for i in range(len(codes)):
        c = codes[i]
        v = volume[i]
        a = amount[i]
        dv = 0
        da = np.nan
        price = np.nan
        why = _UNKNOWN
        if c >= 0 and not np.isnan(a) and not (check and not volume_valid[i]):
            s = state[c]
            t = times_us[i]
            day = days[i]
            newest = s["time_us"]
            seen = s["seen"] != 0
            is_late = seen and t < newest
            if is_late:
                if late == 1:
                    return i
                keep[i] = late == _INCLUDE
                day = s["day"]
            if not is_late or late == _INCLUDE:
                if not seen:
                    why = _FIRST
                else:
                    dv = v
                    da = a
                    if day != s["day"]:
                        why = _NEW_DAY
                    else:
                        dv -= s["volume"]
                        da -= s["amount"]
                        if t - newest > gap_us or (connected and connection[i] != s["connection"]):
                            why = _GAP
                        elif dv < 0 or da < 0:
                            why = _CORRECTION
                        elif dv > 0 or da > 0:
                            why = _TRADE
                        else:
                            why = _UNCHANGED
                    if dv > 0:
                        price = da / (dv * units[c])
                s["volume"] = v
                s["amount"] = a
                if connected:
                    s["connection"] = connection[i]
                if not is_late:
                    s["time_us"] = t
                    s["day"] = day
                    s["seen"] = 1
        if why in (_FIRST, _UNKNOWN):
            valid[i] = False
        delta_volume[i] = dv
        delta_amount[i] = da
        delta_price[i] = price
        reason[i] = why
    return -1
