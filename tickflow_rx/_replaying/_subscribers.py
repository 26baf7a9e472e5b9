"""The subscribers of a replay, and what they are given."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from tickflow_rx import events
from tickflow_rx._hub import Hub
from tickflow_rx._log import feed_logger
from tickflow_rx._queue import RawFrame, Tick
from tickflow_rx._replaying._blocks import Moment
from tickflow_rx.decoding import DEPTH, QUOTES
from tickops import interleave
from tickops._observers import Observers

if TYPE_CHECKING:
    from collections.abc import Generator

    from tickflow_rx._replaying._blocks import Block

__all__ = ["Counts", "Subscribers"]

_NO_QUOTES: Final = pl.DataFrame(schema=QUOTES)
_NO_DEPTH: Final = pl.DataFrame(schema=DEPTH)


@dataclass(slots=True)
class Counts:
    """What was delivered so far."""

    frames: int = 0
    bytes: int = 0
    quotes: int = 0
    depth: int = 0
    ticks: int = 0
    last_us: int | None = None


class Subscribers:
    """One thread at a time delivers to them."""

    def __init__(self) -> None:
        self.counts = Counts()
        self.quotes = Hub("quotes", self._failed)
        self.depth = Hub("depth", self._failed)
        self.interleaved: Observers[pl.DataFrame] = self._observers("interleaved")
        self.raw: Observers[list[RawFrame]] = self._observers("raw")
        self.clock: Observers[int] = self._observers("clock")
        self.status: Observers[events.Event] = self._observers("status")
        self._caller: threading.Thread | None = None

    def deliver(self, block: Block) -> None:
        """Deliver a block."""
        with self.calling():
            if isinstance(block, Moment):
                self._moment(block)
                return
            counts = self.counts
            if block.raw:
                counts.frames += len(block.raw)
                counts.bytes += sum(len(frame.data) for frame in block.raw)
                self.raw.next(list(block.raw))
            if block.quotes is not None:
                counts.quotes += block.quotes.height
                self.quotes.next(block.quotes)
            if block.depth is not None:
                counts.depth += block.depth.height
                self.depth.next(block.depth)
            if len(self.interleaved) and (block.quotes is not None or block.depth is not None):
                self.interleaved.next(
                    interleave(
                        quotes=_NO_QUOTES if block.quotes is None else block.quotes,
                        depth=_NO_DEPTH if block.depth is None else block.depth,
                    )
                )
            counts.last_us = block.last_us

    def end(self, error: Exception | None) -> None:
        """Tell all that it is over; harmless a second time."""
        with self.calling():
            for hub in (self.quotes, self.depth):
                hub.end(error)
            self.interleaved.end(error)
            self.raw.end(error)
            self.clock.end()
            self.status.end(error)

    @contextmanager
    def calling(self) -> Generator[None]:
        """Know that the current thread calls subscribers."""
        before, self._caller = self._caller, threading.current_thread()
        try:
            yield
        finally:
            self._caller = before

    def is_caller(self) -> bool:
        """Whether a subscriber asks."""
        return self._caller is threading.current_thread()

    def _moment(self, moment: Moment) -> None:
        if isinstance(moment.what, Tick):
            self.counts.ticks += 1
            self.clock.next(moment.time_us)
        else:
            self.status.next(moment.what)

    def _observers(self, source: str) -> Observers[Any]:
        return Observers(lambda error: self._failed(source, error))

    def _failed(self, source: str, error: Exception) -> None:
        feed_logger.warning("a subscriber of %s raised %r and is unsubscribed", source, error)
        self.status.next(events.SubscriberFailed(source, error))
