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
from tickops.bars import bars
from tickops.chain import chain
from tickops.deltas import REASON, deltas
from tickops.exceptions import LateRowError, OperatorError, SchemaError, SnapshotError
from tickops.filter import filter  # noqa: A004
from tickops.imbalance import imbalance
from tickops.spread import spread
from tickops.vwap import vwap
from tickops.weighted_mid import weighted_mid
from tickops.with_columns import with_columns

__all__ = [
    "REASON",
    "SYMBOL",
    "Frames",
    "LateRowError",
    "Operator",
    "OperatorError",
    "Run",
    "SchemaError",
    "SnapshotError",
    "bars",
    "chain",
    "deltas",
    "filter",
    "imbalance",
    "spread",
    "vwap",
    "warmup",
    "weighted_mid",
    "with_columns",
]
