"""What the tests of connections cannot see from outside: pings, and how long waits are."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, cast

import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.frames import Frame, Opcode

from tests.tickflow_rx.feeds import FAST, SECONDS, Events
from tests.tickflow_rx.scripted import scripted
from tickflow_rx import Feed, _connector, events
from tickflow_rx._queue import Tick

if TYPE_CHECKING:
    from websockets.sync.server import ServerConnection


@pytest.fixture(autouse=True)
def quick_pings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_connector, "_PING_EVERY", 0.001)
    monkeypatch.setattr(_connector, "_PONG_WITHIN", 0.001)


def silent(connection: ServerConnection) -> None:
    """Answer no Ping."""
    protocol = connection.protocol
    send = protocol.send_frame

    def send_frame(frame: Frame) -> None:
        if frame.opcode is not Opcode.PONG:
            send(frame)

    protocol.send_frame = send_frame  # pyright: ignore[reportAttributeAccessIssue]
    for _ in connection:
        pass


def test_a_server_that_answers_no_ping_is_left() -> None:
    with scripted(silent) as script:
        feed = Feed(api_key="key", base_url=script.url, reconnect_delay=FAST)
        told = Events(feed.status)
        with feed:
            gone = told.until_event(events.Disconnected)
            assert "no answer to a Ping" in gone.reason
            told.until_event(events.Gap)


def test_answered_pings_keep_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_connector, "_PONG_WITHIN", SECONDS)
    pings = threading.Semaphore(0)

    def talk(connection: ServerConnection) -> None:
        receive = connection.protocol.recv_frame

        def recv_frame(frame: Frame) -> None:
            if frame.opcode is Opcode.PING:
                pings.release()
            receive(frame)

        connection.protocol.recv_frame = recv_frame  # pyright: ignore[reportAttributeAccessIssue]
        for _ in connection:
            pass

    with scripted(talk) as script:
        feed = Feed(api_key="key", base_url=script.url)
        with feed:
            for _ in range(20):
                assert pings.acquire(timeout=SECONDS)
        assert feed.stats().connections == 1


class Unanswered:
    """Stands for a connection whose Pings find no answer: not read until the fifth."""

    def __init__(self, of: _connector.Connector) -> None:
        self.pings = 0
        self.closed_after: int | None = None
        self._of = of
        of._blocked = True  # pyright: ignore[reportPrivateUsage]

    async def ping(self) -> asyncio.Future[float]:
        if self.closed_after is not None:
            raise ConnectionClosedError(None, None)
        self.pings += 1
        self._of._blocked = self.pings < 5  # pyright: ignore[reportPrivateUsage]
        return asyncio.get_running_loop().create_future()

    async def close(self, code: int, reason: str) -> None:
        assert (code, reason) == (1011, "no answer to a Ping")
        self.closed_after = self.pings


def test_a_connection_that_is_not_read_cannot_be_asked() -> None:
    """While reading has stopped the answer to a Ping may wait among the data."""
    of = connector()
    connection: Any = Unanswered(of)
    asyncio.run(of._keep_alive(connection))  # pyright: ignore[reportPrivateUsage]
    assert connection.closed_after == 5


def test_ticks_and_frames_have_one_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also while the time stands still, or goes back."""
    times = iter([5, 5, 5, 3, 9])
    monkeypatch.setattr(_connector.time, "time_ns", lambda: 1_000 * next(times))
    of = connector()
    stamps = [of._stamp() for _ in range(4)]  # pyright: ignore[reportPrivateUsage]
    assert stamps == [5, 6, 7, 8]
    of.follow(7, 20)
    assert (of.connection, of._stamp()) == (7, 21)  # pyright: ignore[reportPrivateUsage]


def test_a_tick_is_stamped_as_frames_are(monkeypatch: pytest.MonkeyPatch) -> None:
    put: list[Tick] = []

    class Queue:
        def put(self, tick: Tick) -> None:
            put.append(tick)
            if len(put) == 2:
                raise asyncio.CancelledError

    async def at_once(_: float) -> None:
        pass

    monkeypatch.setattr(_connector.asyncio, "sleep", at_once)
    of = connector()
    of._queue = cast("Any", Queue())  # pyright: ignore[reportPrivateUsage]
    of.follow(0, 1 << 60)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(of._tick())  # pyright: ignore[reportPrivateUsage]
    assert put == [Tick((1 << 60) + 1), Tick((1 << 60) + 2)]


def connector(delays: tuple[float, float] = FAST) -> _connector.Connector:
    nothing: Any = None
    return _connector.Connector(nothing, nothing, nothing, nothing, delays)


@pytest.mark.parametrize("delays", [(0.5, 30.0), (0.0, 0.0), (1.0, 1.0)])
def test_waits(delays: tuple[float, float]) -> None:
    first, most = delays
    of = connector(delays)
    for attempt in (1, 2, 3, 10, 100, 10_000):
        of._attempt = attempt  # pyright: ignore[reportPrivateUsage]
        longest = min(most, first * 2.0 ** min(attempt - 1, 40))
        waits = [of._delay() for _ in range(50)]  # pyright: ignore[reportPrivateUsage]
        assert all(longest / 2 <= wait <= longest for wait in waits)
        assert longest == 0 or len(set(waits)) > 1


def test_a_connection_that_proved_good_makes_the_next_wait_short(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_connector, "_PROVEN_AFTER", 0.0)
    monkeypatch.setattr(_connector, "_PONG_WITHIN", SECONDS)
    with scripted() as script:
        feed = Feed(api_key="key", base_url=script.url, reconnect_delay=(1e-4, 60))
        told = Events(feed.status)
        with feed:
            told.until_event(events.Disconnected, 30)
    waits = [event.retry_in for event in told.items if isinstance(event, events.Disconnected)]
    assert all(wait is not None and wait <= 1e-4 for wait in waits[:30])
    attempts = [event.attempt for event in told.items if isinstance(event, events.Connecting)]
    assert set(attempts) == {1}
