"""The live feed."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from reactivex import Observable

from tickflow_rx._address import Address, Key
from tickflow_rx._connector import Connector
from tickflow_rx._delivery import Delivery
from tickflow_rx._pump import Pump
from tickflow_rx._queue import End, FrameQueue, OverflowPolicy, RawFrame
from tickflow_rx._runners import Loop, Threads
from tickflow_rx._waiting import leave_ctrl_c_to_python
from tickflow_rx.exceptions import AuthenticationError, TickFlowError
from tickflow_rx.protocol import Session, check_symbol
from tickops import Frames

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    import polars as pl

    from tickflow_rx import events
    from tickflow_rx.protocol import Channel, Endpoint
    from tickops._observers import Observers

__all__ = ["Feed", "FeedStats", "SymbolFeed"]

_POLICIES: Final = ("block", "drop_oldest", "error")


@dataclass(frozen=True, slots=True)
class FeedStats:
    """What a feed has done so far.

    Attributes
    ----------
    connections
        Handshakes that succeeded.
    frames, bytes
        Frames delivered, and their size.
    quotes, depth
        Rows delivered.
    set_aside
        Frames that could not be understood.
    dropped_frames, dropped_bytes
        What ``overflow="drop_oldest"`` dropped.
    pending_bytes
        What waits now.
    """

    connections: int
    frames: int
    bytes: int
    quotes: int
    depth: int
    set_aside: int
    dropped_frames: int
    dropped_bytes: int
    pending_bytes: int


@dataclass(frozen=True, slots=True)
class SymbolFeed:
    """The rows of one symbol.

    Attributes
    ----------
    symbol
        Which.
    quotes, depth
        Its rows of the feed's frames.
    """

    symbol: str
    quotes: Frames
    depth: Frames


class Feed:
    """Live quotes and books from TickFlow, as observables of Polars frames.

    ``with feed:`` runs it in threads of its own, beside you; subscribers are called on one of
    them. ``async with feed:`` calls subscribers on the running event loop instead. One at a
    time in both cases.

    Parameters
    ----------
    quotes, depth
        Symbols to subscribe to at first, such as ``["600000.SH", "AAPL.US"]``.
    api_key
        Default: the variable TICKFLOW_API_KEY. It is never shown.
    base_url
        Default: the variable TICKFLOW_BASE_URL, else ``https://api.tickflow.org``.
    endpoint
        "stream", or "quotes": the older one, without books.
    overflow
        What happens when more than `max_pending_bytes` of raw frames wait for the subscribers:
        "block" stops reading, "drop_oldest" drops and counts, "error" ends the feed.
    max_pending_bytes
        See `overflow`.
    reconnect_delay
        Shortest and longest wait in seconds before another attempt to connect; it doubles from
        attempt to attempt, less up to a half at random.
    clock
        "wall": frames carry a clock that ticks once a second, by which operators close what is
        due, as long as the newest row is less than a day from the time now. None: time passes
        with the rows alone; for a server that replays or simulates the present day.

    Attributes
    ----------
    quotes, depth : Frames
        Frames of all that is subscribed, as ``QUOTES`` and ``DEPTH``: whatever has come since the
        one before, in order. Nothing flows before the feed runs; at its end they complete.
    interleaved : Frames
        Both in one, as ``INTERLEAVED``, for operators that need quotes and books: see
        `tickops.asof`. Rows stand in the order in which the server sent them, as
        `tickops.interleave` puts them by `received`: no two frames of the socket have the same
        `received`. It costs nothing while nobody is subscribed.
    raw : Observable[list[RawFrame]]
        What came over the socket, undecoded, before what is decoded of it; without the key,
        if the server should say it. For recording: see `tickflow_rx.Recorder`.
    status : Observable[Event]
        What happened to the feed: see ``tickflow_rx.events``.

    Raises
    ------
    ValueError
        A symbol, channel, policy or URL cannot be right.
    AuthenticationError
        On entering: there is no key. To every observer and from `wait`: the server refused it.

    Notes
    -----
    A subscriber that raises loses its own subscription, through its ``on_error``; the feed and
    the others go on. After a lost connection the feed connects and subscribes again; the column
    `connection` and the event ``Gap`` tell where rows may be missing. From ``with feed:`` on,
    Ctrl-C no longer breaks off queries of Polars: it would do so in the feed's thread too, in the
    middle of a frame. KeyboardInterrupt comes when a query of the main thread is over.

    Examples
    --------
    >>> from tickflow_rx import Feed
    >>> from tickflow_rx.server import Server, SimulatedMarket
    >>> with Server(SimulatedMarket(["600000.SH"], speed=None), keys=["demo"]) as server:
    ...     feed = Feed(quotes=["600000.SH"], api_key="demo", base_url=server.url)
    ...     first = threading.Event()
    ...     _ = feed.quotes.subscribe(lambda frame: first.set())
    ...     with feed:
    ...         first.wait(30)
    True
    """

    def __init__(
        self,
        quotes: Iterable[str] = (),
        depth: Iterable[str] = (),
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        endpoint: Endpoint = "stream",
        overflow: OverflowPolicy = "block",
        max_pending_bytes: int = 64 << 20,
        reconnect_delay: tuple[float, float] = (0.5, 30.0),
        clock: Literal["wall"] | None = "wall",
    ) -> None:
        key = Key(api_key)
        del api_key  # what is raised below shows its locals to error reporters
        if clock not in ("wall", None):
            raise ValueError(f'clock must be "wall" or None, not {clock!r}')
        if overflow not in _POLICIES:
            raise ValueError(
                f"overflow must be {', '.join(map(repr, _POLICIES))}, not {overflow!r}"
            )
        if max_pending_bytes < 1:
            raise ValueError(f"max_pending_bytes must be at least 1, not {max_pending_bytes}")
        if not 0 <= reconnect_delay[0] <= reconnect_delay[1]:
            raise ValueError(
                f"reconnect_delay must be (shortest, longest) in seconds, not {reconnect_delay}"
            )
        self._session = Session(endpoint)
        self._address = Address(base_url, key, self._session.endpoint)
        self._lock = threading.Lock()
        self._queue = FrameQueue(overflow, max_pending_bytes, self._wake)
        self._connector = Connector(
            self._address, self._session, self._lock, self._queue, reconnect_delay
        )
        self._delivery = Delivery(
            self._session,
            self._lock,
            lambda: self._connector.connection,
            self._address.hide_key,
            self._address.hide_key_bytes,
            ticks=clock is not None,
        )
        self._pump = Pump(self._connector, self._queue, self._delivery)
        self._runner: Threads | Loop | None = None
        self._closed = False
        self._clock = Observable[int](lambda observer, _=None: self._delivery.clock.add(observer))
        self.quotes = self._frames(self._delivery.quotes.all)
        self.depth = self._frames(self._delivery.depth.all)
        self.interleaved = self._frames(self._delivery.interleaved)
        self.raw: Observable[list[RawFrame]] = Observable(
            lambda observer, _=None: self._delivery.raw.add(observer)
        )
        self.status: Observable[events.Event] = Observable(
            lambda observer, _=None: self._delivery.status.add(observer)
        )
        initial: dict[Channel, Any] = {"quotes": _listed(quotes), "depth": _listed(depth)}
        for channel, symbols in initial.items():
            if symbols:
                self.subscribe(channel, symbols)

    def subscribe(self, channel: Channel, symbols: Iterable[str]) -> None:
        """Subscribe to more symbols, at any time and from any thread; those known change nothing.

        Raises
        ------
        ValueError
            No such channel, or no symbol.
        """
        with self._lock:
            self._connector.send(self._session.subscribe(channel, symbols))

    def unsubscribe(self, channel: Channel, symbols: Iterable[str]) -> None:
        """Unsubscribe from symbols, at any time and from any thread; unknown ones change nothing.

        Raises
        ------
        ValueError
            No such channel, or no symbol.
        """
        with self._lock:
            self._connector.send(self._session.unsubscribe(channel, symbols))

    def symbol(self, symbol: str) -> SymbolFeed:
        """The rows of one symbol, of what is subscribed: it does not subscribe by itself.

        What a frame costs does not grow with the number of symbols asked for.

        Raises
        ------
        ValueError
            It can be no symbol.
        """
        check_symbol(symbol)
        with self._lock:
            quotes = self._delivery.quotes.symbol(symbol)
            depth = self._delivery.depth.symbol(symbol)
        return SymbolFeed(symbol, self._frames(quotes), self._frames(depth))

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the feed has ended, or for `timeout` seconds.

        Returns
        -------
        bool
            Whether it has ended.

        Raises
        ------
        AuthenticationError, FeedOverflowError, TickFlowError
            What ended it.
        """
        runner = self._runner
        if runner is None and not self._closed:
            raise TickFlowError("the feed is not running: wait inside `with feed:`")
        if runner is not None and runner.is_caller() and not self._pump.ended.is_set():
            raise TickFlowError("a subscriber cannot wait for the feed that calls it")
        ended = self._pump.ended.wait(timeout)
        if self._pump.error is not None:
            raise self._pump.error
        return ended

    async def wait_async(self, timeout: float | None = None) -> bool:
        """`wait` for a coroutine."""
        runner = self._runner
        if isinstance(runner, Loop):
            await runner.wait(timeout)
        elif not self._pump.ended.is_set():
            return await asyncio.to_thread(self.wait, timeout)
        if self._pump.error is not None:
            raise self._pump.error
        return self._pump.ended.is_set()

    def close(self) -> None:
        """End the feed, from any thread: what has come is delivered, then observers complete.

        Waits for that, unless a subscriber or a coroutine calls. A second call is harmless; a
        feed closed before it ran never runs.
        """
        self._closed = True
        self._connector.stop()
        runner = self._runner
        if runner is None:
            self._pump.end(End("the feed was closed before it ran"))
        else:
            runner.join()

    def stats(self) -> FeedStats:
        """What the feed has done so far."""
        counts, queue = self._delivery.counts, self._queue
        return FeedStats(
            connections=self._connector.connection - self._connector.connections_before,
            frames=counts.frames,
            bytes=counts.bytes,
            quotes=counts.quotes,
            depth=counts.depth,
            set_aside=counts.set_aside,
            dropped_frames=queue.dropped_frames,
            dropped_bytes=queue.dropped_bytes,
            pending_bytes=queue.pending_bytes,
        )

    def __enter__(self) -> Self:
        self._begin()
        leave_ctrl_c_to_python()
        self._runner = Threads(self._pump)
        self._runner.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        self._begin()
        self._runner = Loop(self._pump)
        self._runner.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
        runner = self._runner
        if isinstance(runner, Loop):
            await runner.wait()

    def __repr__(self) -> str:
        if not hasattr(self, "_runner"):
            return "<Feed of arguments that cannot be right>"
        state = (
            "ended" if self._pump.ended.is_set() else "running" if self._runner else "not running"
        )
        with self._lock:
            counts = [
                f"{len(self._session.wanted(channel))} {channel}"
                for channel in ("quotes", "depth")
                if channel == "quotes" or self._session.endpoint == "stream"
            ]
        return f"<Feed {self._address.url} {', '.join(counts)}, {state}>"

    def _is_new(self) -> bool:
        """Whether it can still be run."""
        return self._runner is None and not self._closed

    def _follow(self, connection: int, stamp_us: int) -> None:
        """Let connection numbers and receive times follow those of a recording."""
        self._connector.follow(connection, stamp_us)

    def _frames(self, observers: Observers[pl.DataFrame]) -> Frames:
        return Frames(lambda observer, _=None: observers.add(observer), self._clock)

    def _begin(self) -> None:
        if self._closed:
            raise TickFlowError("this feed was closed: make another")
        if self._runner is not None:
            raise TickFlowError("this feed is running already")
        try:
            self._address.require_key()
        except AuthenticationError as error:
            self._closed = True
            self._pump.end(End(str(error), error))
            raise

    def _wake(self) -> None:
        runner = self._runner
        if runner is not None:
            runner.wake()


def _listed(symbols: Any) -> Any:
    """Symbols as given, a text among them for `Session` to refuse; an iterator as a list."""
    return symbols if isinstance(symbols, str) or not symbols else list(symbols)
