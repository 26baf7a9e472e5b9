"""Parquet and CSV files that are written piece by piece."""

import os
import shutil
import tempfile
import weakref
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import polars as pl

from tickflow_rx.cli._errors import CommandError

_SUFFIXES: Final = (".parquet", ".csv")

_PIECE_ROWS: Final = 200_000


def check_output(path: Path) -> Path:
    """Return `path` if a table can be written there.

    Raises
    ------
    CommandError
        Its suffix is neither .parquet nor .csv, its folder is not there, or it is a folder.
    """
    if path.suffix.lower() not in _SUFFIXES:
        raise CommandError(f"--out must end in .parquet or .csv; got {str(path)!r}")
    if path.is_dir():
        raise CommandError(f"--out {path} is a folder: name a file in it")
    if not path.parent.is_dir():
        raise CommandError(f"there is no folder {path.parent} to write {path.name} to: make it")
    return path


class TableFile:
    """A table on its way to a file, which appears under its name once it is complete.

    A context manager: what ends by an error leaves no file, and an older one as it was.

    Parameters
    ----------
    path
        File to write, as `check_output` wants it.
    schema
        Columns of the frames to come, for a file without rows.
    piece_rows
        So many rows are held in memory at most, and then put into a file of their own beside
        `path` until the end.

    Attributes
    ----------
    rows : int
        Written so far.
    """

    def __init__(self, path: Path, schema: pl.Schema, *, piece_rows: int = _PIECE_ROWS) -> None:
        self.path = check_output(path)
        self.rows = 0
        self._csv = path.suffix.lower() == ".csv"
        self._piece_rows = piece_rows
        self._pieces: list[Path] = []
        self._empty = schema.to_frame()
        self._waiting: list[pl.DataFrame] = []
        self._waiting_rows = 0
        # A folder rather than a file: what stands in it has the rights that files here get.
        self._folder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
        # Of one Ctrl-C Polars and Python each make an interrupt: the second may cut `discard`
        # short, and then this does what it left.
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    def write(self, frame: pl.DataFrame) -> None:
        """Add rows."""
        self.rows += frame.height
        self._waiting.append(frame)
        self._waiting_rows += frame.height
        if self._waiting_rows >= self._piece_rows:
            self._put()

    def close(self) -> None:
        """Give the file its name."""
        self._put()
        if self._csv or len(self._pieces) == 1:
            whole = self._pieces[0]
        else:
            whole = self._folder / "whole"
            pl.scan_parquet(self._pieces, glob=False).sink_parquet(whole)
        os.replace(whole, self.path)
        self.discard()

    def discard(self) -> None:
        """Forget what was written."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if exc_type is None:
                self.close()
        finally:
            self.discard()

    def _put(self) -> None:
        frame = pl.concat([self._empty, *self._waiting])
        self._waiting, self._waiting_rows = [], 0
        if not frame.height and self._pieces:
            return
        piece = self._folder / f"{0 if self._csv else len(self._pieces)}.piece"
        if self._csv:
            with piece.open("ab") as file:
                frame.write_csv(file, include_header=not self._pieces)
        else:
            frame.write_parquet(piece)
        self._pieces.append(piece)
