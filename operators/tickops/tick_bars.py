"""Bars of a number of trades."""

from __future__ import annotations

from dataclasses import dataclass, field

from tickops._flow_bars import By, FlowBars, Of, Rule, check_threshold
from tickops._late import LatePolicy
from tickops._units import Unit

__all__ = ["tick_bars"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class tick_bars(FlowBars):
    """Bars of so many rows that traded; over `deltas`.

    Parameters
    ----------
    rows
        A bar closes with its so many rows that traded.
    daily
        Bars end with their trading day: what is open at the first row of a new one closes, as
        partial. Otherwise a bar can go on overnight; its `trading_day` is that of its last row.
    unit
        Shares per unit of volume, as given to `deltas`.
    late
        What happens to rows older than the symbol's newest: left out and counted ("drop"),
        an error ("raise"), or taken as at the symbol's newest time ("include").

    Returns
    -------
    A row a bar, when it closes: symbol; trading_day (Date, local); start, end (as timestamp, of
    the bar's first and last row); open, high, low, close (Float64, currency); volume (Int64, feed
    unit); amount (Float64, currency); vwap (Float64, amount / (volume · unit)); rows (Int64);
    partial, gap (Boolean); region (where the frame has it).

    Raises
    ------
    SchemaError
        A column is missing or of the wrong type.
    LateRowError
        A row is late, and ``late="raise"``.

    Notes
    -----
    Quotes are snapshots: one that traded (delta_volume > 0) counts as one tick, however many
    trades came between it and the one before.

    A bar begins with a row that traded (delta_volume > 0) and closes with the row that reaches
    the threshold, or as `partial` at a new day or ``finish``; time alone (``advance``) closes
    none. A row is never split, so bars can be larger than the threshold. Other rows, null deltas
    included, belong to the bar that is open; one that is not null moves its volume and amount
    too (a correction takes from them). Where none is open they are left out, counted as
    "outside" if volume or amount moved. `gap`: a row in it has that reason.

    Prices are those of `last_price` in rows that traded; the day's high and low are not looked
    at. A bar without any has the last such price before it, or null. `vwap` is null unless
    volume > 0.

    References
    ----------
    López de Prado, Advances in Financial Machine Learning (2018), chapter 2.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> frame = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH"] * 5,
    ...         "timestamp": range(1776754800000, 1776754815000, 3000),
    ...         "last_price": [9.7, 9.7, 9.8, 9.7, 9.7],
    ...         "delta_volume": [10, 0, 30, 20, 5],
    ...         "delta_amount": [9700.0, 0.0, 29400.0, 19400.0, 4850.0],
    ...     }
    ... ).with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))
    >>> out = ops.tick_bars(2).apply(frame)
    >>> out.select("open", "close", "volume", "rows", "partial").rows()
    [(9.7, 9.8, 40, 3, False), (9.7, 9.7, 25, 2, False)]
    """

    rows: int = field(kw_only=False)
    daily: bool = True
    unit: Unit = None
    late: LatePolicy = "drop"

    @property
    def rule(self) -> Rule:
        """What closes a bar."""
        return Rule(Of.TICK, By.ALL, check_threshold("rows", self.rows, whole=True))
