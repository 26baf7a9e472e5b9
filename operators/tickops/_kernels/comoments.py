"""Covariance and what follows from it, over windows of two columns."""

import numpy as np

from tickops._arrays import F64, I32, I64, Bool, Scalar
from tickops._kernels._jit import kernel

__all__ = ["BETA", "CORR", "COV", "comoments"]

COV, CORR, BETA = range(3)

# Of the sum of squares; below it a variance is nothing but what rounding left.
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
def _centred(
    high: Scalar, low: Scalar, ah: Scalar, al: Scalar, bh: Scalar, bl: Scalar, n: Scalar
) -> float:
    """Σab - ΣaΣb/n."""
    ph, pl = _times(ah, al, bh, bl)
    qh, ql = _product(high, float(n))
    h, rest = _sum(qh, -ph)
    return (h + (rest + (ql + low * n - pl))) / n


@kernel
def _value(kind: int, n: Scalar, xy: Scalar, xx: Scalar, yy: Scalar) -> float:
    """One statistic of centred sums, those of squares 0 for nothing; NaN if not defined."""
    if kind == COV:
        return xy / (n - 1)
    if not yy > 0:
        return np.nan
    if kind == BETA:
        return xy / yy
    if not xx > 0:
        return np.nan
    return min(max(xy / np.sqrt(xx) / np.sqrt(yy), -1.0), 1.0)


@kernel
def comoments(
    codes: I32,
    x: F64,
    y: F64,
    fresh: Bool,
    first_out: I32,
    outs: I32,
    following: I32,
    x_values: F64,
    y_values: F64,
    min_rows: int,
    kinds: I64,
    count: I64,
    shift: F64,
    sums: F64,
    result: F64,
) -> None:
    """Covariance, correlation and slope of x on y over windows.

    Parameters
    ----------
    codes, x, y
        (n,) symbol number (-1: leave the row alone), values; a row with a NaN does not count.
    fresh, first_out, outs, following, min_rows, kinds
        As in ``moments``; kinds are COV, CORR, BETA.
    x_values, y_values
        (capacity,) values by slot.
    count, shift, sums
        (symbols,), (symbols, 2) and (symbols, 10): how many pairs, what they are relative to, and
        Σx, Σy, Σx², Σy², Σxy in two parts each; updated in place.
    result
        (k, n) written; NaN for null. O(1) a row on average. In pandas: ``rolling(window).cov()``.
    """
    sliding = len(outs) > 0
    resets = len(fresh) > 0
    for i in range(len(codes)):
        c = codes[i]
        if c < 0:
            result[:, i] = np.nan
            continue
        n = 0 if resets and fresh[i] else count[c]
        # Numbers in local variables: arrays might overlap for all the compiler knows.
        x0, y0 = shift[c, 0], shift[c, 1]
        # a and b are the sums of x and y, aa, bb and ab those of their products.
        ah, al, bh, bl = sums[c, 0], sums[c, 1], sums[c, 2], sums[c, 3]
        aah, aal, bbh, bbl = sums[c, 4], sums[c, 5], sums[c, 6], sums[c, 7]
        abh, abl = sums[c, 8], sums[c, 9]
        slot = first_out[i] if sliding else 0
        for k in range(outs[i] + 1 if sliding else 1, 0, -1):
            sign = -1.0 if k > 1 else 1.0  # the last is the row that comes
            u = x_values[slot] if k > 1 else x[i]
            v = y_values[slot] if k > 1 else y[i]
            if k > 1:
                slot = following[slot]
            if np.isnan(u) or np.isnan(v):
                continue
            n += 1 if k == 1 else -1
            if n == 0:
                continue
            if k == 1 and n == 1:
                x0, y0 = u, v
                ah = al = bh = bl = aah = aal = bbh = bbl = abh = abl = 0.0
            xh, xl = _sum(u, -x0)
            yh, yl = _sum(v, -y0)
            ah, al = _put(ah, al, sign * xh, sign * xl)
            bh, bl = _put(bh, bl, sign * yh, sign * yl)
            h, low = _times(xh, xl, xh, xl)
            aah, aal = _put(aah, aal, sign * h, sign * low)
            h, low = _times(yh, yl, yh, yl)
            bbh, bbl = _put(bbh, bbl, sign * h, sign * low)
            h, low = _times(xh, xl, yh, yl)
            abh, abl = _put(abh, abl, sign * h, sign * low)
        ah, al = _sum(ah, al)
        bh, bl = _sum(bh, bl)
        aah, aal = _sum(aah, aal)
        bbh, bbl = _sum(bbh, bbl)
        abh, abl = _sum(abh, abl)
        count[c] = n
        shift[c, 0], shift[c, 1] = x0, y0
        sums[c, 0], sums[c, 1], sums[c, 2], sums[c, 3] = ah, al, bh, bl
        sums[c, 4], sums[c, 5], sums[c, 6], sums[c, 7] = aah, aal, bbh, bbl
        sums[c, 8], sums[c, 9] = abh, abl
        if n < 2 or n < min_rows:
            result[:, i] = np.nan
            continue
        xy = _centred(abh, abl, ah, al, bh, bl, n)
        xx = _centred(aah, aal, ah, al, ah, al, n)
        yy = _centred(bbh, bbl, bh, bl, bh, bl, n)
        xx = xx if xx > _NOTHING * aah else 0.0
        yy = yy if yy > _NOTHING * bbh else 0.0
        for k in range(len(kinds)):
            result[k, i] = _value(kinds[k], n, xy, xx, yy)
