"""Order flow imbalance between a symbol's books."""

import numpy as np

from tickops._arrays import F64, I32, Records
from tickops._kernels._jit import kernel

__all__ = ["STATE", "ofi"]

STATE = np.dtype([("day", np.int32), ("seen", np.int32)])
"""By symbol: trading day of its last row, and whether there is one."""

# Prices nearer to each other than this, relatively, are the same price: the rest is float noise.
_SAME = 1e-9
_BID, _ASK, _BID_VOLUME, _ASK_VOLUME = 0, 1, 2, 3


@kernel
def _compare(now: float, before: float) -> int:
    """-1, 0 or 1: the price is lower than before, the same, or higher."""
    if abs(now - before) <= _SAME * before:
        return 0
    return 1 if now > before else -1


@kernel
def ofi(
    codes: I32,
    days: I32,
    bids: F64,
    asks: F64,
    bid_volumes: F64,
    ask_volumes: F64,
    state: Records,
    books: F64,
    result: F64,
) -> None:
    """Order flow imbalance of each level against the symbol's row before.

    Parameters
    ----------
    codes, days
        (n,) symbol number (-1: leave the row alone), local date.
    bids, asks, bid_volumes, ask_volumes
        (n, levels) book, best first; price 0 or NaN is no level.
    state
        (symbols,) of STATE, updated in place.
    books
        (symbols, 4, levels) each symbol's last book: bids, asks, their volumes; updated in
        place.
    result
        (n, levels) written, volume; NaN on a symbol's first row of a day, and where a level is
        absent on a side now or before. O(levels) a row.
    """
    for i in range(len(codes)):
        c = codes[i]
        if c < 0:
            result[i, :] = np.nan
            continue
        s = state[c]
        # A late row that is included is of an earlier day, but comes in this one.
        new_day = s["seen"] == 0 or days[i] > s["day"]
        if new_day:
            s["day"] = days[i]
            s["seen"] = 1
        for k in range(bids.shape[1]):
            b = bids[i, k]
            a = asks[i, k]
            qb = bid_volumes[i, k]
            qa = ask_volumes[i, k]
            b0 = books[c, _BID, k]
            a0 = books[c, _ASK, k]
            flow = np.nan
            if not new_day and b > 0 and a > 0 and b0 > 0 and a0 > 0:
                bid = _compare(b, b0)
                ask = _compare(a, a0)
                flow = 0.0
                if bid >= 0:
                    flow += qb
                if bid <= 0:
                    flow -= books[c, _BID_VOLUME, k]
                if ask <= 0:
                    flow -= qa
                if ask >= 0:
                    flow += books[c, _ASK_VOLUME, k]
            result[i, k] = flow
            books[c, _BID, k] = b
            books[c, _ASK, k] = a
            books[c, _BID_VOLUME, k] = qb
            books[c, _ASK_VOLUME, k] = qa
