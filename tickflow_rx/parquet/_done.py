"""What is done: a small file for each segment of the journal that has been compacted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from tickops._durable import write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = [
    "FOLDER",
    "Done",
    "File",
    "Harm",
    "all_done",
    "done_path",
    "is_done",
    "read_done",
    "write_done",
]

FOLDER: Final = "compacted"

_ENCODER: Final = msgspec.json.Encoder()


class File(msgspec.Struct, frozen=True):
    """A file of rows.

    Attributes
    ----------
    path
        From the data's folder on.
    rows, bytes
        How many.
    """

    path: str
    rows: int
    bytes: int


class Harm(msgspec.Struct, frozen=True):
    """A place in the segment that could not be read, as ``tickflow_rx.journal.Damage``."""

    offset: int
    reason: str
    torn: bool


class Done(msgspec.Struct, frozen=True):
    """What became of one segment.

    Attributes
    ----------
    began_us
        When it began, epoch microseconds; None if its head could not be read.
    segment_bytes
        Its size then: if it has another now, it was still being written.
    files
        Of its rows.
    set_aside
        Frames in it that could not be decoded.
    damage
        What could not be read.
    """

    began_us: int | None
    segment_bytes: int
    files: list[File]
    set_aside: int
    damage: list[Harm]


def done_path(folder: Path, segment: Path) -> Path:
    """Where it stands what became of a segment: ``compacted/2026-11-24/000001.json``."""
    number = segment.name.partition(".")[0]
    return folder / FOLDER / segment.parent.name / f"{number}.json"


def is_done(folder: Path, segment: Path) -> bool:
    """Whether a segment is compacted: whole, and all its files are there."""
    done = read_done(done_path(folder, segment))
    return (
        done is not None
        and done.segment_bytes == segment.stat().st_size
        and all(_has_size(folder / file.path, file.bytes) for file in done.files)
    )


def all_done(folder: Path) -> Iterator[tuple[str, Done]]:
    """Segments that are compacted, by name and in order, also those no longer in the journal."""
    for path in sorted(folder.joinpath(FOLDER).glob("*/*.json")):
        done = read_done(path)
        if done is not None:
            yield f"{path.parent.name}-{path.stem}", done


def read_done(path: Path) -> Done | None:
    """What was written; None if nothing was, or not by this library."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Done)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def write_done(path: Path, done: Done) -> None:
    """Write it, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, msgspec.json.format(_ENCODER.encode(done)))


def _has_size(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except FileNotFoundError:
        return False
