"""Bars of a net flow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tickops._flow_bars import By, FlowBars, Rule, Traded, sided_rule
from tickops._late import LatePolicy
from tickops._units import Unit

__all__ = ["imbalance_bars"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class imbalance_bars(FlowBars):
    """Bars of a net flow, buys less sales; over `deltas`.

    Parameters
    ----------
    of
        What flows: "tick" (rows that traded), "volume" (feed unit) or "amount" (currency).
    threshold
        A bar closes with the row at which buys less sales, or sales less buys, reach this.
        "adaptive": what is expected of the bar, see Notes.
    expected_ticks
        With "adaptive": rows that traded in a symbol's first bar, and where the mean of that
        number begins.
    span
        With "adaptive": span of the means, in bars; a new bar weighs 2 / (span + 1).
    bounds
        With "adaptive": least and most rows that traded in a bar, as factors of expected_ticks.
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
    With "adaptive" the threshold of a bar is what is expected of it when it begins, E[T] · |E[f]|:
    T is how many rows of a bar traded, f what flows with such a row, a sale as less than 0. Both
    are exponentially weighted means, E[T] of the symbol's bars (not of partial ones), E[f] of its
    rows that traded, with a span of span · expected_ticks of them. The first bar has no threshold:
    it closes with its expected_ticks rows, and its mean flow is where E[f] begins. Days forget
    nothing of this. Left alone, such thresholds vanish where buys and sales balance, or grow until
    no bar closes: `bounds` holds the length of bars, and so E[T] too.

    The side of a row that traded is `trade_side`, where the frame has that column (above 0 a
    buy, below 0 a sale, else neither), else by the tick rule: a `last_price` above that of the
    symbol's trade before is a buy, one below it a sale, the same (within 1e-9, relatively) has
    the side before. A new trading day forgets it; rows before the first change of price of a day,
    and rows without a price, have no side: they flow neither way. A snapshot can hold trades of
    both sides; it counts as of one.

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
    >>> out = ops.imbalance_bars("volume", threshold=25).apply(frame)
    >>> out.select("open", "close", "volume", "rows", "partial").rows()
    [(9.7, 9.8, 40, 3, False), (9.7, 9.7, 25, 2, False)]
    """

    of: Traded = field(kw_only=False)
    threshold: float | Literal["adaptive"]
    expected_ticks: int | None = None
    span: float = 20
    bounds: tuple[float, float] = (0.1, 10)
    daily: bool = True
    unit: Unit = None
    late: LatePolicy = "drop"

    @property
    def rule(self) -> Rule:
        """What closes a bar."""
        return sided_rule(
            self.of, By.IMBALANCE, self.threshold, self.expected_ticks, self.span, self.bounds
        )
