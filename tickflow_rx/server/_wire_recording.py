"""Replays recorded wire messages, byte for byte."""

from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import msgspec

from tickflow_rx._wire_lines import parse_line, unzipped
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
class WireRecording:
    """Source that replays a file of received frames; rows go out as they were printed.

    Parameters
    ----------
    path
        JSON lines, also gzipped: ``{"received": epoch_ms, "frame": {"op": "quotes", ...}}``, by
        ascending ``received``. Blank lines, and frames that carry no rows (acknowledgements,
        errors), are passed over.
    speed
        Recorded seconds a second; None for as fast as the clients take it.
    wait_for_subscriber
        Whether time stands still until the first client has subscribed.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        While replaying: a line is not of this form; the message names file and line.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile(suffix=".wire.jsonl") as file:
    ...     _ = file.write(b'{"received":7,"frame":{"op":"quotes","data":[{"symbol":"A.SH"}]}}')
    ...     file.flush()
    ...     [(batch.time_ms, batch.rows) for batch in WireRecording(file.name).batches()]
    [(7, [b'{"symbol":"A.SH"}'])]
    """

    path: str | PathLike[str]
    speed: float | None = 1.0
    wait_for_subscriber: bool = True

    def __post_init__(self) -> None:
        check_speed(self.speed)
        if not Path(self.path).is_file():
            raise FileNotFoundError(f"no recording at {str(self.path)!r}")

    def batches(self) -> Iterator[Batch]:
        """Yield a batch for each recorded frame with rows."""
        with Path(self.path).open("rb") as file:
            for number, line in enumerate(unzipped(file), 1):
                if not line.strip():
                    continue
                try:
                    batch = batch_of(line)
                except ValueError as problem:
                    raise ValueError(f"{self.path}, line {number}: {problem}") from None
                if batch is not None:
                    yield batch


def batch_of(line: bytes) -> Batch | None:
    """Turn a line of a recording into a batch; None if its frame carries no rows.

    Raises
    ------
    ValueError
        The line is not of the form that `WireRecording` documents.
    """
    read = parse_line(line)
    try:
        frame = _decode_frame(read.frame)
        symbols = [_decode_row(row).symbol for row in frame.data]
    except RecursionError as problem:  # too deep nesting
        raise ValueError(str(problem)) from None
    channel: Channel | None = next((c for c in CHANNELS if c == frame.op), None)
    if channel is None or not symbols:
        return None
    return Batch(round(read.received), channel, symbols, [bytes(row) for row in frame.data])
