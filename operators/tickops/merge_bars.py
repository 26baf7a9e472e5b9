"""Longer bars from shorter ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, cast

import numpy as np
import polars as pl

from tickops._arrays import empty, frozen, grown
from tickops._bar_columns import bar_columns, bar_schema
from tickops._batch import Batch
from tickops._column import Column
from tickops._duration import Duration, microseconds
from tickops._late import Late, LatePolicy, check_late, late_row_error
from tickops._made_rows import region_schema
from tickops._operator import Core, Operator
from tickops._saved import Shared
from tickops._schema import Kind
from tickops._seen_symbols import SeenSymbols
from tickops._sessions import Grid, Sessions, bar_table, check_sessions, read_every
from tickops._units import Unit, Units, check_unit
from tickops.exceptions import SchemaError, SnapshotError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._arrays import I32, I64, Bool, Records
    from tickops._saved import Saved
    from tickops._snapshot import State
    from tickops._symbols import Symbols

__all__ = ["merge_bars"]

_PRICES: Final = ("open", "high", "low", "close")
_FLAGS: Final = ("partial", "gap")
_NEEDS: Final = {
    "symbol": Kind.SYMBOL,
    "start": Kind.TIME,
    "end": Kind.TIME,
    **dict.fromkeys(_PRICES, Kind.NUMBER),
    "volume": Kind.INTEGER,
    "amount": Kind.NUMBER,
}


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class merge_bars(Operator):
    """Longer bars from shorter ones: 5 minutes from 1 minute, over `bars` or bars of your own.

    Parameters
    ----------
    every
        Length of a bar, as in `bars`: counted from each session's opening, or "session", or
        "1d". Bars that come in must end where these do: 1m gives 5m, but not 90s.
    sessions
        "CN", "HK" or "US", or pairs of local times such as ``[("09:30", "16:00")]``. Default:
        those of the symbol's region.
    profile
        Of A-shares. "tdx": the first bar takes the opening auction. "split_auction": bars of
        the auction, before 09:30, are a bar of their own.
    grace, session_grace
        A bar is due so long after its end on ``advance``; a session's last one after
        `session_grace`.
    unit
        Shares per unit of volume, as given to `deltas`.
    late
        What happens to bars whose longer bar is closed: left out and counted ("drop"), an error
        ("raise"), or taken into the symbol's next open bar of that day ("include").

    Returns
    -------
    A row a bar, when it closes, with the columns of `bars`: symbol; trading_day (Date, local);
    start, end (as `start`); open, high, low, close (Float64, currency); volume (Int64, feed
    unit); amount (Float64, currency); vwap (Float64, amount / (volume · unit)); rows (Int64);
    partial, gap (Boolean); region (where the frame has it). Other columns, aggregates too, are
    left out.

    Raises
    ------
    SchemaError
        A column is missing or of the wrong type.
    LateRowError
        A bar's longer bar is closed, and ``late="raise"``.
    ValueError
        On rows: a bar lies across the end of a longer one.

    Notes
    -----
    A bar belongs to the longer one in which it starts, one after a session's end (the 15:00 of
    "dolphindb") to the last; those that none takes are left out and counted. A longer bar closes
    with the bar that ends where it ends, else when its symbol's next bar lies beyond it, on
    ``advance``, or at ``finish``. `rows` is the sum of the bars' `rows` (without that column: how
    many bars), `gap` whether one has it; `partial` whether one is, or ``finish`` came before its
    end. Null volume or amount adds to neither.

    Bars of your own need a column `region`, as those of `bars` have where the quotes had it; else
    they are taken for A-shares.

    Prices are of the bars that traded (volume > 0); those of `fill` or of corrections count only
    where none did. From `bars` of rows in order this gives what `bars` of that length gives,
    amounts but for rounding, as far as bars tell. Minutes without a bar hide their rows and gaps
    (so use ``fill=True``) and a day's high or low that moved there; a symbol's first row of a day
    exactly at the start of a minute leaves that one whole, though the longer bar lacks what came
    before; a bar whose corrections outweigh its trades does not tell that it traded; no minute
    takes the rows of the lunch break, which a day takes.

    Examples
    --------
    >>> from datetime import datetime, timedelta
    >>> import polars as pl
    >>> import tickops as ops
    >>> opening = datetime(2026, 4, 21, 1, 30)
    >>> minutes = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH"] * 3,
    ...         "start": [opening + timedelta(minutes=n) for n in (3, 4, 5)],
    ...         "end": [opening + timedelta(minutes=n) for n in (4, 5, 6)],
    ...         "open": [9.70, 9.72, 9.71],
    ...         "high": [9.75, 9.73, 9.71],
    ...         "low": [9.70, 9.69, 9.70],
    ...         "close": [9.72, 9.71, 9.70],
    ...         "volume": [10, 30, 20],
    ...         "amount": [9720.0, 29130.0, 19410.0],
    ...     }
    ... ).with_columns(pl.col("start", "end").cast(pl.Datetime("ms", "UTC")))
    >>> out = ops.merge_bars("5m").apply(minutes)
    >>> out.select("open", "high", "low", "close", "volume", "vwap", "partial").rows()
    [(9.7, 9.75, 9.69, 9.71, 40, 9.7125, False), (9.71, 9.71, 9.7, 9.7, 20, 9.705, True)]
    """

    every: Duration = field(kw_only=False)
    sessions: Sessions = None
    profile: Literal["tdx", "split_auction"] = "tdx"
    grace: Duration = "5s"
    session_grace: Duration = "60s"
    unit: Unit = None
    late: LatePolicy = "drop"

    def __post_init__(self) -> None:
        if self.profile not in ("tdx", "split_auction"):
            raise ValueError(f'profile must be "tdx" or "split_auction", not {self.profile!r}')
        object.__setattr__(self, "sessions", check_sessions(self.sessions))
        _ = self.grid
        object.__setattr__(self, "unit", check_unit(self.unit))
        check_late(self.late)

    @property
    def grid(self) -> Grid:
        """How the longer bars are laid out."""
        return Grid(
            every=read_every(self.every),
            profile=self.profile,
            closed_right=False,
            grace=microseconds("grace", self.grace, zero=True),
            session_grace=microseconds("session_grace", self.session_grace, zero=True),
        )

    @property
    def adds_columns(self) -> bool:
        """Longer bars come out."""
        return False

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        return _NEEDS

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Make the columns of bars."""
        if "rows" in schema and not schema["rows"].is_integer():
            raise SchemaError(
                f"{self!r} needs column 'rows', where there is one, to be an integer type;"
                f" it is {schema['rows']}"
            )
        for name in _FLAGS:
            if schema.get(name, pl.Boolean()) != pl.Boolean():
                raise SchemaError(
                    f"{self!r} needs column {name!r}, where there is one, to be Boolean;"
                    f" it is {schema[name]}"
                )
        return bar_schema(_timed(schema), {})

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """State by symbol: its open bar."""
        return _Merge(self, schema, symbols)


class _Merge(Core):
    def __init__(self, op: merge_bars, schema: pl.Schema, symbols: Symbols) -> None:
        from tickops._kernels import bars
        from tickops._kernels import merge_bars as kernels

        super().__init__()
        self._kernels: Any = kernels
        self._out: Any = bars.OUT
        self._op = op
        self._schema = schema
        self._symbols = symbols
        self._units = Units(op.unit, symbols)
        self._table = bar_table(op.grid, op.sessions)
        self._watermark_us: I64 = np.full(1, -(2**63), np.int64)
        self._state: Records = np.zeros(0, kernels.STATE)
        self._seen = SeenSymbols(symbols)
        self.counts = dict.fromkeys(kernels.COUNTS, 0)

    def push(self, batch: Batch) -> Batch:
        self._reserve()
        columns = batch.columns or _columns(pl.DataFrame(schema=self._schema))
        start, end, volume = columns["start"], columns["end"], columns["volume"]
        starts_us, ends_us = start.times_us(), end.times_us()
        codes = empty(np.int32) if batch.codes is None else batch.codes
        for valid in (start.valid(), end.valid()):
            if valid is not None:
                codes = cast("I32", frozen(np.where(valid, codes, -1).astype(np.int32)))
        local = self._symbols.localise(codes, starts_us)
        valid = volume.valid()
        counts = np.zeros(len(self.counts), np.int64)
        out = np.empty(2 * batch.height, self._out)
        count = self._kernels.push(
            codes,
            starts_us,
            ends_us,
            local.days,
            local.time_of_day_us,
            *(columns[name].floats() for name in _PRICES),
            volume.ints(),
            empty(np.bool_) if valid is None else frozen(valid),
            columns["amount"].floats(),
            columns["rows"].ints() if "rows" in columns else empty(np.int64),
            *(_flag(columns.get(name)) for name in _FLAGS),
            *self._market_arrays(),
            int(self._watermark_us[0]),
            int(Late[self._op.late.upper()]),
            *self._state_arrays(),
            counts,
            out,
        )
        if count < 0:
            raise self._error(batch, codes, starts_us, ends_us, -1 - count)
        for name, left_out in zip(self.counts, counts.tolist(), strict=True):
            self.counts[name] += left_out
        return self._bars(out[:count])

    def advance(self, now_us: int) -> Batch | None:
        if now_us <= self._watermark_us[0]:
            return None
        self._watermark_us[0] = now_us
        self._reserve()
        self._seen.sort()
        out = np.empty(len(self._seen), self._out)
        arrays = *self._market_arrays(), *self._state_arrays()
        return self._bars(out[: self._kernels.advance(now_us, *arrays, out)])

    def finish(self) -> Batch | None:
        self._reserve()
        self._seen.sort()
        out = np.empty(len(self._seen), self._out)
        arrays = *self._market_arrays(), *self._state_arrays()
        return self._bars(out[: self._kernels.finish(*arrays, out)])

    def save(self) -> Mapping[str, Saved]:
        self._reserve()
        return {
            "bars": self._state[: len(self._symbols)],
            "watermark_us": Shared(self._watermark_us, "the time told last"),
        }

    def load(self, state: State) -> None:
        count = len(self._symbols)
        self._state = state.array("bars", self._kernels.STATE, count)
        if (self._state["cursor"] < 0).any():
            raise SnapshotError(f"the snapshot of {state.operator} is damaged: its bars do not fit")
        self._seen.load(self._state["seen"] != 0)
        self._watermark_us = state.array("watermark_us", np.int64, 1)

    def _reserve(self) -> None:
        self._state = grown(self._state, len(self._symbols))
        self._seen.reserve()

    def _market_arrays(self) -> tuple[Any, ...]:
        table = self._table
        return self._symbols.markets, self._units.by_symbol(), table.bounds, table.bars

    def _state_arrays(self) -> tuple[Any, ...]:
        return self._state, self._seen.codes, self._seen.count

    def _bars(self, out: Records) -> Batch:
        if not len(out):
            return Batch({}, 0, self._symbols)
        columns = bar_columns(_timed(self._schema), self._symbols, out, np.empty(0), {})
        return Batch(columns, len(out), self._symbols, cast("I32", frozen(out["code"])))

    def _error(self, batch: Batch, codes: I32, starts_us: I64, ends_us: I64, row: int) -> Exception:
        """What is wrong with a bar: late, or from the height of the batch on across an end."""
        if row < batch.height:
            newest = max(int(self._state[codes[row]]["newest_us"]), int(self._watermark_us[0]))
            timed = Batch(batch.columns, batch.height, self._symbols, codes, starts_us)
            return late_row_error(repr(self._op), timed, row, newest)
        row -= batch.height
        times = [int(starts_us[row]), int(ends_us[row])]
        start, end = pl.Series(times).cast(pl.Datetime("us", "UTC"))
        return ValueError(
            f"{self._op!r}: the bar of {self._symbols.names[int(codes[row])]} from {start} to"
            f" {end} lies across the end of a longer bar: every must be a multiple of the bars'"
            " length"
        )


def _timed(schema: pl.Schema) -> pl.Schema:
    """What `bar_schema` must know of rows."""
    own = {"symbol": schema["symbol"], "timestamp": schema["start"]}
    return pl.Schema({**own, **region_schema(schema)})


def _columns(frame: pl.DataFrame) -> dict[str, Column]:
    return {series.name: Column.of(series) for series in frame.get_columns()}


def _flag(column: Column | None) -> Bool:
    """Which bars have a flag, null as not; empty where there is no such column."""
    if column is None:
        return cast("Bool", empty(np.bool_))
    return cast("Bool", frozen(column.ints() != 0))
