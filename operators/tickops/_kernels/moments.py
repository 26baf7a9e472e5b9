"""Sums of powers over windows, in twice the precision of floats, and what follows from them.

The values are taken relative to one of them (`shift`), so that little cancels; what still does
has 1e-32 to lose, so windows may slide for ever.

A number in two parts is their sum; the second is but what rounding left of the first, or of what
it was computed from. Operations lose some 1e-32 of what they are given, and no more is asked of
them: their results may overlap.

State lies in blocks of symbols, each field of a block side by side. Rows whose symbols follow one
another (so the whole market comes, snapshot by snapshot) are worked on in loops without branches,
which processors run for several rows at once; other rows go alone, through the same steps. What
follows from the sums is computed for all rows of a tile.
"""

import numpy as np

from tickops._arrays import F64, I32, I64, Bool, Scalar
from tickops._kernels._exact import product
from tickops._kernels._jit import kernel

__all__ = ["FIELDS", "WIDTH", "moments"]

_COUNT, _SUM, _MEAN, _VAR, _STD, _SEM, _ZSCORE, _SKEW, _KURTOSIS = range(9)

WIDTH = 64
"""Symbols in a block of state."""

FIELDS = 10
"""Of a symbol: how many values, what they are relative to, sums of four powers in two parts."""

_N, _ORIGIN, _A, _A_LOW, _B, _B_LOW, _C, _C_LOW, _E, _E_LOW = range(FIELDS)

# Of a row of a tile: the same after it; the value that came and the one that left; how far each
# is from the origin, a power of that; n times the sum of squared deviations, the variance.
_V, _U, _DV, _DV_LOW, _DU, _DU_LOW, _PV, _PV_LOW, _PU, _PU_LOW, _SQUARE, _VARIANCE = range(
    FIELDS, FIELDS + 12
)

_WITHIN = WIDTH - 1

# A tile ends with the row that makes it WIDTH long: until then there is room for a stretch.
_ROOM = 2 * WIDTH

# Shorter stretches take less time row by row.
_SHORTEST = 32

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
def _stretch(codes: I32, outs: I32, i: int) -> int:
    """How many rows from i on have symbols side by side, and lose at most one row each."""
    c = codes[i]
    end = min(len(codes), i + WIDTH - (c & _WITHIN))
    k = i
    if len(outs) > 0:
        while k < end and codes[k] - c == k - i and outs[k] <= 1:
            k += 1
    else:
        while k < end and codes[k] - c == k - i:
            k += 1
    return k - i


@kernel
def _load(x: F64, fresh: Bool, first_out: I32, outs: I32, values: F64, s: F64, t: F64) -> None:
    """Take what comes and what leaves into the tile."""
    rows = len(x)
    for j in range(rows):
        t[_V * _ROOM + j] = x[j]
    if len(outs) > 0:
        for j in range(rows):
            u = values[first_out[j]]
            t[_U * _ROOM + j] = u if outs[j] > 0 else np.nan
    else:
        for j in range(rows):
            t[_U * _ROOM + j] = np.nan
    if len(fresh) > 0:
        for j in range(rows):
            s[_N * WIDTH + j] = 0.0 if fresh[j] else s[_N * WIDTH + j]


@kernel
def _count(s: F64, t: F64, rows: int) -> None:
    """Count the values that leave and come, and how far they are from the origin."""
    for j in range(rows):
        u = t[_U * _ROOM + j]
        v = t[_V * _ROOM + j]
        n = s[_N * WIDTH + j]
        n = n if np.isnan(u) else n - 1.0
        n = n if np.isnan(v) else n + 1.0
        origin = s[_ORIGIN * WIDTH + j]
        t[_DU * _ROOM + j], t[_DU_LOW * _ROOM + j] = _sum(u, -origin)
        origin = v if n == 1.0 and not np.isnan(v) else origin
        t[_DV * _ROOM + j], t[_DV_LOW * _ROOM + j] = _sum(v, -origin)
        s[_N * WIDTH + j] = t[_N * _ROOM + j] = n
        s[_ORIGIN * WIDTH + j] = t[_ORIGIN * _ROOM + j] = origin


@kernel
def _exchange(s: F64, t: F64, rows: int, field: int, power: int) -> None:
    """Take from the sums in `field` what left, and add what came: tile fields from `power` on."""
    a = s[field * WIDTH :]
    after = t[field * _ROOM :]
    p = t[power * _ROOM :]
    for j in range(rows):
        high, low = a[j], a[WIDTH + j]
        left = p[2 * _ROOM + j]
        h, rest = _put(high, low, -left, -p[3 * _ROOM + j])
        high = high if np.isnan(left) else h
        low = low if np.isnan(left) else rest
        came = p[j]
        alone = s[_N * WIDTH + j] == 1.0 and not np.isnan(came)
        high = 0.0 if alone else high
        low = 0.0 if alone else low
        h, rest = _put(high, low, came, p[_ROOM + j])
        high = high if np.isnan(came) else h
        low = low if np.isnan(came) else rest
        high, low = _set_apart(high, low)
        a[j] = after[j] = high
        a[WIDTH + j] = after[_ROOM + j] = low


@kernel
def _squares(t: F64, rows: int) -> None:
    """Square how far they are."""
    for j in range(rows):
        h, low = _square(t[_DV * _ROOM + j], t[_DV_LOW * _ROOM + j])
        t[_PV * _ROOM + j], t[_PV_LOW * _ROOM + j] = h, low
        h, low = _square(t[_DU * _ROOM + j], t[_DU_LOW * _ROOM + j])
        t[_PU * _ROOM + j], t[_PU_LOW * _ROOM + j] = h, low


@kernel
def _products(t: F64, rows: int) -> None:
    """Multiply the last power by how far they are."""
    for j in range(rows):
        h, low = t[_PV * _ROOM + j], t[_PV_LOW * _ROOM + j]
        h, low = _times(h, low, t[_DV * _ROOM + j], t[_DV_LOW * _ROOM + j])
        t[_PV * _ROOM + j], t[_PV_LOW * _ROOM + j] = h, low
        h, low = t[_PU * _ROOM + j], t[_PU_LOW * _ROOM + j]
        h, low = _times(h, low, t[_DU * _ROOM + j], t[_DU_LOW * _ROOM + j])
        t[_PU * _ROOM + j], t[_PU_LOW * _ROOM + j] = h, low


@kernel
def _variances(t: F64, rows: int, least: float) -> None:
    """Sums of squared deviations, and variances, in a tile."""
    for j in range(rows):
        n = t[_N * _ROOM + j]
        a, a_low = t[_A * _ROOM + j], t[_A_LOW * _ROOM + j]
        b, b_low = t[_B * _ROOM + j], t[_B_LOW * _ROOM + j]
        square = _second(a, a_low, b, b_low, n)
        t[_SQUARE * _ROOM + j] = square
        t[_VARIANCE * _ROOM + j] = square / (n * (n - 1.0)) if n >= least else np.nan


@kernel
def _statistic(t: F64, kind: int, least: float, out: F64) -> None:
    """Statistic of each row of a tile, NaN where there is none."""
    n, origin = t[_N * _ROOM :], t[_ORIGIN * _ROOM :]
    a, a_low = t[_A * _ROOM :], t[_A_LOW * _ROOM :]
    variance = t[_VARIANCE * _ROOM :]
    if kind == _COUNT:
        for j in range(len(out)):
            out[j] = n[j]
    elif kind == _SUM:
        for j in range(len(out)):
            out[j] = _total(origin[j], a[j], a_low[j], n[j]) if n[j] >= least else np.nan
    elif kind == _MEAN:
        for j in range(len(out)):
            out[j] = _mean(origin[j], a[j], a_low[j], n[j]) if n[j] >= least else np.nan
    elif kind == _VAR:
        for j in range(len(out)):
            out[j] = variance[j]
    elif kind == _STD:
        for j in range(len(out)):
            out[j] = np.sqrt(variance[j])
    elif kind == _SEM:
        for j in range(len(out)):
            out[j] = np.sqrt(variance[j] / n[j])
    elif kind == _ZSCORE:
        v = t[_V * _ROOM :]
        for j in range(len(out)):
            out[j] = (
                _deviation(v[j], origin[j], a[j], a_low[j], n[j]) / np.sqrt(variance[j])
                if variance[j] > 0.0
                else np.nan
            )


@kernel
def _shape(t: F64, kind: int, out: F64) -> None:
    """Skew or kurtosis of each row of a tile, NaN where there is none."""
    for j in range(len(out)):
        out[j] = np.nan
        n = t[_N * _ROOM + j]
        if not t[_VARIANCE * _ROOM + j] > 0.0:
            continue
        a, a_low = t[_A * _ROOM + j], t[_A_LOW * _ROOM + j]
        b, b_low = t[_B * _ROOM + j], t[_B_LOW * _ROOM + j]
        c, c_low = t[_C * _ROOM + j], t[_C_LOW * _ROOM + j]
        e, e_low = t[_E * _ROOM + j], t[_E_LOW * _ROOM + j]
        square = t[_SQUARE * _ROOM + j]
        if kind == _SKEW:
            if n > 2.0:
                out[j] = _skew(a, a_low, b, b_low, c, c_low, n, square)
        elif n > 3.0:
            out[j] = _kurtosis(a, a_low, b, b_low, c, c_low, e, e_low, n, square)


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
    state: F64,
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
        (k,) of the statistics, in the order of ``tickops._rolling.MOMENTS``, and the highest power
        that they need: 1, 2, or more for four.
    state
        (blocks * FIELDS * WIDTH,) zeros at first, updated in place: symbol c is in block
        c // WIDTH, where each field has WIDTH places.
    result
        (k, n) written; NaN for null. O(1) a row on average. In pandas:
        ``groupby(symbol)[x].rolling(window).std()`` and so on.
    """
    sliding = len(outs) > 0
    resets = len(fresh) > 0
    least = max(min_rows, 1.0)
    tile = np.zeros((_VARIANCE + 1) * _ROOM)
    bh = bl = ch = cl = eh = el = 0.0
    begin = i = untried = 0
    while begin < len(codes):
        while i < len(codes) and i - begin < WIDTH:
            c = codes[i]
            if c < 0:
                tile[_N * _ROOM + i - begin] = np.nan
                i += 1
                continue
            at = c // WIDTH * (FIELDS * WIDTH) + (c & _WITHIN)
            rows = 0
            # Mostly the first question tells; where in vain, not each row is asked again.
            last = i + _SHORTEST - 1
            if last < len(codes) and codes[last] - c == _SHORTEST - 1 and i >= untried:
                rows = _stretch(codes, outs, i)
                untried = i + _SHORTEST
            if rows >= _SHORTEST:
                s = state[at:]
                t = tile[i - begin :]
                _load(x[i : i + rows], fresh[i:], first_out[i:], outs[i:], values, s, t)
                _count(s, t, rows)
                _exchange(s, t, rows, _A, _DV)
                if powers > 1:
                    _squares(t, rows)
                    _exchange(s, t, rows, _B, _PV)
                if powers > 2:
                    for field in (_C, _E):
                        _products(t, rows)
                        _exchange(s, t, rows, field, _PV)
                i += rows
                continue
            # Numbers in local variables: arrays might overlap for all the compiler knows.
            # a, b, c and e are the sums of the first to the fourth power.
            j = i - begin
            n = 0.0 if resets and fresh[i] else state[_N * WIDTH + at]
            origin = state[_ORIGIN * WIDTH + at]
            ah, al = state[_A * WIDTH + at], state[_A_LOW * WIDTH + at]
            if powers > 1:
                bh, bl = state[_B * WIDTH + at], state[_B_LOW * WIDTH + at]
            if powers > 2:
                ch, cl = state[_C * WIDTH + at], state[_C_LOW * WIDTH + at]
                eh, el = state[_E * WIDTH + at], state[_E_LOW * WIDTH + at]
            if sliding:
                slot = first_out[i]
                for _ in range(outs[i]):
                    u = values[slot]
                    slot = following[slot]
                    if np.isnan(u):
                        continue
                    n -= 1.0
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
                n += 1.0
                if n == 1.0:
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
            state[_A * WIDTH + at], state[_A_LOW * WIDTH + at] = ah, al
            tile[_A * _ROOM + j], tile[_A_LOW * _ROOM + j] = ah, al
            if powers > 1:
                bh, bl = _set_apart(bh, bl)
                state[_B * WIDTH + at], state[_B_LOW * WIDTH + at] = bh, bl
                tile[_B * _ROOM + j], tile[_B_LOW * _ROOM + j] = bh, bl
            if powers > 2:
                ch, cl = _set_apart(ch, cl)
                state[_C * WIDTH + at], state[_C_LOW * WIDTH + at] = ch, cl
                tile[_C * _ROOM + j], tile[_C_LOW * _ROOM + j] = ch, cl
                eh, el = _set_apart(eh, el)
                state[_E * WIDTH + at], state[_E_LOW * WIDTH + at] = eh, el
                tile[_E * _ROOM + j], tile[_E_LOW * _ROOM + j] = eh, el
            state[_N * WIDTH + at] = n
            state[_ORIGIN * WIDTH + at] = origin
            tile[_N * _ROOM + j] = n
            tile[_ORIGIN * _ROOM + j] = origin
            tile[_V * _ROOM + j] = v
            i += 1
        if powers > 1:
            _variances(tile, i - begin, max(least, 2.0))
        for k in range(len(kinds)):
            out = result[k, begin:i]
            if kinds[k] < _SKEW:
                _statistic(tile, kinds[k], least, out)
            else:
                _shape(tile, kinds[k], out)
        begin = i
