"""Sums of powers over windows, in twice the precision of floats, and what follows from them.

The values are taken relative to one of them (`shift`), so that little cancels; what still does
has 1e-32 to lose, so windows may slide for ever.

A number in two parts is their sum; the second is but what rounding left of the first, or of what
it was computed from. Operations lose some 1e-32 of what they are given, and no more is asked of
them: their results may overlap.
"""

import numpy as np

from tickops._arrays import F64, I32, I64, Bool, Scalar
from tickops._kernels._exact import product
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
def _set_apart(high: Scalar, low: Scalar) -> tuple[float, float]:
    """Sum of parts, and what it rounds away (Dekker).

    Exact unless `low` is the larger one, after what `high` was of has cancelled; then it loses
    no more than half a bit of `low`, as did the addition that `low` comes from.
    """
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
def _square(h: Scalar, low: Scalar) -> tuple[float, float]:
    """Square of a number."""
    p, e = product(h, h)
    return p, e + 2.0 * (h * low)


@kernel
def _over(ah: Scalar, al: Scalar, n: Scalar) -> tuple[float, float]:
    """Number by a float."""
    one = 1.0 / n
    q = ah * one
    p, e = product(q, n)
    return q, (((ah - p) - e) + al) * one


@kernel
def _total(shift: Scalar, ah: Scalar, al: Scalar, n: Scalar) -> float:
    """Sum of the values: n shift + S1."""
    h, low = product(shift, n)
    h, low = _put(h, low, ah, al)
    return h + low


@kernel
def _mean(shift: Scalar, ah: Scalar, al: Scalar, n: Scalar) -> float:
    """Mean of the values: shift + S1 / n."""
    h, low = _over(ah, al, n)
    h, low = _put(shift, 0.0, h, low)
    return h + low


@kernel
def _second(ah: Scalar, al: Scalar, bh: Scalar, bl: Scalar, n: Scalar) -> float:
    """Sum of squared deviations times n, n S2 - S1²; 0 where there is but rounding."""
    ph, pl = _square(ah, al)
    qh, ql = product(bh, n)
    h, low = _set_apart(qh, -ph)  # n S2 is never the smaller one (Cauchy-Schwarz)
    h += low + ((ql - pl) + bl * n)
    return h if h > _NOTHING * qh else 0.0


@kernel
def _deviation(v: Scalar, shift: Scalar, ah: Scalar, al: Scalar, n: Scalar) -> float:
    """Value less the mean."""
    h, low = _over(ah, al, n)
    dh, dl = _sum(v, -shift)
    h, low = _put(dh, dl, -h, -low)
    return h + low


@kernel
def _skew(
    ah: Scalar,
    al: Scalar,
    bh: Scalar,
    bl: Scalar,
    ch: Scalar,
    cl: Scalar,
    n: Scalar,
    square: Scalar,
) -> float:
    """Skew; `square` is what `_second` gave."""
    # Sum of cubed deviations: S3 - 3 m S2 + 2 m² S1.
    mh, ml = _over(ah, al, n)
    h, low = _times(mh, ml, bh, bl)
    h, low = _times(h, low, -3.0, 0.0)  # 3h is no float: rounded, it loses what cancels
    ch, cl = _put(ch, cl, h, low)
    h, low = _square(mh, ml)
    h, low = _times(h, low, 2.0 * ah, 2.0 * al)
    ch, cl = _put(ch, cl, h, low)
    variance = square / (n * n)
    ratio = (ch + cl) / n / (variance * np.sqrt(variance))
    return np.sqrt(n * (n - 1.0)) / (n - 2.0) * ratio


@kernel
def _kurtosis(
    ah: Scalar,
    al: Scalar,
    bh: Scalar,
    bl: Scalar,
    ch: Scalar,
    cl: Scalar,
    eh: Scalar,
    el: Scalar,
    n: Scalar,
    square: Scalar,
) -> float:
    """Kurtosis; `square` is what `_second` gave."""
    # Sum of fourth powers of deviations: S4 - 4 m S3 + 6 m² S2 - 3 m³ S1.
    mh, ml = _over(ah, al, n)
    h, low = _times(mh, ml, ch, cl)
    eh, el = _put(eh, el, -4.0 * h, -4.0 * low)
    qh, ql = _square(mh, ml)
    h, low = _times(qh, ql, bh, bl)
    h, low = _times(h, low, 6.0, 0.0)
    eh, el = _put(eh, el, h, low)
    h, low = _times(qh, ql, mh, ml)
    h, low = _times(h, low, ah, al)
    h, low = _times(h, low, -3.0, 0.0)
    eh, el = _put(eh, el, h, low)
    variance = square / (n * n)
    ratio = (eh + el) / n / variance / variance
    return (n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * ratio - 3.0 * (n - 1.0))


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
    # Where in the result each kind is, -1 for nowhere.
    at = np.full(KURTOSIS + 1, -1)
    for k in range(len(kinds)):
        at[kinds[k]] = k
    at_count, at_sum, at_mean = at[COUNT], at[SUM], at[MEAN]
    at_var, at_std, at_sem, at_zscore = at[VAR], at[STD], at[SEM], at[ZSCORE]
    at_skew, at_kurtosis = at[SKEW], at[KURTOSIS]
    ch = cl = eh = el = 0.0
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
        if powers > 2:
            ch, cl, eh, el = sums[c, 4], sums[c, 5], sums[c, 6], sums[c, 7]
        if sliding:
            slot = first_out[i]
            for _ in range(outs[i]):
                u = values[slot]
                slot = following[slot]
                if np.isnan(u):
                    continue
                n -= 1
                dh, dl = _sum(u, -origin)
                ah, al = _put(ah, al, -dh, -dl)
                if powers > 1:
                    h, low = _square(dh, dl)
                    bh, bl = _put(bh, bl, -h, -low)
                    if powers > 2:
                        h, low = _times(h, low, dh, dl)
                        ch, cl = _put(ch, cl, -h, -low)
                        h, low = _times(h, low, dh, dl)
                        eh, el = _put(eh, el, -h, -low)
        v = x[i]
        if not np.isnan(v):
            n += 1
            if n == 1:
                origin = v
                ah = al = bh = bl = ch = cl = eh = el = 0.0
            dh, dl = _sum(v, -origin)
            ah, al = _put(ah, al, dh, dl)
            if powers > 1:
                h, low = _square(dh, dl)
                bh, bl = _put(bh, bl, h, low)
                if powers > 2:
                    h, low = _times(h, low, dh, dl)
                    ch, cl = _put(ch, cl, h, low)
                    h, low = _times(h, low, dh, dl)
                    eh, el = _put(eh, el, h, low)
        ah, al = _set_apart(ah, al)
        sums[c, 0], sums[c, 1] = ah, al
        if powers > 1:
            bh, bl = _set_apart(bh, bl)
            sums[c, 2], sums[c, 3] = bh, bl
            if powers > 2:
                ch, cl = _set_apart(ch, cl)
                eh, el = _set_apart(eh, el)
                sums[c, 4], sums[c, 5], sums[c, 6], sums[c, 7] = ch, cl, eh, el
        count[c] = n
        shift[c] = origin
        m = float(n)
        found = n >= min_rows and n > 0
        if at_count >= 0:
            result[at_count, i] = m
        if at_sum >= 0:
            result[at_sum, i] = _total(origin, ah, al, m) if found else np.nan
        if at_mean >= 0:
            result[at_mean, i] = _mean(origin, ah, al, m) if found else np.nan
        if powers < 2:
            continue
        square = _second(ah, al, bh, bl, m)
        variance = square / (m * (m - 1.0)) if found and n > 1 else np.nan
        if at_var >= 0:
            result[at_var, i] = variance
        if at_std >= 0:
            result[at_std, i] = np.sqrt(variance)
        if at_sem >= 0:
            result[at_sem, i] = np.sqrt(variance / m)
        spread = variance > 0
        if at_zscore >= 0:
            result[at_zscore, i] = (
                _deviation(v, origin, ah, al, m) / np.sqrt(variance) if spread else np.nan
            )
        if powers < 3:
            continue
        if at_skew >= 0:
            skewed = spread and n > 2
            result[at_skew, i] = _skew(ah, al, bh, bl, ch, cl, m, square) if skewed else np.nan
        if at_kurtosis >= 0:
            result[at_kurtosis, i] = (
                _kurtosis(ah, al, bh, bl, ch, cl, eh, el, m, square) if spread and n > 3 else np.nan
            )
