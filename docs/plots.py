"""What the pictures of operators show: each on some minutes of a simulated market."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import polars as pl

import tickops as ops

if TYPE_CHECKING:
    from docs.svg import Mark

__all__ = ["MINUTES", "PLOTS", "START", "SYMBOLS", "Plot"]

A: Final = "600000.SH"
B: Final = "000001.SZ"
C: Final = "300750.SZ"
SYMBOLS: Final = (A, B, C)
START: Final = datetime(2026, 4, 21, 2, 0, tzinfo=UTC)
MINUTES: Final = 30

BOOK: Final = ops.chain(ops.asof("depth"), ops.deltas(), ops.spread())
TRADES: Final = ops.chain(BOOK, ops.trade_side())
BARS: Final = ops.chain(ops.filter(pl.col("channel") == "quotes"), ops.deltas(), ops.bars("1m"))

AS_IS: Final = ops.filter(pl.lit(value=True))


@dataclass(frozen=True, kw_only=True)
class Plot:
    """A picture of an operator.

    Parameters
    ----------
    operator
        With parameters that suit the market here.
    prepare, then
        What comes before it, and after it to make something that can be drawn.
    call
        How it is made, as Python, where its repr does not read well.
    over
        Columns that it gives, drawn over the price.
    below
        Columns drawn in a panel of their own.
    mark
        How they are drawn.
    candles
        Draw the open, high, low and close that it gives.
    time
        Column of the output with the time.
    minutes
        How much of the half hour is shown.
    symbols
        Whose rows go in; of the first the price is drawn.
    day_before
        Whose rows stand for those of the first symbol on the day before; none by default.
    """

    operator: ops.Operator
    prepare: ops.Operator = BOOK
    then: ops.Operator = AS_IS
    call: str = ""
    over: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    mark: Mark = "line"
    candles: bool = False
    time: str = "timestamp"
    minutes: int = MINUTES
    symbols: tuple[str, ...] = (A,)
    day_before: str = ""


def _bars(operator: ops.Operator, prepare: ops.Operator = BOOK) -> Plot:
    return Plot(operator=operator, prepare=prepare, candles=True)


_VWAP: Final = ops.vwap("5m")
_ON: Final = ops.chain(BOOK, ops.imbalance(), ops.threshold("imbalance", 0.5, 0.2))

PLOTS: Final[dict[str, Plot]] = {
    "chain": Plot(
        operator=ops.chain(_VWAP, ops.ewm("vwap", span=60)),
        over=("vwap", "vwap_ewm_mean"),
    ),
    "filter": Plot(
        operator=ops.filter(pl.col("delta_volume") > 100),
        call='filter(pl.col("delta_volume") > 100)',
        over=("last_price",),
        mark="dots",
    ),
    "with_columns": Plot(
        operator=ops.with_columns(change=pl.col("last_price") / pl.col("prev_close") - 1),
        call='with_columns(change=pl.col("last_price") / pl.col("prev_close") - 1)',
        below=("change",),
    ),
    "deltas": Plot(
        operator=ops.deltas(),
        prepare=ops.asof("depth"),
        below=("delta_volume",),
        mark="impulses",
    ),
    "first_of_day": Plot(
        operator=ops.first_of_day(),
        then=ops.with_columns(pl.col("first_of_day").cast(pl.Int64)),
        below=("first_of_day",),
        mark="impulses",
    ),
    "unit_check": Plot(operator=ops.unit_check(), below=("unit_fits",)),
    "trade_side": Plot(
        operator=ops.trade_side(), below=("trade_side",), mark="impulses", minutes=5
    ),
    "vwap": Plot(operator=_VWAP, over=("vwap",)),
    "volume_ratio": Plot(operator=ops.volume_ratio(days=1), below=("volume_ratio",), day_before=B),
    "twap": Plot(operator=ops.twap("5m"), over=("twap",)),
    "spread": Plot(operator=ops.spread(), prepare=ops.asof("depth"), below=("spread_bps",)),
    "weighted_mid": Plot(operator=ops.weighted_mid(), over=("mid", "weighted_mid"), minutes=3),
    "microprice": Plot(
        operator=ops.microprice([[-0.004, -0.002, 0.002, 0.004]] * 4),
        call="microprice([[-0.004, -0.002, 0.002, 0.004]] * 4)",
        over=("mid", "microprice"),
        minutes=3,
    ),
    "vamp": Plot(operator=ops.vamp(levels=5), over=("mid", "vamp"), minutes=3),
    "imbalance": Plot(operator=ops.imbalance(), below=("imbalance",), minutes=5),
    "ofi": Plot(operator=ops.ofi(), below=("ofi",), mark="impulses", minutes=5),
    "depth_value": Plot(operator=ops.depth_value(), below=("bid_value", "ask_value"), minutes=5),
    "book_slope": Plot(operator=ops.book_slope(), below=("book_slope",), minutes=5),
    "sweep_cost": Plot(
        operator=ops.sweep_cost(100), below=("buy_cost_bps", "sell_cost_bps"), minutes=5
    ),
    "limits": Plot(operator=ops.limits(), over=("limit_up", "limit_down")),
    "effective_spread": Plot(
        operator=ops.effective_spread(),
        prepare=TRADES,
        below=("effective_spread_bps",),
        mark="impulses",
    ),
    "realised_spread": Plot(
        operator=ops.realised_spread("30s"),
        prepare=TRADES,
        below=("realised_spread_bps",),
        mark="impulses",
    ),
    "roll_spread": Plot(operator=ops.roll_spread("5m"), below=("roll_spread",)),
    "corwin_schultz": Plot(
        operator=ops.corwin_schultz(),
        prepare=BARS,
        below=("corwin_schultz",),
        mark="impulses",
        time="end",
    ),
    "amihud": Plot(operator=ops.amihud("5m"), below=("amihud",)),
    "kyle_lambda": Plot(operator=ops.kyle_lambda("5m"), prepare=TRADES, below=("kyle_lambda",)),
    "vpin": Plot(operator=ops.vpin(1_000, buckets=10), prepare=TRADES, below=("vpin",)),
    "lag": Plot(operator=ops.lag("last_price", periods=20), over=("last_price_lag20",)),
    "diff": Plot(operator=ops.diff("mid"), below=("mid_diff1",), mark="impulses"),
    "returns": Plot(operator=ops.returns("mid"), below=("returns",), mark="impulses"),
    "cumulative": Plot(
        operator=ops.cumulative("delta_volume"), below=("delta_volume_cumulative_sum",)
    ),
    "dedupe": Plot(operator=ops.dedupe("last_price"), over=("last_price",), mark="dots", minutes=5),
    "rolling": Plot(
        operator=ops.rolling("5m", {"last_price": ["mean", "std"]}),
        over=("last_price_mean",),
        below=("last_price_std",),
    ),
    "ewm": Plot(operator=ops.ewm("last_price", span=60), over=("last_price_ewm_mean",)),
    "realised_volatility": Plot(
        operator=ops.realised_volatility("5m", column="mid"), below=("realised_volatility",)
    ),
    "crossing": Plot(
        operator=ops.crossing("last_price", "vwap"),
        then=ops.with_columns(
            crossing=pl.when(pl.col("crossing").is_not_null()).then(pl.col("last_price"))
        ),
        prepare=ops.chain(BOOK, _VWAP),
        over=("vwap", "crossing"),
        mark="dots",
    ),
    "threshold": Plot(
        operator=ops.threshold("imbalance", 0.5, 0.2),
        prepare=ops.chain(BOOK, ops.imbalance()),
        below=("imbalance", "imbalance_on"),
        minutes=5,
    ),
    "cooldown": Plot(
        operator=ops.cooldown("imbalance_on", "2m"),
        then=ops.with_columns(
            imbalance_on_fired=pl.when("imbalance_on_fired").then(pl.col("last_price"))
        ),
        prepare=_ON,
        over=("imbalance_on_fired",),
        below=("imbalance_on",),
        mark="dots",
    ),
    "bars": _bars(ops.bars("1m")),
    "merge_bars": _bars(ops.merge_bars("5m"), BARS),
    "tick_bars": _bars(ops.tick_bars(20)),
    "volume_bars": _bars(ops.volume_bars(2_000)),
    "amount_bars": _bars(ops.amount_bars(1e7)),
    "imbalance_bars": _bars(ops.imbalance_bars("tick", threshold=6)),
    "runs_bars": _bars(ops.runs_bars("tick", threshold=15)),
    "streak_bars": _bars(ops.streak_bars("tick", threshold=4)),
    "renko_bars": _bars(ops.renko_bars(0.05)),
    "reorder": Plot(operator=ops.reorder(), over=("last_price",), mark="dots", minutes=3),
    "sample": Plot(operator=ops.sample("1m"), over=("last_price",), mark="dots"),
    "resample": Plot(operator=ops.resample("1m", "last_price"), over=("last_price",), mark="dots"),
    "asof": Plot(
        operator=ops.chain(ops.asof("depth"), ops.spread()),
        prepare=AS_IS,
        over=("mid",),
        minutes=3,
    ),
    "combine_latest": Plot(
        operator=ops.chain(ops.combine_latest(), ops.spread()),
        prepare=AS_IS,
        over=("mid",),
        minutes=3,
    ),
    "cross_section": Plot(
        operator=ops.cross_section("1m", {"returns": "demean"}),
        prepare=ops.chain(BOOK, ops.returns(periods=60)),
        below=("returns_demean",),
        symbols=(A, B, C),
    ),
    "pair_spread": Plot(
        operator=ops.pair_spread(A, B, log=True), below=("pair_spread",), symbols=(A, B)
    ),
    "index": Plot(operator=ops.index({A: 1, B: 2, C: 1}), below=("index",), symbols=(A, B, C)),
}
"""By name of the operator."""
