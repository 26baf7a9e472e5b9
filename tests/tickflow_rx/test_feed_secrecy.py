"""The key is never shown."""

from __future__ import annotations

import json
import logging
import traceback
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from tests.tickflow_rx.feeds import FAST, SECONDS, A, Events, Rows, feed_of, quote
from tests.tickflow_rx.scripted import accept, refuse, scripted
from tickflow_rx import AuthenticationError, Feed, events
from tickflow_rx.server import Server

if TYPE_CHECKING:
    from collections.abc import Generator

    from websockets.sync.server import ServerConnection

KEY = "s3cret/key+of?mine"
QUOTED = "s3cret%2Fkey%2Bof%3Fmine"
ECHO = f"you said {KEY} or {QUOTED}"


def hidden(*shown: object) -> None:
    for text in map(str, shown):
        assert KEY not in text
        assert QUOTED not in text
        assert "s3cret" not in text


@pytest.fixture
def log() -> Generator[list[str]]:
    """All that any logger says, at any level, with everything that a record carries."""
    said: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(self.format(record))
            said.append(repr(vars(record)))
            if record.exc_info and record.exc_info[1] is not None:
                said.extend(with_locals(record.exc_info[1]))

    handler = Handler()
    loggers = [logging.getLogger(name) for name in ("", "tickflow_rx", "tickflow_rx.feed",
               "tickops", "websockets", "websockets.client", "asyncio")]  # fmt: skip
    before = [logger.level for logger in loggers]
    loggers[0].addHandler(handler)
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    yield said
    loggers[0].removeHandler(handler)
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)


def with_locals(error: BaseException) -> list[str]:
    """A traceback as error reporters print it; frames of the tests know the key."""
    lines: list[str] = []
    seen: BaseException | None = error
    while seen is not None:
        shown = traceback.TracebackException.from_exception(seen, capture_locals=True)
        lines += [str(shown), *map(str, seen.args), *getattr(seen, "__notes__", ())]
        for frame in shown.stack:
            if "/tests/" not in frame.filename:
                lines += [f"{frame.filename} {name}={value}" for name, value in
                          (frame.locals or {}).items()]  # fmt: skip
        seen = seen.__cause__ or seen.__context__
    return lines


def stay(connection: ServerConnection) -> None:
    for _ in connection:
        pass


def test_what_is_logged_while_it_runs(log: list[str]) -> None:
    def talk(connection: ServerConnection) -> None:
        connection.send(json.dumps({"op": "quotes", "data": [quote(A)]}))
        stay(connection)

    with scripted(talk, refuse(500, ECHO), accept) as script:
        feed = Feed(quotes=[A], api_key=KEY, base_url=script.url, reconnect_delay=FAST)
        quotes, told = Rows(feed.quotes), Events(feed.status)
        with feed:
            quotes.until_rows(1)
        assert QUOTED in script.requests[0], "it is sent where it belongs"
    hidden(*log, *told.items, feed, vars(feed))
    assert any("GET /v1/ws/stream?" in line for line in log), "the library does log the request"


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_server_that_says_it(log: list[str], status: int) -> None:
    body = json.dumps({"code": 1, "message": ECHO})
    with scripted(stay, refuse(status, body)) as script:
        feed = Feed(quotes=[A], api_key=KEY, base_url=script.url)
        quotes, told = Rows(feed.quotes), Events(feed.status)
        with feed, pytest.raises(AuthenticationError) as raised:
            feed.wait(SECONDS)
    hidden(*with_locals(raised.value), *told.items, told.error, repr(quotes.error), feed)
    assert "you said *** or ***" in str(raised.value)
    hidden(*log)


def test_a_redirect_that_says_it(log: list[str]) -> None:
    def redirect(to: str) -> Any:
        return refuse(302, ECHO, {"Location": to})

    targets = [f"ws://127.0.0.1:1/?api_key={QUOTED}", f"ftp://x/?api_key={QUOTED}", f"//{KEY}/"]
    with scripted(stay, *map(redirect, targets), accept) as script:
        feed = Feed(api_key=KEY, base_url=script.url, reconnect_delay=FAST)
        told = Events(feed.status)
        with feed:
            told.until_event(events.Connected)
    hidden(*told.items)
    hidden(*log)


def test_a_close_reason_and_an_error_that_say_it() -> None:
    def talk(connection: ServerConnection) -> None:
        connection.send(json.dumps({"op": "error", "message": ECHO}))
        connection.send(f"nonsense {ECHO}")
        connection.close(4001, ECHO)

    with scripted(talk) as script:
        feed = Feed(api_key=KEY, base_url=script.url, reconnect_delay=(60, 60))
        told = Events(feed.status)
        with feed:
            told.until_event(events.Disconnected)
    hidden(*told.items)
    assert {"ServerError", "FrameSetAside"} <= set(told.kinds())


@pytest.mark.parametrize(
    "options",
    [
        {"quotes": ["bad"]},
        {"depth": [A], "endpoint": "quotes"},
        {"overflow": "bad"},
        {"max_pending_bytes": 0},
        {"base_url": "ftp://x"},
        {"endpoint": "bad"},
        {"clock": "bad"},
    ],
)
def test_arguments_that_cannot_be_right(options: dict[str, Any]) -> None:
    given: dict[str, Any] = {"api_key": KEY, "base_url": "http://127.0.0.1:1"} | options
    with pytest.raises(ValueError, match=r".") as raised:
        Feed(**given)
    hidden(*with_locals(raised.value))


def test_a_key_that_is_no_text() -> None:
    # Whoever gives bytes by mistake gave a key all the same.
    with pytest.raises(ValueError, match="of type bytes") as raised:
        Feed(api_key=KEY.encode(), base_url="http://127.0.0.1:1")  # pyright: ignore[reportArgumentType]
    hidden(*with_locals(raised.value))


def test_a_subscriber_that_raises(log: list[str]) -> None:
    with Server(keys=[KEY]) as server:
        feed = feed_of(server, quotes=[A], api_key=KEY)
        errors: list[Exception] = []

        def fail(_: object) -> None:
            raise ValueError("mine")

        feed.quotes.subscribe(fail, errors.append)
        feed.quotes.subscribe(fail)
        told = Events(feed.status)
        with feed, warnings.catch_warnings(record=True) as warned:
            assert server.subscribed().wait(SECONDS)
            server.publish("quotes", [quote(A)])
            told.until_event(events.SubscriberFailed, 2)
    hidden(*with_locals(errors[0]), *told.items, *warned)
    hidden(*(line for line in log if "server" not in line))


def test_looking_at_it() -> None:
    feed = Feed(quotes=[A], api_key=KEY, base_url="http://127.0.0.1:1")
    hidden(repr(feed), feed, vars(feed), feed.stats(), feed.symbol(A), feed.quotes, feed.status)
    hidden(f"{feed!r:>100}")
