"""Frames as numbered Parquet files of a folder."""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl
from polars.exceptions import PanicException, PolarsError

from tickops._durable import put, temporary
from tickops._folder_lock import locked
from tickops.exceptions import OperatorError, SchemaError, SnapshotError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

__all__ = ["Parts", "PartsOptions"]

_NAME: Final = re.compile(r"part-(\d{6,})\.parquet")
_OWNER: Final = "tickops.pipeline"
# So many small frames are put into one: a frame of one row takes kilobytes.
_LOOSE: Final = 256


@dataclass(frozen=True, slots=True)
class PartsOptions:
    """Where parts go, and when one is full.

    Attributes
    ----------
    folder
        Made if it is not there.
    rows
        Rows of a part.
    seconds
        Time after which a part is closed with fewer; None: however long it takes.
    """

    folder: Path
    rows: int
    seconds: float | None


class Parts:
    """Writes the parts of one folder, alone. A part is there when it is whole.

    Parameters
    ----------
    options
        Where, and how large.
    now
        Seconds of a clock.
    owner
        Noted in each part, so that no other pipeline's are removed.

    Attributes
    ----------
    last
        Number of the newest part that is there.

    Raises
    ------
    OperatorError
        Another writes to the folder, or it cannot be written to.
    """

    def __init__(self, options: PartsOptions, now: Callable[[], float], owner: str = "") -> None:
        self._options = options
        self._now = now
        self._owner = owner
        self._frames: list[pl.DataFrame] = []
        self._rows = self._loose = 0
        self._since = 0.0
        self._schema: pl.Schema | None = None
        self._lock = locked(options.folder, "sink")
        for left in options.folder.glob(".part-*.parquet.tmp"):  # of a process that died
            with suppress(OSError):
                left.unlink()
        self.last = max(self._numbers(), default=0)

    def write(self, frame: pl.DataFrame) -> None:
        """Take rows; parts that are full are closed.

        Raises
        ------
        SchemaError
            The columns are not those of the frames before.
        OperatorError
            A part cannot be written.
        """
        if self._schema is None:
            self._schema = frame.schema
        elif frame.schema != self._schema:
            raise SchemaError(
                f"a sink's frames must keep their columns: they were {self._schema},"
                f" are {frame.schema}"
            )
        while frame.height:
            room = self._options.rows - self._rows
            self._keep(frame[:room])
            frame = frame[room:]
            if self._rows == self._options.rows:
                self.close_part()
        self.tick()

    def tick(self) -> None:
        """Close the part if it has been open for long enough."""
        seconds = self._options.seconds
        if self._rows and seconds is not None and self._now() - self._since >= seconds:
            self.close_part()

    def close_part(self) -> None:
        """Make what waits the next part, if anything waits; it is lost if that fails."""
        if not self._rows:
            return
        path = self._path(self.last + 1)
        rows = pl.concat(self._frames)
        self._forget()
        with self._told(path):
            if path.exists():
                raise FileExistsError(f"{path.name} was put there by someone else")
            rows.write_parquet(temporary(path), compression="zstd", metadata={_OWNER: self._owner})
            put(path)
        self.last += 1

    def discard(self, after: int) -> None:
        """Forget what waits, and remove the parts after a number.

        Raises
        ------
        SnapshotError
            One of them is not of this owner; nothing is removed.
        OperatorError
            One cannot be removed.
        """
        self._forget()
        newer = [self._path(number) for number in self._numbers() if number > after]
        for path in newer:
            if _owner_of(path) != self._owner:
                raise SnapshotError(
                    f"{path} is newer than the checkpoint, but not of its pipeline:"
                    " move it away, or give the sink the folder that it had"
                )
        for path in newer:
            with self._told(path):
                path.unlink()
        self.last = after

    def _forget(self) -> None:
        """Let go of what waits."""
        self._frames = []
        self._rows = self._loose = 0

    def release(self) -> None:
        """Let others write to the folder; what waits is forgotten."""
        self._forget()
        self._lock.release()

    def _keep(self, rows: pl.DataFrame) -> None:
        if not self._rows:
            self._since = self._now()
        self._frames.append(rows)
        self._rows += rows.height
        self._loose += 1
        if self._loose == _LOOSE:
            self._frames[-_LOOSE:] = [pl.concat(self._frames[-_LOOSE:], rechunk=True)]
            self._loose = 0

    def _numbers(self) -> list[int]:
        names = [_NAME.fullmatch(path.name) for path in self._options.folder.iterdir()]
        return sorted(int(name[1]) for name in names if name)

    def _path(self, number: int) -> Path:
        return self._options.folder / f"part-{number:06d}.parquet"

    @contextmanager
    def _told(self, path: Path) -> Generator[None]:
        """Say which file it was; leave no half one."""
        try:
            yield
        except (OSError, PolarsError, PanicException) as error:
            with suppress(OSError):
                temporary(path).unlink()
            raise OperatorError(
                f"{path} cannot be written: {error}. The parts before it are whole;"
                " make room, or write elsewhere"
            ) from error


def _owner_of(path: Path) -> str | None:
    try:
        return pl.read_parquet_metadata(path).get(_OWNER)
    except (OSError, PolarsError, PanicException):
        return None
