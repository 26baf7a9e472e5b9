"""Two ways to run a feed: in threads of its own, or in a running event loop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING

from tickflow_rx._queue import End
from tickflow_rx._waiting import INTERRUPTED, Worker
from tickflow_rx.decoding import warmup
from tickflow_rx.exceptions import TickFlowError

if TYPE_CHECKING:
    from tickflow_rx._pump import Pump

__all__ = ["Loop", "Threads"]


class Threads:
    """Runs a feed in two threads: one for the socket, one for the subscribers."""

    def __init__(self, pump: Pump) -> None:
        self._pump = pump
        self._ready = threading.Event()
        self._socket = Worker(self._read, "tickflow-socket")
        self._delivering = Worker(self._deliver, "tickflow-pump")

    def start(self) -> None:
        """Begin."""
        self._socket.start()
        self._delivering.start()

    def wake(self) -> None:
        """Say that something waits; from any thread."""
        self._ready.set()

    def is_caller(self) -> bool:
        """Whether a subscriber calls."""
        return threading.current_thread() is self._delivering

    def join(self) -> None:
        """Wait for the end, unless a subscriber asks."""
        if not self.is_caller():
            self._socket.wait()
            self._delivering.wait()

    def _read(self) -> None:
        asyncio.run(self._pump.connector.run())

    def _deliver(self) -> None:
        try:
            self._deliver_all()
        except KeyboardInterrupt:
            self._end(INTERRUPTED.format("feed"))
        except BaseException as error:
            # sys.exit() in a subscriber would end this thread alone, and nobody would know.
            self._end(f"a subscriber raised {error!r}")

    def _end(self, reason: str) -> None:
        self._pump.connector.stop()
        self._pump.end(End(reason, TickFlowError(reason)))

    def _deliver_all(self) -> None:
        pump, ready = self._pump, self._ready
        warmup()  # while the socket connects
        while True:
            ready.wait()
            ready.clear()
            while pump.waits():
                if not pump.step():
                    return


class Loop:
    """Runs a feed with its subscribers in the running event loop, its socket in a thread."""

    def __init__(self, pump: Pump) -> None:
        self._pump = pump
        self._loop = asyncio.get_running_loop()
        self._ready = asyncio.Event()
        self._socket = Worker(self._read, "tickflow-socket")
        self._delivering: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._delivering = self._loop.create_task(self._deliver())
        self._socket.start()

    def wake(self) -> None:
        """Say that something waits; from any thread."""
        with contextlib.suppress(RuntimeError):  # the loop was closed before the feed
            self._loop.call_soon_threadsafe(self._ready.set)

    def is_caller(self) -> bool:
        """Whether the event loop calls, which must not be held up."""
        try:
            return asyncio.get_running_loop() is self._loop
        except RuntimeError:
            return False

    def join(self) -> None:
        """Wait for the end, unless a subscriber asks."""
        if not self.is_caller():
            self._socket.wait()
            self._pump.ended.wait()

    async def wait(self, timeout: float | None = None) -> None:
        """Wait for the end, or for `timeout` seconds."""
        if self._delivering is not None:
            await asyncio.wait({self._delivering}, timeout=timeout)
        if self._pump.ended.is_set():
            await asyncio.to_thread(self._socket.wait)

    def _read(self) -> None:
        warmup()  # here, so that the event loop does not stand still for it
        asyncio.run(self._pump.connector.run())

    async def _deliver(self) -> None:
        pump = self._pump
        try:
            while True:
                await self._ready.wait()
                self._ready.clear()
                while pump.waits():
                    if not pump.step():
                        return
                    await asyncio.sleep(0)
        finally:  # cancelled: the event loop ends before the feed
            pump.connector.stop()
            pump.end(End("the event loop ended"))
