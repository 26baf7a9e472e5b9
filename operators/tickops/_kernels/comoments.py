"""Covariance and what follows from it, over windows of two columns.

Numbers are in two parts that may overlap, as in ``moments``.
"""

import numpy as np

from tickops._arrays import F64, I32, I64, Bool, Scalar
from tickops._kernels._exact import product
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
def _set_apart(high: Scalar, low: Scalar) -> tuple[float, float]:
    """Sum of parts, and what it rounds away; of a `low` that is larger, no more than it may."""
    total = high + low
    return total, low - (total - high)


@kernel
def _put(high: Scalar, low: Scalar, h: Scalar, more: Scalar) -> tuple[float, float]:
    """Add to a sum."""
    total, rest = _sum(high, h)
    return total, low + (rest + more)


@kernel
def _times(ah: Scalar, al: Scalar, bh: Scalar, bl: Scalar) -> tuple[float, float]:
    """Product of numbers."""
    p, e = product(ah, bh)
    return p, e + (ah * bl + al * bh)


@kernel
def _centred(
    high: Scalar, low: Scalar, ah: Scalar, al: Scalar, bh: Scalar, bl: Scalar, n: Scalar
) -> float:
    """Covariance times n²: n Σab - ΣaΣb."""
    ph, pl = _times(ah, al, bh, bl)
    qh, ql = product(high, n)
    h, rest = _sum(qh, -ph)
    return h + (rest + ((ql - pl) + low * n))


@kernel
def _spread(high: Scalar, low: Scalar, ah: Scalar, al: Scalar, n: Scalar) -> float:
    """Variance times n²: n Σa² - (Σa)²; 0 where there is but rounding."""
    ph, pl = _times(ah, al, ah, al)
    qh, ql = product(high, n)
    h, rest = _set_apart(qh, -ph)  # n Σa² is never the smaller one (Cauchy-Schwarz)
    h += rest + ((ql - pl) + low * n)
    return h if h > _NOTHING * qh else 0.0


@kernel
def _correlation(xy: Scalar, xx: Scalar, yy: Scalar) -> float:
    """Correlation; NaN where one of the columns does not change."""
    if not (xx > 0 and yy > 0):
        return np.nan
    return min(max(xy / (np.sqrt(xx) * np.sqrt(yy)), -1.0), 1.0)


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
    # Where in the result each kind is, -1 for nowhere.
    at = np.full(BETA + 1, -1)
    for k in range(len(kinds)):
        at[kinds[k]] = k
    at_cov, at_corr, at_beta = at[COV], at[CORR], at[BETA]
    # Which squares are needed; the sums of the others stay 0.
    of_x = at_corr >= 0
    of_y = of_x or at_beta >= 0
    least = max(min_rows, 2)
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
        if sliding:
            slot = first_out[i]
            for _ in range(outs[i]):
                u, v = x_values[slot], y_values[slot]
                slot = following[slot]
                if np.isnan(u) or np.isnan(v):
                    continue
                n -= 1
                xh, xl = _sum(u, -x0)
                yh, yl = _sum(v, -y0)
                ah, al = _put(ah, al, -xh, -xl)
                bh, bl = _put(bh, bl, -yh, -yl)
                if of_x:
                    h, low = _times(xh, xl, xh, xl)
                    aah, aal = _put(aah, aal, -h, -low)
                if of_y:
                    h, low = _times(yh, yl, yh, yl)
                    bbh, bbl = _put(bbh, bbl, -h, -low)
                h, low = _times(xh, xl, yh, yl)
                abh, abl = _put(abh, abl, -h, -low)
        u, v = x[i], y[i]
        if not (np.isnan(u) or np.isnan(v)):
            n += 1
            if n == 1:
                x0, y0 = u, v
                ah = al = bh = bl = aah = aal = bbh = bbl = abh = abl = 0.0
            xh, xl = _sum(u, -x0)
            yh, yl = _sum(v, -y0)
            ah, al = _put(ah, al, xh, xl)
            bh, bl = _put(bh, bl, yh, yl)
            if of_x:
                h, low = _times(xh, xl, xh, xl)
                aah, aal = _put(aah, aal, h, low)
            if of_y:
                h, low = _times(yh, yl, yh, yl)
                bbh, bbl = _put(bbh, bbl, h, low)
            h, low = _times(xh, xl, yh, yl)
            abh, abl = _put(abh, abl, h, low)
        ah, al = _set_apart(ah, al)
        bh, bl = _set_apart(bh, bl)
        aah, aal = _set_apart(aah, aal)
        bbh, bbl = _set_apart(bbh, bbl)
        abh, abl = _set_apart(abh, abl)
        count[c] = n
        shift[c, 0], shift[c, 1] = x0, y0
        sums[c, 0], sums[c, 1], sums[c, 2], sums[c, 3] = ah, al, bh, bl
        sums[c, 4], sums[c, 5], sums[c, 6], sums[c, 7] = aah, aal, bbh, bbl
        sums[c, 8], sums[c, 9] = abh, abl
        if n < least:
            result[:, i] = np.nan
            continue
        m = float(n)
        xy = _centred(abh, abl, ah, al, bh, bl, m)
        if at_cov >= 0:
            result[at_cov, i] = xy / (m * (m - 1.0))
        if of_y:
            yy = _spread(bbh, bbl, bh, bl, m)
            if at_beta >= 0:
                result[at_beta, i] = xy / yy if yy > 0 else np.nan
            if of_x:
                xx = _spread(aah, aal, ah, al, m)
                result[at_corr, i] = _correlation(xy, xx, yy)
