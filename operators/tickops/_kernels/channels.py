"""Rows of several channels in one stream: which row of another channel came last."""

import numpy as np

from tickops._arrays import I32, I64, Bool, Records
from tickops._kernels._jit import kernel

__all__ = ["NEWEST", "newest"]

NEWEST = np.dtype([("time_us", np.int64), ("newest_us", np.int64), ("seen", np.bool_)])
"""By symbol: time of the channel's row that came last, and the newest of all its times."""

_RAISE, _INCLUDE = 1, 2


@kernel
def newest(
    codes: I32,
    times_us: I64,
    mine: Bool,
    late: int,
    tolerance_us: int,
    state: Records,
    last_row: I64,
    rows: I64,
    slots: I64,
    keep: Bool,
    lasting: I64,
) -> int:
    """Find for each row the row of a channel that came last before it, of the same symbol.

    Parameters
    ----------
    codes, times_us
        (n,) symbol number (-1: none, or no time), epoch us.
    mine
        (n,) rows of the channel.
    late
        What becomes of rows of the channel older than its newest of the symbol: 0 drop, 1 raise,
        2 include.
    tolerance_us
        How much older it may be than the row, in exchange time; -1: however old.
    state
        (symbols,) of NEWEST, updated in place.
    last_row
        (symbols,) of -1, as which it is left.
    rows, slots
        (n,) written: row of the batch, else -1 and the symbol of which to take the row kept
        before the batch, else -1. A row of the channel finds itself.
    keep
        (n,) of true; written false for late rows that are dropped.
    lasting
        (n,) written: the rows of the channel that came last of their symbol.

    Returns
    -------
    int
        How many are `lasting`; if `late` is 1, -1 - row of the first late one. O(1) a row. In
        Polars: ``join_asof`` by symbol on the number of the row.
    """
    for i in range(len(codes)):
        c = codes[i]
        t = times_us[i]
        rows[i] = i if mine[i] else -1
        slots[i] = -1
        if c < 0:
            continue
        known = state[c]
        if mine[i]:
            if known["seen"] and t < known["newest_us"]:
                if late == _RAISE:
                    return -1 - i
                if late != _INCLUDE:
                    keep[i] = False
                    continue
            else:
                known["newest_us"] = t
            known["seen"] = True
            known["time_us"] = t
            last_row[c] = i
        elif known["seen"] and (tolerance_us < 0 or known["time_us"] >= t - tolerance_us):
            rows[i] = last_row[c]
            if rows[i] < 0:
                slots[i] = c
    count = 0
    for i in range(len(codes)):
        c = codes[i]
        if c >= 0 and mine[i] and last_row[c] == i:
            last_row[c] = -1
            lasting[count] = i
            count += 1
    return count
