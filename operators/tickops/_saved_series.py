"""Columns of any type as numpy arrays, for snapshots."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import polars as pl
from polars.exceptions import PanicException

from tickops.exceptions import SnapshotError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tickops._arrays import I64, Array, Bool
    from tickops._snapshot import State

__all__ = ["can_save", "read_series", "write_series"]

_TEXT: Final = (pl.Categorical, pl.Decimal, pl.Int128, pl.String, pl.UInt128)
"""Types whose values are written as text: no number of numpy stands for them everywhere."""


def can_save(given: Any) -> bool:
    """Whether `write_series` takes columns of this type."""
    dtype: pl.DataType = given() if isinstance(given, type) else given
    match dtype:
        case pl.Object() | pl.Unknown():
            return False
        case pl.Array():
            return dtype.size > 0 and can_save(_inner(dtype))
        case pl.List():
            return can_save(_inner(dtype))
        case pl.Struct():
            return bool(dtype.fields) and all(can_save(cast("Any", f).dtype) for f in dtype.fields)
        case _:
            return True


def write_series(name: str, series: pl.Series) -> Iterator[tuple[str, Array]]:
    """Arrays from which `read_series` makes the same column, bit for bit.

    Yields
    ------
    tuple[str, Array]
        Name, which begins with `name`, and array.
    """
    yield f"{name}.valid", series.is_not_null().to_numpy()
    dtype, known = series.dtype, series.drop_nulls()
    match dtype:
        case pl.Null():
            pass
        case pl.Array() | pl.List():
            is_list = isinstance(dtype, pl.List)
            if is_list:
                yield f"{name}.lengths", known.list.len().cast(pl.Int64).to_numpy()
            # An empty list has no element; a null element is one.
            flat = known.explode(empty_as_null=not is_list)
            yield from write_series(f"{name}.inner", flat if len(known) else flat.clear())
        case pl.Struct():
            for place, field in enumerate(dtype.fields):
                yield from write_series(f"{name}.{place}", known.struct.field(field.name))
        case _ if isinstance(dtype, (pl.Binary, *_TEXT)):
            yield from _write_bytes(name, known)
        case _:
            yield f"{name}.values", known.to_physical().to_numpy()


def read_series(state: State, name: str, dtype: pl.DataType, count: int) -> pl.Series:
    """Column of `count` values that `write_series` wrote.

    Raises
    ------
    SnapshotError
        The arrays are not there, or make no such column.
    """
    try:
        return _read(state, name, dtype, count)
    except SnapshotError:
        raise
    except (Exception, PanicException) as error:  # whatever Polars makes of odd values
        raise SnapshotError(
            f"the snapshot of {state.operator} is damaged: {name!r} is no {dtype}: {error}"
        ) from None


def _read(state: State, name: str, dtype: pl.DataType, count: int) -> pl.Series:
    valid = cast("Bool", state.array(f"{name}.valid", np.bool_, count))
    known = int(np.count_nonzero(valid))
    match dtype:
        case pl.Null():
            values = pl.Series("", [None] * known, dtype=dtype)
        case pl.Array():
            flat = _read(state, f"{name}.inner", _inner(dtype), known * dtype.size)
            if known and not flat.dtype.is_nested():
                values = flat.reshape((known, dtype.size))
            else:
                values = _lists(flat, np.full(known, dtype.size)).list.to_array(dtype.size)
        case pl.List():
            lengths = _lengths(state, name, known)
            values = _lists(_read(state, f"{name}.inner", _inner(dtype), lengths.sum()), lengths)
        case pl.Struct():
            fields = [
                _read(state, f"{name}.{place}", cast("Any", field).dtype, known).alias(field.name)
                for place, field in enumerate(dtype.fields)
            ]
            values = pl.DataFrame(fields).to_struct()
        case pl.Binary():
            values = pl.Series("", _read_bytes(state, name, known), dtype=pl.Binary)
        case _ if isinstance(dtype, _TEXT):
            texts = [data.decode() for data in _read_bytes(state, name, known)]
            values = pl.Series("", texts, dtype=pl.String).cast(dtype)
        case _:
            values = _of_physical(state, name, dtype, known)
    return _spread(values, valid)


def _inner(dtype: pl.DataType) -> pl.DataType:
    return cast("Any", dtype).inner


def _of_physical(state: State, name: str, dtype: pl.DataType, count: int) -> pl.Series:
    kind = pl.Series("", [], dtype=dtype).to_physical().to_numpy().dtype
    values = pl.Series("", state.array(f"{name}.values", kind.type, count))
    if isinstance(dtype, pl.Enum):
        return pl.Series("", dtype.categories, dtype=dtype)[values]
    return values.cast(dtype)


def _lists(flat: pl.Series, lengths: Array) -> pl.Series:
    """Lists of so many values each, in turn."""
    ends = np.cumsum(lengths, dtype=np.int64)
    parts = [
        flat[start:end] for start, end in zip((ends - lengths).tolist(), ends.tolist(), strict=True)
    ]
    return pl.Series("", parts, dtype=pl.List(flat.dtype))


def _spread(values: pl.Series, valid: Bool) -> pl.Series:
    """Values where `valid` is true, null elsewhere."""
    if valid.all():
        return values
    places = np.where(valid, np.cumsum(valid) - 1, len(values))
    null = pl.Series("", [None], dtype=values.dtype)
    return values.clone().append(null)[places.astype(np.uint32)]


def _write_bytes(name: str, series: pl.Series) -> Iterator[tuple[str, Array]]:
    known = series.to_list() if series.dtype == pl.Binary else series.cast(pl.String).to_list()
    texts = [value if isinstance(value, bytes) else value.encode() for value in known]
    yield f"{name}.lengths", np.array([len(text) for text in texts], np.int64)
    yield f"{name}.bytes", np.frombuffer(b"".join(texts), np.uint8)


def _lengths(state: State, name: str, count: int) -> I64:
    lengths = cast("I64", state.array(f"{name}.lengths", np.int64, count))
    if (lengths < 0).any():
        raise SnapshotError(
            f"the snapshot of {state.operator} is damaged: {name!r} has a length below 0"
        )
    return lengths


def _read_bytes(state: State, name: str, count: int) -> list[bytes]:
    ends = np.cumsum(_lengths(state, name, count))
    total = int(ends[-1]) if count else 0
    data = state.array(f"{name}.bytes", np.uint8, total).tobytes()
    bounds = [0, *ends.tolist()]
    return [data[start:end] for start, end in pairwise(bounds)]
