"""Which rows leave and enter the windows of their symbols."""

import numpy as np

from tickops._arrays import F64, I32, I64, U8, Bool, Records
from tickops._kernels._jit import kernel

__all__ = ["DAY", "STATE", "any_beyond", "by_arrival", "by_symbol", "new_days", "put", "slide"]

STATE = np.dtype(
    [
        ("rows", np.int64),
        ("length", np.int64),
        ("head", np.int32),
        ("tail", np.int32),
        ("day", np.int32),
        ("seen", np.int32),
    ]
)
"""By symbol: how many rows it has had, how many are in its window, oldest and newest; its day."""

DAY = np.dtype([("day", np.int32), ("seen", np.int32)])
"""By symbol: day of its newest row."""

_IN = 1
_LAST = 2


@kernel
def slide(
    codes: I32,
    times_us: I64,
    days: I32,
    window_us: int,
    window_rows: int,
    time: I64,
    following: I32,
    span: I64,
    state: Records,
    first_out: I32,
    outs: I32,
) -> None:
    """Put each row into the window of its symbol, and find the rows that leave it.

    Parameters
    ----------
    codes, times_us
        (n,) symbol number (-1: leave the row alone), epoch us, never falling within a symbol.
    days
        (n,) local date: a new day empties the window. Empty: days do not matter.
    window_us, window_rows
        Length of the window; one of them is 0.
    time, following
        (capacity,) of each slot: epoch us, slot of the symbol's next row. Written for the rows
        that come, one slot after another; n slots must be free.
    span
        (2,) first and end of the slots in use, counted on for ever; the end is updated in place.
    state
        (symbols,) of STATE, updated in place.
    first_out, outs
        (n,) written: slot of the oldest row that leaves, and how many leave: those that follow
        it. O(1) a row on average.
    """
    daily = len(days) > 0
    mask = len(time) - 1
    end = span[1]
    for i in range(len(codes)):
        c = codes[i]
        if c < 0:
            outs[i] = 0
            continue
        s = state[c]
        t = times_us[i]
        head = s["head"]
        length = s["length"]
        first_out[i] = head
        left = length
        if daily and s["seen"] != 0 and days[i] != s["day"]:
            left = 0
        elif window_us > 0:
            while left > 0 and time[head] <= t - window_us:
                head = following[head]
                left -= 1
        else:
            while left >= window_rows:
                head = following[head]
                left -= 1
        outs[i] = length - left
        slot = end & mask
        end += 1
        time[slot] = t
        if left > 0:
            following[s["tail"]] = slot
        else:
            head = slot
        s["rows"] += 1
        s["head"] = head
        s["tail"] = slot
        s["length"] = left + 1
        s["seen"] = 1
        if daily:
            s["day"] = days[i]
    span[1] = end


@kernel
def put(codes: I32, first: int, end: int, column: F64, values: F64) -> None:
    """Keep the values of a column, (n,), in the slots of their rows, (capacity,).

    Parameters
    ----------
    codes
        As in `slide`.
    first, end
        Of the span that `slide` gave to the rows. O(1) a row.
    """
    n = len(codes)
    mask = len(values) - 1
    if end - first == n:
        slot = first & mask
        some = min(n, len(values) - slot)
        values[slot : slot + some] = column[:some]
        values[: n - some] = column[some:]
        return
    slot = first
    for i in range(n):
        if codes[i] >= 0:
            values[slot & mask] = column[i]
            slot += 1


@kernel
def any_beyond(values: F64, largest: float) -> bool:
    """Whether one of (n,) values is as large, whatever its sign. O(1) a row."""
    found = False
    for i in range(len(values)):
        found |= abs(values[i]) >= largest
    return found


@kernel
def by_symbol(state: Records, following: I32, slots: I64) -> None:
    """Slots of the rows in all windows, (rows,), by symbol and oldest first. O(1) a row."""
    k = 0
    for c in range(len(state)):
        slot = state[c]["head"]
        for _ in range(state[c]["length"]):
            slots[k] = slot
            slot = following[slot]
            k += 1


@kernel
def by_arrival(state: Records, following: I32, span: I64, marks: U8, slots: I64) -> None:
    """Slots of the rows in all windows, (rows,), in the order in which they came.

    Parameters
    ----------
    state, following, span
        As in `slide`.
    marks
        (capacity,) zeros, overwritten. O(1) a slot in use, from one to the next: to follow each
        symbol's rows would be to wait for memory.
    """
    for c in range(len(state)):
        if state[c]["length"] > 0:
            marks[state[c]["tail"]] = _LAST
    for c in range(len(state)):
        if state[c]["length"] > 0:
            marks[state[c]["head"]] |= _IN
    mask = len(marks) - 1
    k = 0
    for place in range(span[0], span[1]):
        slot = place & mask
        if marks[slot] & _IN:
            slots[k] = slot
            k += 1
            if not marks[slot] & _LAST:
                marks[following[slot]] |= _IN


@kernel
def new_days(codes: I32, days: I32, state: Records, fresh: Bool) -> None:
    """Find the rows with which a symbol's trading day begins.

    Parameters
    ----------
    codes, days
        (n,) symbol number (-1: leave the row alone), local date.
    state
        (symbols,) of DAY, updated in place.
    fresh
        (n,) written. O(1) a row.
    """
    for i in range(len(codes)):
        fresh[i] = False
        c = codes[i]
        if c < 0:
            continue
        s = state[c]
        fresh[i] = s["seen"] == 0 or days[i] != s["day"]
        s["day"] = days[i]
        s["seen"] = 1
