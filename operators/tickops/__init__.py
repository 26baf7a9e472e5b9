"""Streaming operators on Polars frames that give the same result however the rows arrive.

Live, replayed, in one batch, after a restart: the same rows, bit for bit. An operator is
made once (``op = chain(deltas(), bars("1m"))``) and used on an observable of frames
(``frames.pipe(op)``), on a frame (``op.apply(frame)``), on a LazyFrame larger than memory
(``op.scan(lazy)``), or by hand (``run = op.start()``).

Names are imported when they are first used: ``import tickops`` costs next to nothing.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tickops._operator import Operator
    from tickops._run import Run
    from tickops._rx import Frames
    from tickops._symbols import SYMBOL
    from tickops._warmup import warmup
    from tickops.amihud import amihud
    from tickops.amount_bars import amount_bars
    from tickops.asof import asof
    from tickops.bars import bars
    from tickops.book_slope import book_slope
    from tickops.chain import chain
    from tickops.checkpoint import checkpoint
    from tickops.combine_latest import combine_latest
    from tickops.cooldown import cooldown
    from tickops.corwin_schultz import corwin_schultz
    from tickops.cross_section import cross_section
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
    from tickops.index import index
    from tickops.interleave import interleave
    from tickops.kyle_lambda import kyle_lambda
    from tickops.lag import lag
    from tickops.limits import LIMIT_STATE, limits
    from tickops.merge_bars import merge_bars
    from tickops.microprice import microprice
    from tickops.ofi import ofi
    from tickops.pair_spread import pair_spread
    from tickops.realised_spread import realised_spread
    from tickops.realised_volatility import realised_volatility
    from tickops.renko_bars import renko_bars
    from tickops.reorder import reorder
    from tickops.resample import resample
    from tickops.returns import returns
    from tickops.roll_spread import roll_spread
    from tickops.rolling import rolling
    from tickops.runs_bars import runs_bars
    from tickops.sample import sample
    from tickops.sink_parquet import sink_parquet
    from tickops.spread import spread
    from tickops.stateful import stateful
    from tickops.streak_bars import streak_bars
    from tickops.sweep_cost import sweep_cost
    from tickops.threshold import threshold
    from tickops.tick_bars import tick_bars
    from tickops.trade_side import trade_side
    from tickops.twap import twap
    from tickops.unit_check import unit_check
    from tickops.vamp import vamp
    from tickops.volume_bars import volume_bars
    from tickops.volume_ratio import volume_ratio
    from tickops.vpin import vpin
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
    "asof",
    "bars",
    "book_slope",
    "chain",
    "checkpoint",
    "combine_latest",
    "cooldown",
    "corwin_schultz",
    "cross_section",
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
    "index",
    "interleave",
    "kyle_lambda",
    "lag",
    "limits",
    "merge_bars",
    "microprice",
    "ofi",
    "pair_spread",
    "realised_spread",
    "realised_volatility",
    "renko_bars",
    "reorder",
    "resample",
    "returns",
    "roll_spread",
    "rolling",
    "runs_bars",
    "sample",
    "sink_parquet",
    "spread",
    "stateful",
    "streak_bars",
    "sweep_cost",
    "threshold",
    "tick_bars",
    "trade_side",
    "twap",
    "unit_check",
    "vamp",
    "volume_bars",
    "volume_ratio",
    "vpin",
    "vwap",
    "warmup",
    "weighted_mid",
    "with_columns",
]

# All others have a module of their own name.
_HOME = {
    "CROSSING": "crossing",
    "LIMIT_STATE": "limits",
    "REASON": "deltas",
    "SYMBOL": "_symbols",
    "Frames": "_rx",
    "LateRowError": "exceptions",
    "Operator": "_operator",
    "OperatorError": "exceptions",
    "Run": "_run",
    "SchemaError": "exceptions",
    "SnapshotError": "exceptions",
    "warmup": "_warmup",
}


class _Package(ModuleType):
    """A package in which an operator has the name of its module."""

    def __setattr__(self, name: str, value: object) -> None:
        # The import system binds a module when it is imported, here or anywhere.
        if isinstance(value, ModuleType) and name in __all__:
            value = getattr(value, name)
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'tickops' has no attribute {name!r}")
    value = getattr(import_module(f"tickops.{_HOME.get(name, name)}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
