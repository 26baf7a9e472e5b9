"""Compaction: rows a second from the journal to Parquet, and what a row takes on disk."""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks._days import SYMBOLS
from tests.benchmarks._measure import Result, median_time
from tickflow_rx import CompactStats, Journal, compact, scan_depth, scan_quotes
from tickflow_rx._queue import RawFrame
from tickflow_rx.decoding import warmup
from tickflow_rx.journal import JournalWriter
from tickflow_rx.server import SimulatedMarket

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

__all__ = ["run"]

_WANTED = 300_000
_DAY_ROWS = 2 * SYMBOLS * 4 * 3_600 // 3
"""A quote and a book of each symbol every 3 s of the four hours."""


def run() -> list[Result]:
    """Lines of the table for compaction."""
    warmup()
    with tempfile.TemporaryDirectory() as name:
        return [
            *_lines(Path(name, "many"), rows=100, messages=10_000, wanted=1.0),
            *_lines(Path(name, "one"), rows=1, messages=100_000, wanted=None),
        ]


def _lines(folder: Path, *, rows: int, messages: int, wanted: float | None) -> Iterable[Result]:
    """The whole market from 09:30 on, in messages of so many rows; written anew each time."""
    market = SimulatedMarket(count=SYMBOLS, start=datetime(2026, 4, 21, 9, 30), speed=None)
    writer = JournalWriter(folder)
    for number, (time_ms, data) in enumerate(islice(market.messages(rows), messages)):
        writer.frames([RawFrame(data, time_ms * 1_000 + number % 1_000, 1)])
    writer.close()
    runs = [_timed(folder) for _ in range(5)]
    stats = runs[0][0]
    count = stats.quotes + stats.depth
    rate = count / statistics.median(seconds for _, seconds in runs)
    journal = sum(path.stat().st_size for path in Journal(folder).segments()) / count
    quotes, depth = (
        sum(path.stat().st_size for path in folder.glob(f"{channel}/*/*.parquet")) / of_channel
        for channel, of_channel in (("quotes", stats.quotes), ("depth", stats.depth))
    )
    gigabytes = (journal + (quotes + depth) / 2) * _DAY_ROWS / 1e9
    yield Result(
        f"compaction, {rows} row{'s' * (rows > 1)} a frame: {journal:.0f} bytes a row in the"
        f" journal; {quotes:.0f} a quote and {depth:.0f} a book in Parquet; both"
        f" {gigabytes:.1f} GB a day of {_DAY_ROWS / 1e6:.0f} M rows",
        f"{_WANTED:,} rows/s",
        f"{rate / 1e3:,.0f} k rows/s",
        f"{_WANTED / 1e3:,.0f} k rows/s",
        rate / _WANTED,
        wanted,
    )
    if rows > 1:
        for what, lazy in (("quotes", scan_quotes(folder)), ("books", scan_depth(folder))):
            yield _scanned(what, lazy, count // 2)


def _timed(folder: Path) -> tuple[CompactStats, float]:
    for top in ("quotes", "depth", "compacted"):
        shutil.rmtree(folder / top, ignore_errors=True)
    start = time.perf_counter()
    return compact(folder), time.perf_counter() - start


def _scanned(what: str, lazy: pl.LazyFrame, rows: int) -> Result:
    def read() -> None:
        for _ in lazy.collect_batches(chunk_size=100_000):
            pass

    rate = rows / median_time(read)
    shown = f"{rate / 1e6:.1f} M rows/s"
    return Result(f"{what} read back from Parquet", "", shown, "", None, None)
