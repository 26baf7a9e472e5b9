"""Rows in which something changed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import polars as pl

from tickops._arrays import frozen, grown
from tickops._column import Column
from tickops._columns import check_names, several
from tickops._late import LatePolicy, check_late
from tickops._operator import Core, Operator
from tickops._per_symbol import Watermarks
from tickops._schema import Kind, check_columns
from tickops.exceptions import SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._arrays import I64, Array, Bool
    from tickops._batch import Batch
    from tickops._snapshot import State
    from tickops._symbols import Symbols

__all__ = ["dedupe"]

_NEVER: Final = frozenset({"symbol", "timestamp", "connection"})


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class dedupe(Operator):
    """Leave out rows that say nothing new: in no column other than the symbol's row before.

    Parameters
    ----------
    columns
        Columns to compare: of floats, integers, Booleans, or Arrays of these. By default all
        of these types but `connection`; text, categories and times are not compared.
    late
        What happens to rows older than the symbol's newest: left out and counted ("drop"),
        an error ("raise"), or compared as they come ("include").

    Returns
    -------
    The input with fewer rows, in order.

    Raises
    ------
    SchemaError
        symbol, timestamp or a column is missing or of the wrong type, or there is none to
        compare.
    LateRowError
        A row is late, and ``late="raise"``.

    Notes
    -----
    Values are compared exactly: prices that differ by float noise differ. Null equals null and
    NaN. A symbol's first row stays, and rows without symbol or timestamp. A new day is no
    change: keep its first row in another way where `deltas` follows, which learns of the day
    from it. Rows left out are counted as "unchanged".

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> frame = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH"] * 3,
    ...         "timestamp": [1776754800000, 1776754803000, 1776754806000],
    ...         "last_price": [9.71, 9.71, 9.72],
    ...     }
    ... ).with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))
    >>> ops.dedupe().apply(frame)["last_price"].to_list()
    [9.71, 9.72]
    """

    columns: str | Sequence[str] | None = field(default=None, kw_only=False)
    late: LatePolicy = "drop"

    def __post_init__(self) -> None:
        if self.columns is not None:
            object.__setattr__(self, "columns", check_names("columns", self.columns))
        check_late(self.late)

    @property
    def adds_columns(self) -> bool:
        """Rows are left out."""
        return False

    @property
    def keeps_rows(self) -> bool:
        """Those that it does not leave out."""
        return True

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without, besides those to compare."""
        return {"symbol": Kind.SYMBOL, "timestamp": Kind.TIME}

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Leave the columns as they are."""
        names = self._compared(schema)
        check_columns(repr(self), schema, names)
        for name in names:
            if not _fields(schema[name]):
                raise SchemaError(
                    f"{self!r} needs column {name!r} to be of floats, integers of up to 64 bits,"
                    f" Booleans or Arrays of these; it is {schema[name]}"
                )
        if not names:
            raise SchemaError(
                f"{self!r} needs a column of numbers; the frame has {', '.join(map(repr, schema))}"
            )
        return schema

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """State by symbol: its row kept last."""
        names = self._compared(schema)
        return _Dedupe(self, symbols, names, sum(_fields(schema[name]) for name in names))

    def _compared(self, schema: pl.Schema) -> Sequence[str]:
        if self.columns is not None:
            return several(self.columns)
        return [name for name, kind in schema.items() if name not in _NEVER and _fields(kind)]


class _Dedupe(Core):
    def __init__(self, op: dedupe, symbols: Symbols, names: Sequence[str], fields: int) -> None:
        from tickops._kernels import rows as kernels

        super().__init__()
        self._kernels = kernels
        self._symbols = symbols
        self._names = names
        self._seen: Bool = np.zeros(0, np.bool_)
        self._last: I64 = np.zeros((0, fields), np.int64)
        self._watermarks = Watermarks(op, symbols)
        self.counts = {"late": 0, "unchanged": 0}

    def push(self, batch: Batch) -> Batch:
        self._reserve()
        rows = self._watermarks.rows(batch)
        values = [bits for name in self._names for bits in _bits(batch.columns[name])]
        matrix = cast("I64", frozen(np.stack(values)))
        keep = rows.keep.copy()
        unchanged = self._kernels.changed(rows.codes, matrix, self._seen, self._last, keep)
        self.counts["unchanged"] += unchanged
        self.counts["late"] += int(batch.height - np.count_nonzero(rows.keep))
        return batch.where(keep)

    def save(self) -> Mapping[str, Array]:
        self._reserve()
        count = len(self._symbols)
        newest_us = self._watermarks.save()
        return {"seen": self._seen[:count], "last": self._last[:count], "newest_us": newest_us}

    def load(self, state: State) -> None:
        count = len(self._symbols)
        self._seen = state.array("seen", np.bool_, count)
        self._last = state.array("last", np.int64, count, self._last.shape[1])
        self._watermarks.load(state)

    def _reserve(self) -> None:
        self._seen = grown(self._seen, len(self._symbols))
        self._last = grown(self._last, len(self._symbols))


def _fields(dtype: pl.DataType) -> int:
    """How many whole numbers stand for a value; 0 if none can."""
    if isinstance(dtype, pl.Array):
        return dtype.size * _fields(cast("pl.DataType", dtype.inner))
    if dtype.is_float():
        return 1
    is_wide = isinstance(dtype, pl.Int128 | pl.UInt128)
    return 2 if dtype == pl.Boolean or (dtype.is_integer() and not is_wide) else 0


def _bits(column: Column) -> list[I64]:
    """Whole numbers that are equal where values are: one for floats, else value and validity."""
    if isinstance(column.dtype, pl.Array):
        places = math.prod(column.dtype.shape)
        flat = _bits(Column.of(column.series("").reshape((-1,))))  # null for all of a null row
        return [bits[place::places] for place in range(places) for bits in flat]
    if column.dtype.is_float():
        floats = column.floats()
        # One NaN for all, and the zero that is not negative.
        return [(np.where(np.isnan(floats), np.nan, floats) + 0.0).view(np.int64)]
    values, valid = column.ints(), column.valid()
    is_valid = np.ones(len(values), np.int64) if valid is None else valid.astype(np.int64)
    return [values, is_valid]
