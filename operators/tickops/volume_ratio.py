"""Volume of today against that of the days before."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import polars as pl

from tickops._arrays import empty, frozen, grown
from tickops._column import Column
from tickops._counts import check_count
from tickops._late import LatePolicy, check_late
from tickops._operator import Core, Operator
from tickops._per_symbol import PerSymbol
from tickops._reasons import Reasons
from tickops._schema import Kind
from tickops._session_clock import SessionClock, local_time
from tickops._sessions import Sessions, check_sessions
from tickops.exceptions import SnapshotError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._arrays import I64, Bool
    from tickops._batch import Batch
    from tickops._per_symbol import Rows
    from tickops._saved import Saved
    from tickops._snapshot import State
    from tickops._symbols import Symbols

__all__ = ["volume_ratio"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class volume_ratio(Operator):
    """Volume ratio 量比: volume a minute today, by the mean volume a minute of the days before.

    (Volume of today so far / minutes of session so far) / (mean volume of a day before / minutes
    of session of a day); over `deltas`.

    Parameters
    ----------
    days
        How many days before count, the last ones.
    min_days
        With fewer days before the result is null. Default: `days`.
    sessions
        "CN", "HK" or "US", or pairs of local times such as ``[("09:30", "16:00")]``. Default:
        those of the symbol's region (CN where the frame has no `region`).
    late
        What happens to rows older than the symbol's newest: left out and counted ("drop"),
        an error ("raise"), or taken as at the symbol's newest time ("include").

    Returns
    -------
    The input with `volume_ratio` (Float64, a ratio).

    Raises
    ------
    SchemaError
        symbol, timestamp or delta_volume is missing or of the wrong type.
    LateRowError
        A row is late, and ``late="raise"``.

    Notes
    -----
    Minutes are those of the sessions, with their fractions: lunch and the time after the close
    add none. All volume of a day counts, in auctions and after hours too. Null until the first
    session of today has begun. A day (local date of the market) counts among those before when
    the symbol traded in it; days of suspension are left out, and half days count as whole ones.
    Of a symbol's first day what had traded before its first row must be known (its `volume`,
    where `reason` is `first`), else it does not count. Null deltas add nothing. Null for symbols
    of unknown regions without `sessions`.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> times = [1776736800000, 1776753000000, 1776823200000, 1776825000000]
    >>> quotes = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH"] * 4,
    ...         "timestamp": times,  # 10:00, 14:30; 10:00 and 10:30 of the next day
    ...         "volume": [100, 2400, 600, 600],
    ...         "amount": [1e5, 2.4e6, 6e5, 6e5],
    ...     }
    ... ).with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))
    >>> out = ops.chain(ops.deltas(), ops.volume_ratio(days=5, min_days=1)).apply(quotes)
    >>> out["volume_ratio"].to_list()
    [None, None, 2.0, 1.0]
    """

    days: int = field(default=5, kw_only=False)
    min_days: int | None = None
    sessions: Sessions = None
    late: LatePolicy = "drop"

    def __post_init__(self) -> None:
        check_count("days", self.days, "day")
        if self.min_days is not None:
            check_count("min_days", self.min_days, "day")
            if self.min_days > self.days:
                raise ValueError(
                    f"min_days must be at most days ({self.days}), not {self.min_days}"
                )
        object.__setattr__(self, "sessions", check_sessions(self.sessions))
        check_late(self.late)

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        return {"symbol": Kind.SYMBOL, "timestamp": Kind.TIME, "delta_volume": Kind.INTEGER}

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Add the column."""
        return {**schema, "volume_ratio": pl.Float64()}

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """State by symbol: volume of its day, and of so many days before."""
        return _VolumeRatio(self, schema, symbols)


class _VolumeRatio(PerSymbol):
    def __init__(self, op: volume_ratio, schema: pl.Schema, symbols: Symbols) -> None:
        from tickops._kernels import volume_ratio as kernels

        super().__init__(op, symbols, kernels.STATE)
        self._kernels = kernels
        self._reasons = Reasons(schema)
        has_volume = "volume" in schema and schema["volume"].is_integer()
        self._based = self._reasons.there and has_volume
        self._days = op.days
        self._min_days = op.days if op.min_days is None else op.min_days
        self._clock = SessionClock(op.sessions, symbols)
        self._past: I64 = np.zeros((0, op.days), np.int64)

    def add(self, batch: Batch, rows: Rows) -> Mapping[str, Column]:
        self._past = grown(self._past, len(self.symbols))
        local = local_time(batch, rows)
        base, is_base = self._base(batch)
        result = np.empty(batch.height)
        self._kernels.volume_ratio(
            rows.codes,
            local.days,
            self._clock.passed_us(rows.codes, local),
            self._clock.lengths_us(),
            batch.columns["delta_volume"].ints(),
            base,
            is_base,
            self._min_days,
            self.state,
            self._past,
            result,
        )
        return {"volume_ratio": Column.of_floats(result)}

    def save(self) -> Mapping[str, Saved]:
        self._past = grown(self._past, len(self.symbols))
        return {**super().save(), "past": self._past[: len(self.symbols)]}

    def load(self, state: State) -> None:
        super().load(state)
        self._past = state.array("past", np.int64, len(self.symbols), self._days)
        place, count = self.state["place"], self.state["count"]
        if ((place < 0) | (place >= self._days) | (count < 0) | (count > self._days)).any():
            raise SnapshotError(f"the snapshot of {state.operator} is damaged: its days do not fit")

    def _base(self, batch: Batch) -> tuple[I64, Bool]:
        """What had traded before a symbol's first row, and which rows are that."""
        if not self._based:
            return cast("I64", empty(np.int64)), cast("Bool", empty(np.bool_))
        volume = batch.columns["volume"]
        known, valid = self._reasons.are("first", batch), volume.valid()
        if valid is not None:
            known = known & valid
        return volume.ints(), cast("Bool", frozen(known))
