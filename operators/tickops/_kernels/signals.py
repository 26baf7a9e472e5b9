"""Edges, levels with hysteresis, pauses: signals of a symbol's rows."""

import numpy as np

from tickops._arrays import F64, I32, I64, U8, Bool, Records
from tickops._kernels._jit import kernel

__all__ = ["DAY", "FIRED", "cooldown", "crossing", "first_of_day", "threshold"]

DAY = np.dtype([("day", np.int64), ("seen", np.int64)])
"""By symbol: day of its last row, and whether there was one."""

FIRED = np.dtype([("time_us", np.int64), ("seen", np.int64)])
"""By symbol: time of its last fired row, and whether there was one."""

_UP, _DOWN, _NOTHING = 0, 1, 255
_ABOVE, _BELOW = 1, 2
_ON, _OFF = 1, 2


@kernel
def crossing(codes: I32, a: F64, b: F64, sides: U8, result: U8) -> None:
    """Rows where a goes from below b to above it, or back.

    Parameters
    ----------
    codes
        (n,) symbol number; -1: leave the row alone.
    a, b
        (n,) NaN is null; `b` may be one value for all rows.
    sides
        (symbols,) 0 not known, 1 above, 2 below; updated in place.
    result
        (n,) written: 0 up, 1 down, 255 null. O(1) a row.
    """
    same = len(b) == 1
    for i in range(len(codes)):
        result[i] = _NOTHING
        c = codes[i]
        if c < 0:
            continue
        other = b[0] if same else b[i]
        if a[i] > other:
            if sides[c] == _BELOW:
                result[i] = _UP
            sides[c] = _ABOVE
        elif a[i] < other:
            if sides[c] == _ABOVE:
                result[i] = _DOWN
            sides[c] = _BELOW


@kernel
def threshold(
    codes: I32, values: F64, enter: float, leave: float, states: U8, on: Bool, known: Bool
) -> None:
    """A level with hysteresis.

    Parameters
    ----------
    codes
        (n,) symbol number; -1: leave the row alone.
    values
        (n,) NaN is null, and changes nothing.
    enter, leave
        On from `enter`, off from `leave`: upwards if `enter` is the greater, else downwards.
    states
        (symbols,) 0 not known, 1 on, 2 off; updated in place.
    on, known
        (n,) written: the state, and whether it is known. O(1) a row.
    """
    upwards = enter > leave
    for i in range(len(codes)):
        on[i] = False
        known[i] = False
        c = codes[i]
        if c < 0:
            continue
        x = values[i]
        if (upwards and x >= enter) or (not upwards and x <= enter):
            states[c] = _ON
        elif (upwards and x <= leave) or (not upwards and x >= leave):
            states[c] = _OFF
        on[i] = states[c] == _ON
        known[i] = states[c] > 0


@kernel
def cooldown(
    codes: I32, times_us: I64, is_set: Bool, time_us: int, state: Records, fired: Bool
) -> None:
    """Set signals that come long enough after the last that fired.

    Parameters
    ----------
    codes, times_us
        (n,) symbol number (-1: leave the row alone), epoch us.
    is_set
        (n,) the signal.
    time_us
        From one that fires to the next at least.
    state
        (symbols,) of FIRED, updated in place.
    fired
        (n,) written. O(1) a row.
    """
    for i in range(len(codes)):
        fired[i] = False
        c = codes[i]
        if c < 0 or not is_set[i]:
            continue
        s = state[c]
        t = times_us[i]
        if s["seen"] == 0 or t - s["time_us"] >= time_us:
            fired[i] = True
            s["time_us"] = t
            s["seen"] = 1


@kernel
def first_of_day(codes: I32, days: I32, state: Records, first: Bool) -> None:
    """The first row of a symbol on each local date.

    Parameters
    ----------
    codes, days
        (n,) symbol number (-1: leave the row alone), local date, never falling.
    state
        (symbols,) of DAY, updated in place.
    first
        (n,) written. O(1) a row. In Polars: ``is_first_distinct().over("symbol")`` of the date.
    """
    for i in range(len(codes)):
        first[i] = False
        c = codes[i]
        if c < 0:
            continue
        s = state[c]
        if s["seen"] == 0 or days[i] != s["day"]:
            first[i] = True
            s["day"] = days[i]
            s["seen"] = 1
