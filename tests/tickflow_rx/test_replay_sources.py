"""Wire files and compacted Parquet as recordings."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tickops as ops
from tests import data
from tests.tickflow_rx.feeds import SECONDS, A, B, Events, Rows, feed_of, quote
from tests.tickflow_rx.test_replay import (
    BARS,
    assert_same_outputs,
    at,
    books,
    frame,
    items_of,
    recorded,
    replayed,
    tick,
    ticks_of,
    whole,
)
from tickflow_rx import JournalError, TickFlowError, events
from tickflow_rx._replaying import _frames, _parquet
from tickflow_rx._replaying._parquet import whole_frames
from tickflow_rx.parquet import compact
from tickflow_rx.replay import Replay
from tickflow_rx.server import Server
from tickops.testing import assert_identical

if TYPE_CHECKING:
    from pathlib import Path

    from tickflow_rx._queue import RawFrame


def wire_file(path: Path, *frames: RawFrame, extra: str = "") -> Path:
    lines = [
        json.dumps({"received": f.received_us / 1000, "frame": json.loads(f.data)}) for f in frames
    ]
    text = "\n".join([*lines, extra]).encode()
    path.write_bytes(gzip.compress(text) if path.name.endswith(".gz") else text)
    return path


def rows_of(replay: Replay) -> tuple[pl.DataFrame, pl.DataFrame]:
    quotes, depth = Rows(replay.quotes), Rows(replay.depth)
    with replay:
        assert replay.wait(SECONDS)
    return whole(quotes.items), whole(depth.items)


@pytest.mark.parametrize("name", ["day.wire.jsonl", "day.wire.jsonl.gz"])
def test_wire(tmp_path: Path, name: str) -> None:
    items = [frame(0, A, volume=1), books(1, B), frame(2, A, B, volume=2)]
    recorded(tmp_path / "journal", *items)
    path = wire_file(tmp_path / name, *items)
    some: list[dict[str, Any]] = [{}, {"after": at(0)}, {"symbols": [B]}, {"day": "2026-04-21"}]
    for options in some:
        wire, journal = Replay(path, **options), Replay(tmp_path / "journal", **options)
        for ours, theirs in zip(rows_of(wire), rows_of(journal), strict=True):
            assert_identical(ours, theirs)
        assert wire.fraction == 1.0
        assert wire.stats().frames == journal.stats().frames


def test_what_is_no_frame_in_a_wire_file(tmp_path: Path) -> None:
    path = tmp_path / "day.jsonl"
    lines: list[Any] = [
        {"received": 1, "frame": {"op": "subscribed", "channel": "depth", "symbols": [A]}},
        {"received": 2, "frame": {"op": "nonsense"}},
        {"frame": {}},
    ]
    path.write_text("\n".join(map(json.dumps, lines)) + "\n\nno json\n")
    replay = Replay(path)
    status = Events(replay.status)
    with replay:
        replay.wait(SECONDS)
    subscribed, set_aside, _ = status.items
    assert subscribed == events.Subscribed("depth", (A,), 1)
    assert isinstance(set_aside, events.FrameSetAside)
    assert (replay.stats().set_aside, replay.stats().problems) == (3, 1)


def test_a_file_that_is_no_recording(tmp_path: Path) -> None:
    path = tmp_path / "day.jsonl"
    path.write_bytes(b"\x28\xb5\x2f\xfd\n\x00\n")
    with Replay(path) as replay, pytest.raises(TickFlowError, match="is no recording: line 1"):
        replay.wait(SECONDS)


def test_a_wire_file_that_breaks_off(tmp_path: Path) -> None:
    path = wire_file(tmp_path / "day.jsonl.gz", *(frame(k, A, volume=k) for k in range(50)))
    path.write_bytes(path.read_bytes()[:-30])
    replay = Replay(path)
    rows = Rows(replay.quotes)
    with replay, pytest.raises(TickFlowError, match="cannot be read after line"):
        replay.wait(SECONDS)
    assert isinstance(rows.error, TickFlowError)


def test_frames_of_one_time_stay_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_frames, "_BYTES", 1)
    path = wire_file(
        tmp_path / "day.jsonl", frame(0, A), frame(0, B), frame(1, A), frame(1, B), frame(0.5, A)
    )
    replay = Replay(path)
    rows, both = Rows(replay.quotes), Rows(replay.interleaved)
    with replay:
        assert replay.wait(SECONDS)
    assert [frame["symbol"].to_list() for frame in rows.items] == [[A, B], [A, B], [A]]
    assert len(both.items) == 3


# Parquet.


def compacted(folder: Path, *items: Any) -> Path:
    """Parquet, with the journal that it is made of."""
    recorded(folder, *items)
    compact(folder)
    return folder


@pytest.mark.parametrize("rows", [1, 7, 200_000])
def test_parquet_is_the_journal_again(
    tmp_path: Path, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_parquet, "_ROWS", rows)
    folder = compacted(tmp_path, *items_of(5, 60))
    assert_same_outputs(replayed(folder, source="parquet"), replayed(folder))
    journal, parquet = Replay(folder), Replay(folder, source="parquet")
    ticks = [ticks_of(replay) for replay in (journal, parquet)]
    for ours, theirs in zip(rows_of(parquet), rows_of(journal), strict=True):
        assert_identical(ours, theirs)
    assert ticks[0].items == ticks[1].items
    assert ticks[0].items
    assert parquet.fraction == 1.0


def test_parquet_alone_is_found(tmp_path: Path) -> None:
    compacted(tmp_path, frame(0, A, volume=1), tick(1), frame(2, A, volume=2))
    for path in (tmp_path / "journal").rglob("*"):
        if path.is_file():
            path.unlink()
    for path in sorted((tmp_path / "journal").rglob("*"), reverse=True):
        path.rmdir()
    (tmp_path / "journal").rmdir()
    quotes, depth = rows_of(Replay(tmp_path))
    assert quotes["volume"].to_list() == [1, 2]
    assert depth.is_empty()
    with pytest.raises(JournalError), Replay(tmp_path, source="journal"):
        pass


@pytest.mark.parametrize(
    "options",
    [
        {"after": at(3)},
        {"after": at(99)},
        {"symbols": [B]},
        {"day": "2026-04-20"},
        {"day": "2026-04-21", "symbols": [A], "after": at(1)},
    ],
)
def test_parts_of_parquet(tmp_path: Path, options: dict[str, Any]) -> None:
    us = frame(2.5, "AAPL.US", region="US")
    items = [frame(0, A), tick(1), frame(2, A, B), us, books(3, A, B), tick(4), frame(5, B)]
    folder = compacted(tmp_path, *items)
    assert_same_outputs(replayed(folder, source="parquet", **options), replayed(folder, **options))
    parquet = Replay(folder, source="parquet", **options)
    assert rows_of(parquet)[0].height == rows_of(Replay(folder, **options))[0].height
    assert parquet.fraction == (None if "symbols" in options else 1.0)


def test_parquet_and_then_live(tmp_path: Path) -> None:
    folder = compacted(tmp_path, frame(0, A, volume=1), frame(1, A, volume=2, connection=4))
    with Server() as server:
        feed = feed_of(server, quotes=[A])
        replay = Replay(folder, source="parquet", after=at(9), then=feed)
        rows = Rows(replay.quotes)
        with replay:
            assert server.when(lambda now: now.subscriptions == 1).wait(SECONDS)
            server.publish("quotes", [quote(A, volume=5)])
            rows.until_rows(1)
    assert (rows.column("volume"), rows.column("connection")) == ([5], [5])
    assert replay.stats().set_aside == 0


def test_parquet_in_time(tmp_path: Path) -> None:
    folder = compacted(tmp_path, frame(0, A, volume=0), books(0.25, A), tick(0.5), frame(1, A))
    replay = Replay(folder, source="parquet", speed=1e6)
    rows, depth = Rows(replay.quotes), Rows(replay.depth)
    with replay:
        assert replay.wait(SECONDS)
    assert len(rows.items) == 2
    assert len(depth.items) == 1
    assert replay.position == datetime.fromtimestamp(at(1) / 1e6, UTC)


def table(received: list[int]) -> pl.DataFrame:
    times = pl.Series("received", received, pl.Int64).cast(pl.Datetime("us", "UTC"))
    return pl.DataFrame([times, pl.Series("row", range(len(received)), pl.Int64)])


@settings(max_examples=200, deadline=None)
@given(
    steps=st.lists(st.sampled_from([0, 0, 0, 1, 5, -3]), max_size=40),
    cuts=st.lists(st.integers(0, 40)),
)
def test_whole_frames(steps: list[int], cuts: list[int]) -> None:
    """No time of arrival is in two frames, in none of them it goes back, and no row is lost."""
    received = [1_000 + sum(steps[: k + 1]) for k in range(len(steps))]
    rows = table(received)
    edges = [0, *sorted(min(cut, len(steps)) for cut in cuts), len(steps)]
    batches = [rows[a:b] for a, b in pairwise(edges)]
    frames = list(whole_frames(iter(batches)))
    assert pl.concat([rows.clear(), *frames])["row"].to_list() == list(range(len(steps)))
    for one, other in pairwise(frames):
        assert one["received"][-1] != other["received"][0]
    assert all(frame["received"].is_sorted() and frame.height for frame in frames)


@pytest.mark.real_data
def test_real_days() -> None:
    name = data.LARGE
    path = data.path(name, "wire.jsonl.gz")
    replay = Replay(path)
    outputs = {"bars": Rows(replay.quotes.pipe(BARS))}
    quotes, _ = rows_of(replay)
    assert quotes.height == data.quotes(name).height
    assert_identical(whole(outputs["bars"].items), BARS.apply(quotes))
    one = Replay(path, day=quotes["timestamp"][0].date(), symbols=[quotes["symbol"][0]])
    made = Rows(one.quotes.pipe(ops.deltas()))
    of_one, _ = rows_of(one)
    assert 0 < of_one.height < quotes.height
    assert_identical(whole(made.items), ops.deltas().apply(of_one))
