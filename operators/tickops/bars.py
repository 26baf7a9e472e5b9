"""Time bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, cast

import numpy as np
import polars as pl

from tickops._arrays import empty, frozen, grown
from tickops._bar_columns import STATISTICS, bar_columns, bar_schema
from tickops._batch import Batch
from tickops._duration import Duration, microseconds
from tickops._late import Late, LatePolicy, check_late, late_row_error
from tickops._operator import Core, Operator
from tickops._reasons import Reasons
from tickops._saved import Shared
from tickops._schema import Kind
from tickops._seen_symbols import SeenSymbols
from tickops._sessions import Grid, Profile, Sessions, bar_table, check_sessions, read_every
from tickops._units import Unit, Units, check_unit
from tickops.exceptions import SnapshotError

if TYPE_CHECKING:
    from tickops._arrays import F64, I32, I64, Records
    from tickops._saved import Saved
    from tickops._snapshot import State
    from tickops._symbols import Symbols

__all__ = ["bars"]

_NEEDS: Final = {
    "symbol": Kind.SYMBOL,
    "timestamp": Kind.TIME,
    "last_price": Kind.NUMBER,
    "high": Kind.NUMBER,
    "low": Kind.NUMBER,
    "delta_volume": Kind.INTEGER,
    "delta_amount": Kind.NUMBER,
}


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class bars(Operator):
    """Open, high, low, close and what was traded, by time; over `deltas`.

    Parameters
    ----------
    every
        Length of a bar, counted from each session's opening; the last one of a session may be
        shorter. "session": a bar a session. "1d": a bar a trading day (local date), [09:30,
        15:00) of A-shares, with all rows from the opening auction to the close.
    sessions
        "CN", "HK" or "US", or pairs of local times such as ``[("09:30", "16:00")]``. Default:
        those of the symbol's region (CN where the frame has no `region`).
    profile
        How minutes of A-shares are laid out. "tdx": the first bar takes the opening auction.
        "split_auction": the auction is a bar of its own, [09:15, 09:30). "dolphindb" (every
        "1m"): bars are called by their start, 09:30 takes the auction, 11:30 and 15:00 are
        bars of their own, 14:58 and 14:59 do not exist. Bars of a session or a day are as by
        "tdx" in all of them.
    closed
        "left": a bar takes the rows in [start, end); "right": those in (start, end].
    fill
        Give minutes without a trade a bar too: at the close before it, with volume 0.
    grace, session_grace
        A bar is due so long after its end on ``advance``; a session's last bar takes the
        closing price, which comes late, and is due after `session_grace`.
    aggregate
        More columns from others: ``{"spread_bps": ["mean", "last"]}`` adds
        `spread_bps_mean`, `spread_bps_last`. first, last, min, max, mean, sum, count; nulls
        do not count.
    unit
        Shares per unit of volume, as given to `deltas`.
    late
        What happens to rows of a bar that is closed: left out and counted ("drop"), an error
        ("raise"), or taken into the symbol's next open bar of that day ("include").

    Returns
    -------
    A row a bar, when it closes: symbol; trading_day (Date, local); start, end (as timestamp);
    open, high, low, close (Float64, currency); volume (Int64, feed unit); amount (Float64,
    currency); vwap (Float64, amount / (volume · unit)); rows (Int64); partial, gap (Boolean);
    then the aggregates; region (where the frame has it; null where it is no known market).

    Raises
    ------
    SchemaError
        A column is missing or of the wrong type.
    LateRowError
        A row's bar is closed, and ``late="raise"``.

    Notes
    -----
    Prices come from rows that traded (delta_volume > 0): open and close are the first and last
    of their `last_price`; high is the largest of them and of the day's `high` wherever that
    rose since the symbol's row before, low likewise. A bar without such a row in which volume
    or amount moved all the same (a correction, odd lots) has the close before it as its prices.

    A bar closes when its own symbol's row passes its end, on ``advance``, or at ``finish``; other
    symbols never close it. Bars that close at once come in the order of their symbols' names. Rows
    that no bar takes (lunch, after hours) are left out and counted. `partial`: the symbol's first
    row of that day came after the bar's start (of bars with the opening auction: after its match,
    09:25), or ``finish`` cut it. `gap`: a row in it has that reason. With ``fill``, bars begin with
    the symbol's first row of the day; before its first trade they have the row's `prev_close`,
    where the frame has that, else the last close seen. HK: the first bar takes the auction from
    09:00, the last one rows to 16:10. US: the regular session; give `sessions` for extended hours.
    Rows of other regions need `sessions` too.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> quotes = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH"] * 4,
    ...         "timestamp": [1776735000000, 1776735003000, 1776735030000, 1776735063000],
    ...         "last_price": [9.70, 9.72, 9.71, 9.73],
    ...         "high": [9.72] * 3 + [9.73],
    ...         "low": [9.70] * 4,
    ...         "volume": [1000, 1010, 1030, 1040],
    ...         "amount": [970_000.0, 979_720.0, 999_140.0, 1_008_870.0],
    ...     }
    ... ).with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))
    >>> out = ops.chain(ops.deltas(), ops.bars("1m")).apply(quotes)
    >>> out.select("open", "high", "low", "close", "volume", "partial").rows()
    [(9.72, 9.72, 9.71, 9.71, 30, True), (9.73, 9.73, 9.73, 9.73, 10, True)]
    """

    every: Duration = field(kw_only=False)
    sessions: Sessions = None
    profile: Profile = "tdx"
    closed: Literal["left", "right"] = "left"
    fill: bool = False
    grace: Duration = "5s"
    session_grace: Duration = "60s"
    aggregate: Mapping[str, Sequence[str]] | None = None
    unit: Unit = None
    late: LatePolicy = "drop"

    def __post_init__(self) -> None:
        object.__setattr__(self, "unit", check_unit(self.unit))
        check_late(self.late)
        if self.profile not in ("tdx", "split_auction", "dolphindb"):
            raise ValueError(
                f'profile must be "tdx", "split_auction" or "dolphindb", not {self.profile!r}'
            )
        if self.closed not in ("left", "right"):
            raise ValueError(f'closed must be "left" or "right", not {self.closed!r}')
        grid = self._grid()
        minutes = grid.every.us == microseconds("every", "1m") or grid.every.whole
        if self.profile == "dolphindb" and not minutes:
            raise ValueError(
                f'profile="dolphindb" lays out minutes: every must be "1m", not {self.every!r}'
            )
        object.__setattr__(self, "sessions", check_sessions(self.sessions))
        object.__setattr__(self, "aggregate", _check_aggregate(self.aggregate))

    @property
    def adds_columns(self) -> bool:
        """Bars come out, not rows."""
        return False

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        return _NEEDS | dict.fromkeys(self.aggregate or (), Kind.NUMBER)

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Make the columns of bars."""
        return bar_schema(schema, self.aggregate or {})

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """State by symbol: its open bar."""
        return _Bars(self, self._grid(), schema, symbols)

    def _grid(self) -> Grid:
        return Grid(
            every=read_every(self.every),
            profile=self.profile,
            closed_right=self.closed == "right",
            grace=microseconds("grace", self.grace, zero=True),
            session_grace=microseconds("session_grace", self.session_grace, zero=True),
        )


class _Bars(Core):
    def __init__(self, op: bars, grid: Grid, schema: pl.Schema, symbols: Symbols) -> None:
        from tickops._kernels import bars as kernels

        super().__init__()
        self._kernels: Any = kernels
        self._op = op
        self._schema = schema
        self._symbols = symbols
        self._units = Units(op.unit, symbols)
        self._reasons = Reasons(schema)
        self._table = bar_table(grid, op.sessions)
        self._aggregate = op.aggregate or {}
        self._watermark_us: I64 = np.full(1, -(2**63), np.int64)
        self._state: Records = np.zeros(0, kernels.STATE)
        self._totals: F64 = np.zeros((0, len(self._aggregate), len(STATISTICS)))
        self._seen = SeenSymbols(symbols)
        self.counts = dict.fromkeys(kernels.COUNTS, 0)

    def push(self, batch: Batch) -> Batch:
        self._reserve()
        local = batch.local()
        codes, times_us = batch.rows()
        columns = batch.columns
        volume = columns["delta_volume"]
        valid = volume.valid()
        counts = np.zeros(len(self.counts), np.int64)
        values = [columns[name].floats() for name in self._aggregate]
        given = (
            codes,
            times_us,
            local.days,
            local.time_of_day_us,
            columns["last_price"].floats(),
            columns["high"].floats(),
            columns["low"].floats(),
            columns["prev_close"].floats() if self._has_prev_close else empty(np.float64),
            volume.ints(),
            empty(np.bool_) if valid is None else frozen(valid),
            columns["delta_amount"].floats(),
            self._reasons.codes(batch),
            frozen(np.array(values) if values else np.empty((0, batch.height))),
        )
        late = int(Late[self._op.late.upper()])

        def step(start: int, target: _Target) -> int:
            return self._kernels.push(
                start,
                *given,
                *self._market_arrays(),
                int(self._watermark_us[0]),
                late,
                self._op.fill,
                *self._state_arrays(),
                counts,
                *target.arrays(),
            )

        out = self._collect(step, batch.height, batch)
        for name, count in zip(self.counts, counts.tolist(), strict=True):
            self.counts[name] += count
        return out

    def advance(self, now_us: int) -> Batch | None:
        if now_us <= self._watermark_us[0]:
            return None
        self._watermark_us[0] = now_us
        self._reserve()
        self._seen.sort()

        def step(start: int, target: _Target) -> int:
            return self._kernels.advance(
                start,
                now_us,
                *self._market_arrays(),
                self._op.fill,
                *self._state_arrays(),
                *target.arrays(),
            )

        return self._collect(step, len(self._seen))

    def finish(self) -> Batch | None:
        self._reserve()
        self._seen.sort()

        def step(start: int, target: _Target) -> int:
            return self._kernels.finish(
                start,
                *self._market_arrays(),
                self._op.fill,
                *self._state_arrays(),
                *target.arrays(),
            )

        return self._collect(step, len(self._seen))

    def save(self) -> Mapping[str, Saved]:
        count = len(self._symbols)
        self._reserve()
        return {
            "bars": self._state[:count],
            "totals": self._totals[:count],
            "watermark_us": Shared(self._watermark_us, "the time told last"),
        }

    def load(self, state: State) -> None:
        count = len(self._symbols)
        self._state = state.array("bars", self._kernels.STATE, count)
        self._totals = state.array("totals", np.float64, count, *self._totals.shape[1:])
        if (self._state["cursor"] < 0).any():
            raise SnapshotError(f"the snapshot of {state.operator} is damaged: its bars do not fit")
        self._seen.load(self._state["seen"] != 0)
        self._watermark_us = state.array("watermark_us", np.int64, 1)

    @property
    def _has_prev_close(self) -> bool:
        return "prev_close" in self._schema and self._schema["prev_close"].is_numeric()

    def _reserve(self) -> None:
        count = len(self._symbols)
        self._state = grown(self._state, count)
        self._totals = grown(self._totals, count)
        self._seen.reserve()

    def _market_arrays(self) -> tuple[Any, ...]:
        table = self._table
        return self._symbols.markets, self._units.by_symbol(), table.bounds, table.bars

    def _state_arrays(self) -> tuple[Any, ...]:
        return self._state, self._totals, self._seen.codes, self._seen.count

    def _collect(self, step: Any, total: int, batch: Batch | None = None) -> Batch:
        """Call a kernel until it is done, each time with room for more bars."""
        targets: list[_Target] = []
        done = 0
        room = 64 if batch is None else max(64, batch.height // 16)
        while done < total or not targets:
            target = _Target(room, len(self._aggregate), self._kernels.OUT)
            done = step(done, target)
            if done < 0 and batch is not None:
                raise self._late_row(batch, -1 - done)
            targets.append(target)
            room *= 2
        if not any(int(target.written[0]) for target in targets):
            return Batch({}, 0, self._symbols)
        out = np.concatenate([target.bars[: int(target.written[0])] for target in targets])
        totals = np.concatenate([t.totals[: int(t.written[0])] for t in targets])
        columns = bar_columns(self._schema, self._symbols, out, totals, self._aggregate)
        codes = cast("I32", frozen(out["code"]))
        return Batch(columns, len(out), self._symbols, codes)

    def _late_row(self, batch: Batch, row: int) -> Exception:
        newest = int(self._state[batch.rows()[0][row]]["newest_us"])
        return late_row_error(repr(self._op), batch, row, max(newest, int(self._watermark_us[0])))


class _Target:
    """Room for bars that a kernel writes."""

    def __init__(self, room: int, columns: int, dtype: np.dtype[np.void]) -> None:
        self.bars: Records = np.zeros(room, dtype)
        self.totals: F64 = np.zeros((room, columns, len(STATISTICS)))
        self.written: I64 = np.zeros(1, np.int64)

    def arrays(self) -> tuple[Any, ...]:
        return self.bars, self.totals, self.written


def _check_aggregate(
    aggregate: Mapping[str, Sequence[str]] | None,
) -> Mapping[str, tuple[str, ...]] | None:
    if aggregate is None:
        return None
    if not isinstance(aggregate, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f'aggregate must be as {{"column": ["mean", "last"]}}, not {aggregate!r}')
    for name, statistics in aggregate.items():
        if isinstance(statistics, str) or not statistics or not {*statistics} <= {*STATISTICS}:
            raise ValueError(
                f"aggregate[{name!r}] must be a list of {', '.join(STATISTICS)}, not {statistics!r}"
            )
    return MappingProxyType({name: tuple(of) for name, of in aggregate.items()})
