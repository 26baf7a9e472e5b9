"""Which rows leave and enter the windows of their symbols."""

import numpy as np

from tickops._arrays import F64, I32, I64, Bool, Records
from tickops._kernels._jit import kernel

__all__ = ["DAY", "STATE", "new_days", "put", "release", "slide"]

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

_NOBODY = -1


@kernel
def slide(
    codes: I32,
    times_us: I64,
    days: I32,
    window_us: int,
    window_rows: int,
    time: I64,
    number: I64,
    following: I32,
    owner: I32,
    span: I64,
    state: Records,
    place: I32,
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
    time, number, following, owner
        (capacity,) of each slot: epoch us, the how manieth row of its symbol, slot of the
        symbol's next row, symbol number. Written for the rows that come; n slots must be free.
    span
        (2,) first and end of the slots in use, counted on for ever; updated in place.
    state
        (symbols,) of STATE, updated in place.
    place
        (n,) written: slot of the row, -1 for none.
    first_out, outs
        (n,) written: slot of the oldest row that leaves, and how many leave: those that follow
        it. O(1) a row on average.
    """
    daily = len(days) > 0
    mask = len(time) - 1
    end = span[1]
    for i in range(len(codes)):
        c = codes[i]
        outs[i] = 0
        if c < 0:
            place[i] = -1
            continue
        s = state[c]
        t = times_us[i]
        head = s["head"]
        length = s["length"]
        all_out = daily and s["seen"] != 0 and days[i] != s["day"]
        first_out[i] = head
        out = 0
        while length > 0:
            if not all_out:
                if window_us > 0:
                    if time[head] > t - window_us:
                        break
                elif length < window_rows:
                    break
            head = following[head]
            length -= 1
            out += 1
        outs[i] = out
        slot = end & mask
        end += 1
        time[slot] = t
        number[slot] = s["rows"]
        owner[slot] = c
        if length > 0:
            following[s["tail"]] = slot
        else:
            head = slot
        s["rows"] += 1
        s["head"] = head
        s["tail"] = slot
        s["length"] = length + 1
        s["seen"] = 1
        if daily:
            s["day"] = days[i]
        place[i] = slot
    span[1] = end


@kernel
def put(place: I32, column: F64, values: F64) -> None:
    """Keep the values of a column, (n,), in the slots of their rows, (capacity,). O(1) a row."""
    for i in range(len(place)):
        if place[i] >= 0:
            values[place[i]] = column[i]


@kernel
def release(first_out: I32, outs: I32, following: I32, owner: I32, span: I64) -> None:
    """Give back the slots of rows that left, once nobody asks for their values any more.

    Parameters and cost as in `slide`.
    """
    for i in range(len(outs)):
        slot = first_out[i]
        for _ in range(outs[i]):
            owner[slot] = _NOBODY
            slot = following[slot]
    mask = len(owner) - 1
    first = span[0]
    while first < span[1] and owner[first & mask] == _NOBODY:
        first += 1
    span[0] = first


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
