"""The one function that kernels of any file may call: the exact product of two floats.

It is an exception because it has nothing to change: its result is determined to the last bit, so
what the cache keeps of it in other files cannot be out of date.
"""

import math
from fractions import Fraction
from typing import Any

from numba import types
from numba.extending import intrinsic, overload

from tickops._arrays import Scalar

__all__ = ["product"]

_SMALLEST, _LARGEST = 1e-250, 1e250
_intrinsic: Any = intrinsic


def product(a: Scalar, b: Scalar) -> tuple[float, float]:
    """Product of floats, and what it rounds away: fma(a, b, -p), itself rounded at most once.

    Compiled it is two instructions; this is for where nothing is.
    """
    p = a * b
    if _SMALLEST < abs(p) < _LARGEST and max(abs(a), abs(b)) < _LARGEST:
        # Dekker's product: of such numbers no part is too large, or too small to be exact.
        t = 134217729.0 * a
        a_high = t - (t - a)
        a_low = a - a_high
        t = 134217729.0 * b
        b_high = t - (t - b)
        b_low = b - b_high
        return p, ((a_high * b_high - p) + a_high * b_low + a_low * b_high) + a_low * b_low
    if math.isfinite(p):
        return p, float(Fraction(a) * Fraction(b) - Fraction(p))
    return p, -p if math.isfinite(a) and math.isfinite(b) else math.nan


@_intrinsic
def _fused(context: Any, a: Any, b: Any) -> Any:  # noqa: ARG001 - types, for numba
    """Multiply, then multiply and subtract without rounding in between."""

    def code(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        p = builder.fmul(*given)
        e = builder.fma(*given, builder.fneg(p))
        return context.make_tuple(builder, signature.return_type, (p, e))

    return types.UniTuple(types.float64, 2)(types.float64, types.float64), code


@overload(product, strict=False)
def _compiled(a: Any, b: Any) -> Any:  # noqa: ARG001 - types, for numba
    """The same, where it is called from what is compiled."""

    def call(a: Any, b: Any) -> Any:
        return _fused(a, b)

    return call
