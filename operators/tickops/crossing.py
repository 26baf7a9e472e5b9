"""Where one column crosses another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import polars as pl

from tickops._arrays import frozen
from tickops._column import Column
from tickops._columns import check_number, needs_of
from tickops._late import LatePolicy, check_late
from tickops._operator import Core, Operator
from tickops._per_symbol import PerSymbol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._arrays import F64
    from tickops._batch import Batch
    from tickops._per_symbol import Rows
    from tickops._schema import Kind
    from tickops._symbols import Symbols

__all__ = ["CROSSING", "crossing"]

CROSSING: Final = pl.Enum(["up", "down"])
"""Type of the column `crossing`."""

_NOTHING: Final = 255


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class crossing(Operator):
    """Rows in which a column crosses another column, or a level.

    Parameters
    ----------
    a
        A numeric column.
    b
        A numeric column, or a number.
    late
        What happens to rows older than the symbol's newest: left out and counted ("drop"),
        an error ("raise"), or taken as at the symbol's newest time ("include").

    Returns
    -------
    The input with `crossing` (Enum): `up` in a row with a > b if a < b was what held before,
    `down` the other way round, else null.

    Raises
    ------
    SchemaError
        symbol, timestamp, a or b is missing or of the wrong type.
    LateRowError
        A row is late, and ``late="raise"``.

    Notes
    -----
    Edges, not levels: the side of b on which a lies is remembered, over nights too. Equality
    and nulls keep it, so that a touch is no crossing, and one by way of equality is found
    where it is completed. The first known side of a symbol is no crossing. A price of 0 is a
    number like others: filter out rows whose price is none.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> frame = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH"] * 4,
    ...         "timestamp": [1776754800000, 1776754803000, 1776754806000, 1776754809000],
    ...         "last_price": [9.98, 10.0, 10.01, 9.99],
    ...     }
    ... ).with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))
    >>> ops.crossing("last_price", 10).apply(frame)["crossing"].to_list()
    [None, None, 'up', 'down']
    """

    a: str = field(kw_only=False)
    b: str | float = field(kw_only=False)
    late: LatePolicy = "drop"

    def __post_init__(self) -> None:
        if not isinstance(self.a, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"a must be the name of a column, not {self.a!r}")
        if not isinstance(self.b, str):
            check_number("b", self.b, "the name of a column or a finite number")
        if self.a == self.b:
            raise ValueError(f"b must be another column than a, not {self.b!r}")
        check_late(self.late)

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        return needs_of([self.a, self.b] if isinstance(self.b, str) else self.a)

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Add the column."""
        return {**schema, "crossing": CROSSING}

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """State by symbol: on which side it is."""
        return _Crossing(self, symbols)


class _Crossing(PerSymbol):
    def __init__(self, op: crossing, symbols: Symbols) -> None:
        from tickops._kernels import signals as kernels

        super().__init__(op, symbols, np.uint8)
        self._kernels = kernels
        self._a, self._b = op.a, op.b

    def add(self, batch: Batch, rows: Rows) -> Mapping[str, Column]:
        result = np.empty(batch.height, np.uint8)
        a = batch.columns[self._a].floats()
        self._kernels.crossing(rows.codes, a, self._level(batch), self.state, result)
        return {"crossing": Column.of_ints(result, CROSSING, result != _NOTHING)}

    def _level(self, batch: Batch) -> F64:
        if isinstance(self._b, str):
            return batch.columns[self._b].floats()
        return cast("F64", frozen(np.array([self._b], np.float64)))
