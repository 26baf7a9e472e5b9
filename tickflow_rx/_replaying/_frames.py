"""Raw frames of a recording, decoded."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from tickflow_rx import events
from tickflow_rx._replaying._blocks import Moment, Rows
from tickflow_rx.decoding import Batch, Decoder, SetAside
from tickflow_rx.protocol import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tickflow_rx._queue import RawFrame
    from tickflow_rx._replaying._blocks import Block
    from tickflow_rx.decoding import Answer

__all__ = ["Undecoded"]

_BYTES: Final = 4 << 20  # decoded at a time: about 15,000 quotes


class Undecoded:
    """Frames that wait to be decoded together.

    Parameters
    ----------
    tell
        Whether what is no row becomes an event: not where the recording has the events.

    Attributes
    ----------
    set_aside
        Frames that could not be understood.
    connection
        Greatest connection number so far.
    """

    def __init__(self, *, tell: bool) -> None:
        self.set_aside = 0
        self.connection = 0
        self._tell = tell
        self._decoder = Decoder()
        self._waiting: list[RawFrame] = []
        self._bytes = 0

    def add(self, frame: RawFrame) -> Iterator[Block]:
        """Take a frame; what had to be decoded before it comes out.

        Frames of one time stay together; those after a clock was set back do not.
        """
        if self._waiting:
            before_us = self._waiting[-1].received_us
            back = frame.received_us < before_us
            if back or (self._bytes >= _BYTES and frame.received_us > before_us):
                yield from self.flush()
        self._waiting.append(frame)
        self._bytes += len(frame.data)

    def flush(self) -> Iterator[Block]:
        """Decode all that waits."""
        frames, self._waiting, self._bytes = self._waiting, [], 0
        for connection, of_connection in groupby(frames, lambda frame: frame.connection):
            self.connection = max(self.connection, connection)
            yield from self._decode(list(of_connection), connection)

    def _decode(self, frames: list[RawFrame], connection: int) -> Iterator[Block]:
        texts = [frame.data for frame in frames]
        received = [frame.received_us for frame in frames]
        raw, time_us = frames, received[0]
        for decoded in self._decoder.decode(texts, received, connection):
            match decoded:
                case Batch(quotes, depth):
                    rows = Rows(quotes, depth, raw)
                    raw, time_us = [], rows.last_us
                    yield rows
                case SetAside():
                    self.set_aside += 1
                    if self._tell:
                        yield Moment(time_us, self._set_aside(decoded))
                case answer:
                    if self._tell:
                        yield Moment(time_us, self._answer(answer))
        if raw:
            yield Rows(None, None, raw)

    def _set_aside(self, frame: SetAside) -> events.Event:
        return events.FrameSetAside(frame.reason, frame.start, self.set_aside)

    def _answer(self, answer: Answer) -> events.Event:
        return Session().receive(answer)
