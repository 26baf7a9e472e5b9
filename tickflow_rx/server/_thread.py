"""An event loop in a thread of its own."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, ParamSpec, TypeVar

from tickflow_rx._waiting import Worker

P = ParamSpec("P")
T = TypeVar("T")


class LoopThread:
    """Runs coroutines and functions in the event loop of a background thread.

    The thread is a daemon: a program that forgets to close ends all the same.
    """

    def __init__(self, name: str) -> None:
        started: Future[asyncio.AbstractEventLoop] = Future()
        self._end: asyncio.Event
        self._thread = Worker(lambda: asyncio.run(self._main(started)), name)
        self._thread.start()
        self.loop = started.result()

    async def _main(self, started: Future[asyncio.AbstractEventLoop]) -> None:
        self._end = asyncio.Event()
        started.set_result(asyncio.get_running_loop())
        await self._end.wait()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine there and wait for its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    def close(self) -> None:
        """End the loop and the thread."""
        self.loop.call_soon_threadsafe(self._end.set)
        self._thread.wait()


def call_in(
    loop: asyncio.AbstractEventLoop, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Call `function` in the thread of `loop`, from there or from any other, and wait for it."""
    try:
        if asyncio.get_running_loop() is loop:
            return function(*args, **kwargs)
    except RuntimeError:
        pass  # no loop runs in this thread: it is another one

    async def call() -> T:
        return function(*args, **kwargs)

    return asyncio.run_coroutine_threadsafe(call(), loop).result()
