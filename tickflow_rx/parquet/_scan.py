"""Compacted rows, read back as the feed gave them."""

from __future__ import annotations

from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from tickflow_rx.exceptions import JournalError
from tickflow_rx.parquet._done import FOLDER
from tickflow_rx.parquet._layout import PLACE, SCHEMAS, as_rows, parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tickflow_rx.parquet._layout import Channel, Part

__all__ = ["pieces", "scan_clock", "scan_depth", "scan_quotes"]


def scan_quotes(
    folder: str | Path, *, day: date | str | None = None, symbols: Sequence[str] | None = None
) -> pl.LazyFrame:
    """Quotes that `compact` wrote.

    Parameters
    ----------
    folder
        That `compact` was given.
    day
        Only of this trading day, such as "2026-11-24"; the files of others are not opened.
    symbols
        Only these; in the files, before anything else is made of them.

    Returns
    -------
    pl.LazyFrame
        Columns of QUOTES, rows in order of arrival, if they are collected in order (as
        ``collect`` and ``collect_batches`` do). No rows, where there are none of that day.

    Raises
    ------
    JournalError
        Nothing is compacted in the folder.
    ValueError
        `day` is no date.

    Notes
    -----
    Trading days of several markets overlap: where files of several days come from one file of
    the journal their rows are merged by `received`.
    """
    return _scan(Path(folder), "quotes", day, symbols)


def scan_depth(
    folder: str | Path, *, day: date | str | None = None, symbols: Sequence[str] | None = None
) -> pl.LazyFrame:
    """Books that `compact` wrote: as `scan_quotes`, with the columns of DEPTH."""
    return _scan(Path(folder), "depth", day, symbols)


def scan_clock(folder: str | Path, *, day: date | str | None = None) -> pl.LazyFrame:
    """Ticks of the clock that `compact` wrote, in a column ``time``; days are those of UTC."""
    return _scan(Path(folder), "clock", day, None)


def pieces(
    folder: Path,
    channel: Channel,
    *,
    day: date | str | None = None,
    symbols: Sequence[str] | None = None,
) -> Iterator[pl.LazyFrame]:
    """The rows of a channel in pieces, one after the other, each of one segment at most.

    For readers that must not take memory without bound: ``collect_batches`` reads ahead of a
    slow caller as far as it can (measured with Polars 2.1: all of 700 MB).
    """
    for days in _in_order(_found(folder, channel, day)):
        if len(days) > 1:
            yield _rows(days, channel, symbols)
        else:
            yield from (_rows([[part]], channel, symbols) for part in days[0])


def _scan(
    folder: Path, channel: Channel, day: date | str | None, symbols: Sequence[str] | None
) -> pl.LazyFrame:
    scans = [_rows(days, channel, symbols) for days in _in_order(_found(folder, channel, day))]
    if not scans:
        return SCHEMAS[channel].to_frame().lazy()
    return scans[0] if len(scans) == 1 else pl.concat(scans)


def _found(folder: Path, channel: Channel, day: date | str | None) -> list[Part]:
    found = parts(folder, channel)
    if not found and not (folder / FOLDER).is_dir():
        raise JournalError(
            f"no {channel} are compacted in {folder}: first `tickflow-rx compact {folder}`,"
            " which writes the rows of a journal there"
        )
    if day is not None:
        wanted = _day(day)
        found = [part for part in found if part.day == wanted]
    return found


def _day(day: date | str) -> str:
    if isinstance(day, datetime):
        return day.date().isoformat()
    try:
        return (day if isinstance(day, date) else date.fromisoformat(day)).isoformat()
    except ValueError:
        raise ValueError(f"day must be a date such as '2026-11-24', not {day!r}") from None


def _in_order(found: list[Part]) -> Iterator[list[list[Part]]]:
    """Groups of parts, one after the other; the days of a group are to be merged."""
    alone: list[Part] = []
    for _, of_segment in groupby(found, lambda part: part.segment):
        days = [list(of_day) for _, of_day in groupby(of_segment, lambda part: part.day)]
        if len(days) == 1:
            alone += days[0]
            continue
        if alone:
            yield [alone]
            alone = []
        yield days
    if alone:
        yield [alone]


def _rows(days: list[list[Part]], channel: Channel, symbols: Sequence[str] | None) -> pl.LazyFrame:
    keys = ["time"] if channel == "clock" else ["received", PLACE]
    scans = [_read(of_day, symbols) for of_day in days]
    while len(scans) > 1:  # in pairs: halted symbols may bring many days
        pairs = zip(scans[::2], scans[1::2], strict=False)
        odd = scans[len(scans) // 2 * 2 :]
        scans = [first.merge_sorted(second, keys) for first, second in pairs] + odd
    return scans[0].select(as_rows(channel))


def _read(of_day: list[Part], symbols: Sequence[str] | None) -> pl.LazyFrame:
    # Names are taken as they are: a path may have brackets in it.
    rows = pl.scan_parquet([part.path for part in of_day], glob=False, hive_partitioning=False)
    return rows if symbols is None else rows.filter(pl.col("symbol").is_in(list(symbols)))
