"""Time-weighted average price."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from tickops._arrays import frozen
from tickops._column import Column
from tickops._duration import Duration, microseconds
from tickops._late import LatePolicy, check_late
from tickops._log import Log, unlinked
from tickops._operator import Core, Operator
from tickops._per_symbol import PerSymbol
from tickops._schema import Kind
from tickops._session_clock import SessionClock, local_time
from tickops._sessions import Sessions, check_sessions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._batch import Batch
    from tickops._per_symbol import Rows
    from tickops._saved import Saved
    from tickops._snapshot import State
    from tickops._symbols import Symbols

__all__ = ["twap"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class twap(Operator):
    """Time-weighted average price of a symbol: Σp·Δt / ΣΔt over time in session.

    Parameters
    ----------
    window
        None: since the trading day began. A duration such as "5m": the time in (t − window, t].
    column
        The price.
    sessions
        "CN", "HK" or "US", or pairs of local times such as ``[("09:30", "16:00")]``. Default:
        those of the symbol's region (CN where the frame has no `region`).
    late
        What happens to rows older than the symbol's newest: left out and counted ("drop"),
        an error ("raise"), or taken as at the symbol's newest time ("include").

    Returns
    -------
    The input with `twap` (Float64, currency).

    Raises
    ------
    SchemaError
        symbol, timestamp or the price is missing or of the wrong type.
    LateRowError
        A row is late, and ``late="raise"``.

    Notes
    -----
    A price holds from its row until the symbol's next row, or the end of its trading day (local
    date of the market): so a row's own price counts from the next row on. The price in force
    when the window begins counts from there on. Time before the opening, at lunch and after the
    close does not count, though it passes: five minutes at 13:02 hold two. A price of 0, below
    0, null or infinite is none; the time from its row to the next does not count. Null while no
    price has held for any session time in the window, and for symbols of unknown regions
    without `sessions`. Times are whole numbers, sums are compensated.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> frame = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH"] * 4,
    ...         "timestamp": [1776735000000, 1776735003000, 1776735009000, 1776735012000],
    ...         "last_price": [9.0, 12.0, 9.0, 9.0],
    ...     }
    ... ).with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))
    >>> ops.twap().apply(frame)["twap"].to_list()
    [None, 9.0, 11.0, 10.5]
    >>> ops.twap("6s").apply(frame)["twap"].to_list()
    [None, 9.0, 12.0, 10.5]
    """

    window: Duration | None = field(default=None, kw_only=False)
    column: str = "last_price"
    sessions: Sessions = None
    late: LatePolicy = "drop"

    def __post_init__(self) -> None:
        if self.window is not None:
            microseconds("window", self.window)
        if not isinstance(self.column, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"column must be the name of a column, not {self.column!r}")
        object.__setattr__(self, "sessions", check_sessions(self.sessions))
        check_late(self.late)

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        return {"symbol": Kind.SYMBOL, "timestamp": Kind.TIME, self.column: Kind.NUMBER}

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Add the column."""
        return {**schema, "twap": pl.Float64()}

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """State by symbol: sums, and the prices of the window."""
        if self.window is None:
            return _OfDay(self, symbols)
        return _OfWindow(self, symbols, microseconds("window", self.window))


class _OfDay(PerSymbol):
    def __init__(self, op: twap, symbols: Symbols) -> None:
        from tickops._kernels import twap as kernels

        super().__init__(op, symbols, kernels.DAY)
        self._kernels = kernels
        self._column = op.column
        self._clock = SessionClock(op.sessions, symbols)

    def add(self, batch: Batch, rows: Rows) -> Mapping[str, Column]:
        local = local_time(batch, rows)
        result = np.empty(batch.height)
        self._kernels.of_day(
            rows.codes,
            local.days,
            self._clock.passed_us(rows.codes, local),
            batch.columns[self._column].floats(),
            self.state,
            result,
        )
        return {"twap": Column.of_floats(result)}


class _OfWindow(PerSymbol):
    heavy = True

    def __init__(self, op: twap, symbols: Symbols, window_us: int) -> None:
        from tickops._kernels import twap as kernels

        super().__init__(op, symbols, kernels.WINDOW)
        self._kernels = kernels
        self._column = op.column
        self._window_us = window_us
        self._clock = SessionClock(op.sessions, symbols)
        self._log = Log(kernels.ENTRY)

    def add(self, batch: Batch, rows: Rows) -> Mapping[str, Column]:
        here = local_time(batch, rows)
        left = self.symbols.localise(rows.codes, frozen(rows.times_us - self._window_us))
        passed = self._clock.passed_us(rows.codes, here)
        left_passed = self._clock.passed_us(rows.codes, left)
        lengths = self._clock.lengths_us()
        prices = batch.columns[self._column].floats()
        result = np.empty(batch.height)
        start = 0
        while True:
            start += self._kernels.of_window(
                rows.codes[start:],
                here.days[start:],
                passed[start:],
                left.days[start:],
                left_passed[start:],
                lengths,
                prices[start:],
                self.state,
                self._log.entries,
                self._log.span,
                result[start:],
            )
            if start == batch.height:
                return {"twap": Column.of_floats(result)}
            self._log.make_room(self.state)

    def save(self) -> Mapping[str, Saved]:
        return {**super().save(), "entries": self._log.pack()}

    def load(self, state: State) -> None:
        super().load(state)
        entries = state.array("entries", unlinked(self._kernels.ENTRY), None)
        self._log.unpack(self.state, entries)
