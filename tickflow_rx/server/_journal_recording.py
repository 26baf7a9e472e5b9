"""Replays a recorder's journal, byte for byte."""

from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import msgspec

from tickflow_rx._queue import RawFrame
from tickflow_rx.journal import Journal
from tickflow_rx.server._messages import CHANNELS, Channel
from tickflow_rx.server._source import Batch, check_speed


class _Frame(msgspec.Struct):
    op: str
    data: list[msgspec.Raw] = []


class _Row(msgspec.Struct):
    symbol: str


_decode_frame = msgspec.json.Decoder(_Frame).decode
_decode_row = msgspec.json.Decoder(_Row).decode


@dataclass(frozen=True)
class JournalRecording:
    """Source that replays what a `tickflow_rx.Recorder` wrote; rows go out as they came.

    Answers to commands, frames that are not of the protocol, and what is damaged are passed over.

    Parameters
    ----------
    folder
        That the recorder was given.
    speed
        Recorded seconds a second; None for as fast as the clients take it.
    wait_for_subscriber
        Whether time stands still until the first client has subscribed.

    Raises
    ------
    JournalError
        There is no journal in the folder.

    Examples
    --------
    >>> import tempfile
    >>> from tickflow_rx.journal import JournalWriter
    >>> writer = JournalWriter(folder := tempfile.mkdtemp())
    >>> writer.frames([RawFrame(b'{"op":"quotes","data":[{"symbol":"A.SH"}]}', 7_000, 1)])
    >>> writer.close()
    >>> [(batch.time_ms, batch.rows) for batch in JournalRecording(folder).batches()]
    [(7, [b'{"symbol":"A.SH"}'])]
    """

    folder: str | PathLike[str]
    speed: float | None = 1.0
    wait_for_subscriber: bool = True

    def __post_init__(self) -> None:
        check_speed(self.speed)
        Journal(Path(self.folder))

    def batches(self) -> Iterator[Batch]:
        """Yield a batch for each recorded frame with rows."""
        newest_ms = 0
        for record in Journal(Path(self.folder)).read():
            if isinstance(record, RawFrame):
                # A clock that was set back between two recorders does not stop the server.
                newest_ms = max(newest_ms, record.received_us // 1_000)
                batch = _batch(record.data, newest_ms)
                if batch is not None:
                    yield batch


def _batch(data: bytes, time_ms: int) -> Batch | None:
    """Rows of a frame; None if it carries none."""
    try:
        frame = _decode_frame(data)
        symbols = [_decode_row(row).symbol for row in frame.data]
    # msgspec's errors are ValueErrors; the other: too deep nesting.
    except (ValueError, RecursionError):
        return None
    channel: Channel | None = next((known for known in CHANNELS if known == frame.op), None)
    if channel is None or not symbols:
        return None
    return Batch(time_ms, channel, symbols, [bytes(row) for row in frame.data])
