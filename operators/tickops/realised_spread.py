"""What was earned by giving liquidity."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import polars as pl

from tickops._arrays import frozen, grown
from tickops._column import Column
from tickops._duration import Duration, microseconds
from tickops._late import LatePolicy, check_late
from tickops._log import Log, unlinked
from tickops._made_rows import made_batch, made_schema
from tickops._operator import Core, Operator
from tickops._per_symbol import Watermarks
from tickops._schema import Kind
from tickops._trading_days import trading_days

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._arrays import I64, Records
    from tickops._batch import Batch
    from tickops._saved import Saved
    from tickops._snapshot import State
    from tickops._symbols import Symbols

__all__ = ["realised_spread"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class realised_spread(Operator):
    """Realised spread 2·D·(p − mid some time after) of price p and side D = ±1.

    What is left of the effective spread when the price has moved; the rest is price impact.
    Over `deltas`, `spread` and `trade_side`.

    Parameters
    ----------
    after
        How long after the trade.
    late
        What happens to rows older than the symbol's newest: left out and counted ("drop"),
        an error ("raise"), or taken as at the symbol's newest time ("include").

    Returns
    -------
    A row for each row that traded on a known side beside a mid, once a row of the symbol came
    that is as late as `after` says or later: symbol; timestamp (of the trade); delta_price
    (Float64, currency per share); trade_side (Int64); mid (Float64, currency, at the trade);
    mid_after (Float64, currency); realised_spread (Float64, currency); realised_spread_bps
    (Float64, basis points of the mid at the trade).

    Raises
    ------
    SchemaError
        symbol, timestamp, delta_price, trade_side or mid is missing or of the wrong type.
    LateRowError
        A row is late, and ``late="raise"``.

    Notes
    -----
    `mid_after` is the symbol's newest mid at or before that time; of several rows at just that
    time, the mid of the first (or the one before, where it has none). Trades that wait when
    the trading day ends (local date of the market), or at ``finish``, are dropped and counted
    as `open`. The price is the mean of all that was traded since the row before, weighted with
    volume, and the mid that of the book after it: a proxy for trades.

    References
    ----------
    Huang, Stoll (1996), Dealer versus auction markets, Journal of Financial Economics 41.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> frame = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH"] * 3,
    ...         "timestamp": [1776754800000, 1776754803000, 1776754806000],
    ...         "delta_price": [10.02, None, None],
    ...         "trade_side": [1, None, None],
    ...         "mid": [10.0, 10.01, 10.05],
    ...     }
    ... ).with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))
    >>> out = ops.realised_spread("5s").apply(frame)
    >>> out.select("mid_after", pl.col("realised_spread", "realised_spread_bps").round(6)).rows()
    [(10.01, 0.02, 20.0)]
    """

    after: Duration = field(kw_only=False)
    late: LatePolicy = "drop"

    def __post_init__(self) -> None:
        microseconds("after", self.after)
        check_late(self.late)

    @property
    def adds_columns(self) -> bool:
        """Trades come out, not rows."""
        return False

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        return {
            "symbol": Kind.SYMBOL,
            "timestamp": Kind.TIME,
            "delta_price": Kind.NUMBER,
            "trade_side": Kind.INTEGER,
            "mid": Kind.NUMBER,
        }

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Make the columns of trades."""
        floats = ("mid", "mid_after", "realised_spread", "realised_spread_bps")
        own = {"delta_price": pl.Float64(), "trade_side": pl.Int64()}
        return made_schema(schema, own | dict.fromkeys(floats, pl.Float64()))

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """State by symbol: its last mid, and the trades that wait."""
        return _RealisedSpread(self, schema, symbols)


class _RealisedSpread(Core):
    def __init__(self, op: realised_spread, schema: pl.Schema, symbols: Symbols) -> None:
        from tickops._kernels import realised as kernels

        super().__init__()
        self._kernels = kernels
        self._schema = schema
        self._symbols = symbols
        self._after_us = microseconds("after", op.after)
        self._watermarks = Watermarks(op, symbols)
        self._state: Records = np.zeros(0, kernels.WAITING)
        self._log = Log(kernels.ENTRY)
        self.counts = {"late": 0, "open": 0}

    def push(self, batch: Batch) -> Batch:
        self._state = grown(self._state, len(self._symbols))
        rows = self._watermarks.rows(batch)
        days = trading_days(batch, rows)
        price = batch.columns["delta_price"].floats()
        side = batch.columns["trade_side"].ints()
        mid = batch.columns["mid"].floats()
        out = np.zeros(int(self._state["length"].sum()) + batch.height, self._kernels.OUT)
        written = np.zeros(2, np.int64)
        start = 0
        while True:
            start += self._kernels.realise(
                rows.codes[start:],
                rows.times_us[start:],
                days[start:],
                price[start:],
                side[start:],
                mid[start:],
                self._after_us,
                self._state,
                self._log.entries,
                self._log.span,
                out,
                written,
            )
            if start == batch.height:
                break
            self._log.make_room(self._state)
        self.counts["late"] += batch.height - int(rows.keep.sum())
        self.counts["open"] += int(written[1])
        return self._trades(out[: int(written[0])])

    def finish(self) -> None:
        self.counts["open"] += int(self._state["length"].sum())

    def save(self) -> Mapping[str, Saved]:
        self._state = grown(self._state, len(self._symbols))
        return {
            "waiting": self._state[: len(self._symbols)],
            "entries": self._log.pack(),
            "newest_us": self._watermarks.save(),
        }

    def load(self, state: State) -> None:
        entries = state.array("entries", unlinked(self._kernels.ENTRY), None)
        self._state = state.array("waiting", self._kernels.WAITING, len(self._symbols))
        self._log.unpack(self._state, entries)
        self._watermarks.load(state)

    def _trades(self, out: Records) -> Batch:
        columns = {
            "delta_price": Column.of_floats(out["price"]),
            "trade_side": Column.of_ints(out["side"], pl.Int64()),
            "mid": Column.of_floats(out["mid"]),
            "mid_after": Column.of_floats(out["mid_after"]),
            "realised_spread": Column.of_floats(out["spread"]),
            "realised_spread_bps": Column.of_floats(out["spread_bps"]),
        }
        times_us = cast("I64", frozen(out["time_us"]))
        return made_batch(self._schema, self._symbols, frozen(out["code"]), times_us, columns)
