"""The subscribers of a replay, and what they are given."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tickflow_rx._outlets import Outlets
from tickflow_rx._queue import Tick
from tickflow_rx._replaying._blocks import Moment

if TYPE_CHECKING:
    from collections.abc import Generator

    from tickflow_rx._replaying._blocks import Block

__all__ = ["Counts", "Subscribers"]


@dataclass(slots=True)
class Counts:
    """What was delivered so far."""

    frames: int = 0
    bytes: int = 0
    quotes: int = 0
    depth: int = 0
    ticks: int = 0
    last_us: int | None = None


class Subscribers(Outlets):
    """One thread at a time delivers to them."""

    def __init__(self) -> None:
        super().__init__()
        self.counts = Counts()
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
            self.interleave(block.quotes, block.depth)
            counts.last_us = block.last_us

    def end(self, error: Exception | None) -> None:
        """Tell all that it is over; harmless a second time."""
        with self.calling():
            self.end_all(error)

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
