"""Smallest, largest, oldest and newest value of windows."""

import numpy as np

from tickops._arrays import F64, I32, I64, Bool, Records
from tickops._kernels._jit import kernel

__all__ = ["ENDS", "QUEUE", "best_so_far", "ends", "extremes"]

QUEUE = np.dtype([("size", np.int64), ("head", np.int32), ("tail", np.int32)])
"""By symbol: the rows that are or will be the extreme, oldest and newest of them."""

ENDS = np.dtype([("count", np.int64), ("first", np.float64), ("last", np.float64)])
"""By symbol: how many values are in the window, the oldest and the newest of them."""


@kernel
def extremes(
    codes: I32,
    x: F64,
    place: I32,
    first_out: I32,
    outs: I32,
    following: I32,
    number: I64,
    values: F64,
    sign: float,
    min_rows: int,
    before: I32,
    after: I32,
    count: I64,
    queue: Records,
    best: F64,
    ago: F64,
) -> None:
    """Smallest value over windows, or the largest.

    A queue by symbol holds the rows whose value no newer row beats: its head is the extreme.

    Parameters
    ----------
    codes, x
        (n,) symbol number (-1: leave the row alone), value, NaN for null.
    place, first_out, outs, following, number
        As ``windows.slide`` has them.
    values
        (capacity,) value by slot.
    sign
        1 for the smallest, -1 for the largest.
    min_rows
        With fewer values in the window the result is null.
    before, after
        (capacity,) neighbours in the queue by slot, written in place.
    count, queue
        (symbols,) values in the window, and of QUEUE; updated in place.
    best, ago
        (n,) written: the extreme, and how many rows of the symbol ago it was, at first if it was
        more than once; NaN for null. `ago` is empty where nobody asks: looking up the number of
        the row takes a sixth of the time. O(1) a row on average. In pandas:
        ``rolling(window).min()``.
    """
    asked = len(ago) > 0
    for i in range(len(codes)):
        best[i] = np.nan
        if asked:
            ago[i] = np.nan
        c = codes[i]
        if c < 0:
            continue
        q = queue[c]
        size = q["size"]
        slot = first_out[i]
        for _ in range(outs[i]):
            if not np.isnan(values[slot]):
                count[c] -= 1
                if size > 0 and slot == q["head"]:
                    q["head"] = after[slot]
                    size -= 1
            slot = following[slot]
        v = x[i]
        slot = place[i]
        if not np.isnan(v):
            count[c] += 1
            while size > 0 and sign * values[q["tail"]] > sign * v:
                q["tail"] = before[q["tail"]]
                size -= 1
            if size > 0:
                before[slot] = q["tail"]
                after[q["tail"]] = slot
            else:
                q["head"] = slot
            q["tail"] = slot
            size += 1
        q["size"] = size
        if size > 0 and count[c] >= min_rows:
            best[i] = values[q["head"]]
            if asked:
                ago[i] = number[slot] - number[q["head"]]


@kernel
def best_so_far(
    codes: I32,
    x: F64,
    fresh: Bool,
    sign: float,
    min_rows: int,
    count: I64,
    known: F64,
    best: F64,
) -> None:
    """Smallest value so far, or the largest (`sign` -1).

    Parameters
    ----------
    codes, x, fresh
        (n,) symbol number (-1: leave the row alone), value (NaN for null), and whether all before
        it is forgotten; or empty.
    count, known
        (symbols,) how many values there were, and the extreme; updated in place.
    best
        (n,) written; NaN for null. O(1) a row. In pandas: ``cummin``.
    """
    resets = len(fresh) > 0
    for i in range(len(codes)):
        best[i] = np.nan
        c = codes[i]
        if c < 0:
            continue
        if resets and fresh[i]:
            count[c] = 0
        v = x[i]
        if not np.isnan(v):
            if count[c] == 0 or sign * v < sign * known[c]:
                known[c] = v
            count[c] += 1
        if count[c] > 0 and count[c] >= min_rows:
            best[i] = known[c]


@kernel
def ends(
    codes: I32,
    x: F64,
    fresh: Bool,
    first_out: I32,
    outs: I32,
    following: I32,
    values: F64,
    min_rows: int,
    state: Records,
    first: F64,
    last: F64,
) -> None:
    """Oldest and newest value in the window.

    Parameters
    ----------
    codes, x, fresh
        As in `best_so_far`.
    first_out, outs, following, values
        As in `extremes`; `outs` is empty for windows that nothing leaves.
    min_rows
        With fewer values in the window the result is null.
    state
        (symbols,) of ENDS, updated in place.
    first, last
        (n,) written; NaN for null. O(1) a row on average.
    """
    sliding = len(outs) > 0
    resets = len(fresh) > 0
    for i in range(len(codes)):
        first[i] = np.nan
        last[i] = np.nan
        c = codes[i]
        if c < 0:
            continue
        s = state[c]
        if resets and fresh[i]:
            s["count"] = 0
        v = x[i]
        if sliding:
            slot = first_out[i]
            gone = False
            for _ in range(outs[i]):
                if not np.isnan(values[slot]):
                    s["count"] -= 1
                    gone = True
                slot = following[slot]
            # The oldest value left is at or after `slot`, where the window now begins.
            if gone and s["count"] > 0:
                while np.isnan(values[slot]):
                    slot = following[slot]
                s["first"] = values[slot]
        if not np.isnan(v):
            if s["count"] == 0:
                s["first"] = v
            s["last"] = v
            s["count"] += 1
        if s["count"] > 0 and s["count"] >= min_rows:
            first[i] = s["first"]
            last[i] = s["last"]
