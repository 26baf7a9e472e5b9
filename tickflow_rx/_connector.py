"""The socket: connects, stamps and queues what comes, sends what is asked, reconnects."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
from typing import TYPE_CHECKING, Any, Final, cast

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.frames import Frame, Opcode

from tickflow_rx import events
from tickflow_rx._address import KEY_VARIABLE
from tickflow_rx._log import HidingLogger, feed_logger
from tickflow_rx._queue import End, RawFrame, Tick
from tickflow_rx.decoding import BINARY_MARK
from tickflow_rx.exceptions import AuthenticationError, FeedOverflowError, TickFlowError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from threading import Lock

    from websockets.protocol import Event as ProtocolEvent

    from tickflow_rx._address import Address
    from tickflow_rx._queue import FrameQueue
    from tickflow_rx.protocol import Session

__all__ = ["Connector"]

_MAX_FRAME: Final = 64 << 20  # above what the decoder sets aside, so that it can say so
_PROVEN_AFTER: Final = 5.0  # seconds a connection must live for the next wait to be short again
_PING_EVERY, _PONG_WITHIN = 20.0, 10.0
_REFUSED: Final = (401, 403, 404)
_DATA: Final = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)


class _Connection(ClientConnection):
    """A connection that hands messages on as they are parsed, all of a socket read at once.

    `recv` costs a switch of tasks a message, more than all that the feed does with it. Binary
    messages are marked: a session of text frames knows none.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._early: list[bytes] = []
        self._sink: Callable[[bytes], object] = self._early.append
        self._fragments: list[bytes] = []

    def begin(self, sink: Callable[[bytes], object]) -> None:
        """Hand messages to `sink` from now on, first those that came with the handshake."""
        self._sink = sink
        for data in self._early:
            sink(data)

    def process_event(self, event: ProtocolEvent) -> None:
        if not (isinstance(event, Frame) and event.opcode in _DATA):
            super().process_event(event)
            return
        data = bytes(event.data)
        if event.opcode is Opcode.BINARY:
            data = BINARY_MARK + data
        if event.fin and event.opcode is not Opcode.CONT:
            self._sink(data)
            return
        self._fragments.append(data)
        if event.fin:
            whole = b"".join(self._fragments)
            self._fragments.clear()
            self._sink(whole)


class Connector:
    """One feed's connections, one after another, in the event loop that `run` runs in.

    Parameters
    ----------
    address
        Where to connect to.
    session, lock
        State of the protocol, and what to hold while using it.
    queue
        Takes frames, ticks and events, and at last an `End`.
    reconnect_delay
        Shortest and longest wait in seconds before another attempt.
    """

    def __init__(
        self,
        address: Address,
        session: Session,
        lock: Lock,
        queue: FrameQueue,
        reconnect_delay: tuple[float, float],
    ) -> None:
        self.connection = self.connections_before = 0
        self._address = address
        self._session = session
        self._lock = lock
        self._queue = queue
        self._reconnect_delay = reconnect_delay
        self._attempt = 0
        self._blocked = False
        self._stopping = False
        self._overflow: FeedOverflowError | None = None
        self._received_us = 0
        self._closing: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event
        self._commands: asyncio.Queue[tuple[int, Sequence[bytes]]]

    async def run(self) -> None:
        """Connect and read until `stop`, or until the server refuses the key."""
        self._stop, self._commands = asyncio.Event(), asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        if self._stopping:  # before there was a loop to be told in
            self._stop.set()
        ticker = asyncio.create_task(self._tick())
        end = End("the feed was closed")
        try:
            while not self._stop.is_set():
                await self._one_connection()
        except TickFlowError as error:
            end = End(str(error), error)
        except Exception as error:
            feed_logger.exception("the connection failed in a way it should not")
            reason = self._address.hide_key(f"{type(error).__name__}: {error}")
            end = End(reason, TickFlowError(f"the feed failed: {reason}"))
        finally:
            await _cancel(ticker)
            self._loop = None
            self._queue.put(end)

    def follow(self, connection: int, stamp_us: int) -> None:
        """Let numbers and stamps follow those of a recording; before `run`."""
        self.connection = self.connections_before = connection
        self._received_us = stamp_us

    def stop(self) -> None:
        """End all, from any thread, also before `run`."""
        self._stopping = True
        self._call(lambda: self._stop.set())

    def send(self, commands: Sequence[bytes]) -> None:
        """Send commands on the connection there is now, from any thread; `lock` must be held."""
        connection = self.connection
        if commands:
            self._call(lambda: self._commands.put_nowait((connection, commands)))

    def _call(self, function: Any) -> None:
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has just closed
                loop.call_soon_threadsafe(function)

    async def _one_connection(self) -> None:
        """Connect, read to the end, and wait until it is time for the next attempt."""
        self._attempt += 1
        self._queue.put(events.Connecting(self._address.url, self._attempt))
        connecting = asyncio.create_task(self._connect())
        if not await self._unless_stopped(connecting):
            return
        outcome = connecting.result()
        if isinstance(outcome, _Connection):
            began = time.monotonic()
            reason = await self._read(outcome)
            if time.monotonic() - began >= _PROVEN_AFTER:
                self._attempt = 0
        else:
            reason = outcome
        if self._stop.is_set():
            self._queue.put(events.Disconnected("the feed was closed", None))
            return
        delay = self._delay()
        self._queue.put(events.Disconnected(reason, delay))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), delay)

    async def _connect(self) -> _Connection | str:
        """Do the handshake; return the connection, or why there is none."""
        try:
            connection = await connect(
                self._address.with_key(),
                create_connection=_Connection,
                logger=HidingLogger(feed_logger, self._address.hide_key),
                compression="deflate",
                max_size=_MAX_FRAME,
                open_timeout=10,
                close_timeout=2,
                ping_interval=None,  # see _keep_alive
                proxy=None if self._address.loopback else True,
            )
            return cast("_Connection", connection)
        except InvalidStatus as error:
            status, reason = error.response.status_code, self._address.hide_key(_body(error))
        except (OSError, WebSocketException, TimeoutError) as error:
            return self._address.hide_key(f"{type(error).__name__}: {error}".rstrip(": "))
        # Outside of the handler: the library's error, which may say the key, is no part of ours.
        if status in _REFUSED:
            raise AuthenticationError(
                f"{self._address.url} answered HTTP {status} ({reason}): check the key and what"
                f" it may use. It is Feed(api_key=…) or the variable {KEY_VARIABLE}"
            )
        return f"HTTP {status}: {reason}"

    async def _read(self, connection: _Connection) -> str:
        """Queue what comes until the connection ends; return why it did."""
        with self._lock:
            self.connection += 1
            number = self.connection
            commands = self._session.connect()
        self._blocked = False
        self._queue.put(events.Connected(number))
        if number > 1:
            self._queue.put(events.Gap(number))
        self._commands.put_nowait((number, commands))
        connection.begin(self._sink(connection, number))
        beside = [
            asyncio.create_task(step)
            for step in (
                self._close_when_stopped(connection),
                self._send_commands(connection, number),
                self._keep_alive(connection),
            )
        ]
        try:
            await connection.wait_closed()
        finally:
            with self._lock:
                self._session.disconnect()
            await _cancel(*beside)
        if self._overflow is not None:
            raise self._overflow
        return self._address.hide_key(str(connection.protocol.close_exc))

    def _sink(self, connection: _Connection, number: int) -> Callable[[bytes], None]:
        """What to do with the messages of a connection."""
        put_frame, stamp = self._queue.put_frame, self._stamp

        def sink(data: bytes) -> None:
            if self._overflow is not None:  # what was refused would be a hole before this
                return
            try:
                room = put_frame(RawFrame(data, stamp(), number), resume)
            except FeedOverflowError as error:
                self._overflow = error
                self._closing = asyncio.create_task(connection.close())
                return
            if not room and not self._blocked:
                self._blocked = True
                connection.transport.pause_reading()

        def resume() -> None:
            self._call(resume_reading)

        def resume_reading() -> None:
            self._blocked = False
            connection.transport.resume_reading()

        return sink

    def _stamp(self) -> int:
        """Time now in epoch microseconds, but later than the stamp before: stamps are an order.

        Frames and ticks share it: a recording can tell which came first.
        """
        self._received_us = max(time.time_ns() // 1_000, self._received_us + 1)
        return self._received_us

    async def _close_when_stopped(self, connection: _Connection) -> None:
        await self._stop.wait()
        connection.transport.resume_reading()  # else the server's answer would not be seen
        await connection.close()

    async def _send_commands(self, connection: _Connection, number: int) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                of_connection, commands = await self._commands.get()
                # Those of an earlier connection are part of what a new one asks for at first.
                for command in commands if of_connection == number else ():
                    await connection.send(command, text=True)

    async def _keep_alive(self, connection: _Connection) -> None:
        """Close a connection that answers no Ping; one that is not read cannot be asked."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                await asyncio.sleep(_PING_EVERY)
                pong = await connection.ping()
                try:
                    await asyncio.wait_for(asyncio.shield(pong), _PONG_WITHIN)
                except TimeoutError:
                    if not self._blocked:
                        await connection.close(1011, "no answer to a Ping")

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(1)
            self._queue.put(Tick(self._stamp()))

    async def _unless_stopped(self, task: asyncio.Task[Any]) -> bool:
        """Wait for a task; cancel it and return False if `stop` comes first."""
        stopped = asyncio.create_task(self._stop.wait())
        await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        await _cancel(stopped)
        if task.done():
            return True
        await _cancel(task)
        return False

    def _delay(self) -> float:
        """Exponential backoff with jitter: between half of it and all."""
        first, most = self._reconnect_delay
        delay = min(most, first * 2.0 ** min(self._attempt - 1, 32))
        return delay * random.uniform(0.5, 1)


async def _cancel(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _body(error: InvalidStatus) -> str:
    """What a refusing server says, in a line."""
    text = (error.response.body or b"").decode("utf-8", "replace").strip()
    with contextlib.suppress(ValueError):
        said: Any = json.loads(text)
        if isinstance(said, dict):
            of = cast("dict[str, Any]", said)
            text = str(of.get("message") or of.get("error") or text)
    return " ".join(text.split())[:200] or "no reason given"
