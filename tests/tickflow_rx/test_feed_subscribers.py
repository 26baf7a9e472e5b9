"""Subscribers of a feed: kept apart, called one at a time, in order."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

import pytest
from reactivex import operators as rx
from reactivex.disposable import SerialDisposable

from tests.tickflow_rx.feeds import SECONDS, A, B, Collected, Events, Rows, book, feed_of, quote
from tickflow_rx import TickFlowError, events
from tickflow_rx.server import Server
from tickops import bars, chain, deltas

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    import polars as pl

    from tickflow_rx import Feed


@pytest.fixture
def server() -> Generator[Server]:
    with Server() as running:
        yield running


@pytest.fixture
def feed(server: Server) -> Feed:
    return feed_of(server, quotes=[A, B], depth=[A])


def publish(server: Server, *volumes: int) -> None:
    assert server.when(lambda now: now.subscriptions == 3).wait(SECONDS)
    for volume in volumes:
        server.publish("quotes", [quote(A, volume=volume)])


def raiser(message: str, after: int = 0) -> Callable[[Any], None]:
    left = [after]

    def raise_(_: object) -> None:
        if not left[0]:
            raise ValueError(message)
        left[0] -= 1

    return raise_


def test_one_that_raises_loses_its_own_subscription(server: Server, feed: Feed) -> None:
    errors: list[Exception] = []
    first = Rows(feed.quotes)
    feed.quotes.subscribe(raiser("my mistake"), errors.append)
    last, status = Rows(feed.quotes), Events(feed.status)
    with feed:
        publish(server, 1, 2, 3)
        first.until_rows(3)
        last.until_rows(3)
        failed = status.until_event(events.SubscriberFailed)
    assert first.completed
    assert last.completed
    assert [str(error) for error in errors] == ["my mistake"]
    assert (failed.source, str(failed.error)) == ("quotes", "my mistake")
    assert status.kinds().count("SubscriberFailed") == 1


@pytest.mark.parametrize("source", ["quotes", "depth", "status", f"quotes of {A}", f"depth of {A}"])
def test_every_source_is_kept_apart(server: Server, feed: Feed, source: str) -> None:
    view = feed.symbol(A)
    sources: dict[str, Any] = {
        "quotes": feed.quotes,
        "depth": feed.depth,
        "status": feed.status,
        f"quotes of {A}": view.quotes,
        f"depth of {A}": view.depth,
    }
    errors: list[Exception] = []
    sources[source].subscribe(raiser("mine"), errors.append)
    quotes, status = Rows(feed.quotes), Events(feed.status)
    with feed:
        publish(server, 1)
        server.publish("depth", [book(A)])
        quotes.until_rows(1)
        assert status.until_event(events.SubscriberFailed).source == source
    assert len(errors) == 1
    assert status.completed


def test_without_on_error_the_feed_goes_on_and_the_log_tells(
    server: Server, feed: Feed, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    feed.quotes.subscribe(raiser("nobody listens"))
    feed.status.subscribe(raiser("nor here"))
    quotes = Rows(feed.quotes)
    with feed:
        publish(server, 1, 2)
        quotes.until_rows(2)
    assert quotes.completed
    assert "nobody listens" in caplog.text
    assert "nor here" in caplog.text


def test_an_on_error_that_raises_too(server: Server, feed: Feed) -> None:
    feed.quotes.subscribe(raiser("one"), raiser("two"))
    quotes = Rows(feed.quotes)
    with feed:
        publish(server, 1, 2)
        quotes.until_rows(2)
    assert quotes.completed


def test_an_on_completed_that_raises(server: Server, feed: Feed) -> None:
    def fail() -> None:
        raise ValueError("at the end")

    feed.quotes.subscribe(on_completed=fail)
    feed.status.subscribe(on_completed=fail)
    quotes, status = Rows(feed.quotes), Events(feed.status)
    with feed:
        pass
    assert quotes.completed
    assert status.completed
    assert feed.wait(0)


def test_an_operator_that_raises_ends_its_pipe_alone(server: Server, feed: Feed) -> None:
    piped = Collected(feed.quotes.pipe(rx.map(raiser("in a map", after=1))))
    quotes = Rows(feed.quotes)
    with feed:
        publish(server, 1)
        quotes.until_rows(1)  # so that the rows come in two frames at least
        publish(server, 2, 3)
        quotes.until_rows(3)
        piped.until_end()
    assert str(piped.error) == "in a map"
    assert quotes.completed


def test_one_behind_an_operator_that_raises(server: Server, feed: Feed) -> None:
    op = chain(deltas(), bars("1m"))
    errors: list[Exception] = []
    feed.quotes.pipe(deltas()).subscribe(raiser("after deltas", after=1), errors.append)
    whole = Rows(feed.quotes.pipe(op))
    quotes = Rows(feed.quotes)
    with feed:
        publish(server, 1)
        quotes.until_rows(1)  # so that the rows come in two frames at least
        publish(server, 2, 3)
        quotes.until_rows(3)
    assert [str(error) for error in errors] == ["after deltas"]
    assert whole.completed
    assert whole.column("rows") == [3]


def test_one_that_gives_up_altogether_does_not_hang_the_feed(server: Server, feed: Feed) -> None:
    def give_up(_: object) -> None:
        raise SystemExit

    feed.quotes.subscribe(give_up)
    quotes = Rows(feed.quotes)
    with feed:
        publish(server, 1)
        with pytest.raises(TickFlowError, match="SystemExit"):
            feed.wait(SECONDS)
    assert isinstance(quotes.error, TickFlowError)


def test_ctrl_c_in_a_query_of_a_subscriber_ends_it(server: Server, feed: Feed) -> None:
    """Polars raises it wherever a query runs, if it hears of it."""

    def query(_: object) -> None:
        raise KeyboardInterrupt

    quotes = Rows(feed.quotes)
    feed.quotes.subscribe(query)

    with feed:
        publish(server, 1)
        with pytest.raises(TickFlowError, match="Ctrl-C broke off a query"):
            feed.wait(SECONDS)
    assert isinstance(quotes.error, TickFlowError)


def test_disposing_from_inside(server: Server, feed: Feed) -> None:
    got: list[int] = []
    mine = SerialDisposable()

    def once(frame: pl.DataFrame) -> None:
        got.append(frame["volume"][0])
        mine.dispose()

    mine.disposable = feed.quotes.subscribe(once)
    quotes = Rows(feed.quotes)
    with feed:
        publish(server, 1, 2, 3)
        quotes.until_rows(3)
    assert got == [1]


def test_one_disposes_another_in_the_middle(server: Server, feed: Feed) -> None:
    doomed = SerialDisposable()
    feed.quotes.subscribe(lambda _: doomed.dispose())
    late = Rows(feed.quotes)
    doomed.disposable = late.subscription
    quotes = Rows(feed.quotes)
    with feed:
        publish(server, 1, 2)
        quotes.until_rows(2)
    assert late.items == []
    assert not late.ends


def test_subscribing_from_inside(server: Server, feed: Feed) -> None:
    inner: list[Rows] = []

    def subscribe(_: object) -> None:
        if not inner:
            inner.append(Rows(feed.quotes))

    feed.quotes.subscribe(subscribe)
    quotes = Rows(feed.quotes)
    with feed:
        publish(server, 1)
        quotes.until_rows(1)
        publish(server, 2)
        inner[0].until_rows(1)
    assert inner[0].column("volume") == [2]
    assert inner[0].completed


def test_threads_come_and_go(server: Server, feed: Feed) -> None:
    stop = threading.Event()

    def churn() -> None:
        while not stop.is_set():
            Rows(feed.quotes).subscription.dispose()
            feed.symbol(B).depth.subscribe(lambda _: None).dispose()

    threads = [threading.Thread(target=churn) for _ in range(3)]
    quotes = Rows(feed.quotes)
    with feed:
        for thread in threads:
            thread.start()
        publish(server, *range(200))
        quotes.until_rows(200)
        stop.set()
        for thread in threads:
            thread.join()
    assert quotes.column("volume") == [*range(200)]


def test_one_at_a_time_in_the_order_in_which_it_happened(server: Server, feed: Feed) -> None:
    """Across channels, symbols and status: connections part the rows of one from another's."""
    story: list[str] = []
    busy = threading.Lock()

    def note(what: str) -> None:
        assert busy.acquire(blocking=False), "one at a time"
        story.append(what)
        busy.release()

    def note_rows(frame: pl.DataFrame) -> None:
        for connection, volume in zip(frame["connection"], frame["volume"], strict=True):
            note(f"{connection}: {volume}")

    feed.quotes.subscribe(note_rows)
    feed.depth.subscribe(lambda _: note("book"))
    feed.symbol(A).quotes.subscribe(lambda _: None)
    feed.status.subscribe(lambda event: note(type(event).__name__))
    quotes, status = Rows(feed.quotes), Events(feed.status)
    with feed:
        status.until_event(events.Subscribed, 2)
        publish(server, 1, 2)
        quotes.until_rows(2)
        server.drop()
        status.until_event(events.Subscribed, 4)
        publish(server, 3)
        quotes.until(lambda frames: bool(frames) and frames[-1]["volume"][-1] == 3)
    first = story.index("Disconnected")
    assert story[:3] == ["Connecting", "Connected", "Subscribed"]
    assert [what for what in story[:first] if ":" in what] == ["1: 1", "1: 2"]
    assert story[first + 1 : first + 4] == ["Connecting", "Connected", "Gap"]
    assert story[-2:] == ["Disconnected", "Closed"]
    assert "2: 3" in story[first:]


def test_the_clock_ticks_between_frames_and_closes_bars(server: Server, feed: Feed) -> None:
    import datetime

    now = datetime.datetime.now(datetime.UTC)
    ticks: list[int] = []
    assert feed.quotes.clock is not None
    ticked = Collected(feed.quotes.clock)
    feed.quotes.clock.subscribe(ticks.append)
    with feed:
        publish(server)
        server.publish("quotes", [quote(A, timestamp=int(now.timestamp() * 1000))])
        (first,) = ticked.until(lambda items: len(items) >= 1)[:1]
    assert abs(first / 1e6 - now.timestamp()) < 60
    assert ticks == sorted(ticks)
    assert ticked.completed


def test_rows_of_another_time_stop_the_clock(server: Server, feed: Feed) -> None:
    # Their bars would be closed before the next row comes.
    assert feed.quotes.clock is not None
    ticked = Collected(feed.quotes.clock)
    quotes = Rows(feed.quotes)
    with feed:
        publish(server, 1)
        quotes.until_rows(1)
    assert ticked.items == []
