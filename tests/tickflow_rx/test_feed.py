"""A feed from its beginning to its end."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.tickflow_rx.feeds import (
    SECONDS,
    A,
    B,
    C,
    Collected,
    Events,
    Rows,
    book,
    feed_of,
    feed_threads,
    quote,
)
from tickflow_rx import AuthenticationError, Feed, TickFlowError, events
from tickflow_rx.server import Server
from tickops import bars, chain, deltas

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    import polars as pl


@pytest.fixture
def server() -> Generator[Server]:
    with Server() as running:
        yield running


@pytest.fixture(autouse=True)
def nothing_is_left() -> Generator[None]:
    yield
    assert feed_threads() == []


# From the socket to the subscribers.


def test_both_channels_arrive(server: Server) -> None:
    feed = feed_of(server, quotes=[A, B], depth=[A])
    quotes, depth = Rows(feed.quotes), Rows(feed.depth)
    with feed:
        assert server.when(lambda now: now.subscriptions == 3).wait(SECONDS)
        server.publish("quotes", [quote(A), quote(B), quote(C)])
        server.publish("depth", [book(A), book(B)])
        assert quotes.until_rows(2)["symbol"].to_list() == [A, B]
        assert depth.until_rows(1)["symbol"].to_list() == [A]
    assert quotes.completed
    assert depth.completed


def test_the_older_endpoint(server: Server) -> None:
    feed = feed_of(server, quotes=[A], endpoint="quotes")
    quotes, status = Rows(feed.quotes), Events(feed.status)
    with feed:
        assert status.until_event(events.Subscribed) == events.Subscribed("quotes", (A,), 1)
        server.publish("quotes", [quote(A)])
        quotes.until_rows(1)


def test_the_snapshot_comes_right_after_a_subscribe(server: Server) -> None:
    server.publish("quotes", [quote(A, last_price=1.5)])
    feed = feed_of(server, quotes=[A])
    quotes = Rows(feed.quotes)
    with feed:
        assert quotes.until_rows(1)["last_price"].to_list() == [1.5]


def test_one_symbol(server: Server) -> None:
    feed = feed_of(server, quotes=[A, B], depth=[A, B])
    of_a, of_b = feed.symbol(A), feed.symbol(B)
    quotes, depth = Rows(of_a.quotes), Rows(of_b.depth)
    everything = Rows(feed.quotes)
    with feed:
        assert server.when(lambda now: now.subscriptions == 4).wait(SECONDS)
        server.publish("quotes", [quote(A), quote(B), quote(A)])
        server.publish("depth", [book(A), book(B)])
        assert quotes.until_rows(2)["symbol"].to_list() == [A, A]
        assert depth.until_rows(1)["symbol"].to_list() == [B]
        everything.until_rows(3)
    assert quotes.completed
    assert depth.completed
    assert of_a.symbol == A


@pytest.mark.parametrize("symbol", ["", "600000", None, 600000, "600000.sh"])
def test_what_can_be_no_symbol(server: Server, symbol: Any) -> None:
    with pytest.raises(ValueError, match="CODE"):
        feed_of(server).symbol(symbol)


def test_received_and_connection(server: Server) -> None:
    feed = feed_of(server, quotes=[A])
    quotes, status = Rows(feed.quotes), Events(feed.status)
    with feed:
        status.until_event(events.Subscribed)
        server.publish("quotes", [quote(A), quote(A)])
        rows = quotes.until_rows(2)
    assert rows["connection"].to_list() == [1, 1]
    assert rows["received"].n_unique() == 1
    assert (rows["received"] > rows["timestamp"].cast(rows["received"].dtype)).all()


def test_statistics(server: Server) -> None:
    feed = feed_of(server, quotes=[A], depth=[A])
    quotes, depth = Rows(feed.quotes), Rows(feed.depth)
    with feed:
        assert server.when(lambda now: now.subscriptions == 2).wait(SECONDS)
        server.publish("quotes", [quote(A), quote(A)])
        server.publish("depth", [book(A)])
        quotes.until_rows(2)
        depth.until_rows(1)
    stats = feed.stats()
    assert (stats.connections, stats.quotes, stats.depth, stats.set_aside) == (1, 2, 1, 0)
    assert stats.frames >= 4
    assert stats.bytes > 500
    assert stats.pending_bytes == stats.dropped_frames == stats.dropped_bytes == 0


# Running and ending.


def test_status_tells_the_story(server: Server) -> None:
    feed = feed_of(server, quotes=[A])
    status = Events(feed.status)
    with feed:
        status.until_event(events.Subscribed)
    assert status.items == [
        events.Connecting(f"{server.url.replace('http', 'ws')}/v1/ws/stream", 1),
        events.Connected(1),
        events.Subscribed("quotes", (A,), 1),
        events.Disconnected("the feed was closed", None),
        events.Closed("the feed was closed"),
    ]
    assert status.completed


def test_subscribers_are_called_on_one_thread_beside_the_caller(server: Server) -> None:
    feed = feed_of(server, quotes=[A])
    quotes, status = Rows(feed.quotes), Events(feed.status)
    with feed:
        status.until_event(events.Subscribed)
        server.publish("quotes", [quote(A)])
        quotes.until_rows(1)
    assert quotes.threads == status.threads
    assert threading.current_thread() not in quotes.threads


def test_what_came_is_delivered_before_the_end(server: Server) -> None:
    # The subscriber is slow: most still waits when the feed is closed.
    feed = feed_of(server, quotes=[A])
    started, go_on = threading.Event(), threading.Event()

    def hold(_: pl.DataFrame) -> None:
        started.set()
        go_on.wait(SECONDS)

    feed.quotes.subscribe(hold)
    quotes = Rows(feed.quotes)
    with feed:
        assert server.subscribed().wait(SECONDS)
        server.publish("quotes", [quote(A, volume=0)])
        assert started.wait(SECONDS)
        for k in range(1, 100):
            server.publish("quotes", [quote(A, volume=k)])
        waiting = Collected(feed.status)
        while feed.stats().pending_bytes < 99 * 100:
            assert not waiting.ends
        go_on.set()
    assert quotes.column("volume") == list(range(100))
    assert quotes.completed


def test_operators_flush_at_the_end(server: Server) -> None:
    feed = feed_of(server, quotes=[A])
    op = chain(deltas(), bars("1m"))
    got = Rows(feed.quotes.pipe(op))
    quotes = Rows(feed.quotes)
    with feed:
        assert server.subscribed().wait(SECONDS)
        # 10:00 in Shanghai: nothing passes the end of the bar.
        start = 1776736800000
        server.publish("quotes", [quote(A, timestamp=start, volume=100)])
        server.publish("quotes", [quote(A, timestamp=start + 3000, volume=130)])
        quotes.until_rows(2)
        assert got.items == []
    assert got.column("volume") == [30]
    assert got.completed


def test_wait_until_a_time_has_passed(server: Server) -> None:
    with feed_of(server) as feed:
        assert feed.wait(0) is False
        assert feed.wait(0.001) is False
    assert feed.wait() is True
    assert feed.wait(0) is True


def test_wait_until_another_closes(server: Server) -> None:
    with feed_of(server) as feed:
        closer = threading.Thread(target=feed.close)
        closer.start()
        assert feed.wait(SECONDS) is True
        closer.join()


def test_wait_before_it_runs(server: Server) -> None:
    with pytest.raises(TickFlowError, match="not running"):
        feed_of(server).wait(0)


def test_a_subscriber_cannot_wait_for_its_own_feed(server: Server) -> None:
    feed = feed_of(server, quotes=[A])
    errors: list[BaseException] = []

    def wait(_: events.Event) -> None:
        feed.wait()

    feed.status.subscribe(wait, errors.append)
    with feed:
        Events(feed.status).until(lambda _: bool(errors))
    assert isinstance(errors[0], TickFlowError)


def test_interrupt(server: Server) -> None:
    feed = feed_of(server, quotes=[A])
    feed.quotes.subscribe(lambda _: os.kill(os.getpid(), signal.SIGINT))
    quotes = Rows(feed.quotes)

    def run() -> None:
        with feed:
            assert server.subscribed().wait(SECONDS)
            server.publish("quotes", [quote(A)])
            feed.wait(SECONDS)

    with pytest.raises(KeyboardInterrupt):
        run()
    assert quotes.completed


def test_an_error_in_the_block_ends_the_feed_too(server: Server) -> None:
    feed = feed_of(server)
    status = Events(feed.status)

    def run() -> None:
        with feed:
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        run()
    assert status.completed


def test_a_second_close_is_harmless(server: Server) -> None:
    feed = feed_of(server)
    status = Events(feed.status)
    with feed:
        feed.close()
        feed.close()
    feed.close()
    assert status.ends == 1
    assert status.kinds().count("Closed") == 1


def test_many_close_at_once(server: Server) -> None:
    feed = feed_of(server)
    status = Events(feed.status)
    with feed:
        status.until_event(events.Connected)
        closers = [threading.Thread(target=feed.close) for _ in range(8)]
        for closer in closers:
            closer.start()
        for closer in closers:
            closer.join(SECONDS)
        assert feed.wait(0)
    assert status.ends == 1


@pytest.mark.parametrize("kind", [events.Connecting, events.Connected, events.Subscribed])
def test_a_subscriber_closes(server: Server, kind: type[events.Event]) -> None:
    feed = feed_of(server, quotes=[A])
    quotes, status = Rows(feed.quotes), Events(feed.status)
    feed.status.subscribe(lambda event: feed.close() if isinstance(event, kind) else None)
    with feed:
        assert feed.wait(SECONDS)
    assert quotes.completed
    assert isinstance(status.items[-1], events.Closed)
    assert status.ends == 1


def test_a_feed_that_never_ran_is_closed() -> None:
    feed = Feed(quotes=[A], api_key="key", base_url="http://127.0.0.1:1")
    quotes, status = Rows(feed.quotes), Events(feed.status)
    feed.close()
    feed.close()
    assert quotes.completed
    assert status.kinds() == ["Closed"]
    assert feed.wait(0) is True
    with pytest.raises(TickFlowError, match="was closed"), feed:
        pass


def test_a_feed_runs_once(server: Server) -> None:
    with feed_of(server) as feed, pytest.raises(TickFlowError, match="running already"), feed:
        pass
    with pytest.raises(TickFlowError, match="was closed"), feed:
        pass


def test_close_while_nobody_answers() -> None:
    # The server's port is taken, but nobody accepts: connecting would go on for seconds.
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listening:
        feed = Feed(api_key="key", base_url=f"http://127.0.0.1:{listening.getsockname()[1]}")
        status = Events(feed.status)
        with feed:
            status.until_event(events.Connecting)
    assert status.kinds() == ["Connecting", "Closed"]


def test_close_between_attempts() -> None:
    feed = Feed(api_key="key", base_url="http://127.0.0.1:1", reconnect_delay=(3600, 3600))
    status = Events(feed.status)
    with feed:
        gone = status.until_event(events.Disconnected)
        assert gone.retry_in is not None
        assert 1800 <= gone.retry_in <= 3600
    assert status.completed


def test_late_subscribers_are_told_at_once(server: Server) -> None:
    feed = feed_of(server, quotes=[A])
    view = feed.symbol(A)
    with feed:
        pass
    for source in (feed.quotes, feed.depth, feed.status, view.quotes, feed.symbol(B).depth):
        late: Collected[Any] = Collected(source)
        assert late.items == []
        assert late.completed


def test_subscribing_after_the_end_changes_nothing(server: Server) -> None:
    with feed_of(server) as feed:
        pass
    feed.subscribe("quotes", [A])
    feed.unsubscribe("quotes", [A])


# In a running event loop.


async def _until(enough: Callable[[], object]) -> None:
    async with asyncio.timeout(SECONDS):
        while not enough():
            await asyncio.sleep(0)


def test_in_a_running_event_loop(server: Server) -> None:
    async def run() -> None:
        feed = feed_of(server, quotes=[A])
        quotes, status = Rows(feed.quotes), Events(feed.status)
        async with feed:
            await _until(lambda: len(status.items) >= 3)
            server.publish("quotes", [quote(A)])
            await _until(lambda: quotes.items)
            assert await feed.wait_async(0.001) is False
        assert quotes.completed
        assert quotes.threads == status.threads == {threading.current_thread()}
        assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []

    asyncio.run(run())


def test_other_coroutines_run_while_much_comes(server: Server) -> None:
    async def run() -> None:
        feed = feed_of(server, quotes=[A])
        quotes = Rows(feed.quotes)
        turns = 0
        async with feed:
            await asyncio.to_thread(server.subscribed().wait, SECONDS)
            # The loop stands still meanwhile: all of it waits, four turns' worth.
            for _ in range(75):
                server.publish("quotes", [quote(A)] * 1000)
            while feed.stats().pending_bytes < 75_000 * 150:
                pass
            async with asyncio.timeout(SECONDS):
                while sum(map(len, quotes.items)) < 75_000:
                    await asyncio.sleep(0)
                    turns += 1
        assert turns >= 3

    asyncio.run(run())


def test_close_in_a_running_event_loop(server: Server) -> None:
    async def run() -> None:
        feed = feed_of(server, quotes=[A])
        status = Events(feed.status)
        async with feed:
            feed.close()
            assert await feed.wait_async(SECONDS) is True
        assert status.completed
        with pytest.raises(TickFlowError, match="was closed"):
            await feed.__aenter__()

    asyncio.run(run())


def test_another_thread_closes_a_feed_of_an_event_loop(server: Server) -> None:
    async def run() -> None:
        async with feed_of(server) as feed:
            await asyncio.to_thread(feed.close)
            assert await feed.wait_async(SECONDS) is True

    asyncio.run(run())


def test_the_loop_that_calls_cannot_wait_for_the_feed(server: Server) -> None:
    async def run() -> None:
        async with feed_of(server) as feed:
            with pytest.raises(TickFlowError, match="cannot wait"):
                feed.wait(1)

    asyncio.run(run())


def test_a_cancelled_block_ends_the_feed(server: Server) -> None:
    ended: list[Events] = []

    async def run() -> None:
        feed = feed_of(server)
        ended.append(Events(feed.status))
        async with feed:
            await asyncio.Future[None]()

    async def cancelled() -> None:
        task = asyncio.create_task(run())
        while not ended or "Connected" not in ended[0].kinds():
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert ended[0].completed


def test_a_loop_that_ends_under_the_feed(server: Server) -> None:
    async def run() -> Events:
        feed = feed_of(server)
        status = Events(feed.status)
        await feed.__aenter__()
        await _until(lambda: "Connected" in status.kinds())
        return status

    status = asyncio.run(run())
    assert status.completed
    for thread in threading.enumerate():
        if thread.name == "tickflow-socket":
            thread.join(SECONDS)


# Arguments.


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"quotes": ["600000"]}, "'600000'"),
        ({"quotes": A}, "list"),
        ({"depth": ["x"]}, "'x'"),
        ({"depth": [A], "endpoint": "quotes"}, "endpoint='stream'"),
        ({"endpoint": "streams"}, "'streams'"),
        ({"base_url": "ftp://x"}, "ftp"),
        ({"overflow": "drop"}, "'drop_oldest'"),
        ({"max_pending_bytes": 0}, "max_pending_bytes"),
        ({"reconnect_delay": (2.0, 1.0)}, "reconnect_delay"),
        ({"reconnect_delay": (-1.0, 1.0)}, "reconnect_delay"),
        ({"clock": "market"}, "clock"),
    ],
)
def test_arguments_that_cannot_be_right(options: dict[str, Any], says: str) -> None:
    given: dict[str, Any] = {"api_key": "key", "base_url": "http://127.0.0.1:1"} | options
    with pytest.raises(ValueError, match=r".") as raised:
        Feed(**given)
    assert says in str(raised.value)


@pytest.mark.parametrize("how", ["subscribe", "unsubscribe"])
def test_channels_and_symbols_that_cannot_be_right(how: str) -> None:
    feed = Feed(api_key="key", base_url="http://127.0.0.1:1")
    for channel, symbols in (("quote", [A]), ("quotes", ["x"]), ("quotes", A), (None, [A])):
        with pytest.raises(ValueError, match=r"must be|not of the form"):
            getattr(feed, how)(channel, symbols)


def test_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TICKFLOW_API_KEY", raising=False)
    feed = Feed(quotes=[A], base_url="http://127.0.0.1:1")
    quotes, status = Rows(feed.quotes), Events(feed.status)
    with pytest.raises(AuthenticationError, match=r"api_key=.*TICKFLOW_API_KEY"), feed:
        pass
    assert isinstance(quotes.error, AuthenticationError)
    assert isinstance(status.error, AuthenticationError)
    with pytest.raises(AuthenticationError):
        feed.wait()


def test_key_and_url_of_the_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKFLOW_API_KEY", "demo")
    monkeypatch.setenv("TICKFLOW_BASE_URL", server.url)
    with Feed(quotes=[A]) as feed:
        Events(feed.status)
        assert server.subscribed().wait(SECONDS)


def test_how_it_looks(server: Server) -> None:
    feed = feed_of(server, quotes=[A, B], depth=[A])
    assert "2 quotes, 1 depth, not running" in repr(feed)
    with feed:
        assert "running" in repr(feed)
    assert "ended" in repr(feed)
