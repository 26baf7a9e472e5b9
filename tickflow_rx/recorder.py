"""Recording a feed."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from tickflow_rx._log import feed_logger
from tickflow_rx._waiting import Latch, Worker
from tickflow_rx.exceptions import JournalError
from tickflow_rx.journal import JournalWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from types import TracebackType

    from tickflow_rx._queue import RawFrame
    from tickflow_rx.events import Event
    from tickflow_rx.feed import Feed

__all__ = ["Recorder", "RecorderStats"]


@dataclass(frozen=True, slots=True)
class RecorderStats:
    """What a recorder has done so far.

    Attributes
    ----------
    frames, bytes
        Raw frames written, and their size before compression.
    events
        Events of the feed written; ticks of its clock are not among them.
    segments
        Files begun.
    """

    frames: int
    bytes: int
    events: int
    segments: int


class Recorder:
    """Writes all that a feed receives to a journal: raw frames as they came, and its events.

    Also the ticks of its clock, by which operators close what is due: `tickflow_rx.Replay` then
    gives what the feed gave, bit for bit.

    It records from its making until the feed ends or `close`; make it before the feed runs and
    nothing is missing.

    Parameters
    ----------
    feed
        Any, running or not.
    folder
        Made if it is not there. One recorder a folder at a time.
    flush_every
        Seconds: after a crash at most the frames of so long are missing.
    segment_bytes
        Compressed size from which on a new file is begun; a new day (UTC) begins one too.

    Attributes
    ----------
    error : JournalError or None
        What stopped it.

    Raises
    ------
    JournalError
        Another recorder writes to the folder.
    OSError
        The folder cannot be made or written to.
    ValueError
        An argument cannot be right.

    Notes
    -----
    Frames are kept whole, with what the decoder does not know. See ``tickflow_rx.journal`` for
    the format: zstd-compressed JSON lines. The API key never gets there: where a server says it,
    it is replaced by ``***``.

    A disk that is full or goes away stops the recorder and nothing else: the feed's status
    brings ``SubscriberFailed("raw", JournalError(…))``, and what was flushed stays readable. A
    process that is killed leaves a torn end, which readers recognise; the next recorder begins
    a new file.

    Examples
    --------
    >>> import tempfile
    >>> from tickflow_rx import Feed, Journal, Recorder
    >>> from tickflow_rx.server import Server, SimulatedMarket
    >>> with Server(SimulatedMarket(["600000.SH"], speed=None), keys=["demo"]) as server:
    ...     feed = Feed(quotes=["600000.SH"], api_key="demo", base_url=server.url)
    ...     first = threading.Event()
    ...     _ = feed.quotes.subscribe(lambda frame: first.set())
    ...     folder = tempfile.mkdtemp()
    ...     with Recorder(feed, folder) as recorder, feed:
    ...         _ = first.wait(30)
    >>> recorder.stats().frames > 0
    True
    >>> len(Journal(folder).segments())
    1
    """

    def __init__(
        self,
        feed: Feed,
        folder: str | Path,
        *,
        flush_every: float = 1.0,
        segment_bytes: int = 64 << 20,
    ) -> None:
        if not flush_every > 0:
            raise ValueError(f"flush_every must be above 0 seconds, not {flush_every}")
        self.error: JournalError | None = None
        self._frames = self._bytes = self._events = 0
        self._writer = JournalWriter(folder, segment_bytes=segment_bytes)
        self._lock = threading.Lock()
        self._closed = Latch()
        self._flush_every = flush_every
        self._flusher = Worker(self._flush, "tickflow-recorder")
        self._flusher.start()
        clock = feed.quotes.clock
        self._subscriptions = (
            feed.raw.subscribe(self._take, self._feed_failed),
            *(() if clock is None else (clock.subscribe(self._tick),)),
            feed.status.subscribe(self._note, self._feed_failed, self.close),
        )

    def stats(self) -> RecorderStats:
        """What it has done so far."""
        return RecorderStats(self._frames, self._bytes, self._events, self._writer.segments)

    def flush(self) -> None:
        """Hand all that was recorded so far to the operating system; nothing once it is closed.

        For ``tickops.checkpoint(…, before=recorder.flush)``: a pipeline's state is then never
        ahead of the journal that it would catch up from.

        Raises
        ------
        JournalError
            Recording has stopped.
        """
        self._write(self._writer.flush)

    def close(self) -> None:
        """Stop recording and finish the file; harmless a second time."""
        if not self._closed.is_set():
            self._closed.set()
            for subscription in getattr(self, "_subscriptions", ()):
                subscription.dispose()
            with self._lock:
                try:
                    self._writer.close()
                except OSError as error:
                    self._failed(error)
        if threading.current_thread() is not self._flusher:
            self._flusher.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "stopped" if self.error else "closed" if self._closed.is_set() else "recording"
        return f"<Recorder {self._writer.folder} {self._frames} frames, {state}>"

    def _take(self, frames: Sequence[RawFrame]) -> None:
        if self._write(lambda: self._writer.frames(frames)):
            self._frames += len(frames)
            self._bytes += sum(len(frame.data) for frame in frames)

    def _note(self, event: Event) -> None:
        if self.error is None and self._write(
            lambda: self._writer.event(time.time_ns() // 1_000, event)
        ):
            self._events += 1

    def _tick(self, now_us: int) -> None:
        with contextlib.suppress(JournalError):  # of which the next frame tells
            self._write(lambda: self._writer.tick(now_us))

    def _feed_failed(self, error: Exception) -> None:
        """The feed ended by an error, which its status has told; or this recorder did."""
        self.close()

    def _write(self, write: Callable[[], None]) -> bool:
        with self._lock:
            if self.error is not None:
                raise self.error
            if self._closed.is_set():
                return False
            try:
                write()
            except OSError as error:
                raise self._failed(error) from error
            return True

    def _flush(self) -> None:
        while not self._closed.wait(self._flush_every):
            with self._lock:
                if self.error is not None or self._closed.is_set():
                    return
                try:
                    self._writer.flush()
                except OSError as error:
                    self._failed(error)

    def _failed(self, error: OSError) -> JournalError:
        """Note what stops the recorder; the next frame brings it to the feed's status."""
        reason = error.strerror or str(error)
        self.error = JournalError(
            f"recording to {self._writer.folder} stopped: {reason}. What was flushed before is"
            " whole; make room, or record elsewhere"
        )
        self.error.__cause__ = error
        self._writer.abandon()  # after a hole nothing more may be written
        feed_logger.error("%s", self.error)
        return self.error
