"""How steeply depth grows with the distance from the mid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from tickops._arrays import frozen
from tickops._book import BOOK, Book, check_levels
from tickops._column import Column
from tickops._counts import check_count
from tickops._operator import Core, Operator
from tickops._schema import Kind
from tickops._stateless import Stateless
from tickops._units import Unit, Units, check_unit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._batch import Batch
    from tickops._symbols import Symbols

__all__ = ["book_slope"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class book_slope(Operator):
    """Slope of the order book: elasticity of cumulated depth by price, averaged over levels.

    Of one side with N levels, with p_0 the mid, p_k the price of level k, and v_k the natural
    logarithm of the shares at levels 1 to k together::

        1/N · { v_1/|p_1/p_0 − 1| + Σ_{k=1}^{N−1} (v_{k+1}/v_k − 1)/|p_{k+1}/p_k − 1| }

    Parameters
    ----------
    levels
        How many levels, from the best; N is how many of them are there.
    unit
        Shares per unit of volume, as given to `deltas`.

    Returns
    -------
    The input with `bid_slope`, `ask_slope` and `book_slope`, the mean of the two (Float64).

    Raises
    ------
    SchemaError
        symbol, timestamp or a book column is missing or of the wrong type, or the book has
        fewer levels.

    Notes
    -----
    A slope is null where the best bid or the best ask is absent, where the best price is the mid
    (as in a call auction), where two levels have the same price, and where the best level has
    less than two shares, whose logarithm is not positive; `book_slope` where either slope is.
    All are null where symbol or timestamp is. A side ends before its first absent level (a price
    of 0, whatever its volume).

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> depth = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH"],
    ...         "timestamp": [1776735003000],
    ...         "bid_prices": [[9.75, 9.5]],
    ...         "ask_prices": [[10.25, 10.5]],
    ...         "bid_volumes": [[300, 100]],
    ...         "ask_volumes": [[100, 300]],
    ...     }
    ... ).with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))
    >>> out = ops.book_slope(levels=2).apply(depth)
    >>> out.select(pl.col("bid_slope", "ask_slope", "book_slope").round(3)).row(0)
    (206.723, 187.292, 197.008)

    References
    ----------
    Næs and Skjeltorp (2006), "Order book characteristics and the volume–volatility relation:
    Empirical evidence from a limit order market", Journal of Financial Markets 9, 408–432.
    """

    levels: int = 5
    unit: Unit = None

    def __post_init__(self) -> None:
        check_count("levels", self.levels)
        object.__setattr__(self, "unit", check_unit(self.unit))

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        # Without the time, a row would have a symbol here that it has not in a longer chain.
        return {"symbol": Kind.SYMBOL, "timestamp": Kind.TIME, **BOOK}

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Add the three columns."""
        check_levels(repr(self), schema, self.levels)
        added = dict.fromkeys(("bid_slope", "ask_slope", "book_slope"), pl.Float64())
        return {**schema, **added}

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """No state: a row at a time."""
        units = Units(self.unit, symbols)

        def step(batch: Batch) -> Batch:
            from tickops._kernels import book_depth as kernels

            codes, _ = batch.rows()
            book = Book(batch, self.levels)
            bids, asks = book.side("bid_prices"), book.side("ask_prices")
            mids, bid, ask = (np.empty(batch.height) for _ in range(3))
            kernels.mids(bids, asks, mids)
            frozen(mids)
            by_symbol = units.by_symbol()
            kernels.slope(codes, bids, book.side("bid_volumes"), mids, by_symbol, bid)
            kernels.slope(codes, asks, book.side("ask_volumes"), mids, by_symbol, ask)
            added = {"bid_slope": bid, "ask_slope": ask, "book_slope": (bid + ask) / 2}
            return batch.with_columns(
                {name: Column.of_floats(values) for name, values in added.items()}
            )

        return Stateless(step)
