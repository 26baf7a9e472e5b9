"""A checkpoint on disk: data only, so that reading one never runs code."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from tickops import _durable
from tickops._dtypes import Written
from tickops._positions import as_value, read_type
from tickops.exceptions import OperatorError, SnapshotError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Progress", "Reached", "Saved", "read", "write"]

_FORMAT: Final = "tickops checkpoint 1"
_NAME: Final = "checkpoint"
_DIGEST: Final = 16

_Count = Annotated[int, msgspec.Meta(ge=0, lt=1 << 62)]


class Reached(msgspec.Struct, frozen=True):
    """How far into its input a pipeline is.

    Attributes
    ----------
    column, dtype, value
        Column of positions, its type, and the value in the newest row; None before the first.
    tick_us
        The newest time that it was told, in epoch microseconds.
    """

    column: str
    dtype: Written | None = None
    value: int | None = None
    tick_us: int | None = None


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a pipeline is.

    Attributes
    ----------
    reached
        In its input.
    number
        Column with the number of an output row.
    rows
        Output rows so far.
    ended
        The input completed: nothing comes after this.
    run
        Snapshot of the operators' run; none if it has ended.
    """

    reached: Reached
    number: str
    rows: _Count
    ended: bool
    run: bytes


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """A pipeline as data.

    Attributes
    ----------
    format
        Version.
    pipeline
        A name that no other has.
    parts
        Number of the newest part of each sink.
    progress
        How far it is.
    """

    format: str = _FORMAT
    pipeline: str
    parts: list[_Count]
    progress: Progress


def read(folder: Path) -> Saved | None:
    """Checkpoint in a folder; None if there is none.

    Raises
    ------
    SnapshotError
        It is damaged, or of another version.
    """
    path = folder / _NAME
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SnapshotError(f"{path} cannot be read: {error.strerror or error}") from error
    if hashlib.blake2b(data[_DIGEST:], digest_size=_DIGEST).digest() != data[:_DIGEST]:
        raise SnapshotError(
            f"{path} is no checkpoint, or a damaged one: its checksum is wrong. To begin anew,"
            " remove it and what its sinks have written"
        )
    try:
        saved = msgspec.msgpack.decode(data[_DIGEST:], type=Saved)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise SnapshotError(f"{path} is no checkpoint: {error}") from error
    _check(path, saved)
    return saved


def write(folder: Path, saved: Saved) -> None:
    """Replace the checkpoint in a folder; whatever happens, one of the two is there.

    Raises
    ------
    OperatorError
        It cannot be written.
    """
    path = folder / _NAME
    data = msgspec.msgpack.encode(saved)
    try:
        _durable.write(path, hashlib.blake2b(data, digest_size=_DIGEST).digest() + data)
    except OSError as error:
        raise OperatorError(
            f"{path} cannot be written: {error.strerror or error}. The checkpoint before it is"
            " whole; make room, and subscribe again to go on from there"
        ) from error


def _check(path: Path, saved: Saved) -> None:
    if saved.format != _FORMAT:
        raise SnapshotError(f"{path} has format {saved.format!r}, this version {_FORMAT!r}")
    reached = saved.progress.reached
    if reached.dtype is not None:
        dtype = read_type(reached.dtype)
        if reached.value is not None:
            as_value(reached.value, dtype)
    elif reached.value is not None:
        raise SnapshotError(f"{path} is damaged: its position has no type")
