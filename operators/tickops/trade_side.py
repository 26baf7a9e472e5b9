"""Who took the initiative."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import polars as pl

from tickops._arrays import frozen
from tickops._book import PRICES, Book
from tickops._column import Column
from tickops._late import LatePolicy, check_late
from tickops._operator import Core, Operator
from tickops._per_symbol import PerSymbol
from tickops._schema import Kind, check
from tickops._trading_days import trading_days

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._arrays import F64
    from tickops._batch import Batch
    from tickops._per_symbol import Rows
    from tickops._symbols import Symbols

__all__ = ["trade_side"]

_MID: Final = {"mid": Kind.NUMBER}


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class trade_side(Operator):
    """Side of what was traded since the symbol's row before, by the rule of Lee and Ready.

    Above the mid it was bought, below it sold. At the mid, or where there is none, the tick
    rule decides: bought where the price was rising when it last changed, sold where it fell.

    Parameters
    ----------
    late
        What happens to rows older than the symbol's newest: left out and counted ("drop"),
        an error ("raise"), or taken as at the symbol's newest time ("include").

    Returns
    -------
    The input with `trade_side` (Int64): 1 bought, −1 sold.

    Raises
    ------
    SchemaError
        symbol, timestamp, delta_volume or delta_price is missing or of the wrong type, or the
        frame has neither `mid` nor a book (bid_prices and ask_prices).
    LateRowError
        A row is late, and ``late="raise"``.

    Notes
    -----
    Null where nothing was traded (delta_volume or delta_price null or not above 0), and at the
    mid while the symbol's price has not changed that day: a new trading day (local date of the
    market) forgets the tick.

    A snapshot has no trades. The price is `delta_price`, the mean of all that was traded since
    the row before, weighted with volume, and the side is that of the whole: a proxy. The mid
    is the column `mid` if there is one, else of the book in the same row, which is the book
    after those trades; for the one before them, give the row before's as `mid`. Prices within
    1e-9 of each other, relatively, are equal.

    References
    ----------
    Lee, Ready (1991), Inferring trade direction from intraday data, Journal of Finance 46.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> frame = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH"] * 4,
    ...         "timestamp": [1776754800000, 1776754803000, 1776754806000, 1776754809000],
    ...         "delta_volume": [5, 10, 0, 30],
    ...         "delta_price": [9.72, 9.73, None, 9.70],
    ...         "mid": [9.72, 9.73, 9.73, 9.715],
    ...     }
    ... ).with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))
    >>> ops.trade_side().apply(frame)["trade_side"].to_list()
    [None, 1, None, -1]
    """

    late: LatePolicy = "drop"

    def __post_init__(self) -> None:
        check_late(self.late)

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        return {
            "symbol": Kind.SYMBOL,
            "timestamp": Kind.TIME,
            "delta_volume": Kind.INTEGER,
            "delta_price": Kind.NUMBER,
        }

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Add the column."""
        has_book = "mid" not in schema and any(name in schema for name in PRICES)
        check(repr(self), schema, PRICES if has_book else _MID)
        return {**schema, "trade_side": pl.Int64()}

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """State by symbol: its last price, and where it came from."""
        return _TradeSide(self, symbols)


class _TradeSide(PerSymbol):
    def __init__(self, op: trade_side, symbols: Symbols) -> None:
        from tickops._kernels import trades as kernels

        super().__init__(op, symbols, kernels.TICK)
        self._kernels = kernels

    def add(self, batch: Batch, rows: Rows) -> Mapping[str, Column]:
        side, valid = np.zeros(batch.height, np.int64), np.zeros(batch.height, np.bool_)
        self._kernels.trade_side(
            rows.codes,
            trading_days(batch, rows),
            batch.columns["delta_volume"].ints(),
            batch.columns["delta_price"].floats(),
            _mid(batch),
            self.state,
            side,
            valid,
        )
        return {"trade_side": Column.of_ints(side, pl.Int64(), valid)}


def _mid(batch: Batch) -> F64:
    if "mid" in batch.columns:
        return batch.columns["mid"].floats()
    from tickops._kernels import book as kernels

    book = Book(batch, levels=1)
    mid, width, width_bps = (np.empty(batch.height) for _ in range(3))
    kernels.spread(book.side("bid_prices"), book.side("ask_prices"), mid, width, width_bps)
    return cast("F64", frozen(mid))
