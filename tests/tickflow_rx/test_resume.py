"""A live pipeline, recorded and killed: it catches up from the journal and goes on live."""

import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

import tickops as ops
from tests.tickflow_rx.feeds import SECONDS, A, B, Rows, feed_of, feed_threads, quote
from tests.tickflow_rx.test_replay import START_MS, MarketTime, market_time
from tests.tickops.kills import read
from tickflow_rx import Recorder, Replay
from tickflow_rx.server import Server
from tickops.testing import assert_identical

__all__ = ["market_time"]

BARS = ops.chain(ops.deltas(), ops.bars("1m", grace="1s"))


class Market:
    """A server's rows, and the time at which they come."""

    def __init__(self, server: Server, time: MarketTime) -> None:
        self.server = server
        self._time = time
        self._volume = 0

    def wait(self, after_s: float) -> None:
        """Let it be so many seconds after the start."""
        self._time.now_ms = START_MS + round(1_000 * after_s)

    def publish(self, rows: Rows, after_s: float, symbol: str) -> None:
        """Send a row, and wait until it has come."""
        self.wait(after_s)
        self._volume += 10
        row = quote(symbol, timestamp=self._time.now_ms, volume=self._volume)
        self.server.publish("quotes", [row])
        volume = self._volume
        rows.until(lambda frames: any(volume in frame["volume"] for frame in frames))


class Pipeline:
    """What a process has: a recorded feed whose bars go to disk, from the journal on."""

    def __init__(self, folder: Path, server: Server, visit: Callable[[str], None]) -> None:
        feed = feed_of(server, quotes=[A, B])
        self.recorder = Recorder(feed, folder / "data")
        state = ops.checkpoint(folder / "state", every="1us", before=self._flush)
        self.replay = Replay(folder / "data", after=state.position(), then=feed)
        self.bars = Rows(
            self.replay.quotes.pipe(BARS, ops.sink_parquet(folder / "out", rows=2), state)
        )
        self.rows = Rows(self.replay.quotes)
        self._visit = visit
        self.replay.quotes.subscribe(lambda _: visit("frame"))

    def _flush(self) -> None:
        self._visit("before")
        self.recorder.flush()
        self._visit("flushed")


class Copy:
    """What is on disk at the nth visit of a place: all that a process killed there leaves."""

    def __init__(self, folder: Path, place: str, visit: int) -> None:
        self.left = folder.with_name("left")
        self._folder = folder
        self._place = place
        self._visits = visit

    def visit(self, place: str) -> None:
        if place == self._place:
            self._visits -= 1
            if self._visits == 0:
                shutil.copytree(self._folder, self.left)


@pytest.mark.parametrize(
    ("place", "visit"), [("before", 2), ("flushed", 5), ("frame", 3), ("frame", 6), ("flushed", 1)]
)
def test_killed_it_goes_on_as_if_it_had_not_been(
    tmp_path: Path,
    market_time: MarketTime,
    place: str,
    visit: int,
) -> None:
    copy = Copy(tmp_path / "first", place, visit)
    with Server() as server:
        market = Market(server, market_time)
        first = Pipeline(tmp_path / "first", server, copy.visit)
        with first.recorder, first.replay:
            assert server.when(lambda now: now.subscriptions == 2).wait(SECONDS)
            for after_s, symbol in [(1, A), (2, B), (20, A), (31, B), (61, A), (70, A)]:
                market.publish(first.rows, after_s, symbol)
            market.wait(95)
            first.bars.until(lambda frames: {s for f in frames for s in f["symbol"]} == {A, B})
        second = Pipeline(copy.left, server, lambda _: None)
        with second.recorder, second.replay:
            assert server.when(lambda now: now.subscriptions == 2).wait(SECONDS)
            for after_s, symbol in [(130, A), (131, B), (150, A), (190, A)]:
                market.publish(second.rows, after_s, symbol)
            market.wait(260)
            second.bars.until(lambda frames: any(frame["end"].max() > START for frame in frames))
    assert second.bars.completed
    assert feed_threads() == []
    assert_identical(read(copy.left / "out"), whole(copy.left / "data"))


START = pl.Series([START_MS + 150_000]).cast(pl.Datetime("ms", "UTC")).item()


def whole(folder: Path) -> pl.DataFrame:
    """Bars of a whole recording, numbered."""
    replay = Replay(folder)
    bars = Rows(replay.quotes.pipe(BARS))
    with replay:
        assert replay.wait(SECONDS)
    rows = pl.concat(bars.items)
    return rows.with_columns(pl.Series("position", range(rows.height), dtype=pl.UInt64))
