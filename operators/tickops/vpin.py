"""How one-sided trading is, in volume time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from tickops._arrays import grown
from tickops._column import Column
from tickops._counts import check_count
from tickops._late import LatePolicy, check_late
from tickops._operator import Core, Operator
from tickops._per_symbol import PerSymbol
from tickops._schema import Kind
from tickops.exceptions import SnapshotError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._arrays import I64
    from tickops._batch import Batch
    from tickops._per_symbol import Rows
    from tickops._saved import Saved
    from tickops._snapshot import State
    from tickops._symbols import Symbols

__all__ = ["vpin"]

_MOST: Final = 2**62


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class vpin(Operator):
    """Volume-synchronised probability of informed trading: Σ|V_b − V_s| / (n·V).

    Trades fill buckets of volume V; of the last n full ones, what was bought and what was sold
    is compared. Over `deltas` and `trade_side`.

    Parameters
    ----------
    bucket
        Volume V of a bucket (feed unit); the authors take a fiftieth of an average day's.
    buckets
        How many n, the last full ones.
    late
        What happens to rows older than the symbol's newest: left out and counted ("drop"),
        an error ("raise"), or taken as at the symbol's newest time ("include").

    Returns
    -------
    The input with `vpin` (Float64, from 0 to 1).

    Raises
    ------
    SchemaError
        symbol, timestamp, delta_volume or trade_side is missing or of the wrong type.
    LateRowError
        A row is late, and ``late="raise"``.

    Notes
    -----
    Null until so many buckets are full; it then changes with each bucket that fills. Volume that
    overfills a bucket goes on into the next ones. Rows without trade or side add nothing.
    Buckets go on from day to day.

    All volume of a row is of its `trade_side`. The authors' bulk classification, which divides
    it by how the price moved, is not done here. The measure is contested: Andersen and
    Bondarenko find that it follows volume and volatility, and foretells neither of them.

    References
    ----------
    Easley, López de Prado, O'Hara (2012), Flow toxicity and liquidity in a high-frequency
    world, Review of Financial Studies 25, SSRN 1695596. Andersen, Bondarenko (2014), VPIN and
    the flash crash, Journal of Financial Markets 17.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> frame = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH"] * 4,
    ...         "timestamp": [1776754800000, 1776754803000, 1776754806000, 1776754809000],
    ...         "delta_volume": [6, 4, 15, 5],
    ...         "trade_side": [1, -1, -1, 1],
    ...     }
    ... ).with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))
    >>> ops.vpin(10, buckets=2).apply(frame)["vpin"].to_list()
    [None, None, 0.6, 0.5]
    """

    bucket: int = field(kw_only=False)
    buckets: int = 50
    late: LatePolicy = "drop"

    def __post_init__(self) -> None:
        check_count("bucket", self.bucket)
        check_count("buckets", self.buckets, "bucket")
        if self.bucket * self.buckets > _MOST:
            raise ValueError(
                f"bucket · buckets must be at most 2**62, not {self.bucket!r} times"
                f" {self.buckets!r}"
            )
        check_late(self.late)

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        return {
            "symbol": Kind.SYMBOL,
            "timestamp": Kind.TIME,
            "delta_volume": Kind.INTEGER,
            "trade_side": Kind.INTEGER,
        }

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Add the column."""
        return {**schema, "vpin": pl.Float64()}

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """State by symbol: its open bucket, and the imbalances of full ones."""
        return _Vpin(self, symbols)


class _Vpin(PerSymbol):
    def __init__(self, op: vpin, symbols: Symbols) -> None:
        from tickops._kernels import vpin as kernels

        super().__init__(op, symbols, kernels.STATE)
        self._kernels = kernels
        self._op = op
        self._rings: I64 = np.zeros((0, op.buckets), np.int64)

    def add(self, batch: Batch, rows: Rows) -> Mapping[str, Column]:
        self._rings = grown(self._rings, len(self.symbols))
        result = np.empty(batch.height)
        self._kernels.vpin(
            rows.codes,
            batch.columns["delta_volume"].ints(),
            batch.columns["trade_side"].ints(),
            self._op.bucket,
            self.state,
            self._rings,
            result,
        )
        return {"vpin": Column.of_floats(result)}

    def save(self) -> Mapping[str, Saved]:
        self._rings = grown(self._rings, len(self.symbols))
        return {**super().save(), "rings": self._rings[: len(self.symbols)]}

    def load(self, state: State) -> None:
        super().load(state)
        self._rings = state.array("rings", np.int64, len(self.symbols), self._op.buckets)
        place, count = self.state["place"], self.state["count"]
        most = self._op.buckets
        if ((place < 0) | (place >= most) | (count < 0) | (count > most)).any():
            raise SnapshotError(
                f"the snapshot of {state.operator} is damaged: its rings do not fit"
            )
