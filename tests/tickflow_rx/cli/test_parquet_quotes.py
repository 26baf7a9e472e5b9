"""Quotes from Parquet files as people have them."""

from pathlib import Path

import polars as pl
import pytest

import tickops as ops
from tests.tickflow_rx.cli.quotes import parquet_file, quotes
from tickflow_rx.cli._errors import CommandError
from tickflow_rx.cli._parquet_quotes import ParquetQuotes, parquet_in, read_schema

BASE = ("symbol", "timestamp", "last_price", "high", "low", "volume", "amount")


def read(*paths: Path) -> pl.DataFrame:
    files = ParquetQuotes(list(paths))
    frame = pl.concat(files.frames())
    assert frame.schema == files.schema()
    return frame


def test_only_columns_that_bars_use(tmp_path: Path) -> None:
    frame = read(parquet_file(tmp_path / "q.parquet"))
    assert frame.columns == [*BASE, "prev_close", "region"]
    assert frame.schema["timestamp"] == pl.Datetime("ms", "UTC")
    assert frame["volume"].to_list() == quotes()["volume"].to_list()


def test_what_the_feed_wrote_keeps_its_types(tmp_path: Path) -> None:
    quotes().write_parquet(tmp_path / "q.parquet")
    frame = read(tmp_path / "q.parquet")
    assert frame.schema["symbol"] == ops.SYMBOL
    assert frame.schema["connection"] == pl.UInt32
    assert frame.select(BASE).equals(quotes().select(BASE))


def test_files_may_differ(tmp_path: Path) -> None:
    some = quotes()[:2].select(*BASE)
    shanghai = some.with_columns(
        pl.col("timestamp").dt.cast_time_unit("ns").dt.convert_time_zone("Asia/Shanghai"),
        pl.col("symbol").cast(pl.String),
        pl.col("volume").cast(pl.Int32),
        pl.col("last_price").cast(pl.Float32),
        connection=pl.lit(7, pl.Int8),
        region=pl.lit("HK", pl.Categorical),
    )
    shanghai.write_parquet(tmp_path / "a.parquet")
    some.with_columns(prev_close=pl.lit(1)).write_parquet(tmp_path / "b.parquet")
    frame = read(tmp_path / "a.parquet", tmp_path / "b.parquet")
    assert frame.schema["timestamp"] == pl.Datetime("ns", "Asia/Shanghai")
    assert (
        frame["timestamp"].dt.epoch("ms").to_list()
        == 2 * some["timestamp"].dt.epoch("ms").to_list()
    )
    assert frame["symbol"].to_list() == 2 * some["symbol"].to_list()
    assert frame["region"].to_list() == ["HK", "HK", "CN", "CN"]
    assert frame["connection"].to_list() == [7, 7, 0, 0]
    assert frame["prev_close"].to_list() == [None, None, 1.0, 1.0]


def test_brackets_in_a_name(tmp_path: Path) -> None:
    assert read(parquet_file(tmp_path / "[a]*.parquet")).height == quotes().height


def test_broken_inside(tmp_path: Path) -> None:
    path = parquet_file(tmp_path / "q.parquet")
    whole = path.read_bytes()
    path.write_bytes(whole[:4] + bytes(5000) + whole[5004:])
    with pytest.raises(CommandError, match=r"q\.parquet cannot be read: "):
        list(ParquetQuotes([path]).frames())


def test_a_folder_without_quotes(tmp_path: Path) -> None:
    pl.DataFrame({"symbol": ["A"]}).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(CommandError, match="none of its 1 Parquet files has the columns symbol"):
        parquet_in(tmp_path)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no such file"):
        read_schema(tmp_path / "none.parquet")
