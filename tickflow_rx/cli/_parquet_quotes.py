"""Quotes recorded as Parquet."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl

from tickflow_rx.cli._errors import CommandError, first_line
from tickops._batches_of import batches_of

NEEDED: Final = ("symbol", "timestamp", "last_price", "high", "low", "volume", "amount")
"""Columns that bars cannot be made without."""

_OPTIONAL: Final = {
    "prev_close": pl.lit(None, pl.Float64),
    "region": pl.lit("CN"),
    "connection": pl.lit(0, pl.UInt32),
}
"""Columns that bars use where they are, and what stands in a file without one beside others."""

_ROWS: Final = 250_000


class ParquetQuotes:
    """Quotes in one or more Parquet files, which may differ in the columns they can do without.

    Parameters
    ----------
    paths
        The files, in order.
    rows
        About so many are read at a time.
    """

    def __init__(self, paths: list[Path], *, rows: int = _ROWS) -> None:
        self.paths = paths
        self.notes: list[str] = []
        self._rows = rows
        self._schemas = {path: read_schema(path) for path in paths}
        for path, schema in self._schemas.items():
            if missing := [name for name in NEEDED if name not in schema]:
                raise CommandError(
                    f"{path} has no column {missing[0]!r}: quotes have {', '.join(NEEDED)}"
                )
        self._optional = [
            name for name in _OPTIONAL if any(name in schema for schema in self._schemas.values())
        ]
        self._note_zones()

    def schema(self) -> pl.Schema:
        """Columns of the frames: of the first file, and which others have besides."""
        return self._lazy(self.paths[0]).collect_schema()

    def frames(self) -> Iterator[pl.DataFrame]:
        """Rows of one file after the other."""
        for path in self.paths:
            try:
                yield from batches_of(self._lazy(path), self._rows)
            except pl.exceptions.PolarsError as error:
                raise CommandError(f"{path} cannot be read: {first_line(error)}") from error

    def _lazy(self, path: Path) -> pl.LazyFrame:
        first, own = self._schemas[self.paths[0]], self._schemas[path]
        # Names are taken as they are: a path may have brackets in it.
        return pl.scan_parquet(path, glob=False).select(
            _symbol(first["symbol"], own["symbol"]),
            _timestamp(first["timestamp"], own["timestamp"]),
            *(_number(name, own) for name in ("last_price", "high", "low", "volume", "amount")),
            *(_optional(name, own) for name in self._optional),
        )

    def _note_zones(self) -> None:
        for path, schema in self._schemas.items():
            dtype = schema["timestamp"]
            if isinstance(dtype, pl.Datetime) and dtype.time_zone is None:
                self.notes.append(f"timestamp in {path.name} has no time zone: it is read as UTC")


def parquet_in(folder: Path) -> list[Path]:
    """Parquet files of quotes in a folder, by name; those of other tables are passed over.

    Raises
    ------
    CommandError
        There are none.
    """
    found = sorted(
        path
        for path in folder.rglob("*.parquet")
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    quotes = [path for path in found if all(name in read_schema(path) for name in NEEDED)]
    if not quotes:
        raise CommandError(
            f"no quotes in folder {folder}: none of its {len(found)} Parquet files has the columns"
            f" {', '.join(NEEDED)}"
        )
    return quotes


def read_schema(path: Path) -> pl.Schema:
    """Columns of a Parquet file.

    Raises
    ------
    CommandError
        It cannot be read, or is no Parquet file.
    """
    if not path.exists():
        raise CommandError(f"no such file: {path}")
    try:
        return pl.scan_parquet(path, glob=False).collect_schema()
    except pl.exceptions.PolarsError as error:
        raise CommandError(f"{path} is no Parquet file: {first_line(error)}") from error


def _symbol(wanted: pl.DataType, dtype: pl.DataType) -> pl.Expr:
    column = pl.col("symbol")
    if not isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
        return column
    return column.cast(pl.String).cast(wanted if isinstance(wanted, pl.Categorical) else pl.String)


def _timestamp(wanted: pl.DataType, dtype: pl.DataType) -> pl.Expr:
    column = pl.col("timestamp")
    if dtype.is_integer():
        column = column.cast(pl.Int64).cast(pl.Datetime("ms", "UTC"))
    elif not isinstance(dtype, pl.Datetime):
        return column
    elif dtype.time_zone is None:
        column = column.dt.replace_time_zone("UTC")
    unit, zone = "ms", "UTC"
    if isinstance(wanted, pl.Datetime):
        unit, zone = wanted.time_unit, wanted.time_zone or "UTC"
    return column.dt.cast_time_unit(unit).dt.convert_time_zone(zone)


def _number(name: str, schema: pl.Schema) -> pl.Expr:
    """Bring a column to its type; one that is no such number is left for operators to refuse."""
    whole = name == "volume"
    dtype = schema[name]
    if not (dtype.is_integer() if whole else dtype.is_numeric()):
        return pl.col(name)
    return pl.col(name).cast(pl.Int64 if whole else pl.Float64)


def _optional(name: str, schema: pl.Schema) -> pl.Expr:
    if name not in schema:
        return _OPTIONAL[name].alias(name)
    if name == "region":
        return pl.col(name).cast(pl.String)
    if name == "connection" and schema[name].is_integer():
        return pl.col(name).cast(pl.UInt32)
    return pl.col(name).cast(pl.Float64) if name == "prev_close" else pl.col(name)
