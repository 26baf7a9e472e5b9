"""How compacted rows stand on disk: folders, names of files, columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, cast

import polars as pl

from tickflow_rx.decoding import DEPTH, QUOTES
from tickflow_rx.decoding._schema import LEVELS

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "CHANNELS",
    "CLOCK",
    "PLACE",
    "SCHEMAS",
    "Channel",
    "Part",
    "as_rows",
    "channel_of",
    "flat",
    "part_path",
    "parts",
    "parts_of",
    "segment_name",
]

Channel: TypeAlias = Literal["quotes", "depth", "clock"]

CHANNELS: Final[tuple[Channel, ...]] = ("quotes", "depth", "clock")

PLACE: Final = "place"
"""Column on disk alone: of rows with the same `received`, which one it is, from 0 on."""

CLOCK: Final = pl.Schema({"time": pl.Datetime("us", "UTC")})

SCHEMAS: Final = {"quotes": QUOTES, "depth": DEPTH, "clock": CLOCK}
"""Columns of a channel as they are read."""


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """A file of rows: of one segment of the journal and one day, in order of arrival.

    Parameters
    ----------
    segment
        Name of the segment, as `segment_name` gives it.
    day
        Trading day of its rows, such as "2026-11-24"; of ticks the date in UTC.
    number
        1, 2, … within the segment and day.
    path
        The file.
    """

    segment: str
    day: str
    number: int
    path: Path


def part_path(folder: Path, channel: Channel, day: str, segment: str, number: int) -> Path:
    """Where a part belongs."""
    return folder / channel / f"date={day}" / f"{segment}-{number:04d}.parquet"


def channel_of(path: str) -> Channel:
    """Channel of a file, by its path in the folder."""
    return cast("Channel", path.partition("/")[0])


def parts(folder: Path, channel: Channel) -> list[Part]:
    """All files of a channel, in the order of the journal's segments."""
    found: list[Part] = []
    for path in folder.joinpath(channel).glob("date=*/*.parquet"):
        segment, _, number = path.stem.rpartition("-")
        if not path.name.startswith(".") and segment and number.isdecimal():
            found.append(Part(segment, path.parent.name.removeprefix("date="), int(number), path))
    return sorted(found)


def parts_of(folder: Path, segment: str) -> list[Path]:
    """Files of one segment, of all channels."""
    return [path for c in CHANNELS for path in folder.glob(f"{c}/date=*/{segment}-*.parquet")]


def segment_name(segment: Path) -> str:
    """Name of a segment of the journal: ``2026-11-24/000001.jsonl.zst`` is 2026-11-24-000001."""
    return f"{segment.parent.name}-{segment.name.partition('.')[0]}"


def flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows of QUOTES or DEPTH as they stand on disk: plain texts, a column for each level."""
    columns: list[pl.Expr] = []
    for name, dtype in frame.schema.items():
        if isinstance(dtype, pl.Categorical):
            columns.append(pl.col(name).cast(pl.String))
        elif isinstance(dtype, pl.Array):
            columns += [
                pl.col(name).arr.get(level).alias(column)
                for level, column in enumerate(_levels(name))
            ]
        else:
            columns.append(pl.col(name))
    return frame.select(columns)


def as_rows(channel: Channel) -> list[pl.Expr]:
    """Columns that give the rows back."""
    return [_column(name, dtype) for name, dtype in SCHEMAS[channel].items()]


def _column(name: str, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.Categorical):
        return pl.col(name).cast(dtype)
    if isinstance(dtype, pl.Array):
        return pl.concat_arr(_levels(name)).alias(name)
    return pl.col(name)


def _levels(name: str) -> list[str]:
    """Columns of ``bid_prices``: ``bid_price_1`` and so on."""
    return [f"{name.removesuffix('s')}_{level}" for level in range(1, LEVELS + 1)]
