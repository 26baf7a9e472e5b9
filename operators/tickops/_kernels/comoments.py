"""Covariance and what follows from it, over windows of two columns."""

import numpy as np

from tickops._arrays import F64, I32, I64, Bool, Scalar
from tickops._kernels._jit import kernel

__all__ = ["BETA", "CORR", "COV", "comoments"]

COV, CORR, BETA = range(3)

_NOTHING = 1e-28
_X, _Y, _XX, _YY, _XY = 0, 2, 4, 6, 8


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
def _put(sums: F64, at: int, sign: Scalar, h: Scalar, low: Scalar) -> None:
    """Add to one of the sums."""
    high, rest = _add(sums[at], sums[at + 1], sign * h, sign * low)
    sums[at] = high
    sums[at + 1] = rest


@kernel
def _change(sums: F64, x: Scalar, y: Scalar, shift: F64, sign: Scalar) -> None:
    """Add (sign 1) or take away (-1) a pair of values, relative to `shift`."""
    xh, xl = _sum(x, -shift[0])
    yh, yl = _sum(y, -shift[1])
    _put(sums, _X, sign, xh, xl)
    _put(sums, _Y, sign, yh, yl)
    h, low = _mul(xh, xl, xh, xl)
    _put(sums, _XX, sign, h, low)
    h, low = _mul(yh, yl, yh, yl)
    _put(sums, _YY, sign, h, low)
    h, low = _mul(xh, xl, yh, yl)
    _put(sums, _XY, sign, h, low)


@kernel
def _centred(sums: F64, of: int, a: Scalar, b: Scalar, n: Scalar) -> float:
    """Σab - ΣaΣb/n."""
    h, low = _mul(sums[a], sums[a + 1], sums[b], sums[b + 1])
    quotient = h / n
    p, e = _product(quotient, float(n))
    rest = (((h - p) - e) + low) / n
    h, low = _add(sums[of], sums[of + 1], -quotient, -rest)
    return h


@kernel
def _value(kind: int, sums: F64, n: Scalar) -> float:
    """One statistic; NaN where it is not defined."""
    xy = _centred(sums, _XY, _X, _Y, n)
    if kind == COV:
        return xy / (n - 1)
    yy = _centred(sums, _YY, _Y, _Y, n)
    if not yy > _NOTHING * sums[_YY]:
        return np.nan
    if kind == BETA:
        return xy / yy
    xx = _centred(sums, _XX, _X, _X, n)
    if not xx > _NOTHING * sums[_XX]:
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
        (symbols,), (symbols, 2) and (symbols, 10), updated in place.
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
        n = count[c]
        of = sums[c]
        if resets and fresh[i]:
            n = 0
        if sliding:
            slot = first_out[i]
            for _ in range(outs[i]):
                if not (np.isnan(x_values[slot]) or np.isnan(y_values[slot])):
                    n -= 1
                    if n > 0:
                        _change(of, x_values[slot], y_values[slot], shift[c], -1.0)
                slot = following[slot]
        if not (np.isnan(x[i]) or np.isnan(y[i])):
            if n == 0:
                shift[c, 0] = x[i]
                shift[c, 1] = y[i]
                of[:] = 0.0
            _change(of, x[i], y[i], shift[c], 1.0)
            n += 1
        count[c] = n
        for k in range(len(kinds)):
            enough = n >= min_rows and n > 1
            result[k, i] = _value(kinds[k], of, n) if enough else np.nan
