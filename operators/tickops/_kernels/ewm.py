"""Exponentially weighted mean and variance."""

import numpy as np

from tickops._arrays import F64, I32, I64, Records
from tickops._kernels._jit import kernel

__all__ = ["WEIGHTED", "ewm"]

WEIGHTED = np.dtype(
    [
        ("weight", np.float64),
        ("pairs", np.float64),
        ("mean", np.float64),
        ("squares", np.float64),
        ("count", np.int64),
        ("time_us", np.int64),
    ]
)
"""By symbol and column, with the weights w as of its last row, x the values, m their mean:
Σw, (Σw)² − Σw², m, Σw(x − m)², how many, and the time of the last."""

_FORGOTTEN = 1e-150


@kernel
def ewm(
    codes: I32,
    times_us: I64,
    values: F64,
    decay: float,
    halflife_us: int,
    min_rows: int,
    bias: bool,
    cells: Records,
    mean: F64,
    variance: F64,
) -> None:
    """Mean and variance of a symbol's values, with weights that fall by age; the newest has 1.

    Parameters
    ----------
    codes, times_us
        (n,) symbol number (-1: leave the row alone), epoch us, never falling.
    values
        (columns, n) NaN and infinity do not count.
    decay
        What a weight falls by from row to row; used if `halflife_us` is 0.
    halflife_us
        Time in which a weight falls to half.
    min_rows
        So many values there must be.
    bias
        Whether the variance is Σw(x − m)²/Σw, or that times (Σw)²/((Σw)² − Σw²).
    cells
        (symbols, columns) of WEIGHTED, updated in place.
    mean, variance
        (columns, n) written; NaN where the value does not count, or there are too few.

    Notes
    -----
    O(1) a row and column. Nothing is subtracted but means from values, so nothing cancels.
    In Polars: ``ewm_mean(adjust=True, ignore_nulls=False).over("symbol")``.
    """
    for k in range(len(values)):
        for i in range(len(codes)):
            mean[k, i] = np.nan
            variance[k, i] = np.nan
            c = codes[i]
            if c < 0:
                continue
            cell = cells[c, k]
            x = values[k, i]
            valid = np.isfinite(x)
            by = decay
            if halflife_us > 0:
                if not valid:
                    continue
                age = times_us[i] - cell["time_us"] if cell["count"] > 0 else 0
                by = 2.0 ** (-age / halflife_us)
                cell["time_us"] = times_us[i]
            weight = cell["weight"] * by
            pairs = cell["pairs"] * (by * by)
            squares = cell["squares"] * by
            if weight < _FORGOTTEN:
                # Ratios of what is left would soon be made of denormal numbers.
                weight = 0.0
                pairs = 0.0
                squares = 0.0
            if valid:
                pairs += 2 * weight
                away = x - cell["mean"]
                squares += away * away * (weight / (weight + 1))
                weight += 1
                m = x if weight == 1 else cell["mean"] + away / weight
                count = cell["count"] + 1
                cell["mean"] = m
                cell["count"] = count
                if count >= min_rows:
                    mean[k, i] = m
                    if bias:
                        variance[k, i] = squares / weight
                    elif pairs > 0:
                        variance[k, i] = squares * (weight / pairs)
            cell["weight"] = weight
            cell["pairs"] = pairs
            cell["squares"] = squares
