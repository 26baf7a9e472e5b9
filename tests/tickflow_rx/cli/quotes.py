"""Recorded quotes for the tests here, made by the simulated market."""

import json
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path

import polars as pl

import tickops as ops
from tickflow_rx.decoding import Batch, Decoder
from tickflow_rx.server import SimulatedMarket

SYMBOLS = ("600000.SH", "000001.SZ", "300001.SZ")
BARS = ops.chain(ops.deltas(), ops.bars("1m"))


@cache
def messages() -> list[tuple[int, bytes]]:
    """Wire messages of the last half hour of a day, each with its time of arrival."""
    market = SimulatedMarket(SYMBOLS, start=datetime(2026, 3, 2, 14, 30))
    return list(market.messages())


@cache
def quotes() -> pl.DataFrame:
    """Their quotes, as the feed would have them."""
    times, texts = zip(*messages(), strict=True)
    (batch,) = Decoder().decode(texts, [time * 1000 for time in times], connection=1)
    assert isinstance(batch, Batch)
    assert batch.quotes is not None
    return batch.quotes


def bars() -> pl.DataFrame:
    """Minute bars of them."""
    return BARS.apply(quotes())


def wire_lines() -> Iterator[str]:
    """The messages as lines of a recording."""
    for time_ms, text in messages():
        yield json.dumps({"received": time_ms, "frame": json.loads(text)})


def wire_file(path: Path, *more: str) -> Path:
    """Write a recording, with more lines at its end."""
    path.write_text("\n".join([*wire_lines(), *more]) + "\n", encoding="utf-8")
    return path


def parquet_file(path: Path, frame: pl.DataFrame | None = None) -> Path:
    """Write quotes as Parquet, as others do: no type of ours."""
    frame = quotes() if frame is None else frame
    plain = frame.select(
        pl.col("symbol", "region").cast(pl.String),
        pl.col("timestamp").dt.epoch("ms"),
        *("last_price", "prev_close", "open", "high", "low", "volume", "amount"),
    )
    plain.write_parquet(path)
    return path


def same(left: pl.DataFrame, right: pl.DataFrame) -> bool:
    """Whether bars are the same, however their symbols and times are typed, and in any order."""

    def plain(frame: pl.DataFrame) -> pl.DataFrame:
        typed = frame.with_columns(
            pl.col("symbol").cast(pl.String), pl.col("start", "end").dt.epoch("us")
        )
        return typed.sort("symbol", "start")

    return plain(left).equals(plain(right))
