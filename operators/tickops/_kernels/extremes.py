"""Smallest, largest, oldest and newest value of windows."""

import numpy as np

from tickops._arrays import F64, I32, I64, Bool, Records
from tickops._kernels._jit import kernel

__all__ = ["ENDS", "FIRST", "WINDOW", "best_so_far", "ends", "extremes", "move_all"]

WINDOW = np.dtype(
    [
        ("newer", np.float64),
        ("base", np.int64),
        ("room", np.int32),
        ("head", np.int32),
        ("size", np.int32),
        ("older", np.int32),
        ("newer_at", np.int32),
        ("nulls", np.int32),
    ]
)
"""By symbol: extreme of the newer part of its window; where its ring begins and how large it is,
0 for none yet; in the ring: the oldest row, how many there are, and of them in the older part;
where `newer` is; how many of them are null. Zeros for a symbol that has had no row."""

FIRST = 16
"""Room in the first ring of a symbol, a power of two."""

ENDS = np.dtype([("count", np.int64), ("first", np.float64), ("last", np.float64)])
"""By symbol: how many values are in the window, the oldest and the newest of them."""


@kernel
def _move(s: Records, kept: F64, at: I32, to_kept: F64, to_at: I32, base: int, room: int) -> None:
    """Move what is kept of a symbol to a ring elsewhere.

    Rings begin where their place in memory says, and not all with their first place: of symbols
    that come in turn the processor's cache could keep but few.
    """
    mask = s["room"] - 1
    to_mask = room - 1
    turn = (base // room * 8 & to_mask) - s["head"]
    for k in range(s["head"], s["head"] + s["size"]):
        to_kept[base + (k + turn & to_mask)] = kept[s["base"] + (k & mask)]
    if len(at) > 0:
        for k in range(s["head"], s["head"] + s["older"]):
            ago = at[s["base"] + (k & mask)] - k & mask
            to_at[base + (k + turn & to_mask)] = k + turn + ago & to_mask
        ago = s["newer_at"] - s["head"] & mask
        s["newer_at"] = s["head"] + turn + ago & to_mask
    s["base"] = base
    s["room"] = room
    s["head"] = s["head"] + turn


@kernel
def move_all(state: Records, kept: F64, at: I32, to_kept: F64, to_at: I32) -> int:
    """Move all rings to other arrays, one after another, each with room for one value more.

    Parameters
    ----------
    state, kept, at
        As in `extremes`.
    to_kept, to_at
        Written; there must be room. Returned is how much of them is in use. O(1) a value.
    """
    used = 0
    for c in range(len(state)):
        s = state[c]
        if s["room"] == 0:
            continue
        room = FIRST
        while room <= s["size"]:
            room *= 2
        _move(s, kept, at, to_kept, to_at, used, room)
        used += room
    return used


@kernel
def _age(kept: F64, at: I32, base: int, mask: int, head: int, size: int) -> None:
    """Make all of a window its older part."""
    best = np.inf
    best_at = 0
    for k in range(head + size - 1, head - 1, -1):
        j = base + (k & mask)
        if len(at) > 0:
            best_at = best_at if best < kept[j] else k & mask
            at[j] = best_at
        best = best if best < kept[j] else kept[j]
        kept[j] = best


@kernel
def extremes(
    codes: I32,
    x: F64,
    first_out: I32,
    outs: I32,
    following: I32,
    values: F64,
    sign: float,
    min_rows: int,
    state: Records,
    used: I64,
    kept: F64,
    at: I32,
    best: F64,
    ago: F64,
) -> int:
    """Smallest value over windows, or the largest.

    A window is a ring that falls into two parts. Of the newer one the extreme is known, and it
    changes as values are added; each place of the older one has the extreme from there to its
    end, so that it is known whatever leaves. When the older part has left, all there is becomes
    the older part, in one pass. There is no branch that depends on how values compare: of random
    ones, the processor guesses every other wrong.

    Parameters
    ----------
    codes, x
        (n,) symbol number (-1: leave the row alone), value, NaN for null.
    first_out, outs, following
        As ``windows.slide`` has them.
    values
        (capacity,) value by slot.
    sign
        1 for the smallest, -1 for the largest.
    min_rows
        With fewer values in the window the result is null.
    state
        (symbols,) of WINDOW, updated in place.
    used
        (1,) how much of `kept` rings take up; updated in place.
    kept, at
        (room,) rings: values, or extremes; where in its ring each of these is. Updated in place.
        `at` is empty where nobody asks.
    best, ago
        (n,) written: the extreme, and how many rows of the symbol ago it was, at first if it was
        more than once; NaN for null. `ago` is empty where nobody asks. In pandas:
        ``rolling(window).min()``.

    Returns
    -------
    How many rows were done: all, or those before the first that there is no room for. O(1) a row
    on average.
    """
    asked = len(ago) > 0
    for i in range(len(codes)):
        c = codes[i]
        if c < 0:
            best[i] = np.nan
            if asked:
                ago[i] = np.nan
            continue
        s = state[c]
        out = outs[i]
        size = s["size"] - out
        if size == s["room"]:
            room = max(2 * size, FIRST)
            if used[0] + room > len(kept):
                return i
            if size == 0:
                s["newer"] = np.inf
            _move(s, kept, at, kept, at, used[0], room)
            used[0] += room
        if s["nulls"] > 0:
            slot = first_out[i]
            for _ in range(out):
                s["nulls"] -= np.isnan(values[slot])
                slot = following[slot]
        base = s["base"]
        mask = s["room"] - 1
        head = s["head"] + out & mask
        older = s["older"] - out
        if older < 0:
            _age(kept, at, base, mask, head, size)
            s["newer"] = np.inf
            older = size
        newest = head + size & mask
        v = sign * x[i]
        if np.isnan(v):
            v = np.inf
            s["nulls"] += 1
        kept[base + newest] = v
        newer = s["newer"]
        if asked:
            s["newer_at"] = newest if v < newer else s["newer_at"]
        newer = v if v < newer else newer
        size += 1
        s["head"] = head
        s["size"] = size
        s["older"] = older
        s["newer"] = newer
        size -= s["nulls"]
        v = kept[base + head] if older > 0 else np.inf
        some = size >= min_rows and size > 0
        best[i] = sign * (newer if newer < v else v) if some else np.nan
        if asked:
            extreme = s["newer_at"] if newer < v else at[base + head]
            ago[i] = newest - extreme & mask if some else np.nan
    return len(codes)


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
