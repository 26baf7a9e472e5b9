"""Streaming operators on Polars frames that give the same result however the rows arrive.

Live, replayed, in one batch, after a restart: the same rows, bit for bit. An operator is
made once (``op = chain(deltas(), bars("1m"))``) and used on an observable of frames
(``frames.pipe(op)``), on a frame (``op.apply(frame)``), on a LazyFrame larger than memory
(``op.scan(lazy)``), or by hand (``run = op.start()``).
"""

from tickops._operator import Operator
from tickops._run import Run
from tickops._rx import Frames
from tickops._symbols import SYMBOL
from tickops._warmup import warmup
from tickops.amihud import amihud
from tickops.amount_bars import amount_bars
from tickops.bars import bars
from tickops.book_slope import book_slope
from tickops.chain import chain
from tickops.cooldown import cooldown
from tickops.crossing import CROSSING, crossing
from tickops.cumulative import cumulative
from tickops.dedupe import dedupe
from tickops.deltas import REASON, deltas
from tickops.depth_value import depth_value
from tickops.diff import diff
from tickops.effective_spread import effective_spread
from tickops.ewm import ewm
from tickops.exceptions import LateRowError, OperatorError, SchemaError, SnapshotError
from tickops.filter import filter  # noqa: A004
from tickops.first_of_day import first_of_day
from tickops.imbalance import imbalance
from tickops.imbalance_bars import imbalance_bars
from tickops.kyle_lambda import kyle_lambda
from tickops.lag import lag
from tickops.limits import LIMIT_STATE, limits
from tickops.ofi import ofi
from tickops.realised_spread import realised_spread
from tickops.returns import returns
from tickops.roll_spread import roll_spread
from tickops.rolling import rolling
from tickops.runs_bars import runs_bars
from tickops.spread import spread
from tickops.sweep_cost import sweep_cost
from tickops.threshold import threshold
from tickops.tick_bars import tick_bars
from tickops.trade_side import trade_side
from tickops.unit_check import unit_check
from tickops.vamp import vamp
from tickops.volume_bars import volume_bars
from tickops.vwap import vwap
from tickops.weighted_mid import weighted_mid
from tickops.with_columns import with_columns

__all__ = [
    "CROSSING",
    "LIMIT_STATE",
    "REASON",
    "SYMBOL",
    "Frames",
    "LateRowError",
    "Operator",
    "OperatorError",
    "Run",
    "SchemaError",
    "SnapshotError",
    "amihud",
    "amount_bars",
    "bars",
    "book_slope",
    "chain",
    "cooldown",
    "crossing",
    "cumulative",
    "dedupe",
    "deltas",
    "depth_value",
    "diff",
    "effective_spread",
    "ewm",
    "filter",
    "first_of_day",
    "imbalance",
    "imbalance_bars",
    "kyle_lambda",
    "lag",
    "limits",
    "ofi",
    "realised_spread",
    "returns",
    "roll_spread",
    "rolling",
    "runs_bars",
    "spread",
    "sweep_cost",
    "threshold",
    "tick_bars",
    "trade_side",
    "unit_check",
    "vamp",
    "volume_bars",
    "vwap",
    "warmup",
    "weighted_mid",
    "with_columns",
]
