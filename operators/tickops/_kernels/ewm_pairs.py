"""Exponentially weighted covariance and correlation."""

import numpy as np

from tickops._arrays import F64, I32, I64, Records
from tickops._kernels._jit import kernel

__all__ = ["PAIRED", "ewm_pairs"]

PAIRED = np.dtype(
    [
        ("weight", np.float64),
        ("pairs", np.float64),
        ("x", np.float64),
        ("y", np.float64),
        ("xx", np.float64),
        ("yy", np.float64),
        ("xy", np.float64),
        ("count", np.int64),
        ("time_us", np.int64),
    ]
)
"""By symbol and pair, with the weights w as of its last row: Σw, (Σw)² − Σw², means x and y,
sums of weighted squares and products of what is away from them, how many, time of the last."""

_FORGOTTEN = 1e-150
# Of Σw·mean²; a sum of squares below it is nothing but what rounding left.
_NOTHING = 1e-28


@kernel
def ewm_pairs(
    codes: I32,
    times_us: I64,
    values: F64,
    first: I64,
    second: I64,
    decay: float,
    halflife_us: int,
    min_rows: int,
    bias: bool,
    cells: Records,
    cov: F64,
    corr: F64,
) -> None:
    """Covariance and correlation, with weights that fall by age; the newest has 1.

    Parameters
    ----------
    codes, times_us, values, decay, halflife_us, min_rows, bias
        As in ``ewm``; a row counts for a pair where both values are finite.
    first, second
        (pairs,) which columns make up each pair.
    cells
        (symbols, pairs) of PAIRED, updated in place.
    cov, corr
        (pairs, n) written; NaN where the row does not count, there are too few, or, of corr, a
        column does not vary. O(1) a row and pair. In pandas: ``ewm().cov()``, ``ewm().corr()``.
    """
    for k in range(len(first)):
        for i in range(len(codes)):
            cov[k, i] = np.nan
            corr[k, i] = np.nan
            c = codes[i]
            if c < 0:
                continue
            cell = cells[c, k]
            x = values[first[k], i]
            y = values[second[k], i]
            valid = np.isfinite(x) and np.isfinite(y)
            by = decay
            if halflife_us > 0:
                if not valid:
                    continue
                age = times_us[i] - cell["time_us"] if cell["count"] > 0 else 0
                by = 2.0 ** (-age / halflife_us)
                cell["time_us"] = times_us[i]
            weight = cell["weight"] * by
            pairs = cell["pairs"] * (by * by)
            xx = cell["xx"] * by
            yy = cell["yy"] * by
            xy = cell["xy"] * by
            if weight < _FORGOTTEN:
                # Ratios of what is left would soon be made of denormal numbers.
                weight = 0.0
                pairs = 0.0
                xx = 0.0
                yy = 0.0
                xy = 0.0
            if valid:
                share = weight / (weight + 1)
                x_away = x - cell["x"]
                y_away = y - cell["y"]
                pairs += 2 * weight
                xx += x_away * x_away * share
                yy += y_away * y_away * share
                xy += x_away * y_away * share
                weight += 1
                mx = x if weight == 1 else cell["x"] + x_away / weight
                my = y if weight == 1 else cell["y"] + y_away / weight
                count = cell["count"] + 1
                cell["x"] = mx
                cell["y"] = my
                cell["count"] = count
                if count >= min_rows:
                    if np.isfinite(xy) and bias:
                        cov[k, i] = xy / weight
                    elif np.isfinite(xy) and pairs > 0:
                        cov[k, i] = xy * (weight / pairs)
                    least = _NOTHING * weight
                    varies = xx > least * (mx * mx) and yy > least * (my * my)
                    if varies and np.isfinite(xx) and np.isfinite(yy):
                        corr[k, i] = min(max(xy / np.sqrt(xx) / np.sqrt(yy), -1.0), 1.0)
            cell["weight"] = weight
            cell["pairs"] = pairs
            cell["xx"] = xx
            cell["yy"] = yy
            cell["xy"] = xy
