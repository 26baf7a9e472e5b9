"""A TickFlow server of one's own: the public face, for threads and for event loops."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Self

from tickflow_rx.server._access import Access, Keys
from tickflow_rx.server._client import Binary, Message
from tickflow_rx.server._counters import Counters
from tickflow_rx.server._messages import CHANNELS, Channel, encode
from tickflow_rx.server._service import Service, Settings
from tickflow_rx.server._signal import Signal
from tickflow_rx.server._source import Batch, Source, check_speed
from tickflow_rx.server._thread import LoopThread, call_in


class Server:
    """Serves a source over the TickFlow protocol, on both endpoints.

    ``with Server(...) as server:`` runs it in a thread of its own; ``async with`` runs it in the
    running event loop. Give a feed or the official client ``server.url`` as its ``base_url``.

    Parameters
    ----------
    source
        Where rows come from: `SimulatedMarket`, `WireRecording`, `ParquetRecording`, or any
        `Source`. None for a server that only pushes what it is told to (`publish`, `send_raw`).
    keys
        API keys that are let in, each with both channels; or a mapping from key to its channels.
        No key or an unknown one: 401. A known key without any channel, or without ``quotes`` on
        the legacy endpoint: 403. A channel that is missing otherwise: ``no permission for
        channel`` at the subscribe. A path that is no endpoint: 404.
    host, port
        Where to listen; port 0 takes a free one, which then stays through `stop` and `start`.
    max_symbols
        Most symbols a channel of one connection may have; None for no limit.
    ping_interval, ping_timeout
        Seconds between Pings, and for the Pong; None for never.
    rows_per_message
        Most rows in one message; more are split, in order. 1,000 quotes are about 0.3 MB, below
        the 1 MiB that WebSocket clients allow by default. None for no limit.
    max_pending_bytes
        Most bytes that may wait for one client. A client for which more wait is disconnected
        with code 1013: nothing is left out silently, and the others are not held up.
    max_wait
        Longest pause in seconds of the wall clock between two batches of a paced source: nights
        and lunches are cut to it. None for none.
    start_when
        When the source begins, after each start: a function of `Counters` to bool. By default at
        once, or when the first client has subscribed if the source has ``wait_for_subscriber``.
    compression
        Whether to offer permessage-deflate.

    Attributes
    ----------
    finished : Signal
        Set when the source has run out and the clients have been sent all of it: ``wait()`` for
        it in a thread, ``await`` it in a loop. The server stays up.

    Notes
    -----
    A source with ``speed=None`` goes at the pace of the slowest client; one that takes nothing
    for 20 s is disconnected. Time of a source stands still between `stop` and `start`.

    Keys are never logged: the logger ``tickflow_rx.server`` cuts queries from whatever it is
    given, the records of the WebSocket library included.

    Examples
    --------
    >>> from tickflow_rx.server import Server, SimulatedMarket
    >>> with Server(SimulatedMarket(["600000.SH"]), keys=["secret"]) as server:
    ...     server.url.rpartition(":")[0], server.counters.open
    ('http://127.0.0.1', 0)
    """

    def __init__(
        self,
        source: Source | None = None,
        *,
        keys: Keys = ("demo",),
        host: str = "127.0.0.1",
        port: int = 0,
        max_symbols: int | None = None,
        ping_interval: float | None = 30.0,
        ping_timeout: float | None = 30.0,
        rows_per_message: int | None = 1000,
        max_pending_bytes: int = 64 << 20,
        max_wait: float | None = None,
        start_when: Callable[[Counters], bool] | None = None,
        compression: bool = True,
    ) -> None:
        _check_above_zero(
            max_symbols=max_symbols,
            ping_interval=ping_interval,
            ping_timeout=ping_timeout,
            rows_per_message=rows_per_message,
            max_pending_bytes=max_pending_bytes,
            max_wait=max_wait,
        )
        if source is not None:
            check_speed(source.speed)
        self._host = host
        self._port = port
        settings = Settings(
            host=host,
            max_symbols=max_symbols,
            rows_per_message=rows_per_message,
            max_pending_bytes=max_pending_bytes,
            max_wait=max_wait,
            ping_interval=ping_interval,
            ping_timeout=ping_timeout,
            compression=compression,
            start_when=start_when,
        )
        self._service = Service(source, Access(keys), settings)
        self._thread: LoopThread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    def __repr__(self) -> str:
        state = "closed" if self._closed else "listening" if self._loop else "stopped"
        return f"<Server {self.url} {state}>"

    @property
    def port(self) -> int:
        """Port it listens on; before the first start the one asked for."""
        return self._port

    @property
    def url(self) -> str:
        """Base URL: what a client takes as ``base_url``."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    @property
    def counters(self) -> Counters:
        """A copy of the counters as they are now."""
        return self._service.tally.copy()

    @property
    def finished(self) -> Signal:
        """Set when the source has run out and the clients have been sent all of it."""
        return self._service.finished

    @property
    def error(self) -> Exception | None:
        """What the source raised, if it ended by an error; `finished` is set then too."""
        return self._service.error

    def when(self, predicate: Callable[[Counters], bool]) -> Signal:
        """Signal set as soon as the counters satisfy `predicate`; it may be set already.

        It is called in the server's loop after every change: keep it short.
        """
        return self._service.tally.when(predicate)

    def subscribed(self, clients: int = 1) -> Signal:
        """Signal set once at least so many clients have a symbol subscribed."""
        return self.when(lambda counters: counters.subscribed >= clients)

    def start(self) -> None:
        """Listen, in a thread of its own; after `stop` again on the same port.

        Raises
        ------
        OSError
            The address cannot be bound.
        """
        self._check_startable()
        thread = LoopThread("tickflow-rx-server")
        try:
            self._port = thread.run(self._service.start(self._port))
        except BaseException:
            thread.close()
            raise
        self._thread, self._loop = thread, thread.loop

    def stop(self, *, abort: bool = False) -> None:
        """End all connections and stop listening; the source's time stands still.

        Parameters
        ----------
        abort
            Cut the connections as a crash would, instead of closing them with code 1001.
        """
        if self._loop is None:
            return
        thread = self._thread
        if thread is None:
            raise RuntimeError("this server runs in an event loop: await astop() or aclose()")
        try:
            thread.run(self._service.stop(abort=abort))
        finally:
            self._thread = self._loop = None
            thread.close()

    def close(self) -> None:
        """Stop for good; harmless when repeated."""
        self.stop()
        self._closed = True

    async def astart(self) -> None:
        """Do as `start`, in the running event loop."""
        self._check_startable()
        self._port = await self._service.start(self._port)
        self._loop = asyncio.get_running_loop()

    async def astop(self, *, abort: bool = False) -> None:
        """Do as `stop`, for a server that runs in this event loop."""
        if self._loop is None:
            return
        if self._thread is not None:
            raise RuntimeError("this server runs in a thread of its own: call stop() or close()")
        try:
            await self._service.stop(abort=abort)
        finally:
            self._loop = None

    async def aclose(self) -> None:
        """Do as `close`, for a server that runs in this event loop."""
        await self.astop()
        self._closed = True

    def drop(self, code: int | None = None) -> int:
        """End all connections at once; new ones are let in.

        Parameters
        ----------
        code
            Close code; by default there is no close frame, as when the network breaks.

        Returns
        -------
        int
            How many clients were connected.
        """
        return call_in(self._running(), self._service.drop, code)

    def send_raw(self, data: str | bytes) -> int:
        """Send one frame to all clients, whatever they subscribed: for tests of bad input.

        Parameters
        ----------
        data
            A string goes out as a text frame, bytes as a binary one; nothing checks it.

        Returns
        -------
        int
            How many clients it was queued for.
        """
        message: Message = data.encode() if isinstance(data, str) else Binary(data)
        return call_in(self._running(), self._service.send_raw, message)

    def publish(
        self, channel: Channel, rows: Iterable[Mapping[str, Any]], *, time_ms: int = 0
    ) -> None:
        """Push rows besides the source's: to their subscribers, and kept for snapshots.

        Parameters
        ----------
        channel
            ``"quotes"`` or ``"depth"``.
        rows
            Mappings with at least ``symbol``.
        time_ms
            Epoch milliseconds of the batch; nothing waits for it.
        """
        if channel not in CHANNELS:
            raise ValueError(f"unknown channel {channel!r}; channels are {', '.join(CHANNELS)}")
        listed = list(rows)
        symbols = [row["symbol"] for row in listed]
        batch = Batch(time_ms, channel, symbols, [encode(row) for row in listed])
        call_in(self._running(), self._service.deliver, batch)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        await self.astart()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            raise RuntimeError("the server does not run: start it first")
        return self._loop

    def _check_startable(self) -> None:
        if self._closed:
            raise RuntimeError("the server is closed: make a new one")
        if self._loop is not None:
            raise RuntimeError("the server runs already")


def _check_above_zero(**values: float | None) -> None:
    for name, value in values.items():
        if value is not None and not value > 0:
            raise ValueError(
                f"{name} must be above 0, or None where that is allowed; got {value!r}"
            )
