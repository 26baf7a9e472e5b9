"""Replays: from Parquet and from the journal through five operators, and what memory they take."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import tickops as ops
from tests.benchmarks._days import SYMBOLS, names
from tests.benchmarks._measure import Result, median_time
from tickflow_rx import Replay
from tickflow_rx._queue import RawFrame
from tickflow_rx.journal import JournalWriter
from tickflow_rx.parquet import compact

__all__ = ["replay", "run"]

_SNAPSHOTS = 240
_ROWS = 100
_OPENS_MS = 1_776_735_000_000  # 2026-04-21 09:30 in Shanghai
_WANTED = 5e6

_QUOTE = (
    b'{"symbol":"%b","region":"CN","last_price":%.2f,"prev_close":9.78,"open":9.78,"high":%.2f,'
    b'"low":9.68,"volume":%d,"amount":%d,"timestamp":%d,"ext":{"type":"cn_equity",'
    b'"name":"\xe6\xb5\xa6\xe5\x8f\x91\xe9\x93\xb6\xe8\xa1\x8c","change_pct":-0.006135,'
    b'"change_amount":-0.06,"amplitude":0.010225,"turnover_rate":0.001281}}'
)
_BOOK = (
    b'{"symbol":"%b","region":"CN","timestamp":%d,'
    b'"bid_prices":[%.2f,%.2f,%.2f,%.2f,%.2f],"bid_volumes":[%d,%d,%d,%d,%d],'
    b'"ask_prices":[%.2f,%.2f,%.2f,%.2f,%.2f],"ask_volumes":[%d,%d,%d,%d,%d]}'
)


def run() -> list[Result]:
    """Lines of the table for replays."""
    with tempfile.TemporaryDirectory() as folder:
        once, thrice = Path(folder, "once"), Path(folder, "thrice")
        rows = _record(once, _SNAPSHOTS)
        _record(thrice, 3 * _SNAPSHOTS)
        compact(once)
        compact(thrice)
        return [
            _speed("Parquet", once, "parquet", rows, _WANTED),
            _speed("Parquet, clock and all", once, "parquet", rows, None, clock="recorded"),
            _speed("the journal", once, "journal", rows, None, clock="recorded"),
            _memory("Parquet", once, thrice, "parquet"),
            _memory("the journal", once, thrice, "journal"),
        ]


def _record(folder: Path, snapshots: int) -> int:
    """Journal of the whole market's quotes and books; return its number of rows."""
    writer = JournalWriter(folder)
    market = _Market()
    for k in range(snapshots):
        for second in range(3):
            writer.frames(market.second(3 * k + second))
            writer.tick(1_000 * (_OPENS_MS + 1_000 * (3 * k + second + 1)) - 1)
    writer.close()
    return 2 * SYMBOLS * snapshots


class _Market:
    """Prices that walk and volumes at random: a third of the symbols each second."""

    def __init__(self) -> None:
        self._symbols = [name.encode() for name in names()]
        self._rng = np.random.default_rng(7)
        self._price = self._rng.uniform(3, 90, SYMBOLS).round(2)
        self._volume = np.zeros(SYMBOLS, np.int64)

    def second(self, number: int) -> list[RawFrame]:
        third = SYMBOLS // 3
        first = number % 3 * third
        self._price = (self._price + self._rng.integers(-1, 2, SYMBOLS) / 100).round(2)
        self._volume += self._rng.integers(0, 50, SYMBOLS)
        frames: list[RawFrame] = []
        for start in range(first, first + third, _ROWS):
            at_ms = _OPENS_MS + 1_000 * number + 900 * (start - first) // third
            some = slice(start, start + _ROWS)
            for row, (op, rows) in enumerate(
                [(b"quotes", self._quotes(some, at_ms)), (b"depth", self._books(some, at_ms))]
            ):
                data = b'{"op":"%b","data":[%b]}' % (op, b",".join(rows))
                frames.append(RawFrame(data, 1_000 * at_ms + row, 1))
        return frames

    def _quotes(self, some: slice, at_ms: int) -> list[bytes]:
        prices, volumes = self._price[some].tolist(), self._volume[some].tolist()
        return [
            _QUOTE % (symbol, price, price + 0.5, volume, 100 * volume * price, at_ms)
            for symbol, price, volume in zip(self._symbols[some], prices, volumes, strict=True)
        ]

    def _books(self, some: slice, at_ms: int) -> list[bytes]:
        levels = np.arange(5) / 100
        price = self._price[some][:, None]
        volumes = self._rng.integers(1, 9_999, (len(price), 10)).tolist()
        sides = zip((price - 0.01 - levels).tolist(), (price + levels).tolist(), strict=True)
        return [
            _BOOK % (symbol, at_ms, *bids, *sizes[:5], *asks, *sizes[5:])
            for symbol, (bids, asks), sizes in zip(self._symbols[some], sides, volumes, strict=True)
        ]


def replay(folder: str | Path, source: Any, clock: Any) -> None:
    """Replay a recording through five operators."""
    recording = Replay(folder, source=source, clock=clock)
    quotes = ops.chain(ops.deltas(), ops.vwap(window="5m"), ops.bars("1m"))
    recording.quotes.pipe(quotes).subscribe(lambda _: None)
    recording.depth.pipe(ops.spread(), ops.imbalance()).subscribe(lambda _: None)
    with recording:
        recording.wait()


def _speed(
    what: str, folder: Path, source: str, rows: int, wanted: float | None, clock: Any = None
) -> Result:
    rate = rows / median_time(lambda: replay(folder, source, clock), repeat=3)
    return Result(
        f"replay of {what}: deltas, VWAP, bars; spread, imbalance",
        "5 M rows/s",
        f"{rate / 1e6:.1f} M rows/s",
        "",
        rate / _WANTED,
        None if wanted is None else 1.0,
    )


def _memory(what: str, once: Path, thrice: Path, source: str) -> Result:
    """How much more a process takes at its peak for three times the rows."""
    before, after = _peak_mib(once, source), _peak_mib(thrice, source)
    return Result(
        f"peak memory, replay of {what}: growth from {_SNAPSHOTS} to {3 * _SNAPSHOTS} snapshots",
        "flat",
        f"{after - before:+.1f} MiB of {before:.0f} MiB",
        "",
        None,
        None,
    )


def _peak_mib(folder: Path, source: str) -> float:
    # getrusage would count what the parent had when it made the process.
    code = (
        "import sys; from tests.benchmarks.bench_replay import replay;"
        "replay(sys.argv[1], sys.argv[2], None);"
        "status = open('/proc/self/status').read();"
        "print(int(status.split('VmHWM:')[1].split()[0]) / 1024)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(folder), source],
        check=True,
        capture_output=True,
        text=True,
    )
    return float(ran.stdout)
