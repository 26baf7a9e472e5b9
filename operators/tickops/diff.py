"""Differences between rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from tickops._columns import check_names, needs_of, several
from tickops._counts import check_count
from tickops._lagged import Lagged
from tickops._late import LatePolicy, check_late
from tickops._operator import Core, Operator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._schema import Kind
    from tickops._symbols import Symbols

__all__ = ["diff"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class diff(Operator):
    """Difference of a column to what it was some rows of the symbol before.

    Parameters
    ----------
    columns
        A numeric column or a list of them.
    periods
        How many rows before.
    daily
        Whether only rows of the same trading day (local date of the market) count.
    late
        What happens to rows older than the symbol's newest: left out and counted ("drop"),
        an error ("raise"), or taken as at the symbol's newest time ("include").

    Returns
    -------
    The input with `{column}_diff{periods}` (Float64, in the column's unit) for each column.

    Raises
    ------
    SchemaError
        symbol, timestamp or a column is missing or of the wrong type.
    LateRowError
        A row is late, and ``late="raise"``.

    Notes
    -----
    Null where the symbol (with `daily`, its day) had fewer rows before, and where either value
    is null: a row counts though its value is null. As ``diff(periods).over("symbol")`` of
    Polars, in floats. Rows without symbol or timestamp get null and do not count. What was
    traded between two snapshots is the matter of `deltas`, which knows of days and gaps; and
    a price of 0 is a value here, but none in `returns`.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> frame = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH", "000001.SZ", "600000.SH"],
    ...         "timestamp": [1776754800000, 1776754800000, 1776754803000],
    ...         "high": [9.5, 11.2, 9.75],
    ...     }
    ... ).with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))
    >>> ops.diff("high").apply(frame)["high_diff1"].to_list()
    [None, None, 0.25]
    """

    columns: str | Sequence[str] = field(kw_only=False)
    periods: int = 1
    daily: bool = False
    late: LatePolicy = "drop"

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", check_names("columns", self.columns))
        check_count("periods", self.periods, "row")
        check_late(self.late)

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        return needs_of(self.columns)

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Add a column for each."""
        return {**schema, **{self._name(name): pl.Float64() for name in several(self.columns)}}

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """State by symbol: so many rows."""
        from tickops._kernels import rows as kernels

        return Lagged(self, symbols, kernels.diff, self._name)

    def _name(self, column: str) -> str:
        return f"{column}_diff{self.periods}"
