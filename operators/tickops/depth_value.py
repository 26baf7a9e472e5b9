"""What the orders in the book are worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

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

__all__ = ["depth_value"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class depth_value(Operator):
    """Value of the orders on each side of the book: Σ P_k·Q_k·unit over the best levels.

    Parameters
    ----------
    levels
        How many levels, from the best.
    unit
        Shares per unit of volume, as given to `deltas`.

    Returns
    -------
    The input with `bid_value` and `ask_value` (Float64, currency).

    Raises
    ------
    SchemaError
        symbol, timestamp or a book column is missing or of the wrong type, or the book has
        fewer levels.

    Notes
    -----
    Null where a side has no level, and where symbol or timestamp is null. A price of 0 means
    that there is no such level: its volume does not count.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> depth = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH", "600000.SH"],
    ...         "timestamp": [1776735003000, 1776735006000],
    ...         "bid_prices": [[9.5, 9.0], [9.5, 9.0]],
    ...         "ask_prices": [[10.0, 10.5], [0.0, 0.0]],
    ...         "bid_volumes": [[3, 1], [3, 1]],
    ...         "ask_volumes": [[1, 2], [0, 0]],
    ...     }
    ... ).with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))
    >>> ops.depth_value(levels=2).apply(depth).select("bid_value", "ask_value").rows()
    [(3750.0, 3100.0), (3750.0, None)]
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
        """Add the two columns."""
        check_levels(repr(self), schema, self.levels)
        return {**schema, "bid_value": pl.Float64(), "ask_value": pl.Float64()}

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """No state: a row at a time."""
        units = Units(self.unit, symbols)

        def step(batch: Batch) -> Batch:
            from tickops._kernels import book_depth as kernels

            codes, _ = batch.rows()
            book = Book(batch, self.levels)
            added: dict[str, Column] = {}
            for side in ("bid", "ask"):
                value = np.empty(batch.height)
                prices, volumes = book.side(f"{side}_prices"), book.side(f"{side}_volumes")
                kernels.depth_value(codes, prices, volumes, units.by_symbol(), value)
                added[f"{side}_value"] = Column.of_floats(value)
            return batch.with_columns(added)

        return Stateless(step)
