"""Conformance: TickFlow's own Python client, unchanged, works against the server."""

import logging
import queue
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tickflow import TickFlow

from tests.tickflow_rx.server.clients import SECONDS
from tickflow_rx.server import Server, SimulatedMarket

SYMBOLS = ["600000.SH", "000001.SZ"]
# The client is not typed for strict use.
Stream = Any


@pytest.fixture
def server() -> Iterator[Server]:
    market = SimulatedMarket(SYMBOLS, speed=None, wait_for_subscriber=True)
    keys = {"full": ("quotes", "depth"), "quotes-only": ("quotes",)}
    with Server(market, keys=keys, max_symbols=2) as server:
        yield server


class Heard:
    """What the client's handlers were called with."""

    def __init__(self) -> None:
        self.quotes: queue.Queue[list[dict[str, Any]]] = queue.Queue()
        self.depth: queue.Queue[list[dict[str, Any]]] = queue.Queue()
        self.errors: queue.Queue[str] = queue.Queue()


@contextmanager
def connected(stream: Stream) -> Generator[None]:
    stream.connect(block=False)
    try:
        yield
    finally:
        stream.close()
        stream._thread.join(SECONDS)
        assert not stream._thread.is_alive()


def listen(stream: Stream) -> Heard:
    heard = Heard()
    stream.on_quotes(heard.quotes.put)
    if hasattr(stream, "on_depth"):
        stream.on_depth(heard.depth.put)
    stream.on_error(heard.errors.put)
    return heard


def test_stream_endpoint_with_both_channels(server: Server) -> None:
    with TickFlow(api_key="full", base_url=server.url) as tickflow:
        stream: Stream = tickflow.stream
        heard = listen(stream)
        stream.subscribe("quotes", SYMBOLS)
        stream.subscribe("depth", SYMBOLS[:1])
        with connected(stream):
            quote = heard.quotes.get(timeout=SECONDS)[0]
            depth = heard.depth.get(timeout=SECONDS)[0]
            assert quote["symbol"] in SYMBOLS
            assert quote["ext"]["type"] == "cn_equity"
            assert depth["symbol"] == SYMBOLS[0]
            assert len(depth["bid_prices"]) == len(depth["ask_volumes"]) == 5
            assert server.when(lambda c: c.subscriptions == 3).wait(SECONDS)
            stream.unsubscribe("quotes", SYMBOLS[:1])
            assert server.when(lambda c: c.subscriptions == 2).wait(SECONDS)
    assert heard.errors.empty()


def test_an_error_reaches_the_error_handler(server: Server) -> None:
    with TickFlow(api_key="quotes-only", base_url=server.url) as tickflow:
        stream: Stream = tickflow.stream
        heard = listen(stream)
        stream.subscribe("depth", SYMBOLS)
        with connected(stream):
            message = heard.errors.get(timeout=SECONDS)
            assert message == "no permission for channel: depth"
            stream.subscribe("quotes", [*SYMBOLS, "920001.BJ"])
            assert heard.errors.get(timeout=SECONDS) == "exceeded max 2 symbols"


def test_reconnects_after_a_drop_and_subscribes_again(server: Server) -> None:
    # A clean close: after any other the client pauses for 3 s.
    with TickFlow(api_key="full", base_url=server.url) as tickflow:
        stream: Stream = tickflow.stream
        listen(stream)
        stream.subscribe("quotes", SYMBOLS)
        with connected(stream):
            assert server.subscribed().wait(SECONDS)
            server.drop(1001)
            assert server.when(lambda c: c.connections == 2 and c.subscriptions == 2).wait(SECONDS)


def test_a_wrong_key_ends_the_client(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, "tickflow.stream")
    with TickFlow(api_key="wrong", base_url=server.url) as tickflow:
        stream: Stream = tickflow.stream
        heard = listen(stream)
        stream.connect(block=True)
    # All of the body: websockets 17 has a bytearray there, and the client looks for bytes.
    assert "invalid api_key" in heard.errors.get_nowait()
    assert "WS connection rejected (HTTP 401)" in caplog.text


def test_legacy_endpoint(server: Server) -> None:
    with TickFlow(api_key="full", base_url=server.url) as tickflow:
        stream = _legacy(tickflow)
        heard = listen(stream)
        stream.subscribe(SYMBOLS[:1])
        with connected(stream):
            assert heard.quotes.get(timeout=SECONDS)[0]["symbol"] == SYMBOLS[0]
            stream.subscribe(["A", "B", "C"])
            assert heard.errors.get(timeout=SECONDS) == "exceeded max 2 symbols"
            stream.unsubscribe(SYMBOLS[:1])
            assert server.when(lambda c: c.subscriptions == 0).wait(SECONDS)


def test_legacy_endpoint_with_a_wrong_key(server: Server) -> None:
    with TickFlow(api_key="wrong", base_url=server.url) as tickflow:
        stream = _legacy(tickflow)
        heard = listen(stream)
        stream.connect(block=True)
    assert "invalid api_key" in heard.errors.get_nowait()


def _legacy(tickflow: TickFlow) -> Stream:
    with pytest.warns(DeprecationWarning, match="QuoteStream"):
        return tickflow.realtime
