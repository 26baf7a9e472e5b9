"""The table of bad input, through a real socket."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import pytest

from tests.tickflow_rx.feeds import SECONDS, A, B, Events, Rows, book, feed_of, feed_threads, quote
from tickflow_rx import events
from tickflow_rx.server import Server

if TYPE_CHECKING:
    from collections.abc import Generator

    from tickflow_rx import Feed


@pytest.fixture
def server() -> Generator[Server]:
    with Server() as running:
        yield running
    assert feed_threads() == []


class Running:
    """A feed that is subscribed, and what it delivers."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.quotes, self.depth = Rows(feed.quotes), Rows(feed.depth)
        self.status = Events(feed.status)

    def set_aside(self, count: int = 1) -> events.FrameSetAside:
        return self.status.until_event(events.FrameSetAside, count)


@pytest.fixture
def running(server: Server) -> Generator[Running]:
    feed = feed_of(server, quotes=[A], depth=[A])
    of = Running(feed)
    with feed:
        of.status.until_event(events.Subscribed, 2)
        yield of
        # Whatever happened, the stream goes on, on the same connection.
        server.publish("quotes", [quote(A, volume=424242)])
        of.quotes.until(lambda frames: 424242 in frames[-1]["volume"] if frames else False)
        assert feed.stats().connections == 1
    assert of.quotes.completed


def message(op: str, **members: object) -> str:
    return json.dumps({"op": op, **members})


BAD = [
    "hello",
    "",
    "null",
    "[]",
    "{}",
    '{"op":"quotes"}',
    '{"op":"quotes","data":{}}',
    '{"op":"trades","data":[]}',
    '{"op":7}',
    message("quotes", data=[quote(A, last_price="9.72")]),
    message("quotes", data=[quote(A, volume=1.5)]),
    message("quotes", data=[quote(A, timestamp=10**18)]),
    message("quotes", data=[{"symbol": A}]),
    message("quotes", data=[quote(A, last_price=float("nan"))]),
    message("quotes", data=[quote(A, amount=float("inf"))]),
    message("depth", data=[book(A, bid_prices="none")]),
    message("depth", data=[book(A, ask_volumes=[1, "2"])]),
    message("quotes", data=[quote("\ud800")]),
    "[" * 100_000,
    message("quotes", data=[quote(A)]) + ",",
]


@pytest.mark.parametrize("text", BAD, ids=[str(k) for k, _ in enumerate(BAD)])
def test_a_bad_frame_is_set_aside(running: Running, server: Server, text: str) -> None:
    server.send_raw(text)
    event = running.set_aside()
    assert event.start == text[:200]
    assert event.reason
    assert event.total == 1
    assert running.feed.stats().set_aside == 1


def test_bad_frames_are_counted_and_the_others_pass_in_order(
    running: Running, server: Server
) -> None:
    for k, text in enumerate(BAD):
        server.publish("quotes", [quote(A, volume=k)])
        server.send_raw(text)
    assert running.set_aside(len(BAD)).total == len(BAD)
    assert running.quotes.until_rows(len(BAD))["volume"].to_list() == [*range(len(BAD))]
    totals = [e.total for e in running.status.items if isinstance(e, events.FrameSetAside)]
    assert totals == [*range(1, len(BAD) + 1)]


def test_binary_frames(running: Running, server: Server) -> None:
    server.send_raw(message("quotes", data=[quote(A)]).encode())
    event = running.set_aside()
    assert event.reason == "a binary frame: messages are text"
    assert event.start == message("quotes", data=[quote(A)])[:200]
    server.send_raw(b"\xff\x00\x01")
    assert running.set_aside(2).start == "\N{REPLACEMENT CHARACTER}\0\1"


def test_text_frames_that_are_no_utf8() -> None:
    from tests.tickflow_rx.scripted import scripted
    from tickflow_rx import Feed

    def talk(connection: object) -> None:
        from websockets.sync.server import ServerConnection

        assert isinstance(connection, ServerConnection)
        connection.send(b'{"op":"\xff\xfe"}', text=True)
        for _ in connection:
            pass

    with scripted(talk) as script:
        feed = Feed(api_key="key", base_url=script.url)
        told = Events(feed.status)
        with feed:
            assert "utf-8" in told.until_event(events.FrameSetAside).reason


def test_a_20_mb_frame(running: Running, server: Server) -> None:
    server.send_raw(message("quotes", data=[quote(A, name="x" * (20 << 20))]))
    event = running.set_aside()
    assert "16777216" in event.reason
    assert len(event.start) == 200


def test_a_frame_just_below_the_largest(running: Running, server: Server) -> None:
    server.send_raw(message("quotes", data=[quote(A, more="x" * (15 << 20))]))
    assert running.quotes.until_rows(1)["symbol"].to_list() == [A]


ACCEPTED = [
    quote(A, more=1, other=[{"a": None}]),
    quote(A, ext=None),
    quote(A, ext={"type": "crypto", "name": None, "moon": True}),
    quote(A, region="MARS"),
    quote(A, session="siesta"),
    quote(A, session=None),
    quote(A, volume=426585.0),
]


@pytest.mark.parametrize("row", ACCEPTED, ids=[str(k) for k, _ in enumerate(ACCEPTED)])
def test_what_is_new_is_accepted(running: Running, server: Server, row: dict[str, object]) -> None:
    server.send_raw(message("quotes", data=[row], sent=123))
    rows = running.quotes.until_rows(1)
    assert rows["volume"].to_list() == [426585]
    assert running.feed.stats().set_aside == 0


@pytest.mark.parametrize("prices", [[], [1.5], [1.5, None], [9, 8, 7, 6, 5, 4, 3], None])
def test_lists_of_any_length(
    running: Running, server: Server, prices: list[float | None] | None
) -> None:
    server.send_raw(message("depth", data=[book(A, bid_prices=prices)]))
    got = running.depth.until_rows(1)["bid_prices"][0].to_list()
    assert got == ([price or 0.0 for price in prices or []] + [0.0] * 5)[:5]


@pytest.mark.parametrize("op", ["quotes", "depth"])
def test_empty_data(running: Running, server: Server, op: str) -> None:
    server.send_raw(message(op, data=[]))
    server.send_raw("end")
    running.set_aside()
    assert running.quotes.items == running.depth.items == []


def test_symbols_never_asked_for(running: Running, server: Server) -> None:
    server.send_raw(message("quotes", data=[quote(B)]))
    assert running.quotes.until_rows(1)["symbol"].to_list() == [B]


def test_no_subscription(server: Server) -> None:
    feed = feed_of(server)
    of = Running(feed)
    with feed:
        of.status.until_event(events.Connected)
        server.publish("quotes", [quote(A)])
        assert server.when(lambda now: now.open == 1).wait(SECONDS)
    assert server.counters.commands == 0
    assert of.quotes.items == []
    assert of.status.kinds() == ["Connecting", "Connected", "Disconnected", "Closed"]


def test_answers_to_nothing(running: Running, server: Server) -> None:
    server.send_raw('{"op":"subscribed"}')
    server.send_raw('{"op":"subscribed","channel":"news","symbols":null,"total":null}')
    server.send_raw('{"op":"error"}')
    assert running.status.until_event(events.Subscribed, 4) == events.Subscribed("news", (), 0)
    assert running.status.until_event(events.ServerError) == events.ServerError("no message")


def test_much_of_it_while_a_subscriber_is_slow(running: Running, server: Server) -> None:
    go_on = threading.Event()

    def hold(_: object) -> None:
        go_on.wait(SECONDS)

    running.feed.quotes.subscribe(hold)
    server.publish("quotes", [quote(A)])
    for _ in range(500):
        server.send_raw("bad")
    go_on.set()
    assert running.set_aside(500).total == 500
