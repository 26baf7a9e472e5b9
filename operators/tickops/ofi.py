"""Order flow imbalance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import polars as pl

from tickops._arrays import grown
from tickops._book import BOOK, Book, check_levels
from tickops._column import Column
from tickops._counts import check_count
from tickops._late import LatePolicy, check_late
from tickops._operator import Core, Operator
from tickops._per_symbol import PerSymbol
from tickops._schema import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._arrays import F64, Bool
    from tickops._batch import Batch
    from tickops._per_symbol import Rows
    from tickops._saved import Saved
    from tickops._snapshot import State
    from tickops._symbols import Symbols

__all__ = ["ofi"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class ofi(Operator):
    """Order flow imbalance of one step: what came to the bid and left the ask, less the contrary.

    From a symbol's row n−1 to its row n, with b, a the prices of a level and q_b, q_a their
    volumes::

        1{b_n ≥ b_{n−1}}·q_b,n − 1{b_n ≤ b_{n−1}}·q_b,n−1
        − 1{a_n ≤ a_{n−1}}·q_a,n + 1{a_n ≥ a_{n−1}}·q_a,n−1

    Parameters
    ----------
    levels
        1: of the best prices. More: of each of the best levels, a vector.
    late
        What happens to rows older than the symbol's newest: left out and counted ("drop"),
        an error ("raise"), or taken in order of arrival ("include").

    Returns
    -------
    The input with `ofi`, in the feed's unit of volume: Float64; with more than one level
    Array(Float64, levels), best level first.

    Raises
    ------
    SchemaError
        symbol, timestamp or a book column is missing, of the wrong type, or has fewer levels.
    LateRowError
        A row is late, and ``late="raise"``.

    Notes
    -----
    Null on a symbol's first row of a trading day (local date of the market; UTC where the
    region is unknown), and where a level is absent on either side in this row or the one before
    (a price of 0, whatever its volume; a book that is null). Of an array the elements are null;
    all of it is where all elements would be. Prices that differ by float noise (10⁻⁹
    relatively) are equal. A step is from row to row, however long that took: it can go over the
    lunch break or a gap.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> depth = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH"] * 3,
    ...         "timestamp": [1776735003000, 1776735006000, 1776735009000],
    ...         "bid_prices": [[9.98, 9.97], [9.98, 9.97], [9.99, 9.98]],
    ...         "ask_prices": [[10.0, 10.01], [10.0, 10.01], [10.0, 0.0]],
    ...         "bid_volumes": [[300, 100], [320, 100], [50, 320]],
    ...         "ask_volumes": [[200, 100], [150, 130], [150, 0]],
    ...     }
    ... ).with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))
    >>> ops.ofi().apply(depth)["ofi"].to_list()
    [None, 70.0, 50.0]
    >>> ops.ofi(levels=2).apply(depth)["ofi"].to_list()
    [None, [70.0, -30.0], [50.0, None]]

    References
    ----------
    Cont, Kukanov and Stoikov (2014), "The price impact of order book events", arXiv 1011.6402.
    Xu, Gould and Howison (2019), "Multi-level order-flow imbalance in a limit order book",
    arXiv 1907.06230.
    """

    levels: int = 1
    late: LatePolicy = "drop"

    def __post_init__(self) -> None:
        check_count("levels", self.levels)
        check_late(self.late)

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        return {"symbol": Kind.SYMBOL, "timestamp": Kind.TIME, **BOOK}

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Add the column."""
        check_levels(repr(self), schema, self.levels)
        one = self.levels == 1
        return {**schema, "ofi": pl.Float64() if one else pl.Array(pl.Float64(), self.levels)}

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """State by symbol: its last book, and of which day that is."""
        return _Ofi(self, symbols)


class _Ofi(PerSymbol):
    def __init__(self, op: ofi, symbols: Symbols) -> None:
        from tickops._kernels import ofi as kernels

        super().__init__(op, symbols, kernels.STATE)
        self._kernels = kernels
        self._levels = op.levels
        self._books: F64 = np.zeros((0, 4, op.levels))

    def add(self, batch: Batch, rows: Rows) -> Mapping[str, Column]:
        self._books = grown(self._books, len(self.symbols))
        book = Book(batch, self._levels)
        result = np.empty((batch.height, self._levels))
        self._kernels.ofi(
            rows.codes,
            batch.days(),
            book.side("bid_prices"),
            book.side("ask_prices"),
            book.side("bid_volumes"),
            book.side("ask_volumes"),
            self.state,
            self._books,
            result,
        )
        column = Column.of_floats(result[:, 0]) if self._levels == 1 else _of_levels(result)
        return {"ofi": column}

    def save(self) -> Mapping[str, Saved]:
        self._books = grown(self._books, len(self.symbols))
        return {**super().save(), "books": self._books[: len(self.symbols)]}

    def load(self, state: State) -> None:
        super().load(state)
        self._books = state.array("books", np.float64, len(self.symbols), 4, self._levels)


def _of_levels(values: F64) -> Column:
    """Column of arrays, one a row; NaN is null, and so is a row of nothing else."""
    arrays = pl.Series("ofi", values, nan_to_null=True)
    known = pl.Series("", cast("Bool", ~np.isnan(values).all(axis=1)))
    return Column.of(arrays.to_frame().select(pl.when(known).then(pl.col("ofi"))).to_series())
