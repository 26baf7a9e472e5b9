"""Recording a feed over real sockets."""

from __future__ import annotations

import errno
import json
import resource
import threading
from typing import TYPE_CHECKING

import polars as pl
import pytest

from tests import data
from tests.tickflow_rx.feeds import SECONDS, A, Events, Rows, book, feed_of, feed_threads, quote
from tests.tickflow_rx.scripted import scripted
from tickflow_rx import Feed, Journal, JournalError, Recorder, events
from tickflow_rx._queue import RawFrame, Tick
from tickflow_rx.journal import Head, JournalWriter, Noted
from tickflow_rx.server import Server, WireRecording

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from websockets.sync.server import ServerConnection


@pytest.fixture
def server() -> Generator[Server]:
    with Server() as running:
        yield running


@pytest.fixture
def feed(server: Server) -> Feed:
    return feed_of(server, quotes=[A], depth=[A])


def publish(server: Server, *volumes: int) -> None:
    assert server.when(lambda now: now.subscriptions == 2).wait(SECONDS)
    for volume in volumes:
        server.publish("quotes", [quote(A, volume=volume, unknown={"kept": True})])


def recorded(folder: Path) -> tuple[list[RawFrame], list[Noted]]:
    journal = Journal(folder)
    records = list(journal.read())
    assert journal.damage == []
    frames = [record for record in records if isinstance(record, RawFrame)]
    return frames, [record for record in records if isinstance(record, Noted)]


def test_all_that_comes_is_kept_as_it_came(server: Server, feed: Feed, tmp_path: Path) -> None:
    raw: list[RawFrame] = []
    feed.raw.subscribe(raw.extend)
    quotes, status = Rows(feed.quotes), Events(feed.status)
    with Recorder(feed, tmp_path) as recorder, feed:
        publish(server, 1, 2)
        server.publish("depth", [book(A)])
        quotes.until_rows(2)
        server.send_raw("no json")
        server.send_raw(b"\x00\xff")
        status.until_event(events.FrameSetAside, 2)
    frames, noted = recorded(tmp_path)
    assert frames == raw
    said = [json.loads(frame.data) for frame in frames[:-2]]
    assert [frame["op"] for frame in said].count("subscribed") == 2
    rows = [row for frame in said if frame["op"] == "quotes" for row in frame["data"]]
    assert [row["volume"] for row in rows] == [1, 2]
    assert rows[0]["unknown"] == {"kept": True}
    assert [event.event for event in noted] == status.kinds()
    stats = recorder.stats()
    assert (stats.frames, stats.events) == (len(frames), len(noted))
    assert stats.bytes == sum(len(frame.data) for frame in raw)
    assert stats.segments == 1


def test_a_lost_connection_is_in_it(server: Server, feed: Feed, tmp_path: Path) -> None:
    quotes, status = Rows(feed.quotes), Events(feed.status)
    with Recorder(feed, tmp_path), feed:
        publish(server, 1)
        quotes.until_rows(1)
        server.drop()
        status.until_event(events.Subscribed, 4)
        publish(server, 2)
        quotes.until(lambda frames: bool(frames) and frames[-1]["volume"][-1] == 2)
    frames, noted = recorded(tmp_path)
    assert {frame.connection for frame in frames} == {1, 2}
    assert Noted(noted[0].time_us, "Gap", {"connection": 2}) in [
        Noted(noted[0].time_us, event.event, event.fields) for event in noted
    ]


def test_ticks_stand_where_they_were_told(feed: Feed, tmp_path: Path) -> None:
    def give(*items: object) -> None:
        feed._delivery.deliver(items)  # pyright: ignore[reportArgumentType, reportPrivateUsage]

    row = json.dumps({"op": "quotes", "data": [quote(A, timestamp=1_000)]}).encode()
    frames = [RawFrame(row, 1_000_000 * k, 1) for k in (1, 2)]
    with Recorder(feed, tmp_path) as recorder:
        give(Tick(999_999), frames[0], Tick(1_500_000))  # the first tells nobody anything
        give(Tick(1_500_001), frames[1], events.Connected(1))
        assert (recorder.stats().frames, recorder.stats().events) == (2, 1)
    records = [record for record in Journal(tmp_path).read() if not isinstance(record, Head)]
    first, *ticks, second, connected = records
    assert [first, second] == frames
    assert ticks == [Noted(time_us, "Tick", {}) for time_us in (1_500_000, 1_500_001)]
    assert isinstance(connected, Noted)
    assert connected.event == "Connected"


def test_flush(feed: Feed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Recorder(feed, tmp_path, flush_every=SECONDS) as recorder:
        feed._delivery.deliver([RawFrame(b'{"op":"quotes","data":[]}', 1, 1)])  # pyright: ignore[reportPrivateUsage]
        assert [r for r in Journal(tmp_path).read() if isinstance(r, RawFrame)] == []
        recorder.flush()
        assert [r for r in Journal(tmp_path).read() if isinstance(r, RawFrame)] != []
        with monkeypatch.context() as patched:
            patched.setattr(JournalWriter, "flush", full)
            with pytest.raises(JournalError, match="No space left"):
                recorder.flush()
        with pytest.raises(JournalError, match="No space left"):
            recorder.flush()
    closed = Recorder(feed, tmp_path / "closed")
    closed.close()
    closed.flush()


def full(_: JournalWriter) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_it_ends_with_the_feed_or_by_itself(server: Server, feed: Feed, tmp_path: Path) -> None:
    recorder = Recorder(feed, tmp_path)
    assert "recording" in repr(recorder)
    with pytest.raises(JournalError, match="another recorder"):
        Recorder(feed, tmp_path)
    first = Recorder(feed, tmp_path / "first")
    quotes = Rows(feed.quotes)
    with feed:
        publish(server, 1)
        quotes.until_rows(1)
        first.close()
        publish(server, 2)
        quotes.until_rows(2)
    assert "tickflow-recorder" not in feed_threads()
    assert "closed" in repr(recorder)
    Recorder(feed_of(server), tmp_path).close()
    assert len([f for f in recorded(tmp_path)[0] if b'"quotes","data"' in f.data]) == 2
    assert len([f for f in recorded(tmp_path / "first")[0] if b'"quotes","data"' in f.data]) == 1


def test_what_is_flushed_can_be_read_while_it_records(
    server: Server, feed: Feed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed = threading.Condition()
    original = JournalWriter.flush

    def flush(self: JournalWriter) -> None:
        original(self)
        with flushed:
            flushed.notify_all()

    monkeypatch.setattr(JournalWriter, "flush", flush)
    quotes = Rows(feed.quotes)
    with Recorder(feed, tmp_path, flush_every=0.01), feed:
        publish(server, 1)
        quotes.until_rows(1)
        with flushed:
            assert flushed.wait(SECONDS)
        found = [record for record in Journal(tmp_path).read() if isinstance(record, RawFrame)]
        assert json.loads(found[-1].data)["data"][0]["volume"] == 1


def test_a_disk_that_is_full_stops_the_recorder_alone(
    server: Server, feed: Feed, tmp_path: Path
) -> None:
    """The limit on a file's size fails writes as a full disk does."""
    quotes, status = Rows(feed.quotes), Events(feed.status)
    recorder = Recorder(feed, tmp_path, flush_every=0.01)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        with feed:
            resource.setrlimit(resource.RLIMIT_FSIZE, (3_000, before[1]))
            count = 0
            while not any(isinstance(e, events.SubscriberFailed) for e in list(status.items)):
                publish(server, count)
                count += 1
                quotes.until_rows(count)
            failed = status.until_event(events.SubscriberFailed)
            publish(server, count)
            quotes.until_rows(count + 1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert failed.source == "raw"
    assert isinstance(failed.error, JournalError)
    assert str(tmp_path) in str(failed.error)
    assert "File too large" in str(failed.error)
    assert recorder.error is failed.error
    assert "stopped" in repr(recorder)
    assert quotes.completed
    recorder.close()
    journal = Journal(tmp_path)
    found = [record for record in journal.read() if isinstance(record, RawFrame)]
    assert len(found) > 2
    assert all(damage.torn for damage in journal.damage)
    Recorder(feed_of(server), tmp_path).close()


def test_a_folder_that_cannot_be_made(server: Server, feed: Feed, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        Recorder(feed, tmp_path / "file")
    with pytest.raises(ValueError, match="flush_every must be above 0 seconds, not 0"):
        Recorder(feed, tmp_path, flush_every=0)


@pytest.mark.parametrize("key", ["s3cret", "s3cret/key+of?mine"])
def test_the_key_never_reaches_the_disk(key: str, tmp_path: Path) -> None:
    def talk(connection: ServerConnection) -> None:
        connection.send(key)
        connection.send(json.dumps({"op": "error", "message": f"not {key}"}))
        connection.send(key.replace("/", r"\/"))
        for _ in connection:
            pass

    with scripted(talk) as script:
        feed = Feed(quotes=[A], api_key=key, base_url=script.url)
        status = Events(feed.status)
        with Recorder(feed, tmp_path), feed:
            status.until_event(events.FrameSetAside, 2)
    frames, noted = recorded(tmp_path)
    assert [frame.data for frame in frames] == [
        b"***",
        b'{"op": "error", "message": "not ***"}',
        b"***",
    ]
    assert "s3cret" not in str(noted)


@pytest.mark.real_data
@pytest.mark.parametrize("name", data.SETS[1:])
def test_a_recorded_day_is_what_the_decoder_saw(name: str, tmp_path: Path) -> None:
    """The wire file through a real socket into a journal, decoded again: the same rows."""
    from tickflow_rx.decoding import Batch, Decoder

    file = data.path(name, "wire.jsonl.gz")
    symbols = data.quotes(name)["symbol"].unique(maintain_order=True).to_list()
    with Server(
        WireRecording(file, speed=None), start_when=lambda c: c.subscriptions == 2 * len(symbols)
    ) as server:
        feed = Feed(quotes=symbols, depth=symbols, api_key="demo", base_url=server.url)
        quotes, depth = Rows(feed.quotes), Rows(feed.depth)
        with Recorder(feed, tmp_path), feed:
            assert server.finished.wait(100)
    frames, _ = recorded(tmp_path)
    decoded = Decoder().decode([f.data for f in frames], [f.received_us for f in frames], 1)
    batches = [batch for batch in decoded if isinstance(batch, Batch)]
    for rows, again in (
        (quotes, [batch.quotes for batch in batches if batch.quotes is not None]),
        (depth, [batch.depth for batch in batches if batch.depth is not None]),
    ):
        assert pl.concat(again).equals(pl.concat(rows.items))
    assert pl.concat(depth.items).height == data.depth(name).height
