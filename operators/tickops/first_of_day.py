"""The first row of each trading day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from tickops._column import Column
from tickops._late import LatePolicy, check_late
from tickops._operator import Core, Operator
from tickops._per_symbol import PerSymbol
from tickops._schema import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._batch import Batch
    from tickops._per_symbol import Rows
    from tickops._symbols import Symbols

__all__ = ["first_of_day"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class first_of_day(Operator):
    """Mark the first row of a symbol on each trading day.

    Parameters
    ----------
    late
        What happens to rows older than the symbol's newest: left out and counted ("drop"),
        an error ("raise"), or taken as at the symbol's newest time ("include").

    Returns
    -------
    The input with `first_of_day` (Boolean).

    Raises
    ------
    SchemaError
        symbol or timestamp is missing or of the wrong type.
    LateRowError
        A row is late, and ``late="raise"``.

    Notes
    -----
    The day is the local date of the symbol's market (UTC where the region is unknown). The
    first row that is seen, though that be at noon, is the first of its day. Null in rows
    without symbol or timestamp.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> times = ["2026-03-02 07:00:00", "2026-03-03 01:30:00", "2026-03-03 01:30:03"]
    >>> frame = pl.DataFrame({"symbol": ["600000.SH"] * 3, "timestamp": times}).with_columns(
    ...     pl.col("timestamp").str.to_datetime(time_zone="UTC")
    ... )
    >>> ops.first_of_day().apply(frame)["first_of_day"].to_list()
    [True, True, False]
    """

    late: LatePolicy = "drop"

    def __post_init__(self) -> None:
        check_late(self.late)

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        return {"symbol": Kind.SYMBOL, "timestamp": Kind.TIME}

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Add the column."""
        return {**schema, "first_of_day": pl.Boolean()}

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """State by symbol: its day."""
        return _FirstOfDay(self, symbols)


class _FirstOfDay(PerSymbol):
    def __init__(self, op: first_of_day, symbols: Symbols) -> None:
        from tickops._kernels import signals as kernels

        super().__init__(op, symbols, kernels.DAY)
        self._kernels = kernels

    def add(self, batch: Batch, rows: Rows) -> Mapping[str, Column]:
        first = np.empty(batch.height, np.bool_)
        # A late row is as at the symbol's newest time, hence of its newest day.
        days = self.symbols.localise(rows.codes, rows.times_us).days
        self._kernels.first_of_day(rows.codes, days, self.state, first)
        return {"first_of_day": Column.of_ints(first, pl.Boolean(), rows.codes >= 0)}
