"""Longer bars from shorter ones."""

import numpy as np

from tickops._arrays import F64, I32, I64, U8, Bool, Records
from tickops._kernels._jit import kernel

__all__ = ["COUNTS", "STATE", "advance", "finish", "push"]

STATE = np.dtype(
    [
        ("midnight_us", np.int64),
        ("newest_us", np.int64),
        ("end_us", np.int64),
        ("volume", np.int64),
        ("rows", np.int64),
        ("amount", np.float64),
        ("amount_rest", np.float64),
        ("open", np.float64),
        ("high", np.float64),
        ("low", np.float64),
        ("close", np.float64),
        ("rose_to", np.float64),
        ("fell_to", np.float64),
        ("day", np.int32),
        ("cursor", np.int32),
        ("seen", np.int32),
        ("bars", np.int32),
        ("rank", np.int32),
        ("gap", np.int16),
        ("partial", np.int16),
    ]
)
"""By symbol: its day, the first bar of it that is not closed (`cursor`), and what is in that.

`bars` of 0: nothing. Prices are 0 where there is none; they are those of bars of `rank`: 2 where
one traded, 1 where only sums moved, else 0. `rose_to`, `fell_to`: highs and lows of bars of rank 1
beyond their close. `end_us`: the latest end of a bar. amount + amount_rest is a compensated sum.
"""

COUNTS = ("late", "outside", "null")
"""Why bars were left out, in the order of `counts`."""

_LATE, _OUTSIDE, _NULL = 0, 1, 2
_RAISE, _INCLUDE = 1, 2


@kernel
def _plus(amount: float, rest: float, value: float) -> tuple[float, float]:
    """Add to a compensated sum; `rest` takes what the addition rounds away (Knuth's TwoSum)."""
    total = amount + value
    back = total - amount
    rest += (amount - (total - back)) + (value - back)
    amount = total + rest
    return amount, rest - (amount - total)


@kernel
def _write(s: Records, c: int, bar: Records, unit: int, cut: bool, o: Records) -> None:
    """Close the open bar of a symbol: write it to `o`, leave none open."""
    high = s["high"]
    low = s["low"]
    if high > 0 and s["rose_to"] > high:
        high = s["rose_to"]
    if low > 0 and 0 < s["fell_to"] < low:
        low = s["fell_to"]
    amount = s["amount"] + s["amount_rest"]
    o["code"] = c
    o["day"] = s["day"]
    o["start"] = s["midnight_us"] + bar["start"]
    o["end"] = s["midnight_us"] + bar["end"]
    o["open"] = s["open"] if s["open"] > 0 else np.nan
    o["high"] = high if high > 0 else np.nan
    o["low"] = low if low > 0 else np.nan
    o["close"] = s["close"] if s["close"] > 0 else np.nan
    o["volume"] = s["volume"]
    o["amount"] = amount
    o["vwap"] = amount / (s["volume"] * unit) if s["volume"] > 0 else np.nan
    o["rows"] = s["rows"]
    o["partial"] = 1 if s["partial"] != 0 or cut else 0
    o["gap"] = s["gap"]
    s["bars"] = 0


@kernel
def _begin(s: Records) -> None:
    """Open a bar of a symbol."""
    s["volume"] = 0
    s["rows"] = 0
    s["amount"] = 0.0
    s["amount_rest"] = 0.0
    s["rose_to"] = 0.0
    s["fell_to"] = 0.0
    s["rank"] = -1
    s["gap"] = 0
    s["partial"] = 0


@kernel
def _take(
    s: Records, open_: float, high: float, low: float, close: float, volume: int, amount: float
) -> None:
    """Put prices and sums of a bar into the open one of its symbol."""
    s["volume"] += volume
    s["amount"], s["amount_rest"] = _plus(s["amount"], s["amount_rest"], amount)
    rank = 2 if volume > 0 else (1 if volume != 0 or amount != 0 else 0)
    if rank > s["rank"]:
        s["rank"] = rank
        s["open"] = 0.0
        s["high"] = 0.0
        s["low"] = 0.0
        s["close"] = 0.0
    if rank == s["rank"]:
        if s["open"] == 0 and 0 < open_ < np.inf:
            s["open"] = open_
        if s["high"] < high < np.inf:
            s["high"] = high
        if 0 < low < np.inf:
            s["low"] = low if s["low"] == 0 else min(s["low"], low)
        if 0 < close < np.inf:
            s["close"] = close
    if rank == 1:
        if 0 < close < high < np.inf:
            s["rose_to"] = max(s["rose_to"], high)
        if 0 < low < close:
            s["fell_to"] = low if s["fell_to"] == 0 else min(s["fell_to"], low)


@kernel
def _passed(bars: Records, tod: int, guess: int) -> int:
    """How many of the day's bars end at or before a time of day."""
    if (
        guess < len(bars)
        and tod < bars[guess]["take_to"]
        and (guess == 0 or tod >= bars[guess - 1]["take_to"])
    ):
        return guess
    low = 0
    high = len(bars)
    while low < high:
        middle = (low + high) // 2
        if bars[middle]["take_to"] <= tod:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def push(
    codes: I32,
    starts_us: I64,
    ends_us: I64,
    days: I32,
    time_of_day_us: I64,
    open_: F64,
    high: F64,
    low: F64,
    close: F64,
    volume: I64,
    volume_valid: Bool,
    amount: F64,
    rows: I64,
    partial: Bool,
    gap: Bool,
    markets: U8,
    units: Records,
    bounds: I64,
    bars: Records,
    watermark_us: int,
    late: int,
    state: Records,
    order: I32,
    known: I64,
    counts: I64,
    out: Records,
) -> int:
    """Take bars into longer ones, and write those that they close.

    Parameters
    ----------
    codes, starts_us, ends_us
        (n,) symbol number (-1: null), and epoch us between which the bar lies.
    days, time_of_day_us
        (n,) local date of its start, and us since local midnight.
    open_, high, low, close
        (n,) prices, 0 or NaN for none.
    volume, volume_valid, amount
        (n,) what was traded; null (`volume_valid`, empty for all valid; NaN) adds nothing.
    rows
        (n,) rows that the bar is made of; empty: 1 each.
    partial, gap
        (n,) of the bar; may be empty.
    markets, units
        Market and shares per unit of volume, by symbol.
    bounds, bars
        A ``tickops._sessions.BarTable`` of the longer bars.
    watermark_us
        Newest time that `advance` was told: bars due by then are closed.
    late
        0 drop, 1 raise, 2 include.
    state
        (symbols,) of STATE, updated in place.
    order, known
        Symbols with a row so far, and (1,) how many; new ones are put to the end.
    counts
        (3,) bars left out, as in COUNTS; updated in place.
    out
        (2n,) of ``tickops._kernels.bars.OUT``: a bar closes two at most.

    Returns
    -------
    int
        How many bars are written; -1 - i where bar i is late and `late` is 1; -1 - n - i where
        bar i lies across the end of a longer one. O(1) a bar, and O(log bars) where it skips some.
    """
    n = 0
    count = len(codes)
    check = len(volume_valid) > 0
    for i in range(count):
        c = codes[i]
        if c < 0:
            counts[_NULL] += 1
            continue
        s = state[c]
        of_day = bars[bounds[markets[c]] : bounds[markets[c] + 1]]
        tod = time_of_day_us[i]
        tod_end = tod + (ends_us[i] - starts_us[i])
        day = days[i]
        midnight = starts_us[i] - tod
        at = _passed(of_day, tod, s["cursor"])
        inside = at < len(of_day) and of_day[at]["take_from"] <= tod
        if inside and tod < of_day[at]["end"] < tod_end:
            return -1 - count - i
        new_day = s["seen"] == 0 or day > s["day"]
        is_late = inside and (
            midnight + of_day[at]["due"] <= watermark_us
            if new_day
            else day < s["day"] or at < s["cursor"]
        )
        if is_late and late == _RAISE:
            return -1 - i
        left_out = is_late and late != _INCLUDE
        passes = new_day or (day == s["day"] and at > s["cursor"])
        if passes and s["bars"] != 0 and s["cursor"] < len(of_day):
            _write(s, c, of_day[s["cursor"]], units[c], False, out[n])
            n += 1
        if s["seen"] == 0:
            s["seen"] = 1
            order[known[0]] = c
            known[0] += 1
        if new_day:
            s["day"] = day
            s["midnight_us"] = midnight
            s["newest_us"] = starts_us[i]
        if passes:
            s["cursor"] = at
            while (
                s["cursor"] < len(of_day) and midnight + of_day[s["cursor"]]["due"] <= watermark_us
            ):
                s["cursor"] += 1
        s["newest_us"] = max(s["newest_us"], starts_us[i])
        if not inside:
            counts[_OUTSIDE] += 1
            continue
        if left_out or s["cursor"] >= len(of_day):
            counts[_LATE] += 1
            continue
        if s["bars"] == 0:
            _begin(s)
            s["end_us"] = ends_us[i]
        s["bars"] += 1
        s["end_us"] = max(s["end_us"], ends_us[i])
        s["rows"] += rows[i] if len(rows) > 0 else 1
        if len(partial) > 0 and partial[i]:
            s["partial"] = 1
        if len(gap) > 0 and gap[i]:
            s["gap"] = 1
        dv = volume[i]
        da = amount[i]
        if not np.isfinite(da) or (check and not volume_valid[i]):
            dv = 0
            da = 0.0
        _take(s, open_[i], high[i], low[i], close[i], dv, da)
        # The last one that can be in it: nothing is gained by waiting for the next.
        if day == s["day"] and at == s["cursor"] and tod_end >= of_day[at]["take_to"]:
            _write(s, c, of_day[at], units[c], False, out[n])
            n += 1
            s["cursor"] += 1
    return n


@kernel
def advance(
    now_us: int,
    markets: U8,
    units: Records,
    bounds: I64,
    bars: Records,
    state: Records,
    order: I32,
    known: I64,
    out: Records,
) -> int:
    """Close the bars that are due, in the order of `order`.

    Parameters and result are those of `push`; `now_us` is the time, `out` has room for a bar a
    symbol. O(symbols).
    """
    n = 0
    for k in range(known[0]):
        c = order[k]
        s = state[c]
        of_day = bars[bounds[markets[c]] : bounds[markets[c] + 1]]
        while s["cursor"] < len(of_day) and s["midnight_us"] + of_day[s["cursor"]]["due"] <= now_us:
            if s["bars"] != 0:
                _write(s, c, of_day[s["cursor"]], units[c], False, out[n])
                n += 1
            s["cursor"] += 1
    return n


@kernel
def finish(
    markets: U8,
    units: Records,
    bounds: I64,
    bars: Records,
    state: Records,
    order: I32,
    known: I64,
    out: Records,
) -> int:
    """Close the bars that are open; partial where no bar reaches their end.

    Parameters and result are those of `advance`.
    """
    n = 0
    for k in range(known[0]):
        c = order[k]
        s = state[c]
        of_day = bars[bounds[markets[c]] : bounds[markets[c] + 1]]
        if s["bars"] != 0 and s["cursor"] < len(of_day):
            bar = of_day[s["cursor"]]
            cut = s["end_us"] < s["midnight_us"] + bar["end"]
            _write(s, c, bar, units[c], cut, out[n])
            n += 1
    return n
