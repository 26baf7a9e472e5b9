"""From what waits to what subscribers get, one thing at a time, in order."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final, cast

import polars as pl

from tickflow_rx import events
from tickflow_rx._outlets import Outlets
from tickflow_rx._queue import End, RawFrame, Tick
from tickflow_rx.decoding import Batch, Decoder, SetAside
from tickflow_rx.protocol import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from threading import Lock

    from tickflow_rx._hub import Hub
    from tickflow_rx._queue import Item
    from tickflow_rx.decoding import Answer, Decoded

__all__ = ["Counts", "Delivery"]

_DAY_MS: Final = 86_400_000


@dataclass(slots=True)
class Counts:
    """What was delivered so far."""

    frames: int = 0
    bytes: int = 0
    quotes: int = 0
    depth: int = 0
    set_aside: int = 0


class Delivery(Outlets):
    """The subscribers of a feed, and what they are given.

    Parameters
    ----------
    session, lock
        State of the protocol, and what to hold while using it.
    connection
        Gives the number of the connection there is now: answers of an earlier one say nothing
        about its subscriptions.
    hide, hide_bytes
        Text, and raw frame, without the key: a server may say it.
    ticks
        Whether the clock ticks.
    """

    def __init__(
        self,
        session: Session,
        lock: Lock,
        connection: Callable[[], int],
        hide: Callable[[str], str],
        hide_bytes: Callable[[bytes], bytes],
        *,
        ticks: bool,
    ) -> None:
        super().__init__()
        self.counts = Counts()
        self._session = session
        self._lock = lock
        self._connection = connection
        self._hide = hide
        self._hide_bytes = hide_bytes
        self._ticks = ticks
        self._newest_ms: int | None = None
        self._decoder = Decoder()

    def deliver(self, items: Iterable[Item]) -> End | None:
        """Deliver what was taken from the queue; return its end if it is among that."""
        frames: list[RawFrame] = []
        for item in items:
            if isinstance(item, RawFrame):
                frames.append(item)
                continue
            self._frames(frames)
            frames = []
            match item:
                case Tick(now_us):
                    self._tick(now_us)
                case End():
                    return item
                case _:
                    self.status.next(item)
        self._frames(frames)
        return None

    def end(self, end: End) -> None:
        """Tell all subscribers that it is over."""
        self.status.next(events.Closed(end.reason))
        self.end_all(end.error)

    def _frames(self, frames: list[RawFrame]) -> None:
        """Decode frames together, and deliver what they hold in order."""
        for connection, of_connection in groupby(frames, lambda frame: frame.connection):
            some = list(of_connection)
            if len(self.raw):
                self.raw.next([f._replace(data=self._hide_bytes(f.data)) for f in some])
            texts = [frame.data for frame in some]
            self.counts.frames += len(texts)
            self.counts.bytes += sum(map(len, texts))
            received = [frame.received_us for frame in some]
            for decoded in self._decoder.decode(texts, received, connection):
                self._decoded(decoded, connection)

    def _tick(self, now_us: int) -> None:
        """Say what time it is, unless the rows are of another: a replayed or simulated one."""
        newest_ms = self._newest_ms
        if self._ticks and newest_ms is not None and abs(now_us // 1_000 - newest_ms) < _DAY_MS:
            self.clock.next(now_us)

    def _rows(self, hub: Hub, frame: pl.DataFrame) -> None:
        newest_ms = cast("int", frame["timestamp"].cast(pl.Int64).max())
        if self._newest_ms is None or newest_ms > self._newest_ms:
            self._newest_ms = newest_ms
        hub.next(frame)

    def _decoded(self, decoded: Decoded, connection: int) -> None:
        match decoded:
            case Batch(quotes, depth):
                if quotes is not None:
                    self.counts.quotes += quotes.height
                    self._rows(self.quotes, quotes)
                if depth is not None:
                    self.counts.depth += depth.height
                    self._rows(self.depth, depth)
                self.interleave(quotes, depth)
            case SetAside(reason=reason, start=start):
                self.counts.set_aside += 1
                reason, start = self._hide(reason), self._hide(start)
                self.status.next(events.FrameSetAside(reason, start, self.counts.set_aside))
            case answer:
                self.status.next(self._answered(answer, connection))

    def _answered(self, answer: Answer, connection: int) -> events.Event:
        with self._lock:
            of_now = connection == self._connection()
            session = self._session if of_now else Session(self._session.endpoint)
            event = session.receive(answer)
        if isinstance(event, events.ServerError):
            return events.ServerError(self._hide(event.message), event.channel)
        return event
