"""Books as matrices: one row a snapshot, one column a level, best first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import numpy as np
import polars as pl

from tickops._arrays import frozen
from tickops._schema import Kind
from tickops.exceptions import SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._arrays import F64
    from tickops._batch import Batch

__all__ = ["BOOK", "PRICES", "Book", "check_levels"]

PRICES: Final[Mapping[str, Kind]] = {"bid_prices": Kind.PRICES, "ask_prices": Kind.PRICES}
BOOK: Final[Mapping[str, Kind]] = {
    **PRICES,
    "bid_volumes": Kind.VOLUMES,
    "ask_volumes": Kind.VOLUMES,
}


class Book:
    """The book columns of a batch as (rows, levels) float matrices; null is 0.

    A price of 0 (or NaN) means that there is no such level, whatever its volume.

    Parameters
    ----------
    batch
        Rows with a book.
    levels
        How many levels, from the best; a List may be shorter and is filled with 0.
    """

    def __init__(self, batch: Batch, levels: int) -> None:
        self._batch = batch
        self._levels = levels

    def side(self, name: str) -> F64:
        """Column `name` as a matrix."""
        series = self._batch.columns[name].series(name)
        if isinstance(series.dtype, pl.List):
            columns = [
                series.list.get(level, null_on_oob=True).cast(pl.Float64).fill_null(0.0).to_numpy()
                for level in range(self._levels)
            ]
            return cast("F64", frozen(np.column_stack(columns)))
        width = cast("pl.Array", series.dtype).size
        flat = series.reshape((-1,)).cast(pl.Float64)  # a thirtieth of what explode takes
        if flat.null_count():
            flat = flat.fill_null(0.0)
        values = flat.to_numpy().reshape(-1, width)
        return cast("F64", frozen(values[:, : self._levels]))


def check_levels(operator: str, schema: pl.Schema, levels: int) -> None:
    """Raise SchemaError where a book column has fewer levels than asked for."""
    for name in BOOK:
        dtype = schema.get(name)
        if isinstance(dtype, pl.Array) and dtype.size < levels:
            raise SchemaError(
                f"{operator} needs {levels} levels; column {name!r} has {dtype.size}: {dtype}"
            )
