"""Weighted sums over windows, in twice the precision of floats, and what follows from them.

As in ``moments``: values are relative to one of them (`shift`), and windows may slide for ever.
"""

import numpy as np

from tickops._arrays import F64, I32, I64, Bool, Scalar
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
def _product(a: Scalar, b: Scalar) -> tuple[float, float]:
    """Product, and what it rounds away (Dekker)."""
    p = a * b
    t = 134217729.0 * a
    a_high = t - (t - a)
    a_low = a - a_high
    t = 134217729.0 * b
    b_high = t - (t - b)
    b_low = b - b_high
    return p, ((a_high * b_high - p) + a_high * b_low + a_low * b_high) + a_low * b_low


@kernel
def _add(ah: Scalar, al: Scalar, bh: Scalar, bl: Scalar) -> tuple[float, float]:
    """Add double-doubles."""
    high, low = _sum(ah, bh)
    tail, rest = _sum(al, bl)
    high, low = _sum(high, low + tail)
    return _sum(high, low + rest)


@kernel
def _mul(ah: Scalar, al: Scalar, bh: Scalar, bl: Scalar) -> tuple[float, float]:
    """Multiply double-doubles."""
    high, low = _product(ah, bh)
    return _sum(high, low + (ah * bl + al * bh))


@kernel
def _div(ah: Scalar, al: Scalar, bh: Scalar, bl: Scalar) -> tuple[float, float]:
    """Divide double-doubles."""
    quotient = ah / bh
    h, low = _mul(bh, bl, -quotient, 0.0)
    h, low = _add(ah, al, h, low)
    return _sum(quotient, h / bh)


@kernel
def _times(ah: Scalar, al: Scalar, bh: Scalar, bl: Scalar) -> tuple[float, float]:
    """Product of double-doubles; the parts may overlap, which `_put` does not mind."""
    p, e = _product(ah, bh)
    return p, e + (ah * bl + al * bh)


@kernel
def _put(high: Scalar, low: Scalar, h: Scalar, more: Scalar) -> tuple[float, float]:
    """Add to a sum; its parts may overlap until `_sum` of them sets them apart again."""
    total, rest = _sum(high, h)
    return total, low + (rest + more)


@kernel
def _less_square(
    high: Scalar, low: Scalar, ah: Scalar, al: Scalar, wh: Scalar, wl: Scalar
) -> float:
    """Sum less (Σa)² / Σw; 0 where there is nothing but rounding."""
    h, rest = _mul(ah, al, ah, al)
    h, rest = _div(h, rest, wh, wl)
    h, rest = _add(high, low, -h, -rest)
    return h if h > _NOTHING * high else 0.0


@kernel
def _variance(wh: Scalar, wl: Scalar, wwh: Scalar, wwl: Scalar, deviation: Scalar) -> float:
    """Variance from the weighted squared deviations; NaN where it is not defined."""
    # Σw − Σw²/Σw: of one weight nothing is left of it but rounding.
    h, low = _div(wwh, wwl, wh, wl)
    h, low = _add(wh, wl, -h, -low)
    return deviation / h if h > _NOTHING * wh else np.nan


@kernel
def _value(
    kind: int, shift: Scalar, wh: Scalar, wl: Scalar, xh: Scalar, xl: Scalar, variance: Scalar
) -> float:
    """One statistic."""
    if kind == SUM:
        h, low = _mul(wh, wl, shift, 0.0)
        h, low = _add(h, low, xh, xl)
        return h
    if kind == MEAN:
        h, low = _div(xh, xl, wh, wl)
        h, low = _add(h, low, shift, 0.0)
        return h
    return variance if kind == VAR else np.sqrt(variance)


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
    spread = (kinds >= VAR).any()
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
        slot = first_out[i] if sliding else 0
        for k in range(outs[i] + 1 if sliding else 1, 0, -1):
            sign = -1.0 if k > 1 else 1.0  # the last is the row that comes
            u = x_values[slot] if k > 1 else x[i]
            v = w_values[slot] if k > 1 else w[i]
            if k > 1:
                slot = following[slot]
            if np.isnan(u) or np.isnan(v):
                continue
            n += 1 if k == 1 else -1
            if n == 0:
                continue
            if k == 1 and n == 1:
                origin = u
                wh = wl = wwh = wwl = xh = xl = xxh = xxl = 0.0
            dh, dl = _sum(u, -origin)
            wh, wl = _put(wh, wl, sign * v, 0.0)
            h, low = _product(v, v)
            wwh, wwl = _put(wwh, wwl, sign * h, sign * low)
            h, low = _times(dh, dl, v, 0.0)
            xh, xl = _put(xh, xl, sign * h, sign * low)
            h, low = _times(h, low, dh, dl)
            xxh, xxl = _put(xxh, xxl, sign * h, sign * low)
        wh, wl = _sum(wh, wl)
        wwh, wwl = _sum(wwh, wwl)
        xh, xl = _sum(xh, xl)
        xxh, xxl = _sum(xxh, xxl)
        count[c] = n
        shift[c] = origin
        sums[c, 0], sums[c, 1], sums[c, 2], sums[c, 3] = wh, wl, wwh, wwl
        sums[c, 4], sums[c, 5], sums[c, 6], sums[c, 7] = xh, xl, xxh, xxl
        variance = np.nan
        if spread and n > 1:
            deviation = _less_square(xxh, xxl, xh, xl, wh, wl)
            variance = _variance(wh, wl, wwh, wwl, deviation)
        for k in range(len(kinds)):
            if kinds[k] == COUNT:
                result[k, i] = n
            elif n < min_rows or n == 0:
                result[k, i] = np.nan
            else:
                result[k, i] = _value(kinds[k], origin, wh, wl, xh, xl, variance)
