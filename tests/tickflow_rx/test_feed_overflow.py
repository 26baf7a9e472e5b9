"""Subscribers that are slower than the feed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from tests.tickflow_rx.feeds import SECONDS, A, Events, Rows, feed_of, feed_threads, quote
from tickflow_rx import FeedOverflowError, events
from tickflow_rx.server import Server

if TYPE_CHECKING:
    from collections.abc import Generator

    import polars as pl

    from tickflow_rx import Feed


@pytest.fixture
def server() -> Generator[Server]:
    with Server() as running:
        yield running
    assert feed_threads() == []


class Held:
    """A subscriber that stops at the first frame until it is let go."""

    def __init__(self, feed: Feed) -> None:
        self.started, self.go_on = threading.Event(), threading.Event()
        feed.quotes.subscribe(self._hold)

    def _hold(self, _: pl.DataFrame) -> None:
        self.started.set()
        self.go_on.wait(SECONDS)


def test_block_loses_nothing(server: Server) -> None:
    feed = feed_of(server, quotes=[A], max_pending_bytes=10_000)
    held = Held(feed)
    quotes, status = Rows(feed.quotes), Events(feed.status)
    with feed:
        assert server.subscribed().wait(SECONDS)
        server.publish("quotes", [quote(A, volume=0)])
        assert held.started.wait(SECONDS)
        # More than the queue and the buffers of the sockets hold.
        count = 100_000
        for start in range(1, count, 1000):
            rows = [quote(A, volume=k) for k in range(start, min(count, start + 1000))]
            server.publish("quotes", rows)
        while not feed.stats().pending_bytes:
            pass
        assert feed.stats().pending_bytes < 5_000_000, "reading has stopped"
        held.go_on.set()
        quotes.until_rows(count)
    assert quotes.column("volume") == [*range(count)]
    overflow = status.until_event(events.Overflow)
    assert (overflow.policy, overflow.dropped_frames) == ("block", 0)
    assert feed.stats().dropped_frames == 0
    assert feed.stats().connections == 1


def test_close_while_reading_has_stopped(server: Server) -> None:
    feed = feed_of(server, quotes=[A], max_pending_bytes=10_000)
    held = Held(feed)
    quotes = Rows(feed.quotes)
    with feed:
        assert server.subscribed().wait(SECONDS)
        server.publish("quotes", [quote(A)])
        assert held.started.wait(SECONDS)
        for _ in range(50):
            server.publish("quotes", [quote(A)] * 1000)
        while feed.stats().pending_bytes < 10_000:
            pass
        closer = threading.Thread(target=feed.close)
        closer.start()
        held.go_on.set()
        closer.join(SECONDS)
        assert not closer.is_alive()
    assert quotes.completed


def test_drop_oldest(server: Server) -> None:
    feed = feed_of(server, quotes=[A], overflow="drop_oldest", max_pending_bytes=10_000)
    held = Held(feed)
    quotes, status = Rows(feed.quotes), Events(feed.status)
    with feed:
        assert server.subscribed().wait(SECONDS)
        server.publish("quotes", [quote(A, volume=0)])
        assert held.started.wait(SECONDS)
        for k in range(1, 501):
            server.publish("quotes", [quote(A, volume=k)])
        while feed.stats().dropped_frames < 400:
            pass
        held.go_on.set()
        quotes.until(lambda frames: bool(frames) and frames[-1]["volume"][-1] == 500)
        status.until_event(events.Overflow)
    volumes = quotes.column("volume")
    stats = feed.stats()
    assert volumes[0] == 0
    assert volumes[1:] == [*range(volumes[1], 501)], "the newest are kept, in order"
    assert stats.dropped_frames == volumes[1] - 1
    assert 100 * stats.dropped_frames < stats.dropped_bytes < 400 * stats.dropped_frames


def test_error(server: Server) -> None:
    feed = feed_of(server, quotes=[A], overflow="error", max_pending_bytes=10_000)
    held = Held(feed)
    quotes, status = Rows(feed.quotes), Events(feed.status)
    with feed:
        assert server.subscribed().wait(SECONDS)
        server.publish("quotes", [quote(A, volume=0)])
        assert held.started.wait(SECONDS)
        for k in range(1, 501):
            server.publish("quotes", [quote(A, volume=k)])
        assert server.when(lambda now: now.open == 0).wait(SECONDS), "it hung up"
        held.go_on.set()
        with pytest.raises(FeedOverflowError, match="max_pending_bytes=10000"):
            feed.wait(SECONDS)
    assert isinstance(quotes.error, FeedOverflowError)
    assert isinstance(status.error, FeedOverflowError)
    volumes = quotes.column("volume")
    assert volumes == [*range(len(volumes))], "what came before is delivered, without a hole"
    assert 10 < len(volumes) < 100
