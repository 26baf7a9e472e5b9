"""Bricks of a fixed height."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import polars as pl

from tickops._arrays import empty, frozen, grown
from tickops._bar_columns import bar_columns, bar_schema
from tickops._batch import Batch
from tickops._column import Column
from tickops._columns import check_number
from tickops._flow_bars import needs_of_bars
from tickops._late import LatePolicy, check_late
from tickops._operator import Core, Operator
from tickops._per_symbol import Watermarks
from tickops._reasons import Reasons
from tickops._trading_days import trading_days
from tickops._units import Unit, Units, check_unit
from tickops.crossing import CROSSING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._arrays import I32, Array, Records
    from tickops._schema import Kind
    from tickops._snapshot import State
    from tickops._symbols import Symbols

__all__ = ["renko_bars"]

_SCALE: Final = 1_000_000


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class renko_bars(Operator):
    """Bricks of a fixed height in price (Renko), with what was traded for each; over `deltas`.

    Parameters
    ----------
    brick
        Height of a brick (currency), a multiple of 0.000001.
    anchor
        A price on the grid of bricks: they open and close at anchor + k · brick, the first one
        at the line nearest to the symbol's first price. Default: at that price itself.
    unit
        Shares per unit of volume, as given to `deltas`.
    late
        What happens to rows older than the symbol's newest: left out and counted ("drop"),
        an error ("raise"), or taken as at the symbol's newest time ("include").

    Returns
    -------
    A row a brick, when a row completes it: symbol; trading_day (Date, local); start, end (as
    timestamp, of its first row and the one that completes it); open, high, low, close (Float64,
    currency); volume (Int64, feed unit); amount (Float64, currency); vwap (Float64, amount /
    (volume · unit)); rows (Int64); gap (Boolean); direction (Enum, "up" or "down"); region (where
    the frame has it).

    Raises
    ------
    SchemaError
        A column is missing or of the wrong type.
    LateRowError
        A row is late, and ``late="raise"``.

    Notes
    -----
    Prices are those of `last_price` in rows that traded (delta_volume > 0), to the millionth, so
    that noise of floats makes and misses no brick. A brick in the direction of the one before is
    complete when the price is a brick beyond that one's close, one in the other direction when it
    is two bricks back: it opens where that one opened. Open and close are edges; high and low are
    the wick, what prices reached since the brick before, its last price included.

    A row can complete several bricks. The first has all that came since the brick before: rows,
    volume, amount, gap, wick; the others begin and end with the row, with 0 rows and volume. Other
    rows than those that traded, null deltas included, belong to the brick that is being made; one
    that is not null moves its volume and amount too. Where none is being made they are left out,
    counted as "outside" if volume or amount moved. `vwap` is null unless volume > 0.

    Bricks go on overnight; their day is that of the row that completes them. Time and the end of
    a stream complete none: what is not a brick yet never comes out. A wrong price makes all the
    bricks up to it and back: filter it out before.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> frame = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH"] * 4,
    ...         "timestamp": range(1776754800000, 1776754812000, 3000),
    ...         "last_price": [9.70, 9.75, 9.93, 9.70],
    ...         "delta_volume": [10, 30, 20, 5],
    ...         "delta_amount": [9700.0, 29250.0, 19860.0, 4850.0],
    ...     }
    ... ).with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))
    >>> out = ops.renko_bars(0.1).apply(frame)
    >>> out.select("open", "high", "close", "volume", "direction").rows()
    [(9.7, 9.8, 9.8, 60, 'up'), (9.8, 9.9, 9.9, 0, 'up'), (9.8, 9.93, 9.7, 5, 'down')]
    """

    brick: float = field(kw_only=False)
    anchor: float | None = None
    unit: Unit = None
    late: LatePolicy = "drop"

    def __post_init__(self) -> None:
        if _millionths("brick", self.brick) < 1:
            raise ValueError(f"brick must be at least 0.000001, not {self.brick!r}")
        if self.anchor is not None:
            _millionths("anchor", self.anchor)
        object.__setattr__(self, "unit", check_unit(self.unit))
        check_late(self.late)

    @property
    def adds_columns(self) -> bool:
        """Bricks come out, not rows."""
        return False

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        return needs_of_bars()

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Make the columns of bars; none is partial."""
        columns = bar_schema(schema, {}, {"direction": CROSSING})
        del columns["partial"]
        return columns

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """State by symbol: its last brick, and what has come since."""
        return _Renko(self, schema, symbols)


class _Renko(Core):
    def __init__(self, op: renko_bars, schema: pl.Schema, symbols: Symbols) -> None:
        from tickops._kernels import renko

        super().__init__()
        self._kernels: Any = renko
        self._brick = _millionths("brick", op.brick)
        self._anchor = None if op.anchor is None else _millionths("anchor", op.anchor)
        self._schema = schema
        self._symbols = symbols
        self._units = Units(op.unit, symbols)
        self._reasons = Reasons(schema)
        self._watermarks = Watermarks(op, symbols)
        self._state: Records = np.zeros(0, renko.STATE)
        self.counts = dict.fromkeys(("late", *renko.COUNTS), 0)

    def push(self, batch: Batch) -> Batch:
        self._state = grown(self._state, len(self._symbols))
        rows = self._watermarks.rows(batch)
        columns = batch.columns
        volume = columns["delta_volume"]
        valid = volume.valid()
        counts = np.zeros(len(self._kernels.COUNTS), np.int64)
        given = (
            rows.codes,
            rows.times_us,
            trading_days(batch, rows),
            columns["last_price"].floats(),
            volume.ints(),
            empty(np.bool_) if valid is None else frozen(valid),
            columns["delta_amount"].floats(),
            self._reasons.are("gap", batch),
            self._units.by_symbol(),
            self._brick,
            self._anchor or 0,
            self._anchor is not None,
            self._state,
            counts,
        )
        late = batch.height - int(rows.keep.sum())
        out = self._bars(self._collect(given, batch.height))
        self.counts["late"] += late
        self.counts["outside"] += int(counts[0])
        self.counts["null"] += int(counts[1]) - late
        return out

    def save(self) -> Mapping[str, Array]:
        self._state = grown(self._state, len(self._symbols))
        return {
            "bricks": self._state[: len(self._symbols)],
            "newest_us": self._watermarks.save(),
        }

    def load(self, state: State) -> None:
        self._state = state.array("bricks", self._kernels.STATE, len(self._symbols))
        self._watermarks.load(state)

    def _collect(self, given: tuple[Any, ...], height: int) -> Records:
        """Call the kernel until it is done, each time with room for more bricks."""
        parts: list[Records] = []
        done, room = 0, max(64, height // 16)
        while done < height or not parts:  # once for no rows too: that is how it is compiled
            out, written = np.empty(room, self._kernels.OUT), np.zeros(1, np.int64)
            done = self._kernels.push(done, *given, out, written)
            parts.append(out[: int(written[0])])
            room *= 2
        return np.concatenate(parts)

    def _bars(self, out: Records) -> Batch:
        if not len(out):
            return Batch({}, 0, self._symbols)
        more = {"direction": Column.of_ints(out["direction"], CROSSING)}
        columns = bar_columns(self._schema, self._symbols, out, np.empty(0), {}, more)
        del columns["partial"]
        return Batch(columns, len(out), self._symbols, cast("I32", frozen(out["code"])))


def _millionths(name: str, value: Any) -> int:
    """Price as a whole number of millionths.

    Raises
    ------
    TypeError, ValueError
        It is no number, below 0, or no such multiple.
    """
    check_number(name, value, "a price")
    scaled = value * _SCALE
    whole = round(scaled)
    if not 0 <= whole < 2**53 or abs(scaled - whole) > 1e-9 * max(whole, 1):
        raise ValueError(f"{name} must be a price, a multiple of 0.000001, not {value!r}")
    return whole
