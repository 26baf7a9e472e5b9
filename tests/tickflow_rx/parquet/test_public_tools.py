"""Compacted files as pandas and pyarrow see them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.tickflow_rx.decoding import wire
from tests.tickflow_rx.parquet.recorded import START_US, message, quotes, record
from tickflow_rx import compact, scan_quotes
from tickflow_rx._queue import RawFrame
from tickflow_rx.parquet import _parts

if TYPE_CHECKING:
    from pathlib import Path

pandas: Any = pytest.importorskip("pandas")
pq: Any = pytest.importorskip("pyarrow.parquet")


def test_pandas_and_pyarrow_read_it_as_it_is(tmp_path: Path) -> None:
    book = wire.book(bid_prices=[9.7, -0.0], ask_volumes=None, region="HK")
    frames = [
        RawFrame(message(wire.quote(name="浦发"), wire.quote("000001.SZ", ext=None)), START_US, 7),
        RawFrame(message(book), START_US + 1, 7),
    ]
    record(tmp_path, frames)
    compact(tmp_path)
    day = "date=2026-04-21/2026-04-21-000001-0001.parquet"
    books = pandas.read_parquet(tmp_path / "depth" / day).iloc[0].to_dict()
    assert books["symbol"] == "600000.SH"
    assert books["region"] == "HK"
    assert [books[f"bid_price_{level}"] for level in range(1, 6)] == [9.7, -0.0, 0.0, 0.0, 0.0]
    assert [books[f"ask_volume_{level}"] for level in range(1, 6)] == [0] * 5
    table = pq.read_table(tmp_path / "quotes" / day)
    assert {str(table.schema.field(name).type) for name in ("symbol", "region", "session")} == {
        "large_string"
    }
    assert table.column("symbol").to_pylist() == ["600000.SH", "000001.SZ"]
    assert table.column("instrument_type").to_pylist() == ["cn_equity", None]
    assert table.column("place").to_pylist() == [0, 1]
    whole = pl.read_parquet(tmp_path / "quotes/**/*.parquet", hive_partitioning=True)
    assert_frame_equal(
        whole.select("symbol", "volume", "connection"),
        scan_quotes(tmp_path).select(pl.col("symbol").cast(pl.String), "volume", "connection")
        .collect(),
    )  # fmt: skip
    assert whole["date"].to_list() == [date(2026, 4, 21)] * 2


def test_row_groups_can_be_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_parts, "_GROUP_ROWS", 10)
    record(tmp_path, quotes(80))
    compact(tmp_path)
    (path,) = tmp_path.glob("quotes/*/*.parquet")
    groups = pq.ParquetFile(path).metadata
    assert groups.num_row_groups == 4
    ends: list[tuple[object, object]] = []
    for number in range(4):
        columns = [groups.row_group(number).column(place) for place in range(3)]
        assert [column.path_in_schema for column in columns] == ["symbol", "timestamp", "received"]
        assert columns[0].has_dictionary_page
        assert {column.compression for column in columns} == {"ZSTD"}
        assert columns[0].statistics.min == "600000.SH"
        received = columns[2].statistics
        ends.append((received.min, received.max))
    expected = scan_quotes(tmp_path).collect()["received"]
    assert ends == [(expected[k], expected[k + 9]) for k in range(0, 40, 10)]
