"""A feed and connections that break, are refused, or come back."""

from __future__ import annotations

import json
import random
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.tickflow_rx.feeds import (
    FAST,
    SECONDS,
    A,
    B,
    Events,
    Rows,
    book,
    feed_of,
    feed_threads,
    quote,
)
from tests.tickflow_rx.scripted import accept, refuse, scripted
from tickflow_rx import AuthenticationError, Feed, events
from tickflow_rx.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    import polars as pl
    from websockets.sync.server import ServerConnection


@pytest.fixture(autouse=True)
def nothing_is_left() -> Generator[None]:
    yield
    assert feed_threads() == []


@pytest.fixture
def server() -> Generator[Server]:
    with Server() as running:
        yield running


def stay(connection: ServerConnection) -> None:
    """Hold a connection until the client ends it."""
    for _ in connection:
        pass


# Subscriptions.


def test_subscribing_while_it_runs(server: Server) -> None:
    feed = feed_of(server)
    quotes, status = Rows(feed.quotes), Events(feed.status)
    with feed:
        status.until_event(events.Connected)
        feed.subscribe("quotes", [A])
        assert status.until_event(events.Subscribed).symbols == (A,)
        feed.subscribe("quotes", [B, A])
        assert set(status.until_event(events.Subscribed, 2).symbols) == {A, B}
        feed.subscribe("quotes", [A, B])  # nothing new: no command
        feed.unsubscribe("quotes", [A])
        assert status.until_event(events.Subscribed, 3).symbols == (B,)
        server.publish("quotes", [quote(A), quote(B)])
        assert quotes.until_rows(1)["symbol"].to_list() == [B]
    assert server.counters.commands == 3


def test_many_threads_subscribe(server: Server) -> None:
    feed = feed_of(server)
    symbols = [f"{k:06}.SZ" for k in range(400)]
    told = Events(feed.status)

    def subscribe(seed: int) -> None:
        for symbol in random.Random(seed).sample(symbols, len(symbols)):
            feed.subscribe("quotes", [symbol])

    with feed:
        told.until_event(events.Connected)
        threads = [threading.Thread(target=subscribe, args=[seed]) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert server.when(lambda now: now.subscriptions == len(symbols)).wait(SECONDS)
    assert server.counters.commands == len(symbols), "each was asked for once"
    assert server.counters.errors == 0


def test_a_subscriber_subscribes(server: Server) -> None:
    feed = feed_of(server, quotes=[A])
    depth = Rows(feed.depth)
    feed.quotes.subscribe(lambda _: feed.subscribe("depth", [A]))
    with feed:
        assert server.subscribed().wait(SECONDS)
        server.publish("depth", [book(A)])
        server.publish("quotes", [quote(A)])
        depth.until_rows(1)


def test_one_command_for_5400_symbols(server: Server) -> None:
    feed = feed_of(server, quotes=[f"{k:06}.SZ" for k in range(5400)])
    with feed:
        assert server.when(lambda now: now.subscriptions == 5400).wait(SECONDS)
    assert server.counters.commands == 1


def test_refused_commands_are_events() -> None:
    with Server(keys={"demo": ["quotes"]}, max_symbols=1) as server:
        feed = feed_of(server, quotes=[A], depth=[A])
        quotes, status = Rows(feed.quotes), Events(feed.status)
        with feed:
            assert status.until_event(events.ServerError) == events.ServerError(
                "no permission for channel: depth", "depth"
            )
            feed.subscribe("quotes", [B])
            refused = status.until_event(events.ServerError, 2)
            assert refused == events.ServerError("exceeded max 1 symbols", "quotes")
            server.publish("quotes", [quote(A)])
            quotes.until_rows(1)


def test_compression_is_offered_and_understood() -> None:
    offered: list[str] = []

    def talk(connection: ServerConnection) -> None:
        assert connection.request is not None
        offered.append(connection.request.headers["Sec-WebSocket-Extensions"])
        assert [extension.name for extension in connection.protocol.extensions] == [
            "permessage-deflate"
        ]
        connection.send(json.dumps({"op": "quotes", "data": [quote(A)] * 100}))
        stay(connection)

    with scripted(talk, compression="deflate") as script:
        feed = Feed(api_key="key", base_url=script.url)
        quotes = Rows(feed.quotes)
        with feed:
            quotes.until_rows(100)
    assert "permessage-deflate" in offered[0]


def test_messages_in_fragments_and_right_after_the_handshake() -> None:
    message = json.dumps({"op": "quotes", "data": [quote(A), quote(B)]})

    def talk(connection: ServerConnection) -> None:
        connection.send(message)
        connection.send([message[:50], message[50:51], "", message[51:]])
        connection.send(message)
        stay(connection)

    with scripted(talk) as script:
        feed = Feed(api_key="key", base_url=script.url)
        quotes = Rows(feed.quotes)
        with feed:
            assert quotes.until_rows(6)["symbol"].to_list() == [A, B] * 3


# Refused.


@pytest.mark.parametrize("status", [401, 403, 404])
@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("", "no reason given"),
        ('{"code": 7, "message": "key has expired"}', "key has expired"),
        ('{"error": "go away"}', "go away"),
        ("<html>nginx\n\n</html>", "<html>nginx </html>"),
        ("[1, 2]", "[1, 2]"),
        ("x" * 1000, "x" * 200),
        ('{"message": null}', "null"),
    ],
)
def test_a_refused_key(status: int, body: str, says: str) -> None:
    with scripted(stay, refuse(status, body)) as script:
        feed = Feed(quotes=[A], api_key="wrong", base_url=script.url, reconnect_delay=FAST)
        collected = [Rows(feed.quotes), Rows(feed.depth), Rows(feed.symbol(A).quotes)]
        told = Events(feed.status)
        with feed, pytest.raises(AuthenticationError) as raised:
            feed.wait(SECONDS)
        assert len(script.requests) == 1, "no second attempt"
    text = str(raised.value)
    for part in (f"HTTP {status}", says, "api_key=", "TICKFLOW_API_KEY"):
        assert part in text
    assert "x" * 201 not in text
    for end in (*collected, told):
        assert end.error is raised.value
        assert not end.completed
    assert told.kinds() == ["Connecting", "Closed"]


def test_a_wrong_key_for_the_server(server: Server) -> None:
    feed = feed_of(server, quotes=[A], api_key="wrong")
    with feed, pytest.raises(AuthenticationError, match="401"):
        feed.wait(SECONDS)
    assert server.counters.refused == 1


def test_a_key_that_is_refused_later() -> None:
    def once(connection: ServerConnection) -> None:
        connection.send(json.dumps({"op": "quotes", "data": [quote(A)]}))

    with scripted(once, accept, refuse(403)) as script:
        feed = Feed(quotes=[A], api_key="key", base_url=script.url, reconnect_delay=FAST)
        quotes = Rows(feed.quotes)
        with feed, pytest.raises(AuthenticationError, match="403"):
            feed.wait(SECONDS)
    assert quotes.column("symbol") == [A]


def test_refused_in_a_running_event_loop(server: Server) -> None:
    import asyncio

    async def run() -> None:
        feed = feed_of(server, quotes=[A], api_key="wrong")
        quotes = Rows(feed.quotes)
        async with feed:
            with pytest.raises(AuthenticationError, match="401"):
                await feed.wait_async(SECONDS)
        assert isinstance(quotes.error, AuthenticationError)

    asyncio.run(run())


# Broken, and made again.


@pytest.mark.parametrize("status", [429, 500, 502, 503, 418])
def test_other_answers_are_tried_again(status: int) -> None:
    with scripted(stay, refuse(status, "busy"), refuse(status), accept) as script:
        feed = Feed(api_key="key", base_url=script.url, reconnect_delay=FAST)
        told = Events(feed.status)
        with feed:
            assert told.until_event(events.Connected) == events.Connected(1)
            first = told.until_event(events.Disconnected)
            assert f"HTTP {status}: busy" in first.reason
    assert told.kinds()[:5] == ["Connecting", "Disconnected"] * 2 + ["Connecting"]
    attempts = [event.attempt for event in told.items if isinstance(event, events.Connecting)]
    assert attempts == [1, 2, 3]


def test_nobody_listens() -> None:
    feed = Feed(api_key="key", base_url="http://127.0.0.1:1", reconnect_delay=FAST)
    told = Events(feed.status)
    with feed:
        gone = told.until_event(events.Disconnected, 3)
    assert gone.retry_in is not None
    assert "refused" in gone.reason.lower() or "connect" in gone.reason.lower()


def test_what_is_no_websocket_server() -> None:
    import socket

    def serve_garbage(listening: socket.socket) -> None:
        for _ in range(2):
            connection, _address = listening.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"220 smtp.example ready\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve_garbage, args=[listening])
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        feed = Feed(api_key="key", base_url=url, reconnect_delay=FAST)
        told = Events(feed.status)
        with feed:
            assert told.until_event(events.Disconnected, 2).reason
            thread.join(SECONDS)


def test_everything_is_subscribed_again_and_the_gap_is_told(server: Server) -> None:
    feed = feed_of(server, quotes=[A], depth=[A, B])
    quotes, told = Rows(feed.quotes), Events(feed.status)
    with feed:
        told.until_event(events.Subscribed, 2)
        feed.subscribe("quotes", [B])
        told.until_event(events.Subscribed, 3)
        server.drop()
        assert told.until_event(events.Gap) == events.Gap(2)
        told.until_event(events.Subscribed, 5)
        server.publish("quotes", [quote(B)])
        assert quotes.until_rows(1)["connection"].to_list() == [2]
    kinds = told.kinds()
    again = kinds[kinds.index("Disconnected") :]
    assert again[:4] == ["Disconnected", "Connecting", "Connected", "Gap"]
    assert feed.stats().connections == 2


@pytest.mark.parametrize("code", [None, 1000, 1001, 1011, 1013, 4000])
def test_any_way_to_end_a_connection_leads_to_another(server: Server, code: int | None) -> None:
    feed = feed_of(server, quotes=[A])
    told = Events(feed.status)
    with feed:
        told.until_event(events.Subscribed)
        server.drop(code)
        gone = told.until_event(events.Disconnected)
        assert (str(code) if code else "no close frame") in gone.reason
        told.until_event(events.Subscribed, 2)


def test_waits_grow_also_when_the_server_accepts_and_closes_at_once() -> None:
    with scripted() as script:
        feed = Feed(api_key="key", base_url=script.url, reconnect_delay=(1e-4, 2e-3))
        told = Events(feed.status)
        with feed:
            told.until_event(events.Disconnected, 12)
    waits = [event.retry_in for event in told.items if isinstance(event, events.Disconnected)]
    for k, wait in enumerate(waits[:12]):
        most = min(2e-3, 1e-4 * 2**k)
        assert wait is not None
        assert most / 2 <= wait <= most
    assert len(set(waits[6:12])) > 1, "at random"


def test_killed_and_restarted_ten_times() -> None:
    """Rows come once, numbered connections say where some may be missing, nothing is left."""
    volume = 0
    with Server() as server:
        feed = feed_of(server, quotes=[A])
        quotes, told = Rows(feed.quotes), Events(feed.status)
        with feed:
            for life in range(1, 12):
                assert told.until_event(events.Connected, life).connection == life
                assert server.subscribed().wait(SECONDS)
                before = sum(map(len, quotes.items))
                for _ in range(5):
                    volume += 1
                    server.publish("quotes", [quote(A, volume=volume)])
                # The snapshot of the last row comes again with each subscription.
                quotes.until(
                    lambda frames, wanted=volume: wanted in [v for f in frames for v in f["volume"]]
                )
                assert sum(map(len, quotes.items)) - before >= 5
                if life < 11:
                    server.stop(abort=True)
                    told.until_event(events.Disconnected, life)
                    server.start()
        rows = [*zip(quotes.column("connection"), quotes.column("volume"), strict=True)]
    assert [number for _, number in dict.fromkeys(rows)] == sorted(number for _, number in rows)
    assert len(set(rows)) == len(rows), "nothing twice"
    for life in range(1, 12):
        new = [number for connection, number in rows if connection == life]
        last_of_before = [5 * life - 5] if life > 1 else []
        assert new == [*last_of_before, *range(5 * life - 4, 5 * life + 1)]
    gaps = [event.connection for event in told.items if isinstance(event, events.Gap)]
    assert gaps == list(range(2, 12))
    assert told.completed


def test_a_connection_that_closes_while_much_waits(server: Server) -> None:
    feed = feed_of(server, quotes=[A])
    go_on = threading.Event()

    def hold(_: pl.DataFrame) -> None:
        go_on.wait(SECONDS)

    feed.quotes.subscribe(hold)
    quotes, told = Rows(feed.quotes), Events(feed.status)
    with feed:
        told.until_event(events.Subscribed)
        for k in range(200):
            server.publish("quotes", [quote(A, volume=k)])
        while feed.stats().pending_bytes < 150 * 100:
            pass
        server.drop()
        assert server.when(lambda now: now.connections == 2).wait(SECONDS)
        go_on.set()
        told.until_event(events.Gap)
    rows = zip(quotes.column("connection"), quotes.column("volume"), strict=True)
    firsts = [volume for connection, volume in rows if connection == 1]
    assert firsts == list(range(len(firsts)))
    assert len(firsts) >= 150


def test_a_frame_beyond_all_bounds_costs_the_connection() -> None:
    def talk(connection: ServerConnection) -> None:
        try:
            connection.send("x" * (65 << 20))
        finally:
            stay(connection)

    with scripted(talk) as script:
        feed = Feed(api_key="key", base_url=script.url, reconnect_delay=(60, 60))
        told = Events(feed.status)
        with feed:
            assert "1009" in told.until_event(events.Disconnected).reason


def test_a_server_that_never_answers_a_close() -> None:
    silent = threading.Event()

    def talk(connection: ServerConnection) -> None:
        silent.wait(SECONDS)

    with scripted(talk, close_timeout=0.1) as script:
        feed = Feed(api_key="key", base_url=script.url)
        told = Events(feed.status)
        with feed:
            told.until_event(events.Connected)
            closer: Callable[[], Any] = feed.close
            closer()
        silent.set()
    assert told.completed
