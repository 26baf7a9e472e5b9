"""Trades that wait for the mid some time after them."""

import numpy as np

from tickops._arrays import F64, I32, I64, Records
from tickops._kernels._jit import kernel

__all__ = ["ENTRY", "OUT", "WAITING", "realise"]

WAITING = np.dtype(
    [
        ("mid", np.float64),
        ("length", np.int64),
        ("day", np.int32),
        ("head", np.int32),
        ("tail", np.int32),
    ]
)
"""By symbol: its last mid (0: none) and its day; its trades that wait: how many, the oldest,
the newest."""

ENTRY = np.dtype(
    [
        ("time_us", np.int64),
        ("price", np.float64),
        ("mid", np.float64),
        ("side", np.int32),
        ("next", np.int32),
        ("code", np.int32),
    ]
)
"""A trade that waits; see ``tickops._log``."""

OUT = np.dtype(
    [
        ("time_us", np.int64),
        ("price", np.float64),
        ("mid", np.float64),
        ("mid_after", np.float64),
        ("spread", np.float64),
        ("spread_bps", np.float64),
        ("side", np.int64),
        ("code", np.int32),
    ]
)
"""A trade whose time has come."""

_NOBODY = -1


@kernel
def realise(
    codes: I32,
    times_us: I64,
    days: I32,
    delta_price: F64,
    side: I64,
    mids: F64,
    after_us: int,
    state: Records,
    entries: Records,
    span: I64,
    out: Records,
    written: I64,
) -> int:
    """Let trades wait, and write those for which the time has come.

    Parameters
    ----------
    codes, times_us, days
        (n,) symbol number (-1: leave the row alone), epoch us, local date.
    delta_price, side, mids
        (n,) price of what was traded, 1 (bought) or -1 (sold), and mid; 0 or NaN is none.
    after_us
        How long trades wait.
    state, entries, span
        (symbols,) of WAITING, and a ``tickops._log.Log`` of ENTRY; updated in place.
    out
        (m,) of OUT, written; as long as all that waits and all rows together.
    written
        (2,) updated in place: how many of `out` were written; how many trades the end of their
        day has dropped.

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
    count = written[0]
    done = n
    for i in range(n):
        c = codes[i]
        if c < 0:
            continue
        if end - first > mask:
            while first < end and entries[first & mask]["code"] == _NOBODY:
                first += 1
            if end - first > mask:
                done = i
                break
        s = state[c]
        t = times_us[i]
        mid = mids[i]
        known = 0 < mid < np.inf
        length = s["length"]
        head = s["head"]
        if s["day"] != days[i]:
            s["day"] = days[i]
            s["mid"] = 0.0
            written[1] += length
            while length > 0:
                entries[head]["code"] = _NOBODY
                head = entries[head]["next"]
                length -= 1
        while length > 0 and entries[head]["time_us"] <= t - after_us:
            trade = entries[head]
            mid_after = s["mid"]
            if known and trade["time_us"] == t - after_us:
                mid_after = mid
            spread = 2 * trade["side"] * (trade["price"] - mid_after)
            o = out[count]
            o["time_us"] = trade["time_us"]
            o["price"] = trade["price"]
            o["mid"] = trade["mid"]
            o["mid_after"] = mid_after
            o["spread"] = spread
            o["spread_bps"] = 10_000 * spread / trade["mid"]
            o["side"] = trade["side"]
            o["code"] = c
            count += 1
            trade["code"] = _NOBODY
            head = trade["next"]
            length -= 1
        if known:
            s["mid"] = mid
            price = delta_price[i]
            if 0 < price < np.inf and side[i] != 0:
                place = end & mask
                end += 1
                newest = entries[place]
                newest["time_us"] = t
                newest["price"] = price
                newest["mid"] = mid
                newest["side"] = side[i]
                newest["code"] = c
                if length > 0:
                    entries[s["tail"]]["next"] = place
                else:
                    head = place
                s["tail"] = place
                length += 1
        s["head"] = head
        s["length"] = length
    span[0] = first
    span[1] = end
    written[0] = count
    return done
