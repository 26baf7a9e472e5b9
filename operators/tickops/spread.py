"""Quoted spread of a book."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from tickops._book import PRICES, Book
from tickops._column import Column
from tickops._operator import Core, Operator
from tickops._stateless import Stateless

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._batch import Batch
    from tickops._schema import Kind
    from tickops._symbols import Symbols

__all__ = ["spread"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class spread(Operator):
    """Mid and quoted spread of a book.

    Returns
    -------
    The input with

    - `mid` (Float64, currency): (a + b) / 2;
    - `spread` (Float64, currency): a − b;
    - `spread_bps` (Float64, basis points of the mid): 10⁴ (a − b) / mid,

    where a and b are the best ask and bid.

    Raises
    ------
    SchemaError
        bid_prices or ask_prices is missing or of the wrong type.

    Notes
    -----
    Null where a side is absent: a price of 0 means that there is no such level, whatever its
    volume. In a call auction bid and ask are the same virtual price: a spread of 0. A crossed
    book has a negative spread.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> depth = pl.DataFrame(
    ...     {"bid_prices": [[9.99], [9.99], [0.0]], "ask_prices": [[10.01], [9.99], [10.01]]}
    ... )
    >>> ops.spread().apply(depth).select(pl.col("mid", "spread", "spread_bps").round(6)).rows()
    [(10.0, 0.02, 20.0), (9.99, 0.0, 0.0), (None, None, None)]
    """

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        return PRICES

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Add the three columns."""
        return {**schema, "mid": pl.Float64(), "spread": pl.Float64(), "spread_bps": pl.Float64()}

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """No state: a row at a time."""
        return Stateless(_step)


def _step(batch: Batch) -> Batch:
    from tickops._kernels import book as kernels

    book = Book(batch, levels=1)
    mid, width, width_bps = (np.empty(batch.height) for _ in range(3))
    kernels.spread(book.side("bid_prices"), book.side("ask_prices"), mid, width, width_bps)
    return batch.with_columns(
        {
            "mid": Column.of_floats(mid),
            "spread": Column.of_floats(width),
            "spread_bps": Column.of_floats(width_bps),
        }
    )
