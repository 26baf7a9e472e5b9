"""Volatility that was."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import polars as pl

from tickops._arrays import empty, frozen, grown
from tickops._column import Column
from tickops._counts import check_count
from tickops._duration import microseconds
from tickops._late import LatePolicy, check_late
from tickops._operator import Core, Operator
from tickops._per_symbol import PerSymbol
from tickops._rolling import Input, Moments
from tickops._schema import Kind
from tickops._trading_days import trading_days
from tickops._windowed import Window, check_window
from tickops._windows import Windows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._arrays import F64, I32, Bool
    from tickops._batch import Batch
    from tickops._per_symbol import Rows
    from tickops._saved import Saved
    from tickops._snapshot import State
    from tickops._symbols import Symbols

__all__ = ["realised_volatility"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class realised_volatility(Operator):
    """Realised volatility √Σr² of the log returns r of a price in a window.

    Parameters
    ----------
    window
        A duration such as "5m": the returns of the rows in (t − window, t]. A whole number: of
        the symbol's last so many rows.
    column
        The price.
    min_rows
        With fewer returns in the window the result is null.
    daily
        Whether the first price of a trading day (local date of the market) has no return from
        the day before; the window itself reaches back over it.
    late
        What happens to rows older than the symbol's newest: left out and counted ("drop"),
        an error ("raise"), or taken as at the symbol's newest time ("include").

    Returns
    -------
    The input with `realised_volatility` (Float64, of the whole window: not annualised).

    Raises
    ------
    SchemaError
        symbol, timestamp or the price is missing or of the wrong type.
    LateRowError
        A row is late, and ``late="raise"``.

    Notes
    -----
    A return is that of a row's price on the symbol's last price before, in whatever row, and
    belongs to the later row. A price of 0, below 0, null or infinite is none: its row adds
    nothing, but time passes, and it counts among the last so many. Nothing is subtracted: the
    mean return is taken to be 0. Prices that jump between bid and ask add the bounce to the
    volatility; a mid does not. Sums are kept in twice the precision of floats.

    References
    ----------
    Andersen, Bollerslev, Diebold, Labys (2003), Modeling and forecasting realized volatility,
    Econometrica 71.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> frame = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH"] * 4,
    ...         "timestamp": [1776754800000, 1776754803000, 1776754806000, 1776754809000],
    ...         "last_price": [10.0, 10.1, 10.1, 10.0],
    ...     }
    ... ).with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))
    >>> out = ops.realised_volatility("5m").apply(frame)
    >>> out["realised_volatility"].round(6).to_list()
    [None, 0.00995, 0.00995, 0.014072]
    """

    window: Window = field(kw_only=False)
    column: str = "last_price"
    min_rows: int = 1
    daily: bool = True
    late: LatePolicy = "drop"

    def __post_init__(self) -> None:
        check_window(self.window)
        if not isinstance(self.column, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"column must be the name of a column, not {self.column!r}")
        check_count("min_rows", self.min_rows, "return")
        if not isinstance(self.daily, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"daily must be True or False, not {self.daily!r}")
        check_late(self.late)

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        return {"symbol": Kind.SYMBOL, "timestamp": Kind.TIME, self.column: Kind.NUMBER}

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Add the column."""
        return {**schema, "realised_volatility": pl.Float64()}

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """State by symbol: its last price, and the window."""
        return _RealisedVolatility(self, symbols)


class _RealisedVolatility(PerSymbol):
    heavy = True

    def __init__(self, op: realised_volatility, symbols: Symbols) -> None:
        from tickops._kernels import rows as kernels

        super().__init__(op, symbols, kernels.RING)
        self._kernels = kernels
        self._column = op.column
        self._daily = op.daily
        rows = op.window if isinstance(op.window, int) else 0
        window_us = 0 if isinstance(op.window, int) else microseconds("window", op.window)
        self._windows = Windows(symbols, 1, window_us, rows, daily=False)
        self._sum = Moments(0, ("sum",), op.min_rows)
        self._price: F64 = np.zeros((0, 1, 1))

    def add(self, batch: Batch, rows: Rows) -> Mapping[str, Column]:
        squares = self._squares(batch, rows)
        self._windows.reserve(batch.height)
        slide = self._windows.slide(batch, rows, [squares])
        none = cast("Bool", empty(np.bool_))
        given = Input(rows.codes, [squares], none, self._windows, slide)
        total = self._sum.update(given, len(self.symbols))[0]
        # A sum of nothing but zeros can be a hair below 0.
        return {"realised_volatility": Column.of_floats(np.sqrt(np.maximum(total, 0.0)))}

    def save(self) -> Mapping[str, Saved]:
        count = len(self.symbols)
        self._price = grown(self._price, count)
        own = {"price": self._price[:count]}
        return {**super().save(), **own, **self._windows.save(), **self._sum.save(count)}

    def load(self, state: State) -> None:
        super().load(state)
        count = len(self.symbols)
        self._price = state.array("price", np.float64, count, 1, 1)
        self._windows.load(state)
        self._sum.load(state, "", count)

    def _squares(self, batch: Batch, rows: Rows) -> F64:
        """Squared return of each row, NaN for none."""
        self._price = grown(self._price, len(self.symbols))
        days = trading_days(batch, rows) if self._daily else cast("I32", empty(np.int32))
        prices = frozen(batch.columns[self._column].floats()[np.newaxis])
        result = np.empty((1, batch.height))
        cells = self.state.reshape(-1, 1)
        self._kernels.returns(rows.codes, days, prices, 1, cells, self._price, result)
        return cast("F64", frozen(result[0] * result[0]))
