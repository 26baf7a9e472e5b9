"""Replays recorded wire messages, byte for byte."""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from tickflow_rx.server._messages import CHANNELS, Channel
from tickflow_rx.server._source import Batch, check_speed

_GZIP_MAGIC = b"\x1f\x8b"


class _Frame(msgspec.Struct):
    op: str
    data: list[msgspec.Raw] = []


class _Line(msgspec.Struct):
    received: int | float
    frame: _Frame


class _Row(msgspec.Struct):
    symbol: str


_decode_line = msgspec.json.Decoder(_Line).decode
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
        with _open(Path(self.path)) as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                try:
                    batch = parse_line(line)
                except ValueError as problem:
                    raise ValueError(f"{self.path}, line {number}: {problem}") from None
                if batch is not None:
                    yield batch


def _open(path: Path) -> BinaryIO:
    with path.open("rb") as file:
        gzipped = file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
    return cast(BinaryIO, gzip.open(path)) if gzipped else path.open("rb")


def parse_line(line: bytes) -> Batch | None:
    """Turn a line of a recording into a batch; None if its frame carries no rows.

    Raises
    ------
    ValueError
        The line is not of the form that `WireRecording` documents.
    """
    try:
        decoded = _decode_line(line)
        rows = decoded.frame.data
        symbols = [_decode_row(row).symbol for row in rows]
        received_ms = round(decoded.received)
    # msgspec's errors are ValueErrors; the others: too deep nesting, infinite times.
    except (RecursionError, OverflowError) as problem:
        raise ValueError(str(problem)) from None
    channel: Channel | None = next((c for c in CHANNELS if c == decoded.frame.op), None)
    if channel is None or not rows:
        return None
    return Batch(received_ms, channel, symbols, [bytes(row) for row in rows])
