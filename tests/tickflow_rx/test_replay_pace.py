"""Speed, pause, resume and seek, in virtual time."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.tickflow_rx.feeds import SECONDS, A, Collected, Rows
from tests.tickflow_rx.test_replay import at, frame, recorded, tick
from tickflow_rx import TickFlowError
from tickflow_rx._queue import RawFrame
from tickflow_rx._replaying._pace import Pace, WallTimer
from tickflow_rx.replay import Replay

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import polars as pl


class VirtualTimer:
    """Time that passes when somebody waits; for ever is until something changes."""

    def __init__(self) -> None:
        self.seconds = 100.0
        self.stands_still = threading.Event()

    def now(self) -> float:
        return self.seconds

    def wait(self, changed: threading.Condition, seconds: float | None) -> None:
        if seconds is None:
            self.stands_still.set()
            assert changed.wait(SECONDS)
        else:
            self.seconds += seconds


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A frame every 10 s, from 0 to 40, and a tick after the third."""
    frames = [frame(10 * k, A, volume=10 * k) for k in range(5)]
    recorded(tmp_path, *frames[:3], tick(25), *frames[3:])
    return tmp_path


class Timed:
    """When each row, and each tick, came."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.timer = VirtualTimer()
        self.replay = Replay(folder, timer=self.timer, **options)
        self.rows: list[tuple[int, float]] = []
        self.ticks: list[float] = []
        self.at: dict[int, Callable[[], None]] = {}
        self.replay.quotes.subscribe(self._note)
        clock = self.replay.quotes.clock or pytest.fail("no clock")
        clock.subscribe(lambda _: self.ticks.append(self.timer.now() - 100))

    def _note(self, rows: pl.DataFrame) -> None:
        for volume in rows["volume"]:
            self.rows.append((volume, self.timer.now() - 100))
            self.at.pop(volume, lambda: None)()

    def run(self) -> list[tuple[int, float]]:
        with self.replay:
            assert self.replay.wait(SECONDS)
        return self.rows


@pytest.mark.parametrize("speed", [1, 10, 0.5])
def test_speed(folder: Path, speed: float) -> None:
    timed = Timed(folder, speed=speed)
    assert timed.run() == [(10 * k, pytest.approx(10 * k / speed)) for k in range(5)]
    assert timed.ticks == [pytest.approx(25 / speed)]


@pytest.mark.parametrize("speed", [None, float("inf")])
def test_as_fast_as_possible(folder: Path, speed: float | None) -> None:
    timed = Timed(folder, speed=speed)
    assert timed.run() == [(10 * k, 0.0) for k in range(5)]


def test_what_is_not_wanted_is_not_waited_for(folder: Path) -> None:
    timed = Timed(folder, speed=1, after=at(20))
    assert timed.run() == [(30, pytest.approx(5)), (40, pytest.approx(15))]


def test_what_is_due_together_comes_together(tmp_path: Path) -> None:
    recorded(tmp_path, *(frame(k / 1000, A, volume=k) for k in range(10)), frame(1, A, volume=99))

    class Slow(VirtualTimer):
        def wait(self, changed: threading.Condition, seconds: float | None) -> None:
            self.seconds += max(0.0055, seconds or 0)

    replay = Replay(tmp_path, speed=1, timer=Slow())
    rows, raw = Rows(replay.quotes), Collected[list[RawFrame]](replay.raw)
    with replay:
        replay.wait(SECONDS)
    assert [frame["volume"].to_list() for frame in rows.items] == [
        [0], [1, 2, 3, 4, 5], [6, 7, 8, 9], [99]
    ]  # fmt: skip
    assert [len(frames) for frames in raw.items] == [1, 5, 4, 1]


def test_pause_and_resume(folder: Path) -> None:
    timed = Timed(folder, speed=1)
    timed.at[20] = timed.replay.pause
    with timed.replay:
        assert timed.timer.stands_still.wait(SECONDS)
        assert [volume for volume, _ in timed.rows] == [0, 10, 20]
        timed.timer.seconds += 1_000
        timed.replay.pause()
        timed.replay.resume()
        timed.replay.resume()
        assert timed.replay.wait(SECONDS)
    assert timed.rows[3:] == [(30, pytest.approx(1_030)), (40, pytest.approx(1_040))]


def test_pause_when_there_is_no_pace(folder: Path) -> None:
    timed = Timed(folder)
    timed.replay.pause()
    with timed.replay:
        assert timed.timer.stands_still.wait(SECONDS)
        assert timed.rows == []
        timed.replay.resume()
        assert timed.replay.wait(SECONDS)
    assert len(timed.rows) == 5


def test_seek_forward_leaves_out_what_is_between(folder: Path) -> None:
    timed = Timed(folder, speed=1)
    timed.at[10] = lambda: timed.replay.seek(at(30))
    assert timed.run() == [(0, 0), (10, 10), (30, pytest.approx(10)), (40, pytest.approx(20))]
    assert timed.ticks == []


def test_seek_backward_sends_again(folder: Path) -> None:
    timed = Timed(folder, speed=1)
    timed.at[20] = lambda: timed.replay.seek(at(5))
    assert [volume for volume, _ in timed.run()] == [0, 10, 20, 10, 20, 30, 40]
    assert timed.rows[3] == (10, pytest.approx(20)), "what it goes to is due at once"


def test_seek_does_not_go_before_what_was_asked_for(folder: Path) -> None:
    timed = Timed(folder, speed=1, after=at(10))
    timed.at[30] = lambda: timed.replay.seek(0)
    assert [volume for volume, _ in timed.run()] == [20, 30, 20, 30, 40]


def test_seek_while_it_stands_still(folder: Path) -> None:
    timed = Timed(folder, speed=1)
    timed.at[10] = timed.replay.pause
    with timed.replay:
        assert timed.timer.stands_still.wait(SECONDS)
        timed.replay.seek(at(40))
        timed.replay.resume()
        assert timed.replay.wait(SECONDS)
    assert [volume for volume, _ in timed.rows] == [0, 10, 40]


def test_nothing_to_seek_in(folder: Path) -> None:
    timed = Timed(folder)
    timed.run()
    with pytest.raises(TickFlowError, match="recording is over"):
        timed.replay.seek(at(0))
    closed = Replay(folder)
    closed.close()
    with pytest.raises(TickFlowError, match="was closed"):
        closed.seek(at(0))


def test_close_ends_a_wait(folder: Path) -> None:
    """With the wall's time: the second row is due in ten seconds."""
    replay = Replay(folder, speed=1)
    rows = Rows(replay.quotes)
    with replay:
        rows.until_rows(1)
    assert rows.column("volume") == [0]
    assert rows.completed


def test_the_wall() -> None:
    timer = WallTimer()
    before = timer.now()
    changed = threading.Condition()
    with changed:
        timer.wait(changed, 0.001)
    assert timer.now() > before
    pace = Pace(1e6, timer)
    assert pace.wait(0)
    assert pace.wait(1_000_000), "a second a microsecond"
    assert not pace.paused
