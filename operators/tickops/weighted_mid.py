"""Mid weighted by the volume on the other side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from tickops._book import BOOK, Book
from tickops._column import Column
from tickops._operator import Core, Operator
from tickops._stateless import Stateless

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._batch import Batch
    from tickops._schema import Kind
    from tickops._symbols import Symbols

__all__ = ["weighted_mid"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class weighted_mid(Operator):
    """Mid weighted by the volume on the other side of the book: (q_b·a + q_a·b) / (q_a + q_b).

    Also called imbalance-weighted mid. It is not the micro-price of Stoikov (SSRN 2970694),
    which is an expectation of future mids.

    Returns
    -------
    The input with `weighted_mid` (Float64, currency).

    Raises
    ------
    SchemaError
        A book column is missing or of the wrong type.

    Notes
    -----
    Null where a side is absent (a price of 0, whatever its volume) or both volumes are 0.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> depth = pl.DataFrame(
    ...     {
    ...         "bid_prices": [[9.0], [9.0]],
    ...         "ask_prices": [[10.0], [0.0]],
    ...         "bid_volumes": [[300], [300]],
    ...         "ask_volumes": [[100], [0]],
    ...     }
    ... )
    >>> ops.weighted_mid().apply(depth)["weighted_mid"].to_list()
    [9.75, None]
    """

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        return BOOK

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Add the column."""
        return {**schema, "weighted_mid": pl.Float64()}

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """No state: a row at a time."""
        return Stateless(_step)


def _step(batch: Batch) -> Batch:
    from tickops._kernels import book as kernels

    book = Book(batch, levels=1)
    result = np.empty(batch.height)
    kernels.weighted_mid(
        book.side("bid_prices"),
        book.side("ask_prices"),
        book.side("bid_volumes"),
        book.side("ask_volumes"),
        result,
    )
    return batch.with_columns({"weighted_mid": Column.of_floats(result)})
