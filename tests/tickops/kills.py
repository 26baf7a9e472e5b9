"""Pipes that are killed: a process that dies is one that does nothing more."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from reactivex.scheduler import VirtualTimeScheduler
from reactivex.subject import Subject

import tickops as ops

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pytest
    from reactivex import abc

__all__ = [
    "Killed",
    "Killer",
    "Life",
    "Source",
    "count_up",
    "counted",
    "kill_in_writes",
    "read",
]


class Killed(BaseException):
    """A process was killed: nothing handles that."""


class Source:
    """Frames and a clock that a test moves, and time that passes with them."""

    def __init__(self) -> None:
        self.scheduler = VirtualTimeScheduler()
        self._pushed: Subject[pl.DataFrame] = Subject()
        self._ticks: Subject[int] = Subject()
        self.frames = ops.Frames(self._subscribe, self._ticks)

    def _subscribe(
        self, observer: abc.ObserverBase[pl.DataFrame], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        return self._pushed.subscribe(observer)

    def tell(self, event: Any, seconds: float = 1.0) -> None:
        """Let time pass, then emit a frame or tell the time."""
        self.scheduler.sleep(seconds)
        if isinstance(event, pl.DataFrame):
            self._pushed.on_next(event)
        else:
            self._ticks.on_next(event)

    def complete(self) -> None:
        """The end."""
        self._pushed.on_completed()

    def fail(self, error: Exception) -> None:
        """An end in the middle."""
        self._pushed.on_error(error)


@dataclass
class Killer:
    """Kills at the nth visit of a place; what was on disk then is all that is left."""

    folder: Path
    place: str = ""
    visit: int = 0
    seen: int = 0
    left: Path | None = field(default=None)

    def at(self, place: str) -> None:
        """Maybe it happens here."""
        if place == self.place and self.left is None:
            self.seen += 1
            if self.seen == self.visit:
                self.left = self.folder.with_name(self.folder.name + "x")
                shutil.copytree(self.folder, self.left)
                raise Killed


class Life:
    """One process's time with a pipe in a folder: it may end by a kill."""

    def __init__(
        self,
        folder: Path,
        op: ops.Operator,
        killer: Killer,
        *,
        every: str = "3s",
        rows: int = 4,
        sink_last: bool = False,
        position: str = "received",
    ) -> None:
        self.source = Source()
        self.frames: list[pl.DataFrame] = []
        self.errors: list[Exception] = []
        self.completed = 0
        self.state = ops.checkpoint(
            folder / "state",
            every=every,
            position=position,
            before=lambda: killer.at("before"),
        )
        sink = ops.sink_parquet(folder / "out", rows=rows)
        ends = (self.state, sink) if sink_last else (sink, self.state)
        self._killer = killer
        self.subscription = self.source.frames.pipe(op, *ends).subscribe(
            self._take, self.errors.append, self._complete, scheduler=self.source.scheduler
        )

    def live(self, events: Iterable[Any]) -> None:
        """Be told of events, then of the end."""
        for event in events:
            self._killer.at("event")
            self.source.tell(event)
        self.source.complete()

    def _take(self, frame: pl.DataFrame) -> None:
        self._killer.at("next")
        self.frames.append(frame)

    def _complete(self) -> None:
        self.completed += 1


def kill_in_writes(killer: Killer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a killer in between the closing of the parts and the checkpoint, and after it."""
    from tickops import _checkpoint_file, _ledger

    write: Callable[..., None] = _checkpoint_file.write

    def patched(folder: Path, saved: Any) -> None:
        killer.at("write")
        write(folder, saved)
        killer.at("written")

    monkeypatch.setattr(_ledger, "write", patched)


def read(folder: Path) -> pl.DataFrame:
    """All rows of the parts in a folder."""
    files = sorted(folder.glob("*.parquet"))
    return pl.concat([pl.read_parquet(file) for file in files]) if files else pl.DataFrame()


def count_up(folder: Path, shown: Callable[[int], object]) -> None:
    """Live in a folder, from its checkpoint on, on frames whose position counts up to 40."""
    source: Subject[pl.DataFrame] = Subject()
    state = ops.checkpoint(folder / "state", every="1us", position="n")
    sink = ops.sink_parquet(folder / "out", rows=7)
    source.pipe(ops.cumulative("x"), sink, state).subscribe()
    position = state.position()
    begin = position + 1 if isinstance(position, int) else 1
    for n in range(begin, 41):
        shown(n)
        source.on_next(counted(n))
    source.on_completed()


def counted(n: int) -> pl.DataFrame:
    """Frame of a position of `count_up`."""
    return pl.DataFrame(
        {
            "symbol": ["A", "B", "A"],
            "timestamp": pl.Series([n] * 3).cast(pl.Datetime("ms", "UTC")),
            "x": [n * 0.1] * 3,
            "n": [n] * 3,
        }
    )
