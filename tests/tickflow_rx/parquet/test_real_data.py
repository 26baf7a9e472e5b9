"""Days of real data, recorded and compacted: the Parquet of their source, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests import data
from tests.tickflow_rx.decoding import wire
from tests.tickflow_rx.feeds import feed_of
from tests.tickflow_rx.parquet.recorded import assert_same_bits
from tickflow_rx import Recorder, compact, scan_depth, scan_quotes
from tickflow_rx._queue import RawFrame
from tickflow_rx.decoding import Batch, Decoder
from tickflow_rx.journal import JournalWriter
from tickflow_rx.server import Server, WireRecording

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.real_data

BOOK = ("bid_prices", "bid_volumes", "ask_prices", "ask_volumes")


def assert_is_the_source(folder: Path, name: str) -> None:
    """Rows of the compacted journal are those of the source; volumes in lots, nulls as 0."""
    expected = data.quotes(name)
    numbers = ["last_price", "prev_close", "open", "high", "low", "amount", "volume"]
    columns = ["symbol", "timestamp", *numbers]
    by_symbol = ["symbol", "timestamp", "volume", "amount"]
    quotes = scan_quotes(folder).collect().with_columns(pl.col("symbol").cast(pl.String))
    assert_frame_equal(
        quotes.select(columns).sort(by_symbol, maintain_order=True),
        expected.with_columns(pl.col("volume") // 100, pl.col(numbers[:6]).fill_null(0.0))
        .select(columns)
        .sort(by_symbol, maintain_order=True),
        check_exact=True,
    )
    books = scan_depth(folder).collect().with_columns(pl.col("symbol").cast(pl.String))
    lots = pl.col("bid_volumes", "ask_volumes").arr.eval(pl.element() // 100)
    by_time = ["symbol", "timestamp"]
    columns = [*by_time, *BOOK]
    assert_frame_equal(
        books.select(columns).sort(columns),
        data.depth(name).with_columns(lots).select(columns).sort(columns),
        check_exact=True,
    )


@pytest.mark.parametrize("name", data.SETS)
def test_a_recorded_day_is_its_source(name: str, tmp_path: Path) -> None:
    frames, received_us = wire.recorded(name)
    writer = JournalWriter(tmp_path, segment_bytes=500_000)
    writer.frames(map(RawFrame, frames, received_us, [1] * len(frames)))
    writer.close()
    stats = compact(tmp_path)
    assert stats.segments > 1
    assert_is_the_source(tmp_path, name)
    (whole,) = Decoder().decode(frames, received_us, 1)
    assert isinstance(whole, Batch)
    assert whole.quotes is not None
    assert whole.depth is not None
    # The source gives milliseconds: here frames have the same receive time.
    assert_same_bits(scan_quotes(tmp_path).collect(), whole.quotes)
    assert_same_bits(scan_depth(tmp_path).collect(), whole.depth)


def test_recorded_through_a_socket(tmp_path: Path) -> None:
    name = data.SETS[1]
    file = data.path(name, "wire.jsonl.gz")
    symbols = data.quotes(name)["symbol"].unique(maintain_order=True).to_list()
    got: dict[str, list[pl.DataFrame]] = {"quotes": [], "depth": []}
    with Server(
        WireRecording(file, speed=None), start_when=lambda c: c.subscriptions == 2 * len(symbols)
    ) as server:
        feed = feed_of(server, quotes=symbols, depth=symbols)
        feed.quotes.subscribe(got["quotes"].append)
        feed.depth.subscribe(got["depth"].append)
        with Recorder(feed, tmp_path), feed:
            assert server.finished.wait(100)
    assert compact(tmp_path).damage == ()
    assert_is_the_source(tmp_path, name)
    assert_same_bits(scan_quotes(tmp_path).collect(), pl.concat(got["quotes"]))
    assert_same_bits(scan_depth(tmp_path).collect(), pl.concat(got["depth"]))
