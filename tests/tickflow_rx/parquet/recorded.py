"""Journals made for tests, and their rows as the decoder gives them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from tests.tickflow_rx.decoding import wire
from tickflow_rx import DEPTH, QUOTES, Journal
from tickflow_rx._queue import RawFrame
from tickflow_rx.decoding import Batch, Decoder
from tickflow_rx.journal import JournalWriter

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

START_US = 1_776_735_000_000_000
"""2026-04-21 09:30 in Shanghai, 01:30 UTC."""
DAY_US = 86_400_000_000


def message(*rows: dict[str, Any]) -> bytes:
    """Frame of quotes or of books."""
    op = "depth" if rows and "bid_prices" in rows[0] else "quotes"
    return json.dumps({"op": op, "data": rows}, separators=(",", ":")).encode()


def quotes(count: int, *, at_us: int = START_US, connection: int = 1) -> list[RawFrame]:
    """Frames a millisecond apart: a quote and a book in turn, that can be told from others."""
    frames: list[RawFrame] = []
    for k in range(count):
        now = at_us + 1_000 * k
        row = (wire.quote, wire.book)[k % 2](f"60{k % 7:04d}.SH", timestamp=now // 1_000)
        if k % 2 == 0:
            row |= {"volume": k, "last_price": k / 100}
        frames.append(RawFrame(message(row), now, connection))
    return frames


def record(folder: Path, frames: Iterable[RawFrame], *, segment_bytes: int = 64 << 20) -> None:
    """Write a journal, as one recorder does; a new file is begun between frames alone."""
    writer = JournalWriter(folder, segment_bytes=segment_bytes)
    for frame in frames:
        writer.frames([frame])
        writer.flush()
    writer.close()


def decoded(frames: Sequence[RawFrame]) -> dict[str, pl.DataFrame]:
    """Rows of frames, each decoded by itself."""
    decoder = Decoder()
    found: dict[str, list[pl.DataFrame]] = {
        "quotes": [QUOTES.to_frame()],
        "depth": [DEPTH.to_frame()],
    }
    for frame in frames:
        for item in decoder.decode([frame.data], [frame.received_us], frame.connection):
            if isinstance(item, Batch):
                found["quotes"] += [] if item.quotes is None else [item.quotes]
                found["depth"] += [] if item.depth is None else [item.depth]
    return {name: pl.concat(rows) for name, rows in found.items()}


def frames_of(folder: Path) -> list[RawFrame]:
    """Intact frames of a journal."""
    return [record for record in Journal(folder).read() if isinstance(record, RawFrame)]


def assert_same_bits(got: pl.DataFrame, expected: pl.DataFrame) -> None:
    """Same columns and values; of floats the same bits, so that -0.0 is not 0.0."""
    assert got.schema == expected.schema
    assert got.equals(expected)
    for name, dtype in expected.schema.items():
        if dtype in (pl.Float64, pl.Array(pl.Float64, 5)):
            assert np.array_equal(_bits(got[name]), _bits(expected[name])), name


def _bits(column: pl.Series) -> np.ndarray[Any, np.dtype[np.int64]]:
    flat = column.explode() if isinstance(column.dtype, pl.Array) else column
    return flat.fill_null(0.5).to_numpy().view(np.int64)


def contents(folder: Path) -> dict[str, bytes]:
    """Bytes of all that compaction has written, by path."""
    tops = ("quotes", "depth", "clock", "compacted")
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for top in tops
        for path in sorted(folder.joinpath(top).rglob("*"))
        if path.is_file()
    }
