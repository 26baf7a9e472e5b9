"""A journal as a source."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from tickflow_rx import events
from tickflow_rx._queue import RawFrame, Tick
from tickflow_rx._replaying._blocks import Moment
from tickflow_rx._replaying._events import event_of
from tickflow_rx._replaying._frames import Undecoded
from tickflow_rx.journal import Journal, Noted
from tickflow_rx.journal._lines import TICK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tickflow_rx._replaying._blocks import Block
    from tickflow_rx._replaying._selection import Selection

__all__ = ["JournalSource"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class JournalSource:
    """The segments that a journal has now, without those that can have nothing of a day.

    Raises
    ------
    JournalError
        There is no journal in the folder.
    """

    def __init__(self, folder: Path, selection: Selection) -> None:
        self._journal = Journal(folder)
        self._all = self._segments = self._journal.segments()
        if selection.received is not None:
            first, end = map(_utc_day, selection.received)
            self._segments = [path for path in self._all if first <= path.parent.name < end]
        self._bytes = sum(path.stat().st_size for path in self._segments)
        self._skipped = 0
        self._frames = Undecoded(tell=False)

    @property
    def connection(self) -> int:
        """Greatest connection number so far."""
        return self._frames.connection or self._journal.last_connection(self._all)

    @property
    def set_aside(self) -> int:
        """Frames that could not be understood."""
        return self._frames.set_aside

    def fraction(self) -> float:
        """How much of it has been read."""
        read = self._skipped + self._journal.bytes_read
        return min(1.0, read / self._bytes) if self._bytes else 1.0

    def problems(self) -> list[str]:
        """What is damaged; an end torn off loses nothing that was flushed, and is none."""
        return [
            f"{damage.segment}, from byte {damage.offset}: {damage.reason}"
            for damage in self._journal.damage
            if not damage.torn
        ]

    def blocks(self, after_us: int | None, ticks: Callable[[], bool]) -> Iterator[Block]:
        """What was received after a time."""
        journal = self._journal
        frames = self._frames = Undecoded(tell=False)
        segments = self._from(after_us)
        journal.bytes_read = 0
        journal.damage.clear()
        after = -1 if after_us is None else after_us
        for record in journal.read_segments(segments):
            match record:
                case RawFrame(received_us=time_us):
                    if time_us > after:
                        yield from frames.add(record)
                    else:
                        frames.connection = max(frames.connection, record.connection)
                case Noted(time_us, name) if time_us > after:
                    what = _told(record, ticks) if name == TICK else event_of(record)
                    # Of the end of each recorder; more may follow here.
                    if what is not None and not isinstance(what, events.Closed):
                        yield from frames.flush()
                        yield Moment(time_us, what)
                case _:
                    pass
        yield from frames.flush()

    def _from(self, after_us: int | None) -> list[Path]:
        """Segments that can have something after a time: from the last that began before it on."""
        self._skipped = 0
        if after_us is None:
            return self._segments
        day = _utc_day(after_us)
        first = 0
        for k, segment in enumerate(self._segments):
            if segment.parent.name > day:
                break
            began_us = self._journal.began_us(segment)
            if segment.parent.name < day or (began_us is not None and began_us <= after_us):
                first = k
        self._skipped = sum(path.stat().st_size for path in self._segments[:first])
        return self._segments[first:]


def _told(tick: Noted, ticks: Callable[[], bool]) -> Tick | None:
    return Tick(tick.time_us) if ticks() else None


def _utc_day(time_us: int) -> str:
    return (_EPOCH + timedelta(microseconds=time_us)).date().isoformat()
