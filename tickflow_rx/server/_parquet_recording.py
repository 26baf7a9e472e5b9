"""Replays quotes and depth from Parquet files."""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from os import PathLike
from typing import Any, TypeAlias

import polars as pl

from tickflow_rx.server._messages import LEVELS, Channel, DepthRow, QuoteExt, QuoteRow, encode
from tickflow_rx.server._source import Batch, check_speed

_SLICE_ROWS = 8192
_EXT_TYPES = {"CN": "cn_equity", "HK": "hk_equity", "US": "us_equity"}
_QUOTE_NUMBERS = ("last_price", "prev_close", "open", "high", "low", "amount")
_EXT_NUMBERS = ("change_pct", "change_amount", "amplitude", "turnover_rate")
_LISTS = ("bid_prices", "bid_volumes", "ask_prices", "ask_volumes")

_PathLike: TypeAlias = str | PathLike[str]
_Row: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class ParquetRecording:
    """Source that replays quotes and depth kept in Parquet, as the feed's frames have them.

    Rows go out in order of ``received`` where the file has that column, else of ``timestamp``;
    rows of the same time in the file's order, quotes before depth. Nulls in prices and volumes go
    out as 0, missing levels too.

    Parameters
    ----------
    quotes, depth
        Parquet file of each channel (or a pattern of files); at least one of them. Needed columns:
        symbol, timestamp, and for quotes last_price, prev_close, open, high, low, volume, amount,
        for depth bid_prices, bid_volumes, ask_prices, ask_volumes as lists or arrays. Times are
        integers (epoch milliseconds) or Datetime. Used where present: region (else CN), received,
        session, instrument_type, name, change_pct, change_amount, amplitude, turnover_rate.
    speed
        Recorded seconds a second; None for as fast as the clients take it.
    lot
        Divides all volumes, rounding down: 100 if the file has shares and the feed has lots.
    wait_for_subscriber
        Whether time stands still until the first client has subscribed.

    Raises
    ------
    ValueError
        No file is given, or a needed column is missing.
    """

    quotes: _PathLike | None = None
    depth: _PathLike | None = None
    speed: float | None = 1.0
    lot: int = 1
    wait_for_subscriber: bool = True

    def __post_init__(self) -> None:
        check_speed(self.speed)
        if self.quotes is None and self.depth is None:
            raise ValueError("give at least one of quotes and depth")
        if self.lot < 1:
            raise ValueError(f"lot must be at least 1, got {self.lot!r}")

    def batches(self) -> Iterator[Batch]:
        """Yield a batch for each channel and moment."""
        channels: list[Iterator[Batch]] = []
        if self.quotes is not None:
            needed = [*_QUOTE_NUMBERS, "volume"]
            frame = _load(self.quotes, needed).with_columns(
                pl.col(*_QUOTE_NUMBERS).fill_null(0.0),
                pl.col("volume").fill_null(0) // self.lot,
            )
            channels.append(_batches(frame, "quotes", _quote))
        if self.depth is not None:
            frame = _load(self.depth, _LISTS).with_columns(_filled(name) for name in _LISTS)
            volumes = pl.col("bid_volumes", "ask_volumes").list.eval(pl.element() // self.lot)
            channels.append(_batches(frame.with_columns(volumes), "depth", _depth))
        return heapq.merge(*channels, key=lambda batch: batch.time_ms)


def _load(path: _PathLike, needed: list[str] | tuple[str, ...]) -> pl.DataFrame:
    frame = pl.read_parquet(str(path))
    if missing := [name for name in ("symbol", "timestamp", *needed) if name not in frame.columns]:
        raise ValueError(f"{path} has no column {missing[0]!r}")
    region = pl.col("region").cast(pl.String) if "region" in frame.columns else pl.lit("CN")
    frame = frame.with_columns(
        pl.col("symbol").cast(pl.String),
        region.fill_null("CN").alias("region"),
        _epoch_ms(frame, "timestamp").alias("timestamp"),
        _epoch_ms(frame, "received" if "received" in frame.columns else "timestamp").alias("_time"),
    )
    return frame.sort("_time", maintain_order=True)


def _epoch_ms(frame: pl.DataFrame, name: str) -> pl.Expr:
    column = pl.col(name)
    if frame.schema[name].is_integer():
        return column.cast(pl.Int64)
    return column.dt.epoch("ms")


def _filled(name: str) -> pl.Expr:
    kind, zero = (pl.Float64, 0.0) if name.endswith("prices") else (pl.Int64, 0)
    levels = pl.col(name).cast(pl.List(kind)).fill_null([]).list.eval(pl.element().fill_null(zero))
    none = pl.lit([zero] * LEVELS, dtype=pl.List(kind))
    return pl.concat_list(levels, none).list.head(LEVELS).alias(name)


def _batches(
    frame: pl.DataFrame, channel: Channel, row: Callable[[_Row], object]
) -> Iterator[Batch]:
    rows = (row for piece in frame.iter_slices(_SLICE_ROWS) for row in piece.iter_rows(named=True))
    for time_ms, group in groupby(rows, key=lambda row: int(row["_time"])):
        together = list(group)
        symbols = [found["symbol"] for found in together]
        yield Batch(time_ms, channel, symbols, [encode(row(found)) for found in together])


def _quote(row: _Row) -> QuoteRow:
    quote = QuoteRow(
        **{name: row[name] for name in ("symbol", "region", *_QUOTE_NUMBERS, "volume", "timestamp")}
    )
    extra = {name: row[name] for name in ("name", *_EXT_NUMBERS) if name in row}
    kind = row.get("instrument_type") or _EXT_TYPES.get(row["region"])
    if kind is not None:
        quote.ext = QuoteExt(kind, **extra)
    if "session" in row:
        quote.session = row["session"]
    return quote


def _depth(row: _Row) -> DepthRow:
    return DepthRow(**{name: row[name] for name in ("symbol", "region", "timestamp", *_LISTS)})
