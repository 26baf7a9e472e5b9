"""Records of one segment as rows, by channel and day."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeVar

import numpy as np
import polars as pl

from tickflow_rx._queue import RawFrame
from tickflow_rx.decoding import Batch, SetAside
from tickflow_rx.journal import Noted
from tickflow_rx.journal._lines import TICK
from tickflow_rx.parquet._days import DAY_US, Places, by_day, trading_days
from tickflow_rx.parquet._layout import CLOCK, flat

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from tickflow_rx.decoding import Decoder
    from tickflow_rx.journal import Line
    from tickflow_rx.parquet._parts import PartWriter

__all__ = ["Records", "SegmentRows", "grouped", "read_ahead"]

T = TypeVar("T")

_BYTES: Final = 4 << 20
_TICKS: Final = 10_000


@dataclass(slots=True)
class Records:
    """Frames of one connection, and ticks of the clock."""

    frames: list[RawFrame] = field(default_factory=list[RawFrame])
    ticks_us: list[int] = field(default_factory=list[int])


def grouped(records: Iterable[Line]) -> Iterator[Records]:
    """Records in groups of some megabytes; events other than ticks are left out."""
    group, size = Records(), 0
    for record in records:
        if isinstance(record, RawFrame):
            if size >= _BYTES or (group.frames and record.connection != group.frames[0].connection):
                yield group
                group, size = Records(), 0
            group.frames.append(record)
            size += len(record.data)
        elif isinstance(record, Noted) and record.event == TICK:
            group.ticks_us.append(record.time_us)
            if len(group.ticks_us) >= _TICKS:
                yield group
                group, size = Records(), 0
    yield group


def read_ahead(source: Iterable[T]) -> Generator[T]:
    """The same items; the next one is made in a thread while one is worked on.

    Reading and checking a journal takes a quarter of the time of its compaction, and most of
    that without Python's lock.
    """
    items = iter(source)
    with ThreadPoolExecutor(1, "tickflow-compact") as thread:
        following = thread.submit(lambda: next(items, None))
        while (item := following.result()) is not None:
            following = thread.submit(lambda: next(items, None))
            yield item


class SegmentRows:
    """Decodes the records of one segment, many frames at a time.

    Parameters
    ----------
    decoder
        Of the whole journal.
    writer
        Gets the rows.

    Attributes
    ----------
    set_aside
        Frames that could not be decoded.
    """

    def __init__(self, decoder: Decoder, writer: PartWriter) -> None:
        self.set_aside = 0
        self._decoder = decoder
        self._writer = writer
        self._places = {"quotes": Places(), "depth": Places()}

    def take(self, records: Records) -> None:
        """Write the rows of some records, and the ticks of the clock."""
        if records.frames:
            self._decode(records.frames)
        if records.ticks_us:
            times_us = np.array(records.ticks_us, np.int64)
            frame = pl.DataFrame({"time": times_us}, schema=CLOCK)
            for day, rows in by_day(frame, times_us // DAY_US):
                self._writer.add("clock", day, rows)

    def _decode(self, frames: list[RawFrame]) -> None:
        decoded = self._decoder.decode(
            [frame.data for frame in frames],
            [frame.received_us for frame in frames],
            frames[0].connection,
        )
        self.set_aside += sum(isinstance(item, SetAside) for item in decoded)
        batches = [item for item in decoded if isinstance(item, Batch)]
        self._write("quotes", [b.quotes for b in batches if b.quotes is not None])
        self._write("depth", [b.depth for b in batches if b.depth is not None])

    def _write(self, channel: Literal["quotes", "depth"], frames: list[pl.DataFrame]) -> None:
        if not frames:
            return
        frame = pl.concat(frames)
        days = trading_days(frame)
        on_disk = flat(frame).with_columns(self._places[channel].of(frame["received"]))
        for day, rows in by_day(on_disk, days):
            self._writer.add(channel, day, rows)
