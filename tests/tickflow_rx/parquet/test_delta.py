"""The same rows as Delta tables."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from tests.tickflow_rx.parquet.recorded import DAY_US, START_US, quotes, record
from tickflow_rx import Journal, compact, scan_depth, scan_quotes
from tickflow_rx.journal import JournalWriter
from tickflow_rx.parquet import scan_clock

if TYPE_CHECKING:
    from pathlib import Path

deltalake: Any = pytest.importorskip("deltalake")


def rows(folder: Path, channel: str) -> pl.DataFrame:
    """Rows of a table in order of arrival, with the columns that it shares with Parquet."""
    time = "time" if channel == "clock" else "received"
    order = ["segment", time, *(["place"] if channel != "clock" else [])]
    return pl.scan_delta(str(folder / channel)).sort(order).collect()


def versions(folder: Path) -> dict[str, int]:
    return {
        path.name: deltalake.DeltaTable(str(path)).version() for path in sorted(folder.iterdir())
    }


def assert_same_rows(data: Path, tables: Path) -> None:
    found = rows(tables, "quotes")
    expected = scan_quotes(data).collect()
    plain = expected.with_columns(
        pl.col(pl.Categorical).cast(pl.String),
        pl.col("timestamp").dt.cast_time_unit("us"),
        pl.col("connection").cast(pl.Int64),
    )
    assert found.drop("place", "segment", "date").equals(plain)
    books = scan_depth(data).select("symbol", pl.col("bid_prices").arr.get(0)).collect()
    found = rows(tables, "depth")
    assert found["symbol"].to_list() == books["symbol"].cast(pl.String).to_list()
    assert found["bid_price_1"].to_list() == books["bid_prices"].to_list()


def test_every_segment_is_put_there_once(tmp_path: Path) -> None:
    data, tables = tmp_path / "data", tmp_path / "tables"
    record(data, quotes(20), segment_bytes=600)
    writer = JournalWriter(data)
    writer.tick(START_US + 1)
    writer.close()
    segments = len(Journal(data).segments())
    assert segments > 2
    assert compact(data, delta=tables).delta_segments == segments
    assert_same_rows(data, tables)
    assert rows(tables, "clock")["time"].to_list() == scan_clock(data).collect()["time"].to_list()
    before = versions(tables)
    assert compact(data, delta=tables).delta_segments == 0
    assert versions(tables) == before
    record(data, quotes(20, at_us=START_US + DAY_US))
    assert compact(data).segments == 1
    assert compact(data, delta=tables).delta_segments == 1
    assert_same_rows(data, tables)
    dates = rows(tables, "quotes")["date"].unique(maintain_order=True)
    assert [str(day) for day in dates] == ["2026-04-21", "2026-04-22"]


def test_a_run_that_was_cut_short_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, tables = tmp_path / "data", tmp_path / "tables"
    record(data, quotes(20), segment_bytes=600)
    original = deltalake.write_deltalake
    done: list[object] = []

    def write(*given: Any, **options: Any) -> None:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(given)
        original(*given, **options)

    with monkeypatch.context() as patched:
        patched.setattr(deltalake, "write_deltalake", write)
        with pytest.raises(KeyboardInterrupt):
            compact(data, delta=tables)
    assert rows(tables, "quotes").height > 0
    compact(data, delta=tables)
    assert_same_rows(data, tables)


def test_a_segment_that_grew_takes_the_place_of_what_it_was(tmp_path: Path) -> None:
    data, tables = tmp_path / "data", tmp_path / "tables"
    record(data, quotes(4))
    writer = JournalWriter(data)
    writer.frames(quotes(4, at_us=START_US + 1_000_000))
    writer.flush()
    segment = Journal(data).segments()[-1]
    as_it_was = segment.read_bytes()
    writer.frames(quotes(6, at_us=START_US + 2_000_000))
    writer.close()
    whole = segment.read_bytes()
    segment.write_bytes(as_it_was)
    compact(data, delta=tables)
    assert rows(tables, "quotes").height == 4
    segment.write_bytes(whole)
    assert compact(data, delta=tables).delta_segments == 1
    assert_same_rows(data, tables)
    assert rows(tables, "quotes").height == 7


def test_without_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(tmp_path, quotes(2))
    monkeypatch.setitem(sys.modules, "deltalake", None)
    with pytest.raises(ImportError, match=r"pip install 'tickflow-rx\[delta\]'"):
        compact(tmp_path, delta=tmp_path / "tables")
    assert not (tmp_path / "quotes").exists()
