"""Writes a journal: segments that rotate, each readable up to its last flush."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import zstandard
from filelock import FileLock, Timeout

import tickflow_rx
from tickflow_rx.events import Connected, Gap
from tickflow_rx.exceptions import JournalError
from tickflow_rx.journal._files import FOLDER, SUFFIX
from tickflow_rx.journal._lines import VERSION, Head, event_line, frame_line, head_line, tick_line
from tickflow_rx.journal._reader import Journal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from io import FileIO

    from tickflow_rx._queue import RawFrame
    from tickflow_rx.events import Event

__all__ = ["JournalWriter"]

# A zstd frame ends after so many bytes: what is damaged in one costs none of the next.
_FRAME_BYTES: Final = 8 << 20
_LEVEL: Final = 3
_MICROSECONDS: Final = 1_000_000


class JournalWriter:
    """Appends to the journal in a folder, alone.

    What was given before a `flush` is in the file after it. Not for two threads at once.
    Connection numbers never go back in a journal: if those given begin at or below the last one
    there, as those of a new feed do, they are written as following it.

    Parameters
    ----------
    folder
        Made if it is not there; the segments go into its folder "journal".
    segment_bytes
        A segment of so many (compressed) bytes is the last of its kind; a new day begins one too.

    Raises
    ------
    JournalError
        Another process or object records into this folder.
    OSError
        The folder cannot be made or written to.
    """

    def __init__(self, folder: str | Path, *, segment_bytes: int = 64 << 20) -> None:
        if segment_bytes < 1:
            raise ValueError(f"segment_bytes must be at least 1, not {segment_bytes}")
        self.folder = Path(folder)
        self.segments = 0
        self._segment_bytes = segment_bytes
        self._segment: _Segment | None = None
        self._journal = self.folder / FOLDER
        self._journal.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(self._journal / ".lock", blocking=False, thread_local=False)
        try:
            self._lock.acquire()
        except Timeout:
            raise JournalError(
                f"another recorder writes to {self.folder}: give this one a folder of its own"
            ) from None
        self._last_connection = Journal(self.folder).last_connection()
        self._connections_before: int | None = None

    def frames(self, frames: Iterable[RawFrame]) -> None:
        """Append frames, in order of arrival."""
        for frame in frames:
            number = self._number(frame.connection)
            numbered = frame if number == frame.connection else frame._replace(connection=number)
            self._append(frame.received_us, frame_line(numbered))

    def event(self, time_us: int, event: Event) -> None:
        """Append an event of the feed."""
        if isinstance(event, Connected | Gap):
            event = replace(event, connection=self._number(event.connection))
        self._append(time_us, event_line(time_us, event))

    def tick(self, time_us: int) -> None:
        """Append a tick of the clock."""
        self._append(time_us, tick_line(time_us))

    def flush(self) -> None:
        """Hand all that was given to the operating system."""
        if self._segment is not None:
            self._segment.flush()

    def close(self) -> None:
        """End the last segment, and let others record here; harmless a second time."""
        try:
            self._end_segment()
        finally:
            self._lock.release()

    def abandon(self) -> None:
        """Let go of the last segment as it is on disk, and let others record here."""
        segment, self._segment = self._segment, None
        if segment is not None:
            segment.abandon()
        self._lock.release()

    def _number(self, connection: int) -> int:
        """Number in the journal of a connection of the feed."""
        if self._connections_before is None:
            above = connection > self._last_connection
            self._connections_before = 0 if above else self._last_connection
        return self._connections_before + connection

    def _append(self, time_us: int, line: bytes) -> None:
        day = _day(time_us)
        segment = self._segment
        if segment is None or segment.day < day or segment.size >= self._segment_bytes:
            self._end_segment()
            segment = self._segment = self._new_segment(day, time_us)
        segment.write(line)

    def _new_segment(self, day: str, began_us: int) -> _Segment:
        folder = self._journal / day
        folder.mkdir(exist_ok=True)
        numbers = [int(path.name[:6]) for path in folder.glob(f"[0-9]*{SUFFIX}")]
        path = folder / f"{max(numbers, default=0) + 1:06d}{SUFFIX}"
        segment = _Segment(path, day)
        self.segments += 1
        segment.write(head_line(Head(VERSION, f"tickflow-rx {tickflow_rx.__version__}", began_us)))
        return segment

    def _end_segment(self) -> None:
        segment, self._segment = self._segment, None
        if segment is not None:
            segment.close()

    def __del__(self) -> None:
        with suppress(AttributeError):  # the constructor raised
            self._lock.release()


class _Segment:
    """One file: zstd frames one after another, each with a checksum."""

    def __init__(self, path: Path, day: str) -> None:
        self.path = path
        self.day = day
        self.size = 0
        self._file: FileIO = path.open("xb", buffering=0)
        self._compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
        self._frame: zstandard.ZstdCompressionObj | None = None
        self._frame_bytes = 0

    def write(self, line: bytes) -> None:
        if self._frame is None:
            self._frame = self._compressor.compressobj()
            self._frame_bytes = 0
        self._put(self._frame.compress(line))
        self._frame_bytes += len(line)
        if self._frame_bytes >= _FRAME_BYTES:
            self._end_frame()

    def flush(self) -> None:
        if self._frame is not None:
            self._put(self._frame.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK))

    def close(self) -> None:
        with self._file:
            self._end_frame()

    def abandon(self) -> None:
        self._file.close()

    def _end_frame(self) -> None:
        if self._frame is not None:
            frame, self._frame = self._frame, None
            self._put(frame.flush(zstandard.COMPRESSOBJ_FLUSH_FINISH))

    def _put(self, data: bytes) -> None:
        self.size += len(data)
        rest = memoryview(data)
        while rest:  # a raw file may take less than it is given
            rest = rest[self._file.write(rest) or 0 :]


def _day(time_us: int) -> str:
    return datetime.fromtimestamp(time_us / _MICROSECONDS, UTC).date().isoformat()
