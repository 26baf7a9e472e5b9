"""What was traded between two snapshots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from tickops._arrays import empty, frozen, grown
from tickops._column import Column
from tickops._duration import Duration, microseconds
from tickops._late import Late, LatePolicy, check_late, late_row_error
from tickops._operator import Core, Operator
from tickops._schema import Kind
from tickops._units import Unit, Units, check_unit
from tickops.exceptions import SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._arrays import Array
    from tickops._batch import Batch
    from tickops._snapshot import State
    from tickops._symbols import Symbols

__all__ = ["REASON", "deltas"]

REASON: Final = pl.Enum(["first", "trade", "unchanged", "new_day", "correction", "gap"])
"""Type of the column `reason`."""

_UNKNOWN: Final = 255


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class deltas(Operator):
    """What was traded between a symbol's rows: differences of cumulative volume and amount.

    Parameters
    ----------
    unit
        Shares per unit of volume: for all symbols, or by symbol. Default: 100 where the
        region is CN (or the frame has no `region`), else 1.
    gap_after
        Silence longer than this is a gap.
    late
        What happens to rows older than the symbol's newest: left out and counted ("drop"),
        an error ("raise"), or taken in order of arrival ("include").

    Returns
    -------
    The input with

    - `delta_volume` (Int64, feed unit) and `delta_amount` (Float64, currency): what was
      traded since the symbol's row before;
    - `delta_price` (Float64, currency per share): delta_amount / (delta_volume · unit),
      null unless delta_volume > 0;
    - `reason` (Enum): `first`, `new_day`, `gap`, `correction`, `trade` or `unchanged`, the
      first of these that holds.

    Raises
    ------
    SchemaError
        symbol, timestamp, volume or amount is missing or of the wrong type.
    LateRowError
        A row is late, and ``late="raise"``.

    Notes
    -----
    A symbol's first row is a baseline: its deltas are null. On a new trading day (local date
    of the market; UTC where the region is unknown) the counter started again, so the delta is
    the value itself. A counter that went back within a day gives a negative difference,
    `correction`; nothing is clamped, so the deltas of a day always sum to its last value minus
    its baseline. A changed `connection`, or silence over `gap_after` (as in the lunch break),
    is a `gap`. Volumes in whole lots are floored, so the amount can move alone: `trade`.
    Rows whose symbol, timestamp, volume or amount is null keep null in all four columns.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> quotes = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH"] * 3,
    ...         "timestamp": [1776754800000, 1776754803000, 1776754806000],
    ...         "volume": [1000, 1010, 1010],
    ...         "amount": [972_000.0, 981_720.0, 981_720.0],
    ...     }
    ... ).with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))
    >>> out = ops.deltas().apply(quotes)
    >>> out.select("delta_volume", "delta_amount", "delta_price", "reason").rows()
    [(None, None, None, 'first'), (10, 9720.0, 9.72, 'trade'), (0, 0.0, None, 'unchanged')]
    """

    unit: Unit = None
    gap_after: Duration = "30s"
    late: LatePolicy = "drop"

    def __post_init__(self) -> None:
        object.__setattr__(self, "unit", check_unit(self.unit))
        microseconds("gap_after", self.gap_after)
        check_late(self.late)

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        return {
            "symbol": Kind.SYMBOL,
            "timestamp": Kind.TIME,
            "volume": Kind.INTEGER,
            "amount": Kind.NUMBER,
        }

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Add the four columns."""
        if "connection" in schema and not schema["connection"].is_integer():
            raise SchemaError(
                f"{self!r} needs column 'connection', where there is one, to be an integer type;"
                f" it is {schema['connection']}"
            )
        added = {"delta_volume": pl.Int64(), "delta_amount": pl.Float64()}
        return {**schema, **added, "delta_price": pl.Float64(), "reason": REASON}

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """State by symbol: the row before."""
        return _Deltas(self, symbols, connected="connection" in schema)


class _Deltas(Core):
    def __init__(self, op: deltas, symbols: Symbols, *, connected: bool) -> None:
        from tickops._kernels import deltas as kernels

        super().__init__()
        self._kernels = kernels
        self._op = op
        self._gap_us = microseconds("gap_after", op.gap_after)
        self._symbols = symbols
        self._units = Units(op.unit, symbols)
        self._connected = connected
        self._late = Late[op.late.upper()]
        self._state: Array = np.zeros(0, kernels.STATE)
        self.counts = {"late": 0}

    def push(self, batch: Batch) -> Batch:
        self._state = grown(self._state, len(self._symbols))
        codes, times_us = batch.rows()
        volume = batch.columns["volume"]
        n = batch.height
        delta_volume, reason = np.empty(n, np.int64), np.empty(n, np.uint8)
        delta_amount, delta_price = np.empty(n), np.empty(n)
        valid, keep = np.ones(n, np.bool_), np.ones(n, np.bool_)
        volume_valid = volume.valid()
        late_row = self._kernels.deltas(
            codes,
            times_us,
            batch.days(),
            volume.ints(),
            empty(np.bool_) if volume_valid is None else frozen(volume_valid),
            batch.columns["amount"].floats(),
            batch.columns["connection"].ints() if self._connected else empty(np.int64),
            self._units.by_symbol(),
            self._gap_us,
            int(self._late),
            self._state,
            delta_volume,
            delta_amount,
            delta_price,
            reason,
            valid,
            keep,
        )
        if late_row >= 0:
            newest = int(self._state[codes[late_row]]["time_us"])
            raise late_row_error(repr(self._op), batch, late_row, newest)
        known = None if valid.all() else reason != _UNKNOWN
        out = batch.with_columns(
            {
                "delta_volume": Column.of_ints(delta_volume, pl.Int64(), valid),
                "delta_amount": Column.of_floats(delta_amount),
                "delta_price": Column.of_floats(delta_price),
                "reason": Column.of_ints(reason, REASON, known),
            }
        )
        kept = out.where(keep)
        self.counts["late"] += n - kept.height
        return kept

    def save(self) -> Mapping[str, Array]:
        self._state = grown(self._state, len(self._symbols))
        return {"rows": self._state[: len(self._symbols)]}

    def load(self, state: State) -> None:
        self._state = state.array("rows", self._kernels.STATE, len(self._symbols))
