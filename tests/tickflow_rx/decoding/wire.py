"""Frames as a server sends them, and decoded frames as plain rows."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import polars as pl

from tests import data
from tickflow_rx.decoding import Batch, Decoder

if TYPE_CHECKING:
    from tickflow_rx.decoding import Decoded

NEEDED_OF_A_QUOTE = (
    "symbol", "region", "last_price", "prev_close", "open", "high", "low", "volume", "amount",
    "timestamp",
)  # fmt: skip
NEEDED_OF_A_BOOK = (
    "symbol", "region", "timestamp", "bid_prices", "bid_volumes", "ask_prices", "ask_volumes",
)  # fmt: skip
TIME_MS = 1776754802000


def quote(symbol: str = "600000.SH", **fields: Any) -> dict[str, Any]:
    """A quote of the vendor's documentation."""
    ext = {
        "type": "cn_equity",
        "name": "浦发银行",
        "change_pct": -0.006135,
        "change_amount": -0.06,
        "amplitude": 0.010225,
        "turnover_rate": 0.001281,
    }
    row = {
        "symbol": symbol,
        "region": "CN",
        "last_price": 9.72,
        "prev_close": 9.78,
        "open": 9.78,
        "high": 9.78,
        "low": 9.68,
        "volume": 426585,
        "amount": 422430500,
        "timestamp": TIME_MS,
        "ext": ext,
    }
    return row | fields


def book(symbol: str = "600000.SH", **fields: Any) -> dict[str, Any]:
    """A book of the vendor's documentation."""
    row = {
        "symbol": symbol,
        "region": "CN",
        "timestamp": TIME_MS,
        "bid_prices": [9.72, 9.71, 9.7, 9.69, 9.68],
        "bid_volumes": [3192, 3870, 26168, 5849, 5480],
        "ask_prices": [9.73, 9.74, 9.75, 9.76, 9.77],
        "ask_volumes": [74, 1602, 1148, 1209, 1109],
    }
    return row | fields


def frame(op: str, *rows: Any) -> bytes:
    """One message with these rows, printed the way the vendor does."""
    message = {"op": op, "data": list(rows)}
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def with_value(name: str, value: str) -> bytes:
    """A message with one quote or book, one field of which is this piece of JSON."""
    row = book() if name in book() and name not in quote() else quote()
    op = "depth" if "bid_prices" in row else "quotes"
    return frame(op, row | {name: "@@"}).replace(b'"@@"', value.encode("utf-8", "surrogatepass"))


def decode(*frames: bytes) -> list[Decoded]:
    """Decode with a new decoder."""
    return Decoder().decode(frames, [0] * len(frames), 1)


def quotes_of(decoded: list[Decoded]) -> pl.DataFrame:
    """The quotes of one batch, which is all there is."""
    (batch,) = decoded
    assert isinstance(batch, Batch)
    assert batch.quotes is not None
    assert batch.depth is None
    return batch.quotes


def depth_of(decoded: list[Decoded]) -> pl.DataFrame:
    """The books of one batch, which is all there is."""
    (batch,) = decoded
    assert isinstance(batch, Batch)
    assert batch.depth is not None
    assert batch.quotes is None
    return batch.depth


def rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows with times in epoch milliseconds and without what no frame says."""
    plain = frame.drop("received", "connection").with_columns(pl.col("timestamp").dt.epoch("ms"))
    return plain.to_dicts()


def recorded(name: str) -> tuple[list[bytes], list[int]]:
    """Frames of a set of real data as they were sent, and when each came in, epoch µs."""
    frames: list[bytes] = []
    received_us: list[int] = []
    with gzip.open(data.path(name, "wire.jsonl.gz")) as lines:
        for line in lines:
            head, text = line.rstrip().removesuffix(b"}").split(b',"frame":', 1)
            frames.append(text)
            received_us.append(1_000 * int(head.removeprefix(b'{"received":')))
    return frames, received_us
