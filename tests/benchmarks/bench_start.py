"""How long a fresh process takes to its first result; compiled kernels are on disk."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import polars as pl

import tickops as ops
from tests.benchmarks._days import day
from tests.benchmarks._measure import Result

__all__ = ["run"]

_REPEAT = 5
_IMPORT = """
import time
import polars, reactivex
start = time.perf_counter()
import tickops
tickops.deltas()
print(time.perf_counter() - start)
"""
_FIRST_USE = """
import sys, time
start = time.perf_counter()
import polars
import tickops
class Names(dict):
    def __missing__(self, name):
        return getattr(tickops, name)
op = eval(sys.argv[1], {}, Names())
op.apply(polars.read_ipc(sys.argv[2]))
print(time.perf_counter() - start)
"""
_BEFORE = ops.chain(ops.deltas(), ops.spread(), ops.trade_side())
_FIRST_USED = (
    ops.deltas(),
    ops.vwap(window="5m"),
    ops.bars("1m"),
    ops.imbalance(),
    ops.ofi(),
    ops.kyle_lambda("5m"),
    ops.volume_bars(1000),
    ops.ewm("last_price", span=10),
    ops.rolling("5m", {"last_price": ["mean", "std", "median", "max", "rank"]}),
)
"""One of each family of kernels; each in a process of its own."""


def run() -> list[Result]:
    """Lines of the table for starting: the limit is what it is held against."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rows.arrow")
        _BEFORE.apply(_with_book(day(50, 100))).write_ipc(path)
        took = {
            repr(op): statistics.median(_timed(_FIRST_USE, repr(op), str(path)) for _ in range(3))
            for op in _FIRST_USED
            if _timed(_FIRST_USE, repr(op), str(path))  # compiles what is not on disk yet
        }
    slowest = max(took, key=lambda name: took[name])
    imports = statistics.median(_timed(_IMPORT) for _ in range(_REPEAT))
    return [
        _limited(
            "import tickops and make an operator, polars and reactivex being there", imports, 0.2
        ),
        _limited(
            f"first use in a fresh process; slowest of {len(took)}: {slowest}", took[slowest], 2
        ),
    ]


def _limited(what: str, seconds: float, limit: float) -> Result:
    return Result(
        what, f"{limit:g} s at most", f"{seconds:.2f} s", f"{limit:g} s", limit / seconds, 1
    )


def _timed(code: str, *arguments: str) -> float:
    ran = subprocess.run(
        [sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True
    )
    return float(ran.stdout)


def _with_book(rows: pl.DataFrame) -> pl.DataFrame:
    def side(start: pl.Expr, step: float) -> pl.Expr:
        levels = [start + step * level for level in range(5)]
        return pl.concat_list(levels).list.to_array(5)

    price, volumes = pl.col("last_price"), pl.concat_list([pl.lit(100)] * 5).list.to_array(5)
    return rows.with_columns(
        bid_prices=side(price, -0.01),
        ask_prices=side(price + 0.01, 0.01),
        bid_volumes=volumes,
        ask_volumes=volumes,
    )
