"""The spread that prices betray."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from tickops._late import LatePolicy, check_late
from tickops._operator import Core, Operator
from tickops._schema import Kind
from tickops._trading_days import trading_days
from tickops._windowed import ROLL, Observed, Window, Windowed, check_window

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._arrays import I64
    from tickops._batch import Batch
    from tickops._per_symbol import Rows
    from tickops._symbols import Symbols

__all__ = ["roll_spread"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class roll_spread(Operator):
    """Roll's spread: 2·√(−cov(Δp_t, Δp_{t−1})) of the price changes in a window.

    Δp is the change of last_price from one traded row of the symbol to the next.

    Parameters
    ----------
    window
        A duration such as "5m": the changes of the rows in (t − window, t]. A whole number: of the
        symbol's last so many rows.
    late
        What happens to rows older than the symbol's newest: left out and counted ("drop"),
        an error ("raise"), or taken as at the symbol's newest time ("include").

    Returns
    -------
    The input with `roll_spread` (Float64, currency).

    Raises
    ------
    SchemaError
        symbol, timestamp, last_price or delta_volume is missing or of the wrong type.
    LateRowError
        A row is late, and ``late="raise"``.

    Notes
    -----
    A row is traded where delta_volume is above 0 and last_price is one (not 0). Others add
    nothing, but time passes, and they count among the last so many. The covariance is that of
    a sample (over n − 1) of the pairs of changes that follow each other, both in the window.
    Null with fewer than two pairs, and where it is not below 0; one within 1e-9 of 0, for the
    size of the changes, is float noise. A new trading day (local date of the market) has no
    change from the day before; the window itself reaches back over it.

    References
    ----------
    Roll (1984), A simple implicit measure of the effective bid-ask spread in an efficient
    market, Journal of Finance 39.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> frame = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH"] * 4,
    ...         "timestamp": [1776754800000, 1776754803000, 1776754806000, 1776754809000],
    ...         "last_price": [10.0, 10.02, 10.0, 10.02],
    ...         "delta_volume": [5, 10, 1, 20],
    ...     }
    ... ).with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))
    >>> ops.roll_spread(100).apply(frame)["roll_spread"].round(6).to_list()
    [None, None, None, 0.056569]
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
        }

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Add the column."""
        return {**schema, "roll_spread": pl.Float64()}

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """State by symbol: its last traded price and change, and the window."""
        return _RollSpread(self, symbols, ROLL)


class _RollSpread(Windowed):
    def observe(self, batch: Batch, rows: Rows, positions: I64) -> Observed:
        x = np.full(batch.height, np.nan)
        at, y = np.zeros(batch.height, np.int64), np.zeros(batch.height)
        self.kernels.price_changes(
            rows.codes,
            trading_days(batch, rows),
            positions,
            batch.columns["delta_volume"].ints(),
            batch.columns["last_price"].floats(),
            self.past,
            at,
            x,
            y,
        )
        return Observed(at, x, y)
