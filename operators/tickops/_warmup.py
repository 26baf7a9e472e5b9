"""Compiling beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from tickops._batch import Batch
from tickops._column import Column
from tickops._symbols import SYMBOL, Symbols
from tickops.deltas import REASON

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._operator import Operator

__all__ = ["warmup"]

_BOOK: Final = dict.fromkeys(
    ("bid_prices", "ask_prices"), pl.Array(pl.Float64, 10)
) | dict.fromkeys(("bid_volumes", "ask_volumes"), pl.Array(pl.Int64, 10))
_COLUMNS: Final[Mapping[str, Any]] = {
    "symbol": SYMBOL,
    "timestamp": pl.Datetime("ms", "UTC"),
    "start": pl.Datetime("ms", "UTC"),
    "end": pl.Datetime("ms", "UTC"),
    "connection": pl.UInt32,
    "last_price": pl.Float64,
    "prev_close": pl.Float64,
    "open": pl.Float64,
    "high": pl.Float64,
    "low": pl.Float64,
    "close": pl.Float64,
    "volume": pl.Int64,
    "amount": pl.Float64,
    "delta_volume": pl.Int64,
    "delta_amount": pl.Float64,
    "delta_price": pl.Float64,
    "mid": pl.Float64,
    "trade_side": pl.Int64,
    "reason": REASON,
    "channel": pl.Enum(["quotes", "depth"]),
    **_BOOK,
}


def warmup(*operators: Operator, schema: Mapping[str, Any] | None = None) -> None:
    """Load, or at their first use ever compile, all kernels that operators need.

    Without it the first rows wait: seconds once after an installation, when kernels are
    compiled and kept on disk, a fraction of one in each process after that.

    Parameters
    ----------
    *operators
        Operators and chains.
    schema
        Columns of the frames to come, where expressions or aggregates need others than quotes
        and books have.

    Raises
    ------
    SchemaError
        An operator needs a column that `schema` (or quotes and books) lacks.

    Examples
    --------
    >>> import tickops as ops
    >>> ops.warmup(ops.chain(ops.deltas(), ops.vwap(window="5m")), ops.spread())
    """
    given = pl.Schema(_COLUMNS if schema is None else schema)
    for operator in operators:
        symbols = Symbols()
        empty = pl.DataFrame(schema=given)
        batch = Batch({s.name: Column.of(s) for s in empty.get_columns()}, 0, symbols)
        if "symbol" in given and "timestamp" in given:
            batch.codes = symbols.encode(empty["symbol"], None, None)
            batch.times_us = Column.of(empty["timestamp"]).ints()
        current = given
        for step in operator.operators:
            core = step.core(current, symbols)
            current = step.output_schema(current)
            batch = core.push(batch)
            core.advance(0)
            core.finish()
