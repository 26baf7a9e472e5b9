"""What taking liquidity cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from tickops._column import Column
from tickops._operator import Core, Operator
from tickops._schema import Kind
from tickops._stateless import Stateless

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._batch import Batch
    from tickops._symbols import Symbols

__all__ = ["effective_spread"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class effective_spread(Operator):
    """Effective spread 2·D·(p − mid) of price p and side D = ±1.

    Over `deltas`, `spread` and `trade_side`.

    Returns
    -------
    The input with

    - `effective_spread` (Float64, currency);
    - `effective_spread_bps` (Float64, basis points of the mid).

    Raises
    ------
    SchemaError
        delta_price, trade_side or mid is missing or of the wrong type.

    Notes
    -----
    Null where price, side or mid is null, or a price is 0. Where `mid` is the one that
    `trade_side` saw it is not below 0, but for rounding. The price is the mean of all that was
    traded since the row before, weighted with volume, and the mid that of the book after it: a
    proxy for trades.

    References
    ----------
    Lee, Ready (1991), Inferring trade direction from intraday data, Journal of Finance 46.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> frame = pl.DataFrame(
    ...     {"delta_price": [10.02, 9.99, None], "trade_side": [1, -1, None], "mid": [10.0] * 3}
    ... )
    >>> out = ops.effective_spread().apply(frame)
    >>> out.select(pl.col("effective_spread", "effective_spread_bps").round(6)).rows()
    [(0.04, 40.0), (0.02, 20.0), (None, None)]
    """

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        return {"delta_price": Kind.NUMBER, "trade_side": Kind.INTEGER, "mid": Kind.NUMBER}

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Add the two columns."""
        added = dict.fromkeys(("effective_spread", "effective_spread_bps"), pl.Float64())
        return {**schema, **added}

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """No state: a row at a time."""
        return Stateless(_step)


def _step(batch: Batch) -> Batch:
    from tickops._kernels import trades as kernels

    spread, spread_bps = np.empty(batch.height), np.empty(batch.height)
    kernels.effective_spread(
        batch.columns["delta_price"].floats(),
        batch.columns["trade_side"].ints(),
        batch.columns["mid"].floats(),
        spread,
        spread_bps,
    )
    return batch.with_columns(
        {
            "effective_spread": Column.of_floats(spread),
            "effective_spread_bps": Column.of_floats(spread_bps),
        }
    )
