"""A level with hysteresis."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from tickops._column import Column
from tickops._columns import check_number, needs_of
from tickops._late import LatePolicy, check_late
from tickops._operator import Core, Operator
from tickops._per_symbol import PerSymbol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._batch import Batch
    from tickops._per_symbol import Rows
    from tickops._schema import Kind
    from tickops._symbols import Symbols

__all__ = ["threshold"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class threshold(Operator):
    """Whether a column is past a threshold, with hysteresis: on at one level, off at another.

    Parameters
    ----------
    column
        A numeric column.
    enter, leave
        Levels in the column's unit. With ``leave < enter`` it turns true where the value is
        ≥ enter and false where it is ≤ leave; with ``enter < leave`` true where it is ≤ enter
        and false where it is ≥ leave. In between it stays as it was.
    late
        What happens to rows older than the symbol's newest: left out and counted ("drop"),
        an error ("raise"), or taken as at the symbol's newest time ("include").

    Returns
    -------
    The input with `{column}_on` (Boolean).

    Raises
    ------
    SchemaError
        symbol, timestamp or the column is missing or of the wrong type.
    LateRowError
        A row is late, and ``late="raise"``.

    Notes
    -----
    Null until the symbol's first value that is past one of the levels: what was before is not
    known. Null values change nothing, and days do not either.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> frame = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH"] * 4,
    ...         "timestamp": [1776754800000, 1776754803000, 1776754806000, 1776754809000],
    ...         "imbalance": [0.3, 0.6, 0.3, 0.1],
    ...     }
    ... ).with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))
    >>> ops.threshold("imbalance", 0.5, 0.2).apply(frame)["imbalance_on"].to_list()
    [None, True, True, False]
    """

    column: str = field(kw_only=False)
    enter: float = field(kw_only=False)
    leave: float = field(kw_only=False)
    late: LatePolicy = "drop"

    def __post_init__(self) -> None:
        if not isinstance(self.column, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"column must be the name of a column, not {self.column!r}")
        check_number("enter", self.enter)
        check_number("leave", self.leave)
        if self.enter == self.leave:
            raise ValueError(f"leave must be below or above enter, not the same: {self.leave!r}")
        check_late(self.late)

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        return needs_of(self.column)

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Add the column."""
        return {**schema, f"{self.column}_on": pl.Boolean()}

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """State by symbol: on or off."""
        return _Threshold(self, symbols)


class _Threshold(PerSymbol):
    def __init__(self, op: threshold, symbols: Symbols) -> None:
        from tickops._kernels import signals as kernels

        super().__init__(op, symbols, np.uint8)
        self._kernels = kernels
        self._column = op.column
        self._enter, self._leave = float(op.enter), float(op.leave)

    def add(self, batch: Batch, rows: Rows) -> Mapping[str, Column]:
        on, known = np.empty(batch.height, np.bool_), np.empty(batch.height, np.bool_)
        values = batch.columns[self._column].floats()
        self._kernels.threshold(rows.codes, values, self._enter, self._leave, self.state, on, known)
        return {f"{self._column}_on": Column.of_ints(on, pl.Boolean(), known)}
