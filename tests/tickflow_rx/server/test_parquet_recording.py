import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests import data
from tests.tickflow_rx.server.clients import client
from tickflow_rx.server import Batch, ParquetRecording, Server

T0 = 1_675_214_100_000

QUOTES = {
    "symbol": ["A.SH", "B.SZ", "A.SH"],
    "timestamp": [T0 + 2000, T0, T0],
    "last_price": [85.40999999999998, None, 1.0],
    "prev_close": [1.0, 1.0, 1.0],
    "open": [1.0, 1.0, 1.0],
    "high": [1.0, 1.0, 1.0],
    "low": [1.0, 1.0, 1.0],
    "volume": [12345, None, 99],
    "amount": [422430500.0, 0.0, 0.5],
}
DEPTH = {
    "symbol": ["A.SH"],
    "timestamp": [T0],
    "bid_prices": [[1.5, None]],
    "bid_volumes": [[250, None]],
    "ask_prices": [None],
    "ask_volumes": [[1, 2, 3, 4, 599, 6]],
}


def write(folder: Path, columns: dict[str, list[Any]], name: str = "a.parquet") -> Path:
    path = folder / name
    pl.DataFrame(columns).write_parquet(path)
    return path


def rows(batches: list[Batch]) -> list[dict[str, Any]]:
    return [json.loads(row) for batch in batches for row in batch.rows]


def test_quotes_in_order_of_time(tmp_path: Path) -> None:
    batches = list(ParquetRecording(write(tmp_path, QUOTES), lot=100).batches())
    assert [(b.time_ms, b.channel, list(b.symbols)) for b in batches] == [
        (T0, "quotes", ["B.SZ", "A.SH"]),
        (T0 + 2000, "quotes", ["A.SH"]),
    ]
    assert rows(batches)[2] == {
        "symbol": "A.SH",
        "region": "CN",
        "last_price": 85.40999999999998,
        "prev_close": 1.0,
        "open": 1.0,
        "high": 1.0,
        "low": 1.0,
        "volume": 123,
        "amount": 422430500.0,
        "timestamp": T0 + 2000,
        "ext": {"type": "cn_equity"},
    }
    assert [(row["last_price"], row["volume"]) for row in rows(batches)] == [
        (0.0, 0),
        (1.0, 0),
        (85.40999999999998, 123),
    ]


def test_depth_levels_are_five_with_zeros_for_what_is_missing(tmp_path: Path) -> None:
    quotes, depth = write(tmp_path, QUOTES), write(tmp_path, DEPTH, "d.parquet")
    batches = list(ParquetRecording(quotes, depth, lot=100).batches())
    assert [batch.channel for batch in batches] == ["quotes", "depth", "quotes"]
    (row,) = rows(batches[1:2])
    assert row == {
        "symbol": "A.SH",
        "region": "CN",
        "timestamp": T0,
        "bid_prices": [1.5, 0.0, 0.0, 0.0, 0.0],
        "bid_volumes": [2, 0, 0, 0, 0],
        "ask_prices": [0.0, 0.0, 0.0, 0.0, 0.0],
        "ask_volumes": [0, 0, 0, 0, 5],
    }


def test_frames_as_the_feed_writes_them(tmp_path: Path) -> None:
    """Datetimes, categoricals, arrays, a receive time and ``ext`` as columns."""
    received = [datetime(2023, 2, 1, 1, 15, second, tzinfo=UTC) for second in (5, 3, 4)]
    frame = pl.DataFrame(QUOTES).with_columns(
        pl.col("symbol").cast(pl.Categorical()),
        pl.col("timestamp").cast(pl.Datetime("ms", "UTC")),
        pl.Series("received", received, pl.Datetime("us", "UTC")),
        pl.Series("region", ["CN", None, "US"], pl.Categorical()),
        pl.Series("session", ["regular", None, "halted"]),
        pl.Series("instrument_type", ["cn_equity", None, None]),
        pl.Series("name", ["甲", None, None]),
        pl.Series("change_pct", [0.5, None, None]),
    )
    frame.write_parquet(tmp_path / "q.parquet")
    pl.DataFrame(DEPTH).with_columns(
        pl.lit([1.0] * 5, pl.Array(pl.Float64, 5)).alias("bid_prices")
    ).write_parquet(tmp_path / "d.parquet")
    recording = ParquetRecording(tmp_path / "q.parquet", tmp_path / "d.parquet")
    batches = list(recording.batches())
    assert [b.channel for b in batches] == ["depth", "quotes", "quotes", "quotes"]
    depth, *quotes = rows(batches)
    assert depth["bid_prices"] == [1.0] * 5
    assert [(q["symbol"], q["region"], q["session"], q["ext"]) for q in quotes] == [
        ("B.SZ", "CN", None, {"type": "cn_equity", "name": None, "change_pct": None}),
        ("A.SH", "US", "halted", {"type": "us_equity", "name": None, "change_pct": None}),
        ("A.SH", "CN", "regular", {"type": "cn_equity", "name": "甲", "change_pct": 0.5}),
    ]


def test_arguments(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="quotes and depth"):
        ParquetRecording()
    with pytest.raises(ValueError, match="lot must be at least 1"):
        ParquetRecording("x", lot=0)
    path = write(tmp_path, {name: QUOTES[name] for name in QUOTES if name != "amount"})
    with pytest.raises(ValueError, match="no column 'amount'"):
        ParquetRecording(path).batches()


@pytest.mark.real_data
def test_equals_the_wire_file_of_the_same_rows() -> None:
    """Two recordings of one day: rows per symbol and channel are the same, in the same order."""
    with gzip.open(data.path(data.SZ5, "wire.jsonl.gz")) as file:
        frames = [json.loads(text)["frame"] for text in file if text.strip()]
    recording = ParquetRecording(
        data.path(data.SZ5, "quotes.parquet"), data.path(data.SZ5, "depth.parquet"), lot=100
    )
    expected = _by_series([(f["op"], row) for f in frames for row in f["data"]])
    found = [(b.channel, json.loads(row)) for b in recording.batches() for row in b.rows]
    assert _by_series(found) == expected


@pytest.mark.real_data
def test_replays_through_a_socket() -> None:
    path = data.path(data.SZ5, "quotes.parquet")
    frame = pl.read_parquet(path)
    symbols = frame["symbol"].unique().to_list()
    with Server(ParquetRecording(path, speed=None)) as server, client(server) as it:
        it.subscribe("quotes", symbols)
        heard: list[Any] = []
        while len(heard) < len(frame):
            heard += it.hear()["data"]
        assert server.finished.wait(10)
    volumes = pl.DataFrame(heard).group_by("symbol").agg(pl.col("volume").max()).sort("symbol")
    assert volumes.equals(frame.group_by("symbol").agg(pl.col("volume").max()).sort("symbol"))


def _by_series(rows: list[tuple[str, dict[str, Any]]]) -> dict[tuple[str, str], list[Any]]:
    series: dict[tuple[str, str], list[Any]] = {}
    for channel, row in rows:
        series.setdefault((channel, row["symbol"]), []).append(row)
    return series
