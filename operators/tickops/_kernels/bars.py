"""Time bars from rows."""

import numpy as np

from tickops._arrays import F64, I32, I64, U8, Bool, Records, Scalar
from tickops._kernels._jit import kernel

__all__ = ["COUNTS", "OUT", "STATE", "advance", "finish", "push"]

STATE = np.dtype(
    [
        ("midnight_us", np.int64),
        ("newest_us", np.int64),
        ("volume", np.int64),
        ("open", np.float64),
        ("high", np.float64),
        ("low", np.float64),
        ("close", np.float64),
        ("amount", np.float64),
        ("rose_to", np.float64),
        ("fell_to", np.float64),
        ("day_high", np.float64),
        ("day_low", np.float64),
        ("last_close", np.float64),
        ("fill_price", np.float64),
        ("rows", np.int32),
        ("day", np.int32),
        ("cursor", np.int32),
        ("seen", np.int32),
        ("traded", np.int32),
        ("flowed", np.int32),
        ("gap", np.int32),
        ("partial", np.int32),
    ]
)
"""By symbol: its day, the first bar of it that is not closed (`cursor`), and what is in that.

Prices are 0 where there is none. `flowed`: volume or amount moved. `rose_to`, `fell_to`: the
day's high or low where it moved within the bar. `fill_price`: price of a bar without trades.
"""

OUT = np.dtype(
    [
        ("start", np.int64),
        ("end", np.int64),
        ("volume", np.int64),
        ("open", np.float64),
        ("high", np.float64),
        ("low", np.float64),
        ("close", np.float64),
        ("amount", np.float64),
        ("vwap", np.float64),
        ("code", np.int32),
        ("day", np.int32),
        ("rows", np.int32),
        ("partial", np.int16),
        ("gap", np.int16),
    ]
)
"""A closed bar: symbol number, local date, epoch us; NaN for null."""

COUNTS = ("late", "outside", "null")
"""Why rows were left out, in the order of `counts`."""

_LATE, _OUTSIDE, _NULL = 0, 1, 2
_RAISE, _INCLUDE = 1, 2
_GAP = 5
_FIRST, _LAST, _MIN, _MAX, _SUM, _REST, _COUNT = 0, 1, 2, 3, 4, 5, 6


@kernel
def _clear(s: Records, totals: F64, c: int) -> None:
    """Empty the open bar of a symbol."""
    s["volume"] = 0
    s["rows"] = 0
    s["amount"] = 0.0
    s["rose_to"] = 0.0
    s["fell_to"] = 0.0
    s["traded"] = 0
    s["flowed"] = 0
    s["gap"] = 0
    s["partial"] = 0
    for k in range(totals.shape[1]):
        for j in range(totals.shape[2]):
            totals[c, k, j] = 0.0


@kernel
def _close(
    s: Records,
    totals: F64,
    c: int,
    bar: Records,
    unit: int,
    fill: bool,
    cut: bool,
    out: Records,
    out_totals: F64,
    n: int,
) -> int:
    """Close the open bar of a symbol: write it if it is one, empty it, step on.

    Returns the number of bars written by now, or -1 if there is no room for another.
    """
    price = s["last_close"]
    written = s["traded"] != 0 or s["flowed"] != 0
    if not written and fill and s["fill_price"] > 0:
        price = s["fill_price"]
        written = True
    if written:
        if n == len(out):
            return -1
        o = out[n]
        o["code"] = c
        o["day"] = s["day"]
        o["start"] = s["midnight_us"] + bar["start"]
        o["end"] = s["midnight_us"] + bar["end"]
        if s["traded"] != 0:
            o["open"] = s["open"]
            o["high"] = s["high"]
            o["low"] = s["low"]
            o["close"] = s["close"]
        else:
            if not price > 0:
                price = np.nan
            o["open"] = price
            o["high"] = price
            o["low"] = price
            o["close"] = price
        if s["traded"] != 0 or s["flowed"] != 0:
            if s["rose_to"] > o["high"]:
                o["high"] = s["rose_to"]
            if 0 < s["fell_to"] < o["low"]:
                o["low"] = s["fell_to"]
        o["volume"] = s["volume"]
        o["amount"] = s["amount"]
        o["vwap"] = s["amount"] / (s["volume"] * unit) if s["volume"] > 0 else np.nan
        o["rows"] = s["rows"]
        o["partial"] = 1 if s["partial"] != 0 or cut else 0
        o["gap"] = s["gap"]
        for k in range(totals.shape[1]):
            for j in range(totals.shape[2]):
                out_totals[n, k, j] = totals[c, k, j]
        n += 1
    _clear(s, totals, c)
    s["cursor"] += 1
    return n


@kernel
def _passed(bars: Records, first: Scalar, count: Scalar, tod: Scalar) -> int:
    """How many of the `count` bars of a day, from `first` on, end at or before a time of day."""
    low = 0
    high = count
    while low < high:
        middle = (low + high) // 2
        if bars[first + middle]["take_to"] <= tod:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def _take(s: Records, price: float, dv: int, da: float, is_null: bool, is_gap: bool) -> None:
    """Put a row into the open bar of its symbol."""
    s["rows"] += 1
    if is_gap:
        s["gap"] = 1
    if not is_null:
        s["volume"] += dv
        s["amount"] += da
        if dv != 0 or da != 0:
            s["flowed"] = 1
        if dv > 0 and price > 0:
            if s["traded"] == 0:
                s["traded"] = 1
                s["open"] = price
                s["high"] = price
                s["low"] = price
            s["high"] = max(s["high"], price)
            s["low"] = min(s["low"], price)
            s["close"] = price
            s["last_close"] = price
            s["fill_price"] = price


@kernel
def _aggregate(totals: F64, c: int, values: F64, i: int) -> None:
    """Put the values of a row into the totals of its symbol."""
    for k in range(len(values)):
        v = values[k, i]
        if np.isnan(v):
            continue
        if totals[c, k, _COUNT] == 0:
            totals[c, k, _FIRST] = v
            totals[c, k, _MIN] = v
            totals[c, k, _MAX] = v
        totals[c, k, _LAST] = v
        totals[c, k, _MIN] = min(totals[c, k, _MIN], v)
        totals[c, k, _MAX] = max(totals[c, k, _MAX], v)
        before = totals[c, k, _SUM]
        total = before + v
        back = total - before
        totals[c, k, _REST] += (before - (total - back)) + (v - back)
        totals[c, k, _SUM] = total
        totals[c, k, _COUNT] += 1


@kernel
def _move_extremes(s: Records, high: float, low: float, is_null: bool, taken: Scalar) -> None:
    """Note the day's high and low, and in the open bar where they moved."""
    if high > 0:
        if taken and not is_null and high > s["day_high"]:
            s["rose_to"] = max(s["rose_to"], high)
        s["day_high"] = high
    if low > 0:
        if taken and not is_null and (s["day_low"] == 0 or low < s["day_low"]):
            s["fell_to"] = low if s["fell_to"] == 0 else min(s["fell_to"], low)
        s["day_low"] = low


@kernel
def push(
    start: int,
    codes: I32,
    times_us: I64,
    days: I32,
    time_of_day_us: I64,
    last_price: F64,
    high: F64,
    low: F64,
    prev_close: F64,
    delta_volume: I64,
    volume_valid: Bool,
    delta_amount: F64,
    reason: U8,
    values: F64,
    markets: U8,
    units: Records,
    bounds: I64,
    bars: Records,
    watermark_us: int,
    late: int,
    fill: bool,
    state: Records,
    totals: F64,
    order: I32,
    known: I64,
    counts: I64,
    out: Records,
    out_totals: F64,
    written: I64,
) -> int:
    """Take rows into bars, and write the bars that they close.

    Parameters
    ----------
    start
        First row to look at: where an earlier call stopped.
    codes, times_us, days, time_of_day_us
        (n,) symbol number (-1: null), epoch us, local date, us since local midnight.
    last_price, high, low, prev_close
        (n,) prices, 0 or NaN for none; `prev_close` may be empty.
    delta_volume, volume_valid, delta_amount, reason
        (n,) what was traded; null (`volume_valid`, empty for all valid; NaN) is a baseline.
        `reason` 5 is a gap; may be empty.
    values
        (columns, n) to be aggregated, NaN for null.
    markets, units
        Market and shares per unit of volume, by symbol.
    bounds, bars
        A ``tickops._sessions.BarTable``.
    watermark_us
        Newest time that `advance` was told: bars due by then are closed.
    late
        0 drop, 1 raise, 2 include.
    fill
        Write bars without trades too.
    state, totals
        (symbols,) of STATE and (symbols, columns, 7), updated in place.
    order, known
        Symbols with a row so far, and (1,) how many; new ones are put to the end.
    counts
        (3,) rows left out, as in COUNTS; updated in place.
    out, out_totals, written
        (m,) of OUT, (m, columns, 7), and (1,) how many are written.

    Returns
    -------
    int
        n when done; the row where `out` was full, to go on from; -1 - row where that row is late
        and `late` is 1. O(1) a row, and O(log bars) where a row skips bars.
    """
    n = len(codes)
    check = len(volume_valid) > 0
    for i in range(start, n):
        c = codes[i]
        if c < 0:
            counts[_NULL] += 1
            continue
        s = state[c]
        # Not a part of `bars`: to make one for each row costs 3 ns.
        first = bounds[markets[c]]
        of_day = bounds[markets[c] + 1] - first
        tod = time_of_day_us[i]
        day = days[i]
        midnight = times_us[i] - tod
        at = s["cursor"]  # as a rule the row is of the bar that is open
        if not (
            at < of_day
            and tod < bars[first + at]["take_to"]
            and (at == 0 or tod >= bars[first + at - 1]["take_to"])
        ):
            at = _passed(bars, first, of_day, tod)
        inside = at < of_day and bars[first + at]["take_from"] <= tod
        new_day = s["seen"] == 0 or day > s["day"]
        is_late = inside and (
            midnight + bars[first + at]["due"] <= watermark_us
            if new_day
            else day < s["day"] or at < s["cursor"]
        )
        if is_late and late == _RAISE:
            return -1 - i
        left_out = is_late and late != _INCLUDE
        if s["seen"] != 0 and times_us[i] < s["newest_us"]:
            # Older than what the symbol has shown: it says nothing new of the day either.
            if left_out:
                counts[_LATE] += 1
                continue
            if not inside and day < s["day"]:
                counts[_OUTSIDE] += 1
                continue

        # Close what the row passes; a full `out` leaves a state from which to go on.
        if new_day:
            to = of_day if s["seen"] != 0 else 0
        else:
            to = at if day == s["day"] else s["cursor"]
        while s["cursor"] < to:
            if not fill and s["rows"] == 0:
                s["cursor"] = to
                break
            w = _close(
                s,
                totals,
                c,
                bars[first + s["cursor"]],
                units[c],
                fill,
                False,
                out,
                out_totals,
                written[0],
            )
            if w < 0:
                return i
            written[0] = w

        if new_day:
            if s["seen"] == 0:
                s["seen"] = 1
                order[known[0]] = c
                known[0] += 1
            _clear(s, totals, c)
            s["day"] = day
            s["midnight_us"] = midnight
            s["newest_us"] = times_us[i]
            s["day_high"] = 0.0
            s["day_low"] = 0.0
            s["fill_price"] = s["last_close"]
            if len(prev_close) > 0 and prev_close[i] > 0:
                s["fill_price"] = prev_close[i]
            while at < of_day and midnight + bars[first + at]["due"] <= watermark_us:
                at += 1
            s["cursor"] = at
            if inside and not is_late and tod > bars[first + at]["whole_by"]:
                s["partial"] = 1
        is_null = np.isnan(delta_amount[i]) or (check and not volume_valid[i])
        taken = inside and not left_out and s["cursor"] < of_day
        if not inside:
            counts[_OUTSIDE] += 1
        elif not taken:
            counts[_LATE] += 1
        s["newest_us"] = max(s["newest_us"], times_us[i])
        _move_extremes(s, high[i], low[i], is_null, taken)
        if taken:
            is_gap = len(reason) > 0 and reason[i] == _GAP
            _take(s, last_price[i], delta_volume[i], delta_amount[i], is_null, is_gap)
            if len(values) > 0:
                _aggregate(totals, c, values, i)
    return n


@kernel
def advance(
    start: int,
    now_us: int,
    markets: U8,
    units: Records,
    bounds: I64,
    bars: Records,
    fill: bool,
    state: Records,
    totals: F64,
    order: I32,
    known: I64,
    out: Records,
    out_totals: F64,
    written: I64,
) -> int:
    """Close the bars that are due.

    Parameters
    ----------
    start
        Where in `order` to begin: where an earlier call stopped.
    now_us
        The time now, epoch us.
    markets, units, bounds, bars, fill, state, totals, order, known, out, out_totals, written
        As in `push`.

    Returns
    -------
    int
        ``known[0]`` when done, or where in `order` `out` was full. O(symbols).
    """
    for k in range(start, known[0]):
        c = order[k]
        s = state[c]
        first = bounds[markets[c]]
        of_day = bounds[markets[c] + 1] - first
        while s["cursor"] < of_day:
            if s["midnight_us"] + bars[first + s["cursor"]]["due"] > now_us:
                break
            w = _close(
                s,
                totals,
                c,
                bars[first + s["cursor"]],
                units[c],
                fill,
                False,
                out,
                out_totals,
                written[0],
            )
            if w < 0:
                return k
            written[0] = w
    return known[0]


@kernel
def finish(
    start: int,
    markets: U8,
    units: Records,
    bounds: I64,
    bars: Records,
    fill: bool,
    state: Records,
    totals: F64,
    order: I32,
    known: I64,
    out: Records,
    out_totals: F64,
    written: I64,
) -> int:
    """Close the bars that are open; partial where the symbol has not been at their end.

    Parameters and result are those of `advance`.
    """
    for k in range(start, known[0]):
        c = order[k]
        s = state[c]
        first = bounds[markets[c]]
        if s["rows"] > 0 and s["cursor"] < bounds[markets[c] + 1] - first:
            bar = bars[first + s["cursor"]]
            cut = s["newest_us"] < s["midnight_us"] + bar["end"]
            w = _close(s, totals, c, bar, units[c], fill, cut, out, out_totals, written[0])
            if w < 0:
                return k
            written[0] = w
    return known[0]
