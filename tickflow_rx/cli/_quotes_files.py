"""Recorded quotes as frames, however large the files are."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import polars as pl

from tickflow_rx.cli._errors import CommandError
from tickflow_rx.cli._parquet_quotes import ParquetQuotes, parquet_in


class QuotesFiles(Protocol):
    """Recorded quotes."""

    @property
    def paths(self) -> list[Path]:
        """The files."""
        ...

    @property
    def notes(self) -> list[str]:
        """What a reader of the result should know about the files."""
        ...

    def schema(self) -> pl.Schema:
        """Columns of the frames."""
        ...

    def frames(self) -> Iterator[pl.DataFrame]:
        """Rows in order of arrival, some at a time."""
        ...


def open_quotes(path: Path) -> QuotesFiles:
    """Open recorded quotes: Parquet, a folder of it, or wire frames as JSON lines.

    Raises
    ------
    CommandError
        There is no such file, or it is nothing of that.
    """
    if path.is_dir():
        return ParquetQuotes(parquet_in(path))
    if not path.exists():
        raise CommandError(f"no such file or folder: {path}")
    if path.suffix.lower() == ".parquet":
        return ParquetQuotes([path])
    if path.name.lower().endswith((".jsonl", ".jsonl.gz")):
        from tickflow_rx.cli._wire_quotes import WireQuotes

        return WireQuotes(path)
    raise CommandError(
        f"{path} is neither a folder nor .parquet, .jsonl or .jsonl.gz: its name has to say which"
    )
