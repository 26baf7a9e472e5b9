"""Compacted Parquet as a source."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from tickflow_rx._queue import Tick
from tickflow_rx._replaying._blocks import Moment, Rows, received_of
from tickflow_rx.parquet._scan import pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from tickflow_rx._replaying._blocks import Block
    from tickflow_rx._replaying._selection import Selection
    from tickflow_rx.parquet._layout import Channel

__all__ = ["ParquetSource", "whole_frames"]

_ROWS: Final = 1 << 17  # what operators take at a time
_CHANNELS: Final[tuple[Channel, ...]] = ("quotes", "depth")
_TIME: Final = pl.Datetime("us", "UTC")


class ParquetSource:
    """Quotes, books and ticks as ``tickflow_rx.compact`` writes them."""

    def __init__(self, folder: Path, selection: Selection) -> None:
        self._pieces: dict[Channel, list[pl.LazyFrame]] = {
            channel: list(pieces(folder, channel, day=selection.day, symbols=selection.symbols))
            for channel in _CHANNELS
            if (folder / channel).is_dir()
        }
        self._clock = list(pieces(folder, "clock")) if (folder / "clock").is_dir() else []
        self._selection = selection
        self._rows = 0
        self._total: int | None = None
        self._connection = 0
        self._after_us: int | None = None

    @property
    def connection(self) -> int:
        """Greatest connection number so far."""
        if not self._connection:
            for lazy in chain.from_iterable(self._pieces.values()):
                greatest = lazy.select(pl.col("connection").max()).collect().item()
                self._connection = max(self._connection, greatest or 0)
        return self._connection

    @property
    def set_aside(self) -> int:
        """None: what could not be understood is not compacted."""
        return 0

    def fraction(self) -> float | None:
        """How much of it has been read; not known where symbols are picked out of it."""
        if self._selection.symbols is not None:
            return None
        if self._total is None:
            lazies = chain.from_iterable(self._pieces.values())
            counts = [self._wanted(lazy).select(pl.len()) for lazy in lazies]
            self._total = sum(frame.item() for frame in pl.collect_all(counts))
        return min(1.0, self._rows / self._total) if self._total else 1.0

    def problems(self) -> list[str]:
        """Nothing: a file that cannot be read ends the replay."""
        return []

    def blocks(self, after_us: int | None, ticks: Callable[[], bool]) -> Iterator[Block]:
        """What was received after a time."""
        self._after_us, self._rows, self._total = after_us, 0, None
        clock = _Clock(self._ticks(), ticks)
        channels = {name: _Channel(self._frames(name)) for name in self._pieces}
        while waiting := [channel for channel in channels.values() if channel.frame is not None]:
            until_us = min(channel.last_us for channel in waiting)
            taken = {name: channel.take(until_us) for name, channel in channels.items()}
            rows = Rows(taken.get("quotes"), taken.get("depth"))
            self._rows += sum(frame.height for frame in taken.values() if frame is not None)
            yield from clock.cut(rows)
        yield from clock.rest()

    def _wanted(self, lazy: pl.LazyFrame) -> pl.LazyFrame:
        received = pl.col("received")
        if self._after_us is not None:
            lazy = lazy.filter(received > _time(self._after_us))
        if self._selection.received is not None:
            first, end = map(_time, self._selection.received)
            lazy = lazy.filter(received >= first, received < end)
        return lazy

    def _frames(self, channel: Channel) -> Iterator[pl.DataFrame]:
        for frame in whole_frames(_batches(map(self._wanted, self._pieces[channel]))):
            self._connection = max(self._connection, frame["connection"][-1])
            yield frame

    def _ticks(self) -> Iterator[int]:
        for batch in _batches(self._clock):
            for time_us in batch["time"].to_physical().to_list():
                if self._after_us is None or time_us > self._after_us:
                    yield time_us


class _Channel:
    """Frames of one channel, and the one that is next.

    Attributes
    ----------
    frame
        What is next; None at the end.
    last_us
        When its last row was received.
    """

    def __init__(self, frames: Iterator[pl.DataFrame]) -> None:
        self._frames = frames
        self.frame: pl.DataFrame | None = None
        self.last_us = 0
        self._next()

    def take(self, until_us: int) -> pl.DataFrame | None:
        """What of the next frame was received up to a time."""
        frame = self.frame
        if frame is None or self.last_us <= until_us:
            self._next()
            return frame
        at = int(received_of(frame).searchsorted(until_us, side="right"))
        self.frame = frame[at:]
        return frame[:at] if at else None

    def _next(self) -> None:
        self.frame = next(self._frames, None)
        if self.frame is not None:
            self.last_us = int(received_of(self.frame)[-1])


class _Clock:
    """Ticks between rows."""

    def __init__(self, ticks: Iterator[int], wanted: Callable[[], bool]) -> None:
        self._ticks = ticks
        self._wanted = wanted
        self._next = next(ticks, None)

    def cut(self, rows: Rows) -> Iterator[Block]:
        """Rows with the ticks in between; whole if nobody wants the ticks."""
        rest: Rows | None = rows
        wanted = self._wanted()
        last_us = rows.last_us
        while self._next is not None and self._next <= last_us:
            if wanted:
                if rest is not None and rest.first_us <= self._next:
                    part, rest = rest.split(self._next)
                    yield part
                yield Moment(self._next, Tick(self._next))
            self._next = next(self._ticks, None)
        if rest is not None:
            yield rest

    def rest(self) -> Iterator[Block]:
        """Ticks after the last row."""
        while self._next is not None and self._wanted():
            yield Moment(self._next, Tick(self._next))
            self._next = next(self._ticks, None)


def whole_frames(batches: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The same rows, cut where the time of arrival changes; in none of them it goes back.

    Rows of one time that came in two batches are put together: few, and so without a copy of
    all others.
    """
    rest: pl.DataFrame | None = None
    for batch in batches:
        for frame in _ascending(batch):
            received = received_of(frame)
            if rest is not None:
                last_us = int(received_of(rest)[-1])
                same = int(received.searchsorted(last_us, side="right"))
                if received[0] == last_us:
                    rest = pl.concat([rest, frame[:same]], rechunk=True)
                    frame, received = frame[same:], received[same:]
                    if not frame.height:
                        continue
                yield rest
            start = int(received.searchsorted(int(received[-1]), side="left"))
            if start:
                yield frame[:start]
            rest = frame[start:]
    if rest is not None:
        yield rest


def _ascending(batch: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Parts of a batch in which the time of arrival does not go back, as a clock set back makes."""
    if not batch.height:
        return
    received = received_of(batch)
    back = np.flatnonzero(received[1:] < received[:-1]) + 1
    ends = [*back.tolist(), batch.height]
    start = 0
    for end in ends:
        yield batch[start:end] if len(ends) > 1 else batch
        start = end


def _batches(lazies: Iterable[pl.LazyFrame]) -> Iterator[pl.DataFrame]:
    """Rows of one after the other; the next one is read meanwhile, and no more."""
    current: Iterator[pl.DataFrame] = iter(())
    for lazy in lazies:
        following = lazy.collect_batches(maintain_order=True, chunk_size=_ROWS)
        yield from current
        current = following
    yield from current


def _time(time_us: int) -> pl.Expr:
    return pl.lit(time_us).cast(_TIME)
