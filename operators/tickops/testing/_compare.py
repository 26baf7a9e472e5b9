"""Frames that are the same bit for bit, and where they first are not."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt
import polars as pl

__all__ = [
    "Difference",
    "assert_identical",
    "first_difference",
    "frames_equal",
    "schema_difference",
]

_Mask: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two frames part.

    Parameters
    ----------
    what
        The difference in words.
    row
        First row that differs, None if the schemas do.
    """

    what: str
    row: int | None = None

    def __str__(self) -> str:
        return self.what


def frames_equal(left: pl.DataFrame, right: pl.DataFrame) -> bool:
    """Say whether two frames are the same bit for bit.

    Parameters
    ----------
    left, right
        Frames to compare: names, order and types of the columns, then nulls and values.
        Floats are compared by their bits, so 0.0 is not -0.0 and NaN is NaN; categories
        by their text. How the memory is cut into chunks does not matter.

    Examples
    --------
    >>> import polars as pl
    >>> zero, minus_zero = pl.DataFrame({"x": [0.0]}), pl.DataFrame({"x": [-0.0]})
    >>> frames_equal(zero, zero.rechunk()), frames_equal(zero, minus_zero)
    (True, False)
    """
    return first_difference(left, right) is None


def assert_identical(actual: pl.DataFrame, expected: pl.DataFrame, what: str = "") -> None:
    """Require two frames to be the same bit for bit, as `frames_equal` has it.

    Parameters
    ----------
    actual, expected
        Frames to compare.
    what
        Said first in the message.

    Raises
    ------
    AssertionError
        They differ; it names the first differing row and column and shows both rows.

    Examples
    --------
    >>> import polars as pl
    >>> assert_identical(pl.DataFrame({"x": [1.0]}), pl.DataFrame({"x": [2.0]}))
    Traceback (most recent call last):
    AssertionError: row 0 differs in 'x': expected 2.0 (0x4000000000000000), got 1.0 (0x3ff00...
      expected: {'x': 2.0}
      got:      {'x': 1.0}
    """
    found = first_difference(actual, expected)
    if found is not None:
        raise AssertionError(f"{what}: {found}" if what else str(found))


def first_difference(actual: pl.DataFrame, expected: pl.DataFrame) -> Difference | None:
    """Find the first difference between two frames, None where they are the same."""
    schemas = schema_difference(actual.schema, expected.schema)
    if schemas is not None:
        return schemas
    height = min(actual.height, expected.height)
    first, column = height, ""
    for left, right in zip(actual.get_columns(), expected.get_columns(), strict=True):
        rows = np.flatnonzero(_differs(left[:first], right[:first]))
        if len(rows):
            first, column = int(rows[0]), right.name
    if column:
        left, right = actual[column][first], expected[column][first]
        what = f"row {first} differs in {column!r}: expected {_shown(right)}, got {_shown(left)}"
    elif actual.height != expected.height:
        what = f"row {first} differs: expected {expected.height} rows, got {actual.height}"
    else:
        return None
    rows_shown = f"\n  expected: {_row(expected, first)}\n  got:      {_row(actual, first)}"
    return Difference(what + rows_shown, first)


def schema_difference(actual: pl.Schema, expected: pl.Schema) -> Difference | None:
    """Find the first difference between two schemas, None where they are the same."""
    if actual.names() != expected.names():
        return Difference(f"columns differ: expected {expected.names()}, got {actual.names()}")
    for name, dtype in expected.items():
        if actual[name] != dtype:
            return Difference(
                f"type of column {name!r} differs: expected {dtype}, got {actual[name]}"
            )
    return None


def _differs(left: pl.Series, right: pl.Series) -> _Mask:
    """Mark the rows in which two columns of one type and length differ."""
    if left.dtype.is_float():
        differs = _float_bits(left) != _float_bits(right)
        if left.null_count() or right.null_count():
            differs |= left.is_null().to_numpy() != right.is_null().to_numpy()
        return differs
    if left.dtype.is_nested() or left.dtype == pl.Object:
        pairs = zip(left.to_list(), right.to_list(), strict=True)
        return np.array([_bits(a) != _bits(b) for a, b in pairs], np.bool_)
    if left.equals(right):
        return np.zeros(len(left), np.bool_)
    if isinstance(left.dtype, pl.Categorical | pl.Enum):
        left, right = left.cast(pl.String), right.cast(pl.String)
    return left.ne_missing(right).to_numpy()


def _float_bits(series: pl.Series) -> npt.NDArray[np.unsignedinteger[Any]]:
    """Bits of floats; those of nulls are the same for all."""
    values = np.ascontiguousarray(series.to_numpy())
    return values.view(f"u{values.dtype.itemsize}")


def _bits(value: object) -> object:
    """Make a value of nested columns comparable by bits."""
    if isinstance(value, float):
        return struct.pack("<d", value)
    if isinstance(value, Mapping):
        items = cast("Mapping[str, object]", value).items()
        return tuple((key, _bits(inner)) for key, inner in items)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return tuple(_bits(inner) for inner in cast("Sequence[object]", value))
    return value


def _shown(value: object) -> str:
    """Show a value so that two floats that print alike can be told apart."""
    if isinstance(value, float):
        return f"{value!r} (0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016x})"
    return "null" if value is None else str(value)


def _row(frame: pl.DataFrame, index: int) -> str:
    return str(frame.row(index, named=True)) if index < frame.height else "no such row"
