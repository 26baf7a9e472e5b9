"""The journal: how much of the market it takes a second, and what that takes on disk."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.benchmarks._days import SYMBOLS
from tests.benchmarks._measure import Result, median_time
from tests.benchmarks.bench_decoding import quote_frames
from tickflow_rx import Journal
from tickflow_rx._queue import RawFrame
from tickflow_rx.journal import JournalWriter

__all__ = ["run"]

_MARKET = 2 * SYMBOLS / 3
"""Rows a second of the whole market: a quote and a book of each symbol every 3 s."""


def run() -> list[Result]:
    """Lines of the table for recording."""
    return [_line(5_400, 100, 20), _line(50_000, 1, None)]


def _line(count: int, rows: int, times_the_market: float | None) -> Result:
    frames = [
        RawFrame(data, 1_776_735_000_000_000 + number * 1_000, 1)
        for number, data in enumerate(quote_frames(count, rows))
    ]
    with tempfile.TemporaryDirectory() as folder:
        runs = iter(range(100))
        last = Path(folder)

        def record() -> None:
            nonlocal last
            last = Path(folder, str(next(runs)))
            writer = JournalWriter(last)
            for start in range(0, len(frames), 50):
                writer.frames(frames[start : start + 50])
                writer.flush()
            writer.close()

        rate = count * rows / median_time(record)
        size = sum(path.stat().st_size for path in Journal(last).segments())
    raw = sum(len(frame.data) for frame in frames)
    return Result(
        f"journal, {rows} quote{'s' * (rows > 1)} a frame: {size / count / rows:.0f} bytes a row"
        f" on disk, of {raw / count / rows:.0f}",
        "rows of the whole market a second",
        f"{rate / 1e3:,.0f} k rows/s",
        f"{_MARKET / 1e3:.1f} k rows/s",
        rate / _MARKET,
        times_the_market,
    )
