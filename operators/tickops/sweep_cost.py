"""What a market order costs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import polars as pl

from tickops._arrays import frozen
from tickops._book import BOOK, Book
from tickops._column import Column
from tickops._counts import check_count
from tickops._operator import Core, Operator
from tickops._stateless import Stateless

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._batch import Batch
    from tickops._schema import Kind
    from tickops._symbols import Symbols

__all__ = ["sweep_cost"]

_ADDED: Final = ("buy_price", "buy_cost_bps", "sell_price", "sell_cost_bps")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class sweep_cost(Operator):
    """Average price of buying and of selling a quantity through the book, and its cost.

    Parameters
    ----------
    quantity
        How much, in the feed's unit of volume.

    Returns
    -------
    The input with

    - `buy_price`, `sell_price` (Float64, currency): Σ p·q / quantity over what the order takes,
      from the best level on;
    - `buy_cost_bps`, `sell_cost_bps` (Float64): 10⁴(buy_price − mid)/mid, 10⁴(mid −
      sell_price)/mid.

    Raises
    ------
    SchemaError
        A book column is missing or of the wrong type.

    Notes
    -----
    Null where all the levels that are shown have less than `quantity`; a cost also where either
    best price is absent. A price of 0 means that there is no such level, whatever its volume.
    In a call auction nobody could trade at these prices.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> depth = pl.DataFrame(
    ...     {
    ...         "bid_prices": [[9.75, 9.5]],
    ...         "ask_prices": [[10.25, 11.25]],
    ...         "bid_volumes": [[300, 0]],
    ...         "ask_volumes": [[300, 500]],
    ...     }
    ... )
    >>> out = ops.sweep_cost(400).apply(depth)
    >>> out.select("buy_price", "buy_cost_bps", "sell_price", "sell_cost_bps").row(0)
    (10.5, 500.0, None, None)
    """

    quantity: int = field(kw_only=False)

    def __post_init__(self) -> None:
        check_count("quantity", self.quantity)

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        return BOOK

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Add the four columns."""
        return {**schema, **dict.fromkeys(_ADDED, pl.Float64())}

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """No state: a row at a time."""
        return Stateless(self._step)

    def _step(self, batch: Batch) -> Batch:
        from tickops._kernels import book_depth as kernels

        n = batch.height
        book = Book(batch, min(_width(batch, name) for name in BOOK))
        bids, asks = book.side("bid_prices"), book.side("ask_prices")
        mids, quantity = np.empty(n), float(self.quantity)
        kernels.mids(bids, asks, mids)
        frozen(mids)
        buy, buy_bps, sell, sell_bps = (np.empty(n) for _ in _ADDED)
        kernels.sweep(asks, book.side("ask_volumes"), mids, 1, quantity, buy, buy_bps)
        kernels.sweep(bids, book.side("bid_volumes"), mids, -1, quantity, sell, sell_bps)
        results = zip(_ADDED, (buy, buy_bps, sell, sell_bps), strict=True)
        return batch.with_columns({name: Column.of_floats(values) for name, values in results})


def _width(batch: Batch, name: str) -> int:
    """How many levels a book column has; of lists, the longest."""
    series = batch.columns[name].series(name)
    if isinstance(series.dtype, pl.Array):
        return series.dtype.size
    return max(cast("int | None", series.list.len().max()) or 0, 1)
