"""Something that happens once, to be waited for from threads and from event loops alike."""

import asyncio
import threading
from collections.abc import Callable, Generator

from tickflow_rx._waiting import Latch


class Signal:
    """An event that both worlds can wait for.

    Like `threading.Event` it has `wait` and `is_set`; in a coroutine it is awaited:
    ``await server.finished``. Once set it stays set.
    """

    def __init__(self) -> None:
        self._event = Latch()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], object]] = []

    def __repr__(self) -> str:
        return f"<Signal {'set' if self.is_set() else 'not set'}>"

    def is_set(self) -> bool:
        """Whether it has happened."""
        return self._event.is_set()

    def set(self) -> None:
        """Let it have happened; from any thread, and as often as one likes."""
        with self._lock:
            self._event.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def wait(self, timeout: float | None = None) -> bool:
        """Block until it has happened, or for `timeout` seconds; return whether it has."""
        return self._event.wait(timeout)

    def __await__(self) -> Generator[object, None, None]:
        return self._wait().__await__()

    async def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        happened: asyncio.Future[None] = loop.create_future()

        def finish() -> None:
            if not happened.done():
                happened.set_result(None)

        def wake() -> None:
            # The loop of one who stopped waiting may be closed by now.
            if not loop.is_closed():
                loop.call_soon_threadsafe(finish)

        with self._lock:
            if self._event.is_set():
                return
            self._callbacks.append(wake)
        try:
            await happened
        finally:
            with self._lock:
                if wake in self._callbacks:
                    self._callbacks.remove(wake)
