"""Names for the numpy arrays that kernels see."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = [
    "F64",
    "I32",
    "I64",
    "U8",
    "Array",
    "Bool",
    "Records",
    "Scalar",
    "empty",
    "frozen",
    "grown",
]

Array: TypeAlias = npt.NDArray[Any]
Records: TypeAlias = Any
"""Structured array, (n,): its fields are known at run time only."""
Scalar: TypeAlias = Any
"""A number as a kernel takes it out of an array."""
F64: TypeAlias = npt.NDArray[np.float64]
I64: TypeAlias = npt.NDArray[np.int64]
I32: TypeAlias = npt.NDArray[np.int32]
U8: TypeAlias = npt.NDArray[np.uint8]
Bool: TypeAlias = npt.NDArray[np.bool_]


def frozen(array: Array) -> Array:
    """Make a contiguous array read-only: kernels are compiled for read-only inputs alone."""
    array = np.ascontiguousarray(array)
    if array.flags.writeable:
        array.flags.writeable = False
    return array


def empty(dtype: npt.DTypeLike) -> Array:
    """Read-only array of no elements: an optional input that is absent."""
    return frozen(np.empty(0, dtype))


def grown(array: Array, length: int) -> Array:
    """Array of at least `length` elements that begins with `array`; new ones are zero bytes."""
    if len(array) >= length:
        return array
    larger = np.zeros((max(length, 2 * len(array), 16), *array.shape[1:]), array.dtype)
    larger[: len(array)] = array
    return larger
