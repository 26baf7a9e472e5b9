"""Schemas as plain data, so that a snapshot needs no reader of a richer format.

Polars' own formats can hold a schema too, but their readers stop the process, or panic, on some
bytes that are none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias, cast
from zoneinfo import ZoneInfo

import polars as pl
from polars.exceptions import PanicException

from tickops.exceptions import SnapshotError

__all__ = ["Written", "read_schema", "write_schema"]

Written: TypeAlias = list[Any]
"""A type as its name and what it takes: ``["Datetime", "ms", "UTC"]``."""

_PLAIN: Final[Mapping[str, Any]] = {
    kind.__name__: kind
    for kind in (
        *(pl.Binary, pl.Boolean, pl.Date, pl.Null, pl.String, pl.Time),
        *(pl.Float16, pl.Float32, pl.Float64),
        *(pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.Int128),
        *(pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64, pl.UInt128),
    )
}
_CODES: Final[Mapping[str, Any]] = {
    "UInt8": pl.UInt8,
    "UInt16": pl.UInt16,
    "UInt32": pl.UInt32,
}
_DEEPEST: Final = 8


def write_schema(schema: pl.Schema) -> list[Written]:
    """Columns as name and type.

    Raises
    ------
    SnapshotError
        A column is of a type that cannot be written.
    """
    return [[name, _write(name, dtype)] for name, dtype in schema.items()]


def read_schema(written: Sequence[Any]) -> pl.Schema:
    """Columns that `write_schema` wrote.

    Raises
    ------
    SnapshotError
        They are none.
    """
    try:
        schema = pl.Schema({_text(name): _read(dtype, 0) for name, dtype in written})
        pl.DataFrame(schema=schema)
    except (Exception, PanicException) as error:  # whatever Polars makes of odd values
        raise SnapshotError(f"the snapshot is damaged: its schema is none: {error}") from None
    return schema


def _write(name: str, given: Any) -> Written:
    dtype: pl.DataType = given() if isinstance(given, type) else given
    match dtype:
        case pl.Datetime():
            return ["Datetime", dtype.time_unit, dtype.time_zone]
        case pl.Duration():
            return ["Duration", dtype.time_unit]
        case pl.Decimal():
            return ["Decimal", dtype.precision, dtype.scale]
        case pl.Enum():
            return ["Enum", dtype.categories.to_list()]
        case pl.Categorical():
            of = dtype.categories
            return ["Categorical", of.name(), of.namespace(), str(of.physical())]
        case pl.List():
            return ["List", _write(name, cast("Any", dtype).inner)]
        case pl.Array():
            return ["Array", _write(name, cast("Any", dtype).inner), dtype.size]
        case pl.Struct():
            return ["Struct", [[f.name, _write(name, cast("Any", f).dtype)] for f in dtype.fields]]
        case _:
            kind = type(dtype).__name__
            if kind not in _PLAIN:
                raise SnapshotError(
                    f"column {name!r} is of type {dtype}, which a snapshot cannot hold:"
                    " drop it before the first operator"
                )
            return [kind]


def _read(written: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        raise ValueError("it is nested too deeply")
    match written:
        case ["Datetime", "ms" | "us" | "ns" as unit, None]:
            return pl.Datetime(unit)
        case ["Datetime", "ms" | "us" | "ns" as unit, str(zone)]:
            return pl.Datetime(unit, ZoneInfo(zone).key)
        case ["Duration", "ms" | "us" | "ns" as unit]:
            return pl.Duration(unit)
        case ["Decimal", int(precision), int(scale)] if 0 <= scale <= precision <= 38:
            return pl.Decimal(precision, scale)
        case ["Enum", categories]:
            return pl.Enum([*map(_text, _list(categories))])
        case ["Categorical", str(name), str(namespace), str(codes)]:
            if not name:
                return pl.Categorical()
            return pl.Categorical(pl.Categories(name, namespace, _CODES[codes]))
        case ["List", inner]:
            return pl.List(_read(inner, depth + 1))
        case ["Array", inner, int(size)] if 0 <= size < 1 << 20:
            return pl.Array(_read(inner, depth + 1), size)
        case ["Struct", fields]:
            return pl.Struct({_text(n): _read(dtype, depth + 1) for n, dtype in _list(fields)})
        case [str(kind)]:
            return _PLAIN[kind]()
        case _:
            raise ValueError(f"{written!r} is no type")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is no list")
    return cast("list[Any]", value)
