"""Statistics of all values so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import numpy as np
import polars as pl

from tickops._column import Column
from tickops._columns import PerColumn, check_names, needs_of, several
from tickops._late import LatePolicy, check_late
from tickops._operator import Core, Operator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tickops._arrays import F64
    from tickops._batch import Batch
    from tickops._per_symbol import Rows
    from tickops._schema import Kind
    from tickops._symbols import Symbols

__all__ = ["cumulative"]

Cumulative: TypeAlias = Literal["sum", "min", "max", "count"]
_STATISTICS: Final = ("sum", "min", "max", "count")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class cumulative(Operator):
    """Sum, least, greatest or number of a symbol's values so far, this row's with them.

    Parameters
    ----------
    columns
        A numeric column or a list of them.
    statistic
        "sum", "min", "max", or "count" of the values that are not null.
    daily
        Whether it begins anew each trading day (local date of the market).
    late
        What happens to rows older than the symbol's newest: left out and counted ("drop"),
        an error ("raise"), or taken as at the symbol's newest time ("include").

    Returns
    -------
    The input with `{column}_cumulative_{statistic}` (Float64 in the column's unit, count Int64)
    for each column.

    Raises
    ------
    SchemaError
        symbol, timestamp or a column is missing or of the wrong type.
    LateRowError
        A row is late, and ``late="raise"``.

    Notes
    -----
    Null (a count too) before the symbol's, or the day's, first value. Null and infinite values
    do not count; their rows show what holds so far (``cum_sum`` of Polars is null there). A
    price of 0 is a value: filter it out before a "min" of prices. Sums are compensated: the
    error stays within 1e-12 relative after 10⁷ rows.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> frame = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH"] * 3,
    ...         "timestamp": [1776754800000, 1776754803000, 1776754806000],
    ...         "delta_volume": [None, 10, 30],
    ...     }
    ... ).with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))
    >>> ops.cumulative("delta_volume").apply(frame)["delta_volume_cumulative_sum"].to_list()
    [None, 10.0, 40.0]
    """

    columns: str | Sequence[str] = field(kw_only=False)
    statistic: Cumulative = "sum"
    daily: bool = True
    late: LatePolicy = "drop"

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", check_names("columns", self.columns))
        if self.statistic not in _STATISTICS:
            raise ValueError(
                f"statistic must be one of {', '.join(_STATISTICS)}, not {self.statistic!r}"
            )
        check_late(self.late)

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        return needs_of(self.columns)

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Add a column for each."""
        kind = pl.Int64() if self.statistic == "count" else pl.Float64()
        return {**schema, **{self._name(name): kind for name in several(self.columns)}}

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """State by symbol: the statistic so far."""
        return _Cumulative(self, symbols, self._name)

    def _name(self, column: str) -> str:
        return f"{column}_cumulative_{self.statistic}"


class _Cumulative(PerColumn):
    def __init__(self, op: cumulative, symbols: Symbols, named: Callable[[str], str]) -> None:
        from tickops._kernels import rows as kernels

        super().__init__(op, symbols, kernels.RUNNING, daily=op.daily)
        self._kernels = kernels
        self._statistic = _STATISTICS.index(op.statistic)
        self._named = named

    def add(self, batch: Batch, rows: Rows, values: F64) -> Mapping[str, Column]:
        result = np.empty(values.shape)
        days = self.days(batch, rows)
        self._kernels.cumulative(rows.codes, days, values, self._statistic, self.cells, result)
        made = _counts if _STATISTICS[self._statistic] == "count" else Column.of_floats
        return {self._named(name): made(result[k]) for k, name in enumerate(self.names)}


def _counts(values: F64) -> Column:
    known = ~np.isnan(values)
    return Column.of_ints(np.where(known, values, 0).astype(np.int64), pl.Int64(), known)
