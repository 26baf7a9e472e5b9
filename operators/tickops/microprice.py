"""Stoikov's micro-price."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import polars as pl

from tickops._arrays import frozen
from tickops._book import BOOK, Book
from tickops._column import Column
from tickops._columns import check_number
from tickops._microprice import fit_adjustment
from tickops._operator import Core, Operator
from tickops._stateless import Stateless

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._batch import Batch
    from tickops._schema import Kind
    from tickops._symbols import Symbols

__all__ = ["microprice"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class microprice(Operator):
    """Micro-price: mid + g(imbalance, spread), the limit of expected future mids.

    g is a table that ``microprice.fit`` estimates on history. It is not the weighted mid, which
    knows nothing of how the market moves.

    Parameters
    ----------
    adjustment
        g in currency: a row for each spread, from one tick on, and in it a value for each
        bucket of the imbalance q_b / (q_b + q_a), the buckets of one width from 0 to 1.
    tick
        Price step; spreads are rounded to whole ticks.

    Returns
    -------
    The input with `microprice` (Float64, currency).

    Raises
    ------
    SchemaError
        A book column is missing or of the wrong type.

    Notes
    -----
    Null where a side is absent (a price of 0, whatever its volume) or both volumes are 0, where
    the book is crossed or locked (in call auctions bid1 = ask1), and for spreads beyond the
    table. A balanced book between two buckets has the mean of both: after a fit, nothing.

    References
    ----------
    Stoikov (2018), The micro-price: a high-frequency estimator of future prices, Quantitative
    Finance 18, SSRN 2970694.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> depth = pl.DataFrame(
    ...     {
    ...         "bid_prices": [[9.99], [9.99], [9.98]],
    ...         "ask_prices": [[10.0], [10.0], [10.0]],
    ...         "bid_volumes": [[300], [100], [300]],
    ...         "ask_volumes": [[100], [300], [100]],
    ...     }
    ... )
    >>> op = ops.microprice([[-0.003, 0.003]], tick=0.01)
    >>> op.apply(depth)["microprice"].round(6).to_list()
    [9.998, 9.992, None]
    """

    adjustment: Sequence[Sequence[float]] = field(kw_only=False)
    tick: float = 0.01

    def __post_init__(self) -> None:
        object.__setattr__(self, "adjustment", _table(self.adjustment))
        check_number("tick", self.tick, "a finite number above 0")
        if self.tick <= 0:
            raise ValueError(f"tick must be a finite number above 0, not {self.tick!r}")

    @classmethod
    def fit(
        cls,
        history: pl.DataFrame,
        *,
        buckets: int = 10,
        max_spread_ticks: int = 2,
        tick: float = 0.01,
    ) -> Self:
        """Estimate the table on history.

        Parameters
        ----------
        history
            Books in order of arrival: symbol, timestamp and the book columns. Steps are from a
            symbol's row to its next one of the same trading day, both with a bucket; symbols
            are taken together.
        buckets
            Buckets of the imbalance.
        max_spread_ticks
            The widest spread of the table, in ticks.
        tick
            Price step.

        Returns
        -------
        microprice
            With G* = Σ Bⁱ G¹ of the paper, its sum to the end. Each step counts a second time in
            the mirror (bid for ask, up for down), so that g is antisymmetric.

        Raises
        ------
        SchemaError
            A column is missing or of the wrong type.
        ValueError
            A bucket has no step, the mid never moves from it on, or the sum has no limit.
        """
        return cls(fit_adjustment(history, buckets, max_spread_ticks, tick), tick=tick)

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        return BOOK

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Add the column."""
        return {**schema, "microprice": pl.Float64()}

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """No state: a row at a time."""
        return Stateless(self._step)

    def _step(self, batch: Batch) -> Batch:
        from tickops._kernels import microprice as kernels

        book = Book(batch, levels=1)
        result = np.empty(batch.height)
        kernels.adjust(
            book.side("bid_prices"),
            book.side("ask_prices"),
            book.side("bid_volumes"),
            book.side("ask_volumes"),
            float(self.tick),
            frozen(np.array(self.adjustment, np.float64)),
            result,
        )
        return batch.with_columns({"microprice": Column.of_floats(result)})

    def __repr__(self) -> str:
        """Show of the table its size and a digest: a snapshot tells operators apart by it."""
        table = np.array(self.adjustment, "<f8")
        digest = hashlib.blake2b(table.tobytes(), digest_size=8).hexdigest()
        spreads, buckets = table.shape
        return f"microprice(<{spreads} x {buckets} table {digest}>, tick={float(self.tick)!r})"


def _table(adjustment: Any) -> tuple[tuple[float, ...], ...]:
    """Table of finite numbers, all rows of one length.

    Raises
    ------
    TypeError, ValueError
        It is none.
    """
    try:
        table = tuple(tuple(float(value) for value in row) for row in adjustment)
    except (TypeError, ValueError):
        raise TypeError(
            "adjustment must be a row of numbers for each spread, such as [[-0.003, 0.003]],"
            f" not {adjustment!r}"
        ) from None
    if not table or not table[0] or len({len(row) for row in table}) > 1:
        raise ValueError(f"adjustment must have rows of one length, not {adjustment!r}")
    if not all(math.isfinite(value) for row in table for value in row):
        raise ValueError(f"adjustment must be of finite numbers, not {adjustment!r}")
    return table
