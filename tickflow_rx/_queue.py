"""What waits between the socket and the subscribers, in order, bounded in bytes."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from tickflow_rx import events
from tickflow_rx.exceptions import FeedOverflowError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["End", "FrameQueue", "Item", "OverflowPolicy", "RawFrame", "Tick"]

OverflowPolicy: TypeAlias = Literal["block", "drop_oldest", "error"]

_REPORT_EVERY_US: Final = 1_000_000


class RawFrame(NamedTuple):
    """A frame as it came from the socket.

    Parameters
    ----------
    data
        Its bytes; those of a binary frame after `decoding.BINARY_MARK`.
    received_us
        When it came, epoch microseconds.
    connection
        Number of the connection that it came on.
    """

    data: bytes
    received_us: int
    connection: int


@dataclass(frozen=True, slots=True)
class Tick:
    """A second has passed; what time it is, epoch microseconds."""

    now_us: int


@dataclass(frozen=True, slots=True)
class End:
    """Nothing follows. With an error: the feed failed."""

    reason: str
    error: Exception | None = None


Item: TypeAlias = RawFrame | Tick | events.Event | End


class FrameQueue:
    """Frames, ticks and events in the order in which they happened.

    One thread puts, another takes. Only frames count against the bound; one that is larger than
    the bound passes when nothing else waits.

    Parameters
    ----------
    policy
        What happens to frames past the bound: see `put_frame`.
    max_bytes
        The bound.
    ready
        Called when something is put where nothing waited.
    """

    def __init__(self, policy: OverflowPolicy, max_bytes: int, ready: Callable[[], None]) -> None:
        self.policy: OverflowPolicy = policy
        self.max_bytes = max_bytes
        self.pending_bytes = 0
        self.dropped_frames = 0
        self.dropped_bytes = 0
        self._ready = ready
        self._items: deque[Item] = deque()
        self._lock = threading.Lock()
        self._resume: Callable[[], None] | None = None
        self._reported_us = 0
        self._reported = (0, 0)

    def put(self, item: Item) -> None:
        """Put what does not count; a tick takes the place of one just before it."""
        with self._lock:
            wake = not self._items
            if isinstance(item, Tick) and self._items and isinstance(self._items[-1], Tick):
                self._items.pop()
            self._items.append(item)
        if wake:
            self._ready()

    def put_frame(self, frame: RawFrame, resume: Callable[[], None]) -> bool:
        """Put a frame; return whether there is room for more.

        Past the bound: with "block" the caller must read no more until `resume` is called; with
        "drop_oldest" the oldest frames make room.

        Raises
        ------
        FeedOverflowError
            The bound is passed and the policy is "error"; the frame is not put.
        """
        with self._lock:
            size = len(frame.data)
            over = self.pending_bytes > 0 and self.pending_bytes + size > self.max_bytes
            if over and self.policy == "error":
                raise FeedOverflowError(
                    f"{self.pending_bytes + size} bytes wait for the subscribers, more than"
                    f" max_pending_bytes={self.max_bytes}: make them faster, allow more, or"
                    ' choose overflow="block" or "drop_oldest"'
                )
            wake = not self._items
            if over and self.policy == "drop_oldest":
                self._drop(size)
            self._items.append(frame)
            self.pending_bytes += size
            if over:
                self._report(frame.received_us)
                if self.policy == "block":
                    self._resume = resume
        if wake:
            self._ready()
        return not (over and self.policy == "block")

    def waits(self) -> bool:
        """Whether there is something to take."""
        return bool(self._items)

    def take(self, max_bytes: int) -> list[Item]:
        """Take what waits, in order; of frames at most `max_bytes`, but one at least."""
        taken: list[Item] = []
        size = 0
        with self._lock:
            while self._items and (size == 0 or size < max_bytes):
                item = self._items.popleft()
                taken.append(item)
                if isinstance(item, RawFrame):
                    size += len(item.data)
            self.pending_bytes -= size
            resume = None
            if self._resume is not None and self.pending_bytes <= self.max_bytes // 2:
                resume, self._resume = self._resume, None
        if resume is not None:
            resume()
        return taken

    def _drop(self, size: int) -> None:
        """Drop the oldest frames until one of `size` fits; ticks and events stay."""
        kept: list[Item] = []
        while self._items and self.pending_bytes + size > self.max_bytes:
            item = self._items.popleft()
            if isinstance(item, RawFrame):
                self.pending_bytes -= len(item.data)
                self.dropped_frames += 1
                self.dropped_bytes += len(item.data)
            else:
                kept.append(item)
        self._items.extendleft(reversed(kept))

    def _report(self, now_us: int) -> None:
        """Put an event that says so, but not for each frame."""
        if now_us - self._reported_us < _REPORT_EVERY_US:
            return
        frames, size = self._reported
        self._items.append(
            events.Overflow(
                self.policy,
                self.dropped_frames - frames,
                self.dropped_bytes - size,
                self.pending_bytes,
            )
        )
        self._reported_us = now_us
        self._reported = (self.dropped_frames, self.dropped_bytes)
