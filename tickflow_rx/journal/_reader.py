"""Reads a journal: all intact records, and what is damaged."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import zstandard

from tickflow_rx._queue import RawFrame
from tickflow_rx.exceptions import JournalError
from tickflow_rx.journal._files import FOLDER, SUFFIX
from tickflow_rx.journal._lines import VERSION, Head, Line, Noted, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Damage", "Journal"]

_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_READ: Final = 1 << 18
_SMALL: Final = 1 << 10
_BLOCK: Final = 1 << 18  # more than a block of zstd takes


@dataclass(frozen=True, slots=True)
class Damage:
    """A place in a segment that could not be read.

    Parameters
    ----------
    segment
        Its file.
    offset
        Where in the file the zstd frame with the damage begins.
    reason
        What is wrong.
    torn
        It is the end of a segment that was not closed, as a killed process leaves it: if that
        is all, nothing that was flushed is missing.
    """

    segment: Path
    offset: int
    reason: str
    torn: bool = False


class Journal:
    """A recorded journal.

    Parameters
    ----------
    folder
        That the recorder was given.

    Attributes
    ----------
    damage : list of Damage
        What `read` could not read so far.
    bytes_read : int
        How much of the files `read` has gone through so far.

    Raises
    ------
    JournalError
        There is no journal in the folder.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.damage: list[Damage] = []
        self.bytes_read = 0
        self._journal = self.folder / FOLDER
        if not self._journal.is_dir():
            raise JournalError(f"there is no journal in {self.folder}: no folder {self._journal}")

    def days(self) -> list[str]:
        """Days that have segments, such as "2026-11-24"; of the receive time, in UTC."""
        return sorted({path.parent.name for path in self._journal.glob(f"*/*{SUFFIX}")})

    def segments(self, day: str | None = None) -> list[Path]:
        """Files in order, of all days or of one."""
        return sorted(self._journal.glob(f"{day or '*'}/*{SUFFIX}"))

    def read(self, day: str | None = None) -> Iterator[Line]:
        """Records in order of arrival; memory does not grow with the journal.

        What is damaged is left out and noted in `damage`; what comes after it is read.

        Raises
        ------
        JournalError
            A segment is of a later version of the format.
        """
        yield from self.read_segments(self.segments(day))

    def read_segments(self, segments: Iterable[Path]) -> Iterator[Line]:
        """`read` for some segments; each can be read without those before it."""
        for segment in segments:
            before = self.bytes_read
            yield from self._read_segment(segment, before)
            self.bytes_read = before + segment.stat().st_size

    def began_us(self, segment: Path) -> int | None:
        """When a segment began, epoch microseconds; None if its head cannot be read."""
        with segment.open("rb") as file:
            try:
                start = zstandard.ZstdDecompressor().decompressobj().decompress(file.read(_BLOCK))
            except zstandard.ZstdError:
                return None
        head = parse(start.partition(b"\n")[0])
        return head.began_us if isinstance(head, Head) else None

    def last_connection(self, segments: Iterable[Path] | None = None) -> int:
        """Number of the newest connection in some segments, or in all; 0 if there is none.

        It is looked for from the end: most often one zstd frame has to be unpacked.
        """
        for segment in reversed(self.segments() if segments is None else list(segments)):
            for lines in _from_the_end(segment):
                if last := _last_number(lines):
                    return last
        return 0

    def _read_segment(self, segment: Path, bytes_before: int) -> Iterator[Line]:
        for content in _frames(segment):
            self.bytes_read = bytes_before + content.offset
            lines = content.data.split(b"\n")
            tail = lines.pop()
            broken = [] if content.reason is None else [content.reason]
            for line in lines:
                record = parse(line)
                if isinstance(record, str):
                    broken.append(record)
                    continue
                if isinstance(record, Head) and record.version > VERSION:
                    raise JournalError(
                        f"{segment} is of version {record.version} of the format, made by"
                        f" {record.made_by}; this library reads up to {VERSION}"
                    )
                yield record
            if tail and not content.torn:
                broken.append("a line without an end")
            if broken or content.torn:
                reason = broken[0] if broken else "it was not closed"
                torn = content.torn and not broken
                self.damage.append(Damage(segment, content.offset, reason, torn))


def _last_number(lines: bytes) -> int:
    """Connection number of the last line that has one; 0 if none has."""
    end = len(lines)
    while end > 0:
        start = lines.rfind(b"\n", 0, end) + 1
        match parse(lines[start:end]):
            case RawFrame(connection=number):
                return number
            case Noted(fields={"connection": int(number)}):
                return number
            case _:
                end = start - 1
    return 0


@dataclass(slots=True)
class _Content:
    """What one zstd frame holds, as far as it can be read."""

    offset: int
    data: bytes
    reason: str | None = None
    torn: bool = False


def _frames(segment: Path) -> Iterator[_Content]:
    """Contents of the zstd frames of a file; after a damaged one it looks for the next."""
    with segment.open("rb") as file:
        waiting, offset = b"", 0
        while True:
            decompressor = zstandard.ZstdDecompressor().decompressobj()
            frame, pieces = bytearray(), list[bytes]()
            error: str | None = None
            while not decompressor.eof and error is None:
                piece, waiting = waiting or file.read(_READ), b""
                if not piece:
                    break
                frame += piece
                try:
                    pieces.append(decompressor.decompress(piece))
                except zstandard.ZstdError as raised:
                    error = f"zstd: {raised}"
            if not frame:
                return
            if decompressor.eof:
                yield _Content(offset, b"".join(pieces))
                waiting = decompressor.unused_data
                offset += len(frame) - len(waiting)
                continue
            following = _find_magic(frame, file)
            if error is None and following < 0:
                yield _Content(offset, b"".join(pieces), torn=True)
                return
            # Damage can also make a frame seem to go on over those that follow.
            yield _Content(offset, _readable(bytes(frame)), error or "zstd: it does not end")
            if following < 0:
                return
            offset, waiting = offset + following, bytes(frame[following:])


def _from_the_end(segment: Path) -> Iterator[bytes]:
    """What can be read from each place that a zstd frame may begin at, the last one first.

    Not all such places are: compressed data may look like it, and gives nothing or rubbish.
    """
    if not segment.stat().st_size:
        return
    with segment.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        at = len(data)
        while (at := data.rfind(_MAGIC, 0, at)) >= 0:
            decompressor = zstandard.ZstdDecompressor().decompressobj()
            pieces: list[bytes] = []
            with suppress(zstandard.ZstdError):
                for start in range(at, len(data), _READ):
                    pieces.append(decompressor.decompress(data[start : start + _READ]))
                    if decompressor.eof:
                        break
            yield b"".join(pieces)


def _find_magic(frame: bytearray, file: BinaryIO) -> int:
    """Where in a frame, which is read on for it, the next one begins; -1 if none does."""
    start = 1
    while (at := frame.find(_MAGIC, start)) < 0:
        start = max(1, len(frame) - len(_MAGIC) + 1)
        piece = file.read(_READ)
        if not piece:
            return -1
        frame += piece
    return at


def _readable(frame: bytes) -> bytes:
    """What a damaged zstd frame gives before the damage."""
    step = _SMALL
    decompressor = zstandard.ZstdDecompressor().decompressobj()
    readable: list[bytes] = []
    at = 0
    while at < len(frame):
        try:
            readable.append(decompressor.decompress(frame[at : at + step]))
            at += step
        except zstandard.ZstdError:
            if step == 1:
                break
            # The object is spent: again up to here, and then byte by byte.
            step, decompressor = 1, zstandard.ZstdDecompressor().decompressobj()
            readable = [decompressor.decompress(frame[:at])] if at else []
    return b"".join(readable)
