"""Weighted sums over windows, in twice the precision of floats, and what follows from them.

As in ``moments``: values are relative to one of them (`shift`), and windows may slide for ever.
Numbers are in two parts that may overlap.
"""

import numpy as np

from tickops._arrays import F64, I32, I64, Bool, Scalar
from tickops._kernels._exact import product
from tickops._kernels._jit import kernel

__all__ = ["COUNT", "MEAN", "STD", "SUM", "VAR", "weighted"]

COUNT, SUM, MEAN, VAR, STD = range(5)

# Of what it is computed from; below it a difference is nothing but what rounding left.
_NOTHING = 1e-28


@kernel
def _sum(a: Scalar, b: Scalar) -> tuple[float, float]:
    """Sum, and what it rounds away (Knuth)."""
    total = a + b
    back = total - a
    return total, (a - (total - back)) + (b - back)


@kernel
def _set_apart(high: Scalar, low: Scalar) -> tuple[float, float]:
    """Sum of parts, and what it rounds away; of a `low` that is larger, no more than it may."""
    total = high + low
    return total, low - (total - high)


@kernel
def _put(high: Scalar, low: Scalar, h: Scalar, more: Scalar) -> tuple[float, float]:
    """Add to a number."""
    total, rest = _sum(high, h)
    return total, low + (rest + more)


@kernel
def _times(ah: Scalar, al: Scalar, bh: Scalar, bl: Scalar) -> tuple[float, float]:
    """Product of numbers."""
    p, e = product(ah, bh)
    return p, e + (ah * bl + al * bh)


@kernel
def _scaled(h: Scalar, low: Scalar, by: Scalar) -> tuple[float, float]:
    """Product of a number and a float."""
    p, e = product(h, by)
    return p, e + low * by


@kernel
def _total(shift: Scalar, wh: Scalar, wl: Scalar, xh: Scalar, xl: Scalar) -> float:
    """Sum of the values: Σw shift + Σwx."""
    h, low = _scaled(wh, wl, shift)
    h, low = _put(h, low, xh, xl)
    return h + low


@kernel
def _mean(shift: Scalar, wh: Scalar, wl: Scalar, xh: Scalar, xl: Scalar) -> float:
    """Mean of the values: shift + Σwx / Σw."""
    one = 1.0 / wh
    q = xh * one
    p, e = product(q, wh)
    rest = (((xh - p) - e) + (xl - q * wl)) * one
    h, low = _put(shift, 0.0, q, rest)
    return h + low


@kernel
def _less(ah: Scalar, al: Scalar, bh: Scalar, bl: Scalar) -> float:
    """Difference from a number that is not larger; 0 where there is nothing but rounding."""
    h, low = _set_apart(ah, -bh)
    h += low + (al - bl)
    return h if h > _NOTHING * ah else 0.0


@kernel
def _variance(
    wh: Scalar,
    wl: Scalar,
    wwh: Scalar,
    wwl: Scalar,
    xh: Scalar,
    xl: Scalar,
    xxh: Scalar,
    xxl: Scalar,
) -> float:
    """(Σw Σwx² - (Σwx)²) / ((Σw)² - Σw²); NaN where it is not defined."""
    ah, al = _times(wh, wl, wh, wl)
    weight = _less(ah, al, wwh, wwl)  # of one weight nothing is left but rounding
    ah, al = _times(wh, wl, xxh, xxl)
    bh, bl = _times(xh, xl, xh, xl)
    return _less(ah, al, bh, bl) / weight if weight > 0 else np.nan


@kernel
def weighted(
    codes: I32,
    x: F64,
    w: F64,
    fresh: Bool,
    first_out: I32,
    outs: I32,
    following: I32,
    x_values: F64,
    w_values: F64,
    min_rows: int,
    kinds: I64,
    count: I64,
    shift: F64,
    sums: F64,
    result: F64,
) -> None:
    """Weighted statistics of a column over windows.

    Parameters
    ----------
    codes, x, w
        (n,) symbol number (-1: leave the row alone), value and weight above 0; a row with a NaN
        does not count.
    fresh, first_out, outs, following, min_rows, kinds
        As in ``moments``; kinds are COUNT … STD.
    x_values, w_values
        (capacity,) values and weights by slot.
    count, shift, sums
        (symbols,), (symbols,) and (symbols, 8): how many values, what they are relative to, and
        Σw, Σw², Σwx, Σwx² in two parts each; updated in place.
    result
        (k, n) written; NaN for null. O(1) a row on average. In numpy: ``average(x, weights=w)``,
        ``cov(x, aweights=w)``.
    """
    sliding = len(outs) > 0
    resets = len(fresh) > 0
    # Where in the result each kind is, -1 for nowhere.
    at = np.full(STD + 1, -1)
    for k in range(len(kinds)):
        at[kinds[k]] = k
    at_count, at_sum, at_mean, at_var, at_std = at[COUNT], at[SUM], at[MEAN], at[VAR], at[STD]
    spread = at_var >= 0 or at_std >= 0  # without it the sums of squares stay 0
    for i in range(len(codes)):
        c = codes[i]
        if c < 0:
            result[:, i] = np.nan
            continue
        n = 0 if resets and fresh[i] else count[c]
        # Numbers in local variables: arrays might overlap for all the compiler knows.
        origin = shift[c]
        wh, wl, wwh, wwl = sums[c, 0], sums[c, 1], sums[c, 2], sums[c, 3]
        xh, xl, xxh, xxl = sums[c, 4], sums[c, 5], sums[c, 6], sums[c, 7]
        if sliding:
            slot = first_out[i]
            for _ in range(outs[i]):
                u, v = x_values[slot], w_values[slot]
                slot = following[slot]
                if np.isnan(u) or np.isnan(v):
                    continue
                n -= 1
                dh, dl = _sum(u, -origin)
                wh, wl = _put(wh, wl, -v, 0.0)
                h, low = _scaled(dh, dl, v)
                xh, xl = _put(xh, xl, -h, -low)
                if spread:
                    h, low = _times(h, low, dh, dl)
                    xxh, xxl = _put(xxh, xxl, -h, -low)
                    h, low = product(v, v)
                    wwh, wwl = _put(wwh, wwl, -h, -low)
        u, v = x[i], w[i]
        if not (np.isnan(u) or np.isnan(v)):
            n += 1
            if n == 1:
                origin = u
                wh = wl = wwh = wwl = xh = xl = xxh = xxl = 0.0
            dh, dl = _sum(u, -origin)
            wh, wl = _put(wh, wl, v, 0.0)
            h, low = _scaled(dh, dl, v)
            xh, xl = _put(xh, xl, h, low)
            if spread:
                h, low = _times(h, low, dh, dl)
                xxh, xxl = _put(xxh, xxl, h, low)
                h, low = product(v, v)
                wwh, wwl = _put(wwh, wwl, h, low)
        wh, wl = _set_apart(wh, wl)
        wwh, wwl = _set_apart(wwh, wwl)
        xh, xl = _set_apart(xh, xl)
        xxh, xxl = _set_apart(xxh, xxl)
        count[c] = n
        shift[c] = origin
        sums[c, 0], sums[c, 1], sums[c, 2], sums[c, 3] = wh, wl, wwh, wwl
        sums[c, 4], sums[c, 5], sums[c, 6], sums[c, 7] = xh, xl, xxh, xxl
        if at_count >= 0:
            result[at_count, i] = n
        found = n >= min_rows and n > 0
        if at_sum >= 0:
            result[at_sum, i] = _total(origin, wh, wl, xh, xl) if found else np.nan
        if at_mean >= 0:
            result[at_mean, i] = _mean(origin, wh, wl, xh, xl) if found else np.nan
        if spread:
            variance = np.nan
            if found and n > 1:
                variance = _variance(wh, wl, wwh, wwl, xh, xl, xxh, xxl)
            if at_var >= 0:
                result[at_var, i] = variance
            if at_std >= 0:
                result[at_std, i] = np.sqrt(variance)
