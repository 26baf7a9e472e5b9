"""All of a server that lives in its event loop: sockets, clients, and the source's pace."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from websockets.asyncio.server import Server as WebSocketServer
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.frames import CloseCode
from websockets.http11 import Request, Response

from tickflow_rx.server._access import Access, Admitted
from tickflow_rx.server._client import Client, Message
from tickflow_rx.server._counters import Counters, Tally
from tickflow_rx.server._log import logger
from tickflow_rx.server._pace import Feeder, Pace
from tickflow_rx.server._session import Session, Snapshots
from tickflow_rx.server._signal import Signal
from tickflow_rx.server._source import Batch, Source

_GRACE_SECONDS = 1.0
_ROOM_BYTES = 1 << 20
_STALL_SECONDS = 20.0
# So often commands and sockets get their turn while batches go out without a pause.
_YIELD_SECONDS = 0.002


@dataclass(frozen=True, slots=True)
class Settings:
    """What a server was made with; `Server` documents and checks it."""

    host: str
    max_symbols: int | None
    rows_per_message: int | None
    max_pending_bytes: int
    max_wait: float | None
    ping_interval: float | None
    ping_timeout: float | None
    compression: bool
    start_when: Callable[[Counters], bool] | None


class Service:
    """The running part of a server; all methods belong to one event loop at a time.

    Parameters
    ----------
    source
        Where rows come from; None for a server that only pushes what it is told to.
    access
        Who may connect.
    settings
        The rest.
    """

    def __init__(self, source: Source | None, access: Access, settings: Settings) -> None:
        self.tally = Tally()
        self.finished = Signal()
        self.error: Exception | None = None
        self._source = source
        self._access = access
        self._settings = settings
        self._snapshots = Snapshots()
        self._feeder = None if source is None else Feeder(source)
        self._clients: set[Client] = set()
        # From the TCP connection on, so that one stuck in its handshake can be cut too.
        self._sockets: set[ServerConnection] = set()
        self._server: WebSocketServer | None = None
        self._pump_task: asyncio.Task[None] | None = None
        if source is None:
            self.finished.set()

    async def start(self, port: int) -> int:
        """Listen, and go on with the source; return the port."""
        settings = self._settings
        self._server = await serve(
            self._handle,
            settings.host,
            port,
            process_request=self._process_request,
            compression="deflate" if settings.compression else None,
            ping_interval=settings.ping_interval,
            ping_timeout=settings.ping_timeout,
            logger=logger,
            create_connection=self._connection_type(),
        )
        if self._source is not None and not self.finished.is_set():
            self._pump_task = asyncio.create_task(self._pump(self._source))
        return self._server.sockets[0].getsockname()[1]

    async def stop(self, *, abort: bool) -> None:
        """Stop listening, end all connections (with 1001, or cut them), and pause the source."""
        if self._pump_task is not None:
            self._pump_task.cancel()
            await asyncio.gather(self._pump_task, return_exceptions=True)
            self._pump_task = None
        if self._feeder is not None:
            self._feeder.stop()
        server, self._server = self._server, None
        if server is None:
            return
        if abort:
            self._cut()
        server.close(code=CloseCode.GOING_AWAY)
        closed = asyncio.ensure_future(server.wait_closed())
        done, _ = await asyncio.wait([closed], timeout=_GRACE_SECONDS)
        if not done:
            self._cut()
        await closed

    def drop(self, code: int | None) -> int:
        """End all connections there are, by a close frame or without; return how many."""
        count = len(self._clients)
        if code is None:
            self._cut()
        else:
            for client in self._clients:
                client.close(code)
        return count

    def send_raw(self, message: Message) -> int:
        """Send one message to all clients, whatever they subscribed; return how many."""
        for client in self._clients:
            client.send([message])
        return len(self._clients)

    def deliver(self, batch: Batch) -> None:
        """Push a batch to whoever subscribed its symbols, and keep it for snapshots."""
        self._snapshots.update(batch)
        counters = self.tally.counters
        counters.batches += 1
        counters.rows += len(batch.rows)
        whole: list[bytes] | None = None
        limit = self._settings.rows_per_message
        for client in self._clients:
            rows = client.session.select(batch)
            counters.rows_sent += len(rows)
            if len(rows) == len(batch.rows):
                # Whoever takes all of it shares one copy.
                whole = whole or list(batch.messages(limit))
                client.send(whole)
            elif rows:
                client.send(Batch(batch.time_ms, batch.channel, (), rows).messages(limit))
        self.tally.changed()

    async def _pump(self, source: Source) -> None:
        assert self._feeder is not None
        self._feeder.start()
        await self._may_begin(source)
        try:
            await self._feed(self._feeder, Pace(source.speed, self._settings.max_wait))
        except Exception as error:
            # The clients stay; who waits for the end learns of it from `Server.error`.
            logger.exception("the source failed")
            self.error = error
        await asyncio.gather(*(client.room(0, _STALL_SECONDS) for client in self._clients))
        self.finished.set()

    async def _may_begin(self, source: Source) -> None:
        start_when = self._settings.start_when
        if start_when is None and source.wait_for_subscriber:
            start_when = _has_subscriber
        if start_when is not None:
            await self.tally.when(start_when)

    async def _feed(self, feeder: Feeder, pace: Pace) -> None:
        loop = asyncio.get_running_loop()
        yielded = loop.time()
        while (batch := await feeder.peek()) is not None:
            if pace.free:
                for client in [c for c in self._clients if c.pending_bytes > _ROOM_BYTES]:
                    await client.room(_ROOM_BYTES, _STALL_SECONDS)
            delay = pace.delay(batch.time_ms, loop.time())
            if delay > 0 or loop.time() - yielded > _YIELD_SECONDS:
                await asyncio.sleep(delay)
                yielded = loop.time()
            feeder.take()
            self.deliver(batch)

    async def _handle(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        admitted = self._access.admit(socket.request.path)
        assert isinstance(admitted, Admitted)
        session = Session(
            self._snapshots,
            channels=admitted.channels,
            legacy=admitted.legacy,
            max_symbols=self._settings.max_symbols,
            rows_per_message=self._settings.rows_per_message,
        )
        client = Client(
            socket,
            session,
            max_pending_bytes=self._settings.max_pending_bytes,
            counters=self.tally.counters,
        )
        self._clients.add(client)
        self.tally.counters.connections += 1
        self._count_clients()
        try:
            await client.run(self._count_clients)
        finally:
            self._clients.discard(client)
            self._count_clients()

    def _process_request(self, socket: ServerConnection, request: Request) -> Response | None:
        answer = self._access.admit(request.path)
        if isinstance(answer, Admitted):
            return None
        self.tally.counters.refused += 1
        self.tally.changed()
        return _json_response(answer.status, answer.body())

    def _connection_type(self) -> type[ServerConnection]:
        sockets = self._sockets

        class Connection(ServerConnection):
            """Known from the TCP connection on, so that it can be cut in its handshake."""

            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                super().connection_made(transport)
                sockets.add(self)

            def connection_lost(self, exc: Exception | None) -> None:
                super().connection_lost(exc)
                sockets.discard(self)

        return Connection

    def _cut(self) -> None:
        for client in self._clients:
            client.abort()
        for socket in tuple(self._sockets):
            socket.transport.abort()

    def _count_clients(self) -> None:
        counters = self.tally.counters
        counters.open = len(self._clients)
        held = [client.session.subscriptions for client in self._clients]
        counters.subscriptions = sum(held)
        counters.subscribed = sum(map(bool, held))
        self.tally.changed()


def _has_subscriber(counters: Counters) -> bool:
    return counters.subscribed > 0


def _json_response(status: HTTPStatus, body: bytes) -> Response:
    headers = Headers(
        {
            "Connection": "close",
            "Content-Type": "application/json; charset=utf-8",
            "Content-Length": str(len(body)),
        }
    )
    return Response(status.value, status.phrase, headers, body)
