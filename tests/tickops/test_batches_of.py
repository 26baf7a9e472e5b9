"""Batches of a query: in order, bounded, and ended with it."""

import threading
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tickops._batches_of import batches_of


def readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "tickops-scan"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rows.parquet"
    pl.DataFrame({"row": range(100_000)}).write_parquet(path, row_group_size=1_000)
    return path


@pytest.mark.parametrize("rows", [1_000, 7_000, 1_000_000])
def test_all_rows_in_order(file: Path, rows: int) -> None:
    batches = list(batches_of(pl.scan_parquet(file), rows))
    assert_frame_equal(pl.concat(batches), pl.read_parquet(file))
    assert all(batch.height for batch in batches)
    assert not readers()


def test_a_frame_is_a_query_too() -> None:
    frame = pl.DataFrame({"row": range(10)})
    assert_frame_equal(pl.concat(batches_of(frame.lazy(), 3)), frame)
    assert sum(batch.height for batch in batches_of(frame.clear().lazy(), 3)) == 0


def test_no_more_is_read_than_is_taken(file: Path) -> None:
    read = list[int]()

    def noted(frame: pl.DataFrame) -> pl.DataFrame:
        read.append(frame.height)
        return frame

    lazy = pl.scan_parquet(file).map_batches(noted, streamable=True)
    batches = batches_of(lazy, 1_000)
    next(batches)
    (reader,) = readers()
    reader.join(0.2)  # would be long enough to read all
    assert reader.is_alive()
    assert sum(read) < 100_000
    batches.close()
    assert not readers()


def test_an_error_of_the_query_is_the_callers(tmp_path: Path) -> None:
    with pytest.raises(pl.exceptions.ColumnNotFoundError, match="nothing"):
        list(batches_of(pl.DataFrame({"row": [1]}).lazy().select("nothing"), 10))
    with pytest.raises(FileNotFoundError):
        list(batches_of(pl.scan_parquet(tmp_path / "no.parquet"), 10))
    assert not readers()


def test_the_callers_error_ends_the_reader(file: Path) -> None:
    def fail() -> None:
        for _ in batches_of(pl.scan_parquet(file), 1_000):
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        fail()
    assert not readers()
