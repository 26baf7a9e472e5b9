"""Quotes recorded as wire frames."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl

from tickflow_rx._wire_lines import parse_line, unzipped
from tickflow_rx.cli._errors import CommandError, first_line
from tickflow_rx.decoding import QUOTES, Batch, Decoder, SetAside

_CHUNK_BYTES: Final = 4 << 20


class WireQuotes:
    """Quotes in a recording of wire frames: ``{"received": epoch_ms, "frame": {...}}`` a line.

    A line that is not of this form, or whose frame is not of the protocol, is set aside and
    counted; the others go on.

    Parameters
    ----------
    path
        JSON lines, also gzipped.
    chunk_bytes
        About so much is decoded at a time.
    """

    def __init__(self, path: Path, *, chunk_bytes: int = _CHUNK_BYTES) -> None:
        self.paths = [path]
        self._chunk_bytes = chunk_bytes
        self._lines = 0
        self._set_aside = 0
        self._first_fault = ""

    @property
    def notes(self) -> list[str]:
        """How many lines were set aside so far, and what was wrong with the first."""
        if not self._set_aside:
            return []
        count = f"{self._set_aside:,} of {self._lines:,} lines set aside"
        return [f"{count}; the first: {self._first_fault}"]

    def schema(self) -> pl.Schema:
        """Columns of the frames."""
        return QUOTES

    def frames(self) -> Iterator[pl.DataFrame]:
        """Rows as they were received."""
        path, decoder = self.paths[0], Decoder()
        try:
            for chunk in self._chunks(path):
                for decoded in decoder.decode(chunk.frames, chunk.received_us, connection=1):
                    match decoded:
                        case Batch(quotes, _) if quotes is not None:
                            yield quotes
                        case SetAside(reason=reason):
                            self._fault(reason)
                        case _:
                            pass
        except (OSError, EOFError, zlib.error) as error:
            raise CommandError(f"{path} cannot be read: {first_line(error)}") from error
        if self._set_aside and self._set_aside == self._lines:
            raise CommandError(f"{path} is no recording of wire frames: {self._first_fault}")

    def _chunks(self, path: Path) -> Iterator["_Chunk"]:
        chunk = _Chunk()
        with path.open("rb") as file:
            for line in unzipped(file):
                self._lines += 1
                if line.isspace():
                    continue
                try:
                    read = parse_line(line)
                except ValueError as error:
                    self._fault(f"line {self._lines}: {error}")
                    continue
                chunk.add(bytes(read.frame), read.received_us)
                if chunk.size >= self._chunk_bytes:
                    yield chunk
                    chunk = _Chunk()
        yield chunk

    def _fault(self, reason: str) -> None:
        self._first_fault = self._first_fault or reason
        self._set_aside += 1


@dataclass(slots=True)
class _Chunk:
    """Frames to be decoded together."""

    frames: list[bytes] = field(default_factory=list[bytes])
    received_us: list[int] = field(default_factory=list[int])
    size: int = 0

    def add(self, frame: bytes, received_us: int) -> None:
        self.frames.append(frame)
        self.received_us.append(received_us)
        self.size += len(frame)
