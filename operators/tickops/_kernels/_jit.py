"""The one decorator of all kernels."""

from typing import Any, TypeVar, cast

import numba

__all__ = ["kernel"]

F = TypeVar("F")

_njit: Any = numba.njit  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


def kernel(function: F) -> F:
    """Compile a function of arrays and scalars when it is first called.

    Cached on disk beside the source, run without the GIL; dividing by zero gives infinity or
    NaN as in numpy. Arrays that come in are read-only and contiguous (``tickops._arrays.frozen``),
    so each kernel is compiled once. A kernel may call others of its own file only, and what
    ``_exact`` has: the cache does not notice changes elsewhere.
    """
    return cast("F", _njit(function, cache=True, nogil=True, error_model="numpy"))
