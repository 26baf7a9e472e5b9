"""Volume-adjusted mid price."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from tickops._book import BOOK, Book, check_levels
from tickops._column import Column
from tickops._counts import check_count
from tickops._operator import Core, Operator
from tickops._stateless import Stateless

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._batch import Batch
    from tickops._schema import Kind
    from tickops._symbols import Symbols

__all__ = ["vamp"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class vamp(Operator):
    """Volume-adjusted mid price: Σ(P_b^k·Q_a^k + P_a^k·Q_b^k) / Σ(Q_b^k + Q_a^k).

    Each price is weighted with the volume on the other side of its level; of one level it is
    `weighted_mid`.

    Parameters
    ----------
    levels
        How many levels, from the best.

    Returns
    -------
    The input with `vamp` (Float64, currency).

    Raises
    ------
    SchemaError
        A book column is missing, of the wrong type, or has fewer levels.

    Notes
    -----
    Null where the best bid or the best ask is absent, or no level has volume. A level that is
    absent on one side (a price of 0, whatever its volume) does not count on the other either.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> depth = pl.DataFrame(
    ...     {
    ...         "bid_prices": [[9.0, 8.0], [9.0, 8.0]],
    ...         "ask_prices": [[10.0, 11.0], [0.0, 0.0]],
    ...         "bid_volumes": [[300, 100], [300, 100]],
    ...         "ask_volumes": [[100, 300], [0, 0]],
    ...     }
    ... )
    >>> ops.vamp().apply(depth)["vamp"].to_list()
    [9.75, None]
    >>> ops.vamp(levels=2).apply(depth)["vamp"].to_list()
    [9.25, None]

    References
    ----------
    hftbacktest, "Market Making with Alpha - Order Book Imbalance", notebook of its examples.
    """

    levels: int = 1

    def __post_init__(self) -> None:
        check_count("levels", self.levels)

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        return BOOK

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Add the column."""
        check_levels(repr(self), schema, self.levels)
        return {**schema, "vamp": pl.Float64()}

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """No state: a row at a time."""
        return Stateless(self._step)

    def _step(self, batch: Batch) -> Batch:
        from tickops._kernels import book_depth as kernels

        book = Book(batch, self.levels)
        result = np.empty(batch.height)
        kernels.vamp(
            book.side("bid_prices"),
            book.side("ask_prices"),
            book.side("bid_volumes"),
            book.side("ask_volumes"),
            result,
        )
        return batch.with_columns({"vamp": Column.of_floats(result)})
