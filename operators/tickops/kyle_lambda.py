"""How far a unit of volume moves the price."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from tickops._late import LatePolicy, check_late
from tickops._operator import Core, Operator
from tickops._schema import Kind, check
from tickops._trading_days import trading_days
from tickops._windowed import SLOPE, Observed, Window, Windowed, check_window

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from tickops._arrays import I64
    from tickops._batch import Batch
    from tickops._per_symbol import Rows
    from tickops._symbols import Symbols

__all__ = ["kyle_lambda"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class kyle_lambda(Operator):
    """Kyle's lambda: slope of the change of the mid on signed volume, over a window.

    The least-squares slope (with intercept) of Δmid on trade_side · delta_volume, a row that
    traded being an observation: cov(Δmid, q) / var(q). Over `deltas`, `spread`, `trade_side`.

    Parameters
    ----------
    window
        A duration such as "5m": the slope of the rows in (t − window, t]. A whole number: of the
        symbol's last so many rows.
    late
        What happens to rows older than the symbol's newest: left out and counted ("drop"),
        an error ("raise"), or taken as at the symbol's newest time ("include").

    Returns
    -------
    The input with `kyle_lambda` (Float64, currency per unit of volume).

    Raises
    ------
    SchemaError
        symbol, timestamp, delta_volume or trade_side is missing or of the wrong type, or the
        frame has neither `mid` nor last_price.
    LateRowError
        A row is late, and ``late="raise"``.

    Notes
    -----
    Δmid is the change since the mid that the symbol had before, in whatever row; without a
    column `mid`, that of last_price. Rows without trade, side or mid add nothing, but time
    passes, and they count among the last so many. Null while the window has fewer than two
    different signed volumes. A new trading day (local date of the market) has no change from
    the day before; the window itself reaches back over it. Sums and products are exact to
    twice the digits of a float, so that nothing is lost when they are subtracted.

    References
    ----------
    Kyle (1985), Continuous auctions and insider trading, Econometrica 53. Hasbrouck (2009),
    Trading costs and returns for U.S. equities, Journal of Finance 64: the regression.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> frame = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH"] * 4,
    ...         "timestamp": [1776754800000, 1776754803000, 1776754806000, 1776754809000],
    ...         "mid": [10.0, 10.02, 10.02, 10.01],
    ...         "delta_volume": [None, 20, 0, 10],
    ...         "trade_side": [None, 1, None, -1],
    ...     }
    ... ).with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))
    >>> ops.kyle_lambda("5m").apply(frame)["kyle_lambda"].round(6).to_list()
    [None, None, None, 0.001]
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
            "delta_volume": Kind.INTEGER,
            "trade_side": Kind.INTEGER,
        }

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Add the column."""
        check(repr(self), schema, {_price(schema): Kind.NUMBER})
        return {**schema, "kyle_lambda": pl.Float64()}

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """State by symbol: its last mid, and the window."""
        return _KyleLambda(self, symbols, SLOPE)


class _KyleLambda(Windowed):
    def observe(self, batch: Batch, rows: Rows, positions: I64) -> Observed:
        x, y = np.full(batch.height, np.nan), np.zeros(batch.height)
        self.kernels.flows(
            rows.codes,
            trading_days(batch, rows),
            batch.columns["delta_volume"].ints(),
            batch.columns["trade_side"].ints(),
            batch.columns[_price(batch.columns)].floats(),
            self.past,
            x,
            y,
        )
        return Observed(positions, x, y)


def _price(columns: Container[str]) -> str:
    return "last_price" if "mid" not in columns and "last_price" in columns else "mid"
