"""Writes the rows of one segment: files that get their names at the end, one after the other."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, Self, TypeAlias

import polars as pl

from tickflow_rx.parquet._done import File
from tickflow_rx.parquet._layout import Channel, part_path, parts_of
from tickops._durable import sync, temporary

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["PartWriter"]

_ROWS: Final = 1 << 19
"""So many rows are held in memory at most, of all channels and days: about 100 MB."""

_GROUP_ROWS: Final = 1 << 16
"""Rows of a row group, the least that a reader can pass over."""

_Key: TypeAlias = tuple[Channel, str]
"""Channel and day."""


class PartWriter:
    """Rows of one segment on their way to files.

    A context manager: what ends without `close` leaves nothing.

    Parameters
    ----------
    folder
        Of the compacted data.
    segment
        Name of the segment.
    """

    def __init__(self, folder: Path, segment: str) -> None:
        self._folder = folder
        self._segment = segment
        self._waiting: dict[_Key, list[pl.DataFrame]] = {}
        self._rows: dict[_Key, int] = {}
        self._numbers: dict[_Key, int] = {}
        self._written: dict[Path, int] = {}

    def add(self, channel: Channel, day: str, frame: pl.DataFrame) -> None:
        """Add rows of one day, in order of arrival."""
        key = (channel, day)
        self._waiting.setdefault(key, []).append(frame)
        self._rows[key] = self._rows.get(key, 0) + frame.height
        if sum(self._rows.values()) >= _ROWS:
            self._write(max(self._rows, key=self._rows.__getitem__))

    def close(self) -> list[File]:
        """Write what is left, and give all files their names; older ones of the segment go."""
        for key in sorted(self._rows):
            self._write(key)
        files = [self._named(path, rows) for path, rows in self._written.items()]
        for older in parts_of(self._folder, self._segment):
            if older not in self._written:
                older.unlink()
        for folder in {path.parent for path in self._written}:
            sync(folder)
        return files

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for path in self._written:
            temporary(path).unlink(missing_ok=True)

    def _write(self, key: _Key) -> None:
        self._numbers[key] = number = self._numbers.get(key, 0) + 1
        path = part_path(self._folder, *key, self._segment, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        frame = pl.concat(self._waiting.pop(key), rechunk=True)
        del self._rows[key]
        self._written[path] = frame.height
        frame.write_parquet(temporary(path), row_group_size=_GROUP_ROWS)
        sync(temporary(path))

    def _named(self, path: Path, rows: int) -> File:
        size = temporary(path).stat().st_size
        os.replace(temporary(path), path)
        return File(path.relative_to(self._folder).as_posix(), rows, size)
