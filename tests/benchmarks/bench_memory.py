"""Memory over 10⁷ rows at a fixed number of symbols."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import tickops as ops
from tests.benchmarks._days import day
from tests.benchmarks._measure import Result

__all__ = ["run"]

_ROWS = 10_000_000
_SYMBOLS = 5_400
_SNAPSHOTS = 100  # pushed at a time: five minutes


def run() -> list[Result]:
    """How much the process grew between a tenth of the rows and all of them."""
    run = ops.chain(ops.deltas(), ops.vwap(window="5m"), ops.bars("1m")).start()
    psutil: Any = import_module("psutil")
    process = psutil.Process()
    at_a_tenth = rows = first = 0
    while rows < _ROWS:
        frame = day(_SYMBOLS, _SNAPSHOTS, first=first)
        run.push(frame)
        rows += frame.height
        first += _SNAPSHOTS
        if not at_a_tenth and rows >= _ROWS // 10:
            at_a_tenth = process.memory_info().rss
    grown = (process.memory_info().rss - at_a_tenth) / 2**20
    return [
        Result(
            f"memory, {_SYMBOLS} symbols: growth from {_ROWS // 10:,} to {_ROWS:,} rows",
            "flat",
            f"{grown:+.1f} MiB of {at_a_tenth / 2**20:.0f} MiB",
            "",
            None,
            None,
        )
    ]
