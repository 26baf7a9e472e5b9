"""How far a unit of money moves the price."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from tickops._late import LatePolicy, check_late
from tickops._operator import Core, Operator
from tickops._schema import Kind
from tickops._trading_days import trading_days
from tickops._windowed import MEAN, Observed, Window, Windowed, check_window

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._arrays import I64
    from tickops._batch import Batch
    from tickops._per_symbol import Rows
    from tickops._symbols import Symbols

__all__ = ["amihud"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class amihud(Operator):
    """Amihud's illiquidity: mean of |r| / value over a window.

    r is the log return of last_price from one traded row of the symbol to the next, and value
    is what was paid in the later one.

    Parameters
    ----------
    window
        A duration such as "5m": the mean of the rows in (t − window, t]. A whole number: of the
        symbol's last so many rows.
    late
        What happens to rows older than the symbol's newest: left out and counted ("drop"),
        an error ("raise"), or taken as at the symbol's newest time ("include").

    Returns
    -------
    The input with `amihud` (Float64, return per unit of currency; often shown times 10⁶).

    Raises
    ------
    SchemaError
        symbol, timestamp, last_price, delta_volume or delta_amount is missing or of the wrong
        type.
    LateRowError
        A row is late, and ``late="raise"``.

    Notes
    -----
    A row is traded where delta_volume is above 0 and last_price is one (not 0). Others add
    nothing, but time passes, and they count among the last so many. Null while the window has
    no return. A new trading day (local date of the market) has no return from the day before;
    the window itself reaches back over it. Amihud took daily returns and values: these are
    those of snapshots. Sums are compensated.

    References
    ----------
    Amihud (2002), Illiquidity and stock returns, Journal of Financial Markets 5.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> frame = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH"] * 4,
    ...         "timestamp": [1776754800000, 1776754803000, 1776754806000, 1776754809000],
    ...         "last_price": [10.0, 10.1, 10.1, 10.0],
    ...         "delta_volume": [5, 10, 0, 20],
    ...         "delta_amount": [5_000.0, 10_100.0, 0.0, 20_000.0],
    ...     }
    ... ).with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))
    >>> out = ops.amihud("5m").apply(frame)["amihud"] * 1e6
    >>> out.round(6).to_list()
    [None, 0.985181, 0.985181, 0.741349]
    """

    window: Window = field(kw_only=False)
    late: LatePolicy = "drop"

    def __post_init__(self) -> None:
        check_window(self.window)
        check_late(self.late)

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        return {
            "symbol": Kind.SYMBOL,
            "timestamp": Kind.TIME,
            "last_price": Kind.NUMBER,
            "delta_volume": Kind.INTEGER,
            "delta_amount": Kind.NUMBER,
        }

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Add the column."""
        return {**schema, "amihud": pl.Float64()}

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """State by symbol: its last traded price, and the window."""
        return _Amihud(self, symbols, MEAN)


class _Amihud(Windowed):
    def observe(self, batch: Batch, rows: Rows, positions: I64) -> Observed:
        x = np.full(batch.height, np.nan)
        self.kernels.illiquidity(
            rows.codes,
            trading_days(batch, rows),
            batch.columns["delta_volume"].ints(),
            batch.columns["delta_amount"].floats(),
            batch.columns["last_price"].floats(),
            self.past,
            x,
        )
        return Observed(positions, x, np.zeros(batch.height))
