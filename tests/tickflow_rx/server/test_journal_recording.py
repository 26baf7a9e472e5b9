"""A recorder's journal as a source of the server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.tickflow_rx.feeds import SECONDS, A, B, Rows, feed_of
from tests.tickflow_rx.test_replay import at, books, frame, recorded, tick, whole
from tickflow_rx import JournalError
from tickflow_rx._queue import RawFrame
from tickflow_rx.cli._errors import CommandError
from tickflow_rx.cli._serve import SourceOptions, make_source
from tickflow_rx.server import JournalRecording, Server

if TYPE_CHECKING:
    from pathlib import Path


def test_rows_go_out_as_they_came(tmp_path: Path) -> None:
    strange = b'{"op":"quotes","data":[{"symbol":"600000.SH","new":[1.50]}]}'
    items = [frame(0, A, B), tick(1), books(2, A), RawFrame(strange, at(3), 1)]
    bad = [RawFrame(b"[" * 9_999, at(4), 1), RawFrame(b'{"op":"x"}', at(5), 1)]
    recorded(tmp_path, *items, *bad, RawFrame(b'{"op":"quotes","data":[{}]}', at(6), 1))
    recorded(tmp_path, frame(2.5, A))
    quotes, depth, last, earlier = JournalRecording(tmp_path).batches()
    assert quotes.symbols == [A, B]
    sent = json.loads(frame(0, A, B).data)
    assert [json.loads(row) for row in quotes.rows] == sent["data"]
    assert (depth.channel, depth.time_ms) == ("depth", at(2) // 1_000)
    assert last.rows == [b'{"symbol":"600000.SH","new":[1.50]}']
    assert earlier.time_ms == at(6) // 1_000, "a clock that was set back stops nothing"


def test_a_feed_gets_the_recording(tmp_path: Path) -> None:
    recorded(tmp_path, *(frame(k, A, volume=k) for k in range(3)))
    with Server(JournalRecording(tmp_path, speed=None)) as server:
        feed = feed_of(server, quotes=[A])
        rows = Rows(feed.quotes)
        with feed:
            assert server.finished.wait(SECONDS)
            rows.until_rows(3)
    assert whole(rows.items)["volume"].to_list() == [0, 1, 2]


def test_the_command_takes_a_folder(tmp_path: Path) -> None:
    recorded(tmp_path, frame(0, A))
    source = make_source(str(tmp_path), SourceOptions(speed=10))
    assert source == JournalRecording(tmp_path, speed=10)
    with pytest.raises(CommandError, match="--lot is for Parquet"):
        make_source(str(tmp_path), SourceOptions(lot=100))


def test_what_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="no journal"):
        JournalRecording(tmp_path)
    with pytest.raises(ValueError, match="speed"):
        JournalRecording(tmp_path, speed=0)
