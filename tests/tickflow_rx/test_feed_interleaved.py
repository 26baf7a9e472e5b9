"""Quotes and books of a feed in one stream, in the order in which the server sent them."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from tests.tickflow_rx.feeds import SECONDS, A, B, Events, Rows, book, feed_of, quote
from tickflow_rx import INTERLEAVED, _connector, _outlets, events
from tickflow_rx.server import Server
from tickops import asof, chain, interleave, spread
from tickops.testing import assert_identical

if TYPE_CHECKING:
    from collections.abc import Generator

    from tickflow_rx import Feed

SENT = [
    ("depth", A), ("quotes", A), ("quotes", B), ("depth", B), ("depth", A), ("quotes", A),
    ("depth", A), ("quotes", B), ("quotes", A), ("depth", B),
] * 3  # fmt: skip


@pytest.fixture
def server() -> Generator[Server]:
    with Server() as running:
        yield running


@pytest.fixture(
    params=[None, 0, -5_000_000],
    ids=["a clock", "a clock that stands still", "a clock that goes back"],
)
def clock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames that come at one moment, or before the frames before them."""
    step_ns: int | None = request.param
    if step_ns is None:
        return
    now_ns, ticks = time.time_ns(), iter(range(10_000))
    odd = SimpleNamespace(time_ns=lambda: now_ns + step_ns * next(ticks), monotonic=time.monotonic)
    monkeypatch.setattr(_connector, "time", odd)


class Held:
    """A subscriber that waits with the first frame, so that the others come together."""

    def __init__(self, feed: Feed) -> None:
        self.started, self.go_on = threading.Event(), threading.Event()
        feed.quotes.subscribe(self._next)

    def _next(self, _: pl.DataFrame) -> None:
        self.started.set()
        self.go_on.wait(SECONDS)


def publish(server: Server, sent: list[tuple[Any, str]]) -> None:
    for volume, (channel, symbol) in enumerate(sent):
        row = quote(symbol, volume=volume) if channel == "quotes" else book(symbol)
        server.publish(channel, [row])


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("behind", [False, True])
def test_rows_are_in_the_order_in_which_they_were_sent(server: Server, *, behind: bool) -> None:
    feed = feed_of(server, quotes=[A, B], depth=[A, B])
    held = Held(feed) if behind else None
    quotes, depth, both = Rows(feed.quotes), Rows(feed.depth), Rows(feed.interleaved)
    with feed:
        assert server.when(lambda now: now.subscriptions == 4).wait(SECONDS)
        publish(server, [("quotes", A)])
        if held:  # before more is sent, which could come to it with the first
            assert held.started.wait(SECONDS)
        publish(server, SENT)
        if held:
            while feed.stats().pending_bytes < len(SENT) * 100:
                assert not both.ends
            held.go_on.set()
        rows = both.until_rows(1 + len(SENT))
    assert rows.select("channel", "symbol").rows() == [("quotes", A), *SENT]
    assert_identical(rows, interleave(quotes=pl.concat(quotes.items), depth=pl.concat(depth.items)))
    assert rows["received"].is_sorted()
    assert rows["received"].is_unique().all()
    assert all(frame.schema == INTERLEAVED for frame in both.items)
    assert len(both.items) < len(SENT) or not behind
    assert both.completed


def test_books_beside_quotes_live_as_in_one_call(server: Server) -> None:
    feed = feed_of(server, quotes=[A, B], depth=[A, B])
    op = chain(asof("depth"), spread())
    rows, joined = Rows(feed.interleaved), Rows(feed.interleaved.pipe(op))
    with feed:
        assert server.when(lambda now: now.subscriptions == 4).wait(SECONDS)
        publish(server, SENT)
        whole = rows.until_rows(len(SENT))
    live = pl.concat(joined.items)
    assert_identical(live, op.apply(whole))
    # B's first quote came before its first book.
    assert live["mid"].is_null().to_list() == [False, True] + [False] * (live.height - 2)


def test_one_channel_alone_has_the_same_columns(server: Server) -> None:
    feed = feed_of(server, quotes=[A], endpoint="quotes")
    both = Rows(feed.interleaved)
    with feed:
        assert server.subscribed().wait(SECONDS)
        server.publish("quotes", [quote(A)])
        rows = both.until_rows(1)
    assert rows.schema == INTERLEAVED
    assert rows["bid_prices"].to_list() == [None]


def test_it_is_not_made_while_nobody_is_subscribed(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []

    def note(**frames: pl.DataFrame) -> pl.DataFrame:
        made.append(frames)
        return interleave(**frames)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(_outlets, "interleave", note)
    feed = feed_of(server, quotes=[A])
    quotes = Rows(feed.quotes)
    with feed:
        assert server.subscribed().wait(SECONDS)
        server.publish("quotes", [quote(A)])
        quotes.until_rows(1)
        assert made == []
        both = Rows(feed.interleaved)
        server.publish("quotes", [quote(A)])
        both.until_rows(1)
        assert len(made) == 1
        both.subscription.dispose()
        server.publish("quotes", [quote(A)])
        quotes.until_rows(3)
    assert len(made) == 1


def test_a_subscriber_that_raises_loses_its_own_subscription(server: Server) -> None:
    feed = feed_of(server, quotes=[A])
    told, quotes = Events(feed.status), Rows(feed.quotes)

    def fail(_: pl.DataFrame) -> None:
        raise KeyError("mine")

    errors: list[Exception] = []
    feed.interleaved.subscribe(fail, errors.append)
    with feed:
        told.until_event(events.Subscribed)
        for _ in range(2):
            server.publish("quotes", [quote(A)])
        quotes.until_rows(2)
        failed = told.until_event(events.SubscriberFailed)
    assert failed.source == "interleaved"
    assert [type(error) for error in errors] == [KeyError]
