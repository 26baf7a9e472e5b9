"""A symbol's row against its rows before: lags, changes, returns, running statistics."""

import numpy as np

from tickops._arrays import F64, I32, I64, Bool, Records, Scalar
from tickops._kernels._jit import kernel

__all__ = ["RING", "RUNNING", "changed", "cumulative", "diff", "lag", "returns"]

RING = np.dtype([("place", np.int32), ("length", np.int32), ("day", np.int64)])
"""By symbol and column: where the next value goes, how many there are, and their day."""

RUNNING = np.dtype(
    [("value", np.float64), ("rest", np.float64), ("count", np.int64), ("day", np.int64)]
)
"""By symbol and column: least, greatest, or sum (value + rest) of so many values of a day."""

_SUM, _MIN, _MAX = 0, 1, 2


@kernel
def _turn(cell: Records, ring: F64, daily: bool, day: Scalar, value: Scalar) -> Scalar:
    """Put a value into the ring of a symbol and column; return the one it replaces, or NaN."""
    periods = len(ring)
    length = cell["length"]
    if daily and day != cell["day"]:
        cell["day"] = day
        length = 0
    place = cell["place"]
    before = ring[place] if length == periods else np.nan
    ring[place] = value
    cell["length"] = min(length + 1, periods)
    cell["place"] = place + 1 if place + 1 < periods else 0
    return before


@kernel
def lag(codes: I32, days: I32, values: F64, cells: Records, past: F64, result: F64) -> None:
    """Value of the symbol's row so many rows before.

    Parameters
    ----------
    codes
        (n,) symbol number; -1: leave the row alone.
    days
        (n,) local date: the past is forgotten when it changes; or empty.
    values
        (columns, n) NaN is null, and counts as a row.
    cells, past
        (symbols, columns) of RING, and (symbols, columns, periods) their rings; updated in
        place.
    result
        (columns, n) written; NaN where there is no such row. O(1) a row and column. In Polars:
        ``shift(periods).over("symbol")``.
    """
    daily = len(days) > 0
    for k in range(len(values)):
        for i in range(len(codes)):
            result[k, i] = np.nan
            c = codes[i]
            if c >= 0:
                day = days[i] if daily else 0
                result[k, i] = _turn(cells[c, k], past[c, k], daily, day, values[k, i])


@kernel
def diff(codes: I32, days: I32, values: F64, cells: Records, past: F64, result: F64) -> None:
    """Value less that of the symbol's row so many rows before.

    Parameters
    ----------
    codes, days, values, cells, past
        As for `lag`.
    result
        (columns, n) written; NaN where either is NaN, or the difference is not finite. O(1) a
        row and column. In Polars: ``diff(periods).over("symbol")``.
    """
    daily = len(days) > 0
    for k in range(len(values)):
        for i in range(len(codes)):
            result[k, i] = np.nan
            c = codes[i]
            if c >= 0:
                day = days[i] if daily else 0
                value = values[k, i]
                change = value - _turn(cells[c, k], past[c, k], daily, day, value)
                result[k, i] = change if np.isfinite(change) else np.nan


@kernel
def returns(
    codes: I32, days: I32, prices: F64, log: int, cells: Records, past: F64, result: F64
) -> None:
    """Return of a price on the symbol's valid price so many valid prices before.

    Parameters
    ----------
    codes, days, cells, past
        As for `lag`, of valid prices only.
    prices
        (columns, n) a price that is not above 0, or not finite, is none.
    log
        1: log(p/q); 0: p/q − 1.
    result
        (columns, n) written; NaN where a price is none. O(1) a row and column.
    """
    daily = len(days) > 0
    for k in range(len(prices)):
        for i in range(len(codes)):
            result[k, i] = np.nan
            c = codes[i]
            p = prices[k, i]
            if c < 0 or not p > 0 or np.isinf(p):
                continue
            q = _turn(cells[c, k], past[c, k], daily, days[i] if daily else 0, p)
            change = (p - q) / q
            if log == 0:
                result[k, i] = change if np.isfinite(change) else np.nan
            elif -0.5 <= change <= 1.0:
                # Prices lie close together: p/q would be rounded where it differs from 1.
                result[k, i] = np.log1p(change)
            else:
                result[k, i] = np.log(p) - np.log(q)


@kernel
def _plus(total: float, rest: float, value: float) -> tuple[float, float]:
    """Add to a compensated sum; what the addition rounds away (Knuth's TwoSum) is kept in rest."""
    larger = total + value
    back = larger - total
    rest += (total - (larger - back)) + (value - back)
    total = larger + rest
    return total, rest - (total - larger)


@kernel
def cumulative(
    codes: I32, days: I32, values: F64, statistic: int, cells: Records, result: F64
) -> None:
    """Sum, least, greatest or number of a symbol's values so far.

    Parameters
    ----------
    codes
        (n,) symbol number; -1: leave the row alone.
    days
        (n,) local date: it begins anew when it changes; or empty.
    values
        (columns, n) NaN and infinity do not count.
    statistic
        0 sum, 1 min, 2 max, 3 count.
    cells
        (symbols, columns) of RUNNING, updated in place.
    result
        (columns, n) written; NaN before the first value, and where a sum was too large for a
        float. O(1) a row and column. In Polars: ``cum_sum().over("symbol")`` and the like,
        with nulls filled forward.
    """
    daily = len(days) > 0
    for k in range(len(values)):
        for i in range(len(codes)):
            result[k, i] = np.nan
            c = codes[i]
            if c < 0:
                continue
            cell = cells[c, k]
            value = cell["value"]
            rest = cell["rest"]
            count = cell["count"]
            if daily and days[i] != cell["day"]:
                cell["day"] = days[i]
                value = 0.0
                rest = 0.0
                count = 0
            x = values[k, i]
            if np.isfinite(x):
                count += 1
                if statistic == _SUM:
                    value, rest = _plus(value, rest, x)
                elif (
                    count == 1
                    or (statistic == _MIN and x < value)
                    or (statistic == _MAX and x > value)
                ):
                    value = x
            cell["value"] = value
            cell["rest"] = rest
            cell["count"] = count
            if count > 0:
                result[k, i] = value if statistic <= _MAX else count


@kernel
def changed(codes: I32, values: I64, seen: Bool, last: I64, keep: Bool) -> int:
    """Rows in which something is not as in the symbol's row kept before.

    Parameters
    ----------
    codes
        (n,) symbol number; -1: leave the row alone.
    values
        (fields, n) equal bits are equal values.
    seen, last
        (symbols,) whether a row was kept, and (symbols, fields) its values; updated in place.
    keep
        (n,) of which those that repeat are set to false.

    Returns
    -------
    int
        How many repeat. O(fields) a row.
    """
    count = 0
    for i in range(len(codes)):
        c = codes[i]
        if c < 0:
            continue
        same = seen[c]
        for k in range(len(values)):
            if values[k, i] != last[c, k]:
                same = False
                last[c, k] = values[k, i]
        seen[c] = True
        if same:
            keep[i] = False
            count += 1
    return count
