"""Two ways to run a replay: subscribers called in a thread of its own, or in an event loop."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final

from tickflow_rx._waiting import Worker
from tickflow_rx.exceptions import TickFlowError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tickflow_rx.feed import Feed

__all__ = ["Loop", "Threads"]

_LOOK_EVERY: Final = 1.0


class Threads:
    """Reads, waits and delivers in one thread."""

    def __init__(self, work: Callable[[Threads | Loop], None]) -> None:
        self._thread = Worker(lambda: work(self), "tickflow-replay")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def call(self, function: Callable[..., object], *arguments: Any) -> None:
        """Call what calls subscribers."""
        function(*arguments)

    def enter(self, feed: Feed) -> None:
        """Let a feed run in the same way."""
        feed.__enter__()

    def is_caller(self) -> bool:
        """Whether its thread asks."""
        return threading.current_thread() is self._thread

    def join(self) -> None:
        """Wait until nothing is left to do, unless its thread asks."""
        if not self.is_caller():
            self._thread.wait()


class Loop(Threads):
    """Reads and waits in a thread, delivers in the running event loop."""

    def __init__(self, work: Callable[[Threads | Loop], None]) -> None:
        super().__init__(work)
        self._loop = asyncio.get_running_loop()

    def call(self, function: Callable[..., object], *arguments: Any) -> None:
        """Call what calls subscribers, in the loop.

        Raises
        ------
        TickFlowError
            The loop ended before.
        """
        done: Future[None] = Future()

        def call() -> None:
            try:
                function(*arguments)
            except BaseException as error:
                done.set_exception(error)
                if not isinstance(error, Exception):
                    raise
            else:
                done.set_result(None)

        try:
            self._loop.call_soon_threadsafe(call)
        except RuntimeError:
            raise TickFlowError("the event loop ended") from None
        self._result(done)

    def enter(self, feed: Feed) -> None:
        """Let a feed run in the same way."""
        self._result(asyncio.run_coroutine_threadsafe(feed.__aenter__(), self._loop))

    def is_caller(self) -> bool:
        """Whether its thread asks, or the event loop, which must not be held up."""
        try:
            return asyncio.get_running_loop() is self._loop
        except RuntimeError:
            return super().is_caller()

    def _result(self, done: Future[Any]) -> None:
        while True:
            try:
                done.result(_LOOK_EVERY)
                return
            except TimeoutError:
                if done.done():
                    raise
                if self._loop.is_closed():
                    raise TickFlowError("the event loop ended") from None
