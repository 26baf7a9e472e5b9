"""The socket's side of one client: a queue of messages, and the task that sends them."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable
from typing import TypeAlias

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from tickflow_rx.server._counters import Counters
from tickflow_rx.server._log import logger
from tickflow_rx.server._session import Session

_CLOSE_SECONDS = 1.0


class Binary(bytes):
    """A message that goes out as a binary frame; other bytes are UTF-8 text."""


Message: TypeAlias = bytes | Binary


class Client:
    """One connection: what waits for it is bounded, and a client that lags is disconnected.

    Conflating would hide from the client that rows are missing; a lost connection shows it.

    Parameters
    ----------
    socket
        The connection, after its handshake.
    session
        Its protocol state.
    max_pending_bytes
        Past this much waiting the client is disconnected with code 1013 (try again later).
    counters
        Where to count what was sent.
    """

    def __init__(
        self,
        socket: ServerConnection,
        session: Session,
        *,
        max_pending_bytes: int,
        counters: Counters,
    ) -> None:
        self.session = session
        self._socket = socket
        self._max_pending_bytes = max_pending_bytes
        self._counters = counters
        self._queue: deque[Message] = deque()
        self._pending_bytes = 0
        self._gone = False
        self._queued = asyncio.Event()
        self._sent = asyncio.Event()
        self._closing: asyncio.Task[None] | None = None

    @property
    def pending_bytes(self) -> int:
        """Bytes that wait, the message now being sent included."""
        return self._pending_bytes

    def send(self, messages: Iterable[Message]) -> None:
        """Queue messages; never blocks."""
        if self._gone:
            return
        for message in messages:
            self._queue.append(message)
            self._pending_bytes += len(message)
        if self._pending_bytes > self._max_pending_bytes:
            self.disconnect_slow(f"{self._pending_bytes} bytes wait")
        self._queued.set()

    async def room(self, most_bytes: int, timeout: float) -> None:
        """Wait until at most `most_bytes` wait; a client that takes nothing is disconnected.

        Nothing taken for `timeout` seconds, that is: a slow client that takes something may stay.
        """
        while self._pending_bytes > most_bytes:
            self._sent.clear()
            try:
                async with asyncio.timeout(timeout):
                    await self._sent.wait()
            except TimeoutError:
                self.disconnect_slow(f"it took nothing for {timeout:g} s")

    def disconnect_slow(self, why: str) -> None:
        """Give the client up: forget what waits for it, and close."""
        if not self._gone:
            logger.warning("disconnecting a slow client: %s", why)
            self._counters.slow += 1
            self.close(CloseCode.TRY_AGAIN_LATER, "too slow")

    def close(self, code: int, reason: str = "") -> None:
        """Start the closing handshake; what waits is not sent any more."""
        self._leave()
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(code, reason))

    def abort(self) -> None:
        """Cut the connection as a broken network would."""
        self._leave()
        self._socket.transport.abort()

    async def run(self, on_command: Callable[[], None]) -> None:
        """Serve the connection until it ends; `on_command` is called after each command."""
        sender = asyncio.create_task(self._send_all())
        try:
            async for message in self._socket:
                self.send(self._answer(message))
                on_command()
        except ConnectionClosed:
            pass
        finally:
            self._leave()
            if self._closing is not None:
                await self._closing
            await sender

    def _answer(self, command: str | bytes) -> list[bytes]:
        errors = self.session.errors
        answers = self.session.receive(command)
        self._counters.commands += 1
        self._counters.errors += self.session.errors - errors
        return answers

    async def _send_all(self) -> None:
        # Closed while sending: what waits has nowhere to go, and run() knows already.
        with contextlib.suppress(ConnectionClosed):
            while not self._gone:
                while self._queue:
                    await self._send(self._queue.popleft())
                self._queued.clear()
                if not self._gone:
                    await self._queued.wait()

    async def _send(self, message: Message) -> None:
        await self._socket.send(message, text=not isinstance(message, Binary))
        self._counters.messages += 1
        self._counters.bytes += len(message)
        if not self._gone:
            self._pending_bytes -= len(message)
            self._sent.set()

    async def _close(self, code: int, reason: str) -> None:
        # A client that reads nothing never sees the close frame: it stands behind the rest.
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._socket.close(code, reason)
        except TimeoutError:
            self._socket.transport.abort()

    def _leave(self) -> None:
        self._gone = True
        self._queue.clear()
        self._pending_bytes = 0
        self._queued.set()
        self._sent.set()
