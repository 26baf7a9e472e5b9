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
_W, _WW, _WX, _WXX = 0, 2, 4, 6


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
def _put(sums: F64, at: int, sign: Scalar, h: Scalar, low: Scalar) -> None:
    """Add to one of the sums."""
    high, rest = _add(sums[at], sums[at + 1], sign * h, sign * low)
    sums[at] = high
    sums[at + 1] = rest


@kernel
def _change(sums: F64, x: Scalar, w: Scalar, shift: Scalar, sign: Scalar) -> None:
    """Add (sign 1) or take away (-1) a value relative to `shift`, and its weight."""
    dh, dl = _sum(x, -shift)
    _put(sums, _W, sign, w, 0.0)
    h, low = _product(w, w)
    _put(sums, _WW, sign, h, low)
    h, low = _mul(dh, dl, w, 0.0)
    _put(sums, _WX, sign, h, low)
    h, low = _mul(h, low, dh, dl)
    _put(sums, _WXX, sign, h, low)


@kernel
def _less_square(sums: F64, of: int, a: int) -> float:
    """Sum `of` less (sum a)² / Σw; 0 where there is nothing but rounding."""
    h, low = _mul(sums[a], sums[a + 1], sums[a], sums[a + 1])
    h, low = _div(h, low, sums[_W], sums[_W + 1])
    h, low = _add(sums[of], sums[of + 1], -h, -low)
    return h if h > _NOTHING * sums[of] else 0.0


@kernel
def _value(kind: int, sums: F64, n: Scalar, shift: Scalar) -> float:
    """One statistic; NaN where it is not defined."""
    if kind == COUNT:
        return float(n)
    if kind == SUM:
        h, low = _mul(sums[_W], sums[_W + 1], shift, 0.0)
        h, low = _add(h, low, sums[_WX], sums[_WX + 1])
        return h
    if kind == MEAN:
        h, low = _div(sums[_WX], sums[_WX + 1], sums[_W], sums[_W + 1])
        h, low = _add(h, low, shift, 0.0)
        return h
    if n < 2:
        return np.nan
    # Σw − Σw²/Σw: of one weight nothing is left of it but rounding.
    h, low = _div(sums[_WW], sums[_WW + 1], sums[_W], sums[_W + 1])
    h, low = _add(sums[_W], sums[_W + 1], -h, -low)
    if not h > _NOTHING * sums[_W]:
        return np.nan
    variance = _less_square(sums, _WXX, _WX) / h
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
                if not (np.isnan(x_values[slot]) or np.isnan(w_values[slot])):
                    n -= 1
                    if n > 0:
                        _change(of, x_values[slot], w_values[slot], shift[c], -1.0)
                slot = following[slot]
        if not (np.isnan(x[i]) or np.isnan(w[i])):
            if n == 0:
                shift[c] = x[i]
                of[:] = 0.0
            _change(of, x[i], w[i], shift[c], 1.0)
            n += 1
        count[c] = n
        for k in range(len(kinds)):
            if kinds[k] == COUNT:
                result[k, i] = n
            elif n < min_rows or n == 0:
                result[k, i] = np.nan
            else:
                result[k, i] = _value(kinds[k], of, n, shift[c])
