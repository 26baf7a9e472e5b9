"""The compacted rows as Delta tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from tickflow_rx.parquet._done import all_done
from tickflow_rx.parquet._layout import CHANNELS, channel_of

if TYPE_CHECKING:
    from pathlib import Path


__all__ = ["DeltaTables", "open_tables"]

_APP: Final = "tickflow-rx compact"


def open_tables(folder: Path) -> DeltaTables:
    """Tables in a folder.

    Raises
    ------
    ImportError
        The package deltalake is not there.
    """
    try:
        import deltalake
    except ImportError as error:
        raise ImportError(
            "Delta tables need the package deltalake: pip install 'tickflow-rx[delta]'"
        ) from error
    return DeltaTables(folder, deltalake)


class DeltaTables:
    """A Delta table for each channel.

    A segment's rows come in one commit, which notes the segment as a transaction of its own
    application identifier, with its size as version: what a table has is seen from the table.

    Parameters
    ----------
    folder
        Of the tables.
    deltalake
        The package.
    """

    def __init__(self, folder: Path, deltalake: Any) -> None:
        self._folder = folder
        self._deltalake = deltalake

    def update(self, data: Path) -> int:
        """Add the compacted segments of a folder that are not in yet; return how many."""
        added: set[str] = set()
        segments = list(all_done(data))
        for channel in CHANNELS:
            table = _Table(self._deltalake, self._folder / channel)
            for segment, done in segments:
                files = [data / f.path for f in done.files if channel_of(f.path) == channel]
                there = files and all(path.exists() for path in files)
                if there and table.put(segment, done.segment_bytes, files):
                    added.add(segment)
        return len(added)


class _Table:
    """One table, made when there are rows for it."""

    def __init__(self, deltalake: Any, path: Path) -> None:
        self._deltalake = deltalake
        self._path = path
        there = deltalake.DeltaTable.is_deltatable(str(path))
        self._table = deltalake.DeltaTable(str(path)) if there else None

    def put(self, segment: str, version: int, files: list[Path]) -> bool:
        """Put a segment's rows in; False if they are there."""
        app = f"{_APP} {segment}"
        known = None if self._table is None else self._table.transaction_version(app)
        if known == version:
            return False
        transaction = self._deltalake.Transaction(app, version)
        self._path.mkdir(parents=True, exist_ok=True)
        self._deltalake.write_deltalake(
            str(self._path) if self._table is None else self._table,
            pl.concat([_rows(path, segment) for path in files]).collect_batches(lazy=True),
            partition_by="date",
            # (a segment that was still being written then: its rows of now take their place)
            mode="append" if known is None else "overwrite",
            predicate=None if known is None else f"segment = '{segment}'",
            commit_properties=self._deltalake.CommitProperties(app_transactions=[transaction]),
        )
        if self._table is None:
            self._table = self._deltalake.DeltaTable(str(self._path))
        return True


def _rows(path: Path, segment: str) -> pl.LazyFrame:
    """Rows of a file; Delta has no unsigned numbers, and times in microseconds alone."""
    rows = pl.scan_parquet(path, glob=False, hive_partitioning=False)
    day = path.parent.name.removeprefix("date=")
    return rows.with_columns(
        pl.col(pl.Datetime).dt.cast_time_unit("us"),
        pl.col(pl.UInt32).cast(pl.Int64),
        segment=pl.lit(segment),
        date=pl.lit(day).str.to_date(strict=False),
    )
