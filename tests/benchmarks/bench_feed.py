"""End to end on loopback: a feed into bars against a bare websockets loop; latency live."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

import tickops as ops
from tests.benchmarks._days import names
from tests.benchmarks._measure import Result, against
from tickflow_rx import Feed, events

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["run"]

_LIVE_SECONDS = 30
_WANTED_P99_MS = 25


def run() -> list[Result]:
    """Lines of the table for the feed."""
    return [_throughput(60_000, 1, 0.6), _throughput(2_000, 100, 0.3), _latency()]


def _throughput(frames: int, quotes: int, wanted: float) -> Result:
    with _blaster(frames, quotes) as url:
        return against(
            f"socket to bars on loopback, {quotes} quote{'s' * (quotes > 1)} a frame",
            "bare websockets loop that drops them",
            lambda: _through_feed(url, frames * quotes),
            lambda: asyncio.run(_through_websockets(url, frames)),
            rows=frames * quotes,
            wanted=wanted,
            repeat=5,
        )


@contextmanager
def _blaster(frames: int, quotes: int) -> Generator[str]:
    command = [sys.executable, "-m", "tests.benchmarks._blast", str(frames), str(quotes)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"ws://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.kill()


async def _through_websockets(url: str, frames: int) -> None:
    received = 0
    async with connect(url, max_size=None, compression=None, proxy=None) as connection:
        try:
            while True:
                await connection.recv(decode=False)
                received += 1
        except ConnectionClosed:
            assert received == frames, f"{received} of {frames} frames came"


def _through_feed(url: str, rows: int) -> None:
    """A feed whose quotes become bars, until the server has sent all."""
    feed = Feed(api_key="bench", base_url=url, reconnect_delay=(60, 60))
    over = threading.Event()
    bars: list[pl.DataFrame] = []
    feed.quotes.pipe(ops.deltas(), ops.bars("1m")).subscribe(bars.append)
    feed.status.subscribe(
        lambda event: over.set() if isinstance(event, events.Disconnected) else None
    )
    with feed:
        assert over.wait(300)
    assert feed.stats().quotes == rows, feed.stats()


def _latency() -> Result:
    """Time from a frame's receipt to the result, with the whole market at its rate."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks._market"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            lags = _live_lags(url)
        finally:
            process.kill()
    p50, p99 = np.percentile(lags, [50, 99])
    return Result(
        f"latency at full-market rate, {len(lags)} frames in {_LIVE_SECONDS} s: p99 (median)",
        f"at most {_WANTED_P99_MS} ms",
        f"{p99:.1f} ms ({p50:.1f} ms)",
        "",
        _WANTED_P99_MS / float(p99),
        1,
    )


def _live_lags(url: str) -> list[float]:
    symbols = names()
    feed = Feed(quotes=symbols, depth=symbols, api_key="demo", base_url=url, clock=None)
    lags: list[float] = []

    def measure(frame: pl.DataFrame) -> None:
        now_us = time.time_ns() // 1_000
        received = frame["received"].to_physical().to_numpy()
        lags.extend(((now_us - np.unique(received)) / 1_000).tolist())

    traded = ops.chain(ops.deltas(), ops.vwap(window="5m"))
    for frames, op in (
        (feed.quotes, traded),
        (feed.depth, ops.chain(ops.spread(), ops.imbalance())),
    ):
        frames.pipe(op).subscribe(measure)
    feed.quotes.pipe(traded, ops.bars("1m")).subscribe(lambda _: None)
    with feed:
        feed.wait(10)  # connect, compile, and fill
        lags.clear()
        feed.wait(_LIVE_SECONDS)
        return list(lags)
