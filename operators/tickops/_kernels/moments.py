"""Sums of powers over windows, in twice the precision of floats, and what follows from them.

The values are taken relative to one of them (`shift`), so that little cancels; what still does
has 1e-32 to lose, so windows may slide for ever.
"""

import numpy as np

from tickops._arrays import F64, I32, I64, Bool, Scalar
from tickops._kernels._jit import kernel

__all__ = ["COUNT", "KURTOSIS", "MEAN", "SEM", "SKEW", "STD", "SUM", "VAR", "ZSCORE", "moments"]

COUNT, SUM, MEAN, VAR, STD, SEM, ZSCORE, SKEW, KURTOSIS = range(9)

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
def _div(ah: Scalar, al: Scalar, b: Scalar) -> tuple[float, float]:
    """Divide a double-double by a float."""
    quotient = ah / b
    p, e = _product(quotient, b)
    return _sum(quotient, (((ah - p) - e) + al) / b)


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
def _second(ah: Scalar, al: Scalar, bh: Scalar, bl: Scalar, n: Scalar) -> float:
    """Sum of squared deviations from the mean, S2 - S1²/n; 0 where there is but rounding."""
    ph, pl = _times(ah, al, ah, al)
    qh, ql = _product(bh, float(n))
    h, low = _sum(qh, -ph)
    h += low + (ql + bl * n - pl)
    return h / n if h > _NOTHING * qh else 0.0


@kernel
def _third(sums: F64, n: Scalar) -> float:
    """Sum of cubed deviations: S3 - 3 m S2 + 2 n m³."""
    mh, ml = _div(sums[0], sums[1], float(n))
    h, low = _mul(mh, ml, sums[2], sums[3])
    h, low = _mul(h, low, -3.0, 0.0)  # 3h is no float: rounded, it loses what cancels
    h, low = _add(sums[4], sums[5], h, low)
    qh, ql = _mul(mh, ml, mh, ml)
    qh, ql = _mul(qh, ql, sums[0], sums[1])
    h, low = _add(h, low, 2.0 * qh, 2.0 * ql)
    return h


@kernel
def _fourth(sums: F64, n: Scalar) -> float:
    """Sum of fourth powers of deviations: S4 - 4 m S3 + 6 m² S2 - 3 n m⁴."""
    mh, ml = _div(sums[0], sums[1], float(n))
    h, low = _mul(mh, ml, sums[4], sums[5])
    h, low = _add(sums[6], sums[7], -4.0 * h, -4.0 * low)
    qh, ql = _mul(mh, ml, mh, ml)
    ph, pl = _mul(qh, ql, sums[2], sums[3])
    ph, pl = _mul(ph, pl, 6.0, 0.0)
    h, low = _add(h, low, ph, pl)
    ph, pl = _mul(qh, ql, mh, ml)
    ph, pl = _mul(ph, pl, sums[0], sums[1])
    ph, pl = _mul(ph, pl, -3.0, 0.0)
    h, low = _add(h, low, ph, pl)
    return h


@kernel
def _value(
    kind: int, n: Scalar, shift: Scalar, x: Scalar, ah: Scalar, al: Scalar, m2: Scalar
) -> float:
    """A statistic of first and second powers; NaN where it is not defined."""
    if kind == SUM:
        h, low = _product(shift, float(n))
        h, low = _add(h, low, ah, al)
        return h
    if kind == MEAN:
        h, low = _div(ah, al, float(n))
        h, low = _add(h, low, shift, 0.0)
        return h
    if n < 2:
        return np.nan
    if kind == VAR:
        return m2 / (n - 1)
    if kind == STD:
        return np.sqrt(m2 / (n - 1))
    if kind == SEM:
        return np.sqrt(m2 / (n - 1) / n)
    if not m2 > 0:
        return np.nan
    h, low = _div(ah, al, -float(n))
    dh, dl = _sum(x, -shift)
    h, low = _add(h, low, dh, dl)
    return h / np.sqrt(m2 / (n - 1))


@kernel
def _shape(kind: int, sums: F64, n: Scalar, m2: Scalar) -> float:
    """Skew or kurtosis; NaN where it is not defined."""
    if n < 3 or not m2 > 0:
        return np.nan
    if kind == SKEW:
        return np.sqrt(n * (n - 1.0)) / (n - 2) * (_third(sums, n) / n) / (m2 / n) ** 1.5
    if n < 4:
        return np.nan
    ratio = n * (_fourth(sums, n) / m2 / m2)
    return (n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1) * ratio - 3 * (n - 1.0))


@kernel
def moments(
    codes: I32,
    x: F64,
    fresh: Bool,
    first_out: I32,
    outs: I32,
    following: I32,
    values: F64,
    min_rows: int,
    kinds: I64,
    powers: int,
    count: I64,
    shift: F64,
    sums: F64,
    result: F64,
) -> None:
    """Statistics of a column over windows that follow from sums of its powers.

    Parameters
    ----------
    codes, x
        (n,) symbol number (-1: leave the row alone), value, NaN for null.
    fresh
        (n,) rows before which an expanding window is emptied; or empty.
    first_out, outs, following
        Rows that leave, as ``windows.slide`` found them; `outs` may be empty for none.
    values
        (capacity,) value by slot.
    min_rows
        With fewer values in the window the result is null.
    kinds, powers
        (k,) of COUNT … KURTOSIS, and the highest power that they need: 1, 2, or more for four.
    count, shift, sums
        (symbols,), (symbols,) and (symbols, 8): how many values, what they are relative to, and
        the sums of the powers in two parts each; updated in place.
    result
        (k, n) written; NaN for null. O(1) a row on average. In pandas:
        ``groupby(symbol)[x].rolling(window).std()`` and so on.
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
        # a, b, c and e are the sums of the first to the fourth power.
        origin = shift[c]
        ah, al, bh, bl = sums[c, 0], sums[c, 1], sums[c, 2], sums[c, 3]
        ch, cl, eh, el = sums[c, 4], sums[c, 5], sums[c, 6], sums[c, 7]
        v = x[i]
        slot = first_out[i] if sliding else 0
        for k in range(outs[i] + 1 if sliding else 1, 0, -1):
            sign = -1.0 if k > 1 else 1.0  # the last is the row that comes
            u = values[slot] if k > 1 else v
            if k > 1:
                slot = following[slot]
            if np.isnan(u):
                continue
            n += 1 if k == 1 else -1
            if n == 0:
                continue
            if k == 1 and n == 1:
                origin = u
                ah = al = bh = bl = ch = cl = eh = el = 0.0
            dh, dl = _sum(u, -origin)
            ah, al = _put(ah, al, sign * dh, sign * dl)
            if powers > 1:
                ph, pl = _times(dh, dl, dh, dl)
                bh, bl = _put(bh, bl, sign * ph, sign * pl)
                if powers > 2:
                    ph, pl = _times(ph, pl, dh, dl)
                    ch, cl = _put(ch, cl, sign * ph, sign * pl)
                    ph, pl = _times(ph, pl, dh, dl)
                    eh, el = _put(eh, el, sign * ph, sign * pl)
        ah, al = _sum(ah, al)
        bh, bl = _sum(bh, bl)
        sums[c, 0], sums[c, 1], sums[c, 2], sums[c, 3] = ah, al, bh, bl
        if powers > 2:
            ch, cl = _sum(ch, cl)
            eh, el = _sum(eh, el)
            sums[c, 4], sums[c, 5], sums[c, 6], sums[c, 7] = ch, cl, eh, el
        count[c] = n
        shift[c] = origin
        m2 = _second(ah, al, bh, bl, n) if n > 1 and powers > 1 else 0.0
        for k in range(len(kinds)):
            kind = kinds[k]
            if kind == COUNT:
                result[k, i] = n
            elif n < min_rows or n == 0 or (kind == ZSCORE and np.isnan(v)):
                result[k, i] = np.nan
            elif kind < SKEW:
                result[k, i] = _value(kind, n, origin, v, ah, al, m2)
            else:
                result[k, i] = _shape(kind, sums[c], n, m2)
