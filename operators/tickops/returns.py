"""Returns of prices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import polars as pl

from tickops._columns import check_names, needs_of, several
from tickops._counts import check_count
from tickops._lagged import Lagged
from tickops._late import LatePolicy, check_late
from tickops._operator import Core, Operator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._arrays import F64, I32, Records
    from tickops._schema import Kind
    from tickops._symbols import Symbols

__all__ = ["returns"]

ReturnKind: TypeAlias = Literal["log", "simple"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class returns(Operator):
    """Return of a price on an earlier one of the symbol: log(p/q), or p/q − 1.

    Parameters
    ----------
    columns
        A column of prices, or a list of them.
    kind
        "log" or "simple".
    periods
        How many valid prices lie between p and q, p counted.
    daily
        Whether only prices of the same trading day (local date of the market) count: no
        overnight returns.
    late
        What happens to rows older than the symbol's newest: left out and counted ("drop"),
        an error ("raise"), or taken as at the symbol's newest time ("include").

    Returns
    -------
    The input with `returns` (Float64, a ratio: 0.01 is one percent) for one column given by
    its name; with `{column}_returns` for each of a list.

    Raises
    ------
    SchemaError
        symbol, timestamp or a column is missing or of the wrong type.
    LateRowError
        A row is late, and ``late="raise"``.

    Notes
    -----
    A price of 0, below 0, null or infinite is none: its row has a null return, and it is not
    counted. So q is the symbol's `periods`-th last valid price before the row, of whatever
    row, and the log returns over a gap sum to that from its first to its last price. Null also
    where the symbol (with `daily`, its day) had fewer valid prices before. A row that shows
    the price of the row before has the return 0: snapshots are not trades.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> frame = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH"] * 4,
    ...         "timestamp": [1776754800000, 1776754803000, 1776754806000, 1776754809000],
    ...         "last_price": [8.0, 0.0, 10.0, 10.0],
    ...     }
    ... ).with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))
    >>> ops.returns(kind="simple").apply(frame)["returns"].to_list()
    [None, None, 0.25, 0.0]
    """

    columns: str | Sequence[str] = field(default="last_price", kw_only=False)
    kind: ReturnKind = "log"
    periods: int = 1
    daily: bool = False
    late: LatePolicy = "drop"

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", check_names("columns", self.columns))
        if self.kind not in ("log", "simple"):
            raise ValueError(f'kind must be "log" or "simple", not {self.kind!r}')
        check_count("periods", self.periods, "price")
        check_late(self.late)

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        return needs_of(self.columns)

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Add a column for each."""
        return {**schema, **{self._name(name): pl.Float64() for name in several(self.columns)}}

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """State by symbol: so many valid prices."""
        from tickops._kernels import rows as kernels

        log = int(self.kind == "log")

        def kernel(
            codes: I32, days: I32, prices: F64, cells: Records, past: F64, result: F64
        ) -> None:
            kernels.returns(codes, days, prices, log, cells, past, result)

        return Lagged(self, symbols, kernel, self._name)

    def _name(self, column: str) -> str:
        return "returns" if isinstance(self.columns, str) else f"{column}_returns"
