"""Waiting that Ctrl-C can end, anywhere.

`threading.Event` and `Thread.join` are written in Python: a KeyboardInterrupt between two of their
lines leaves a lock held, or is raised as "release unlocked lock", or lets a running thread count
as ended. What is here has no such line. And once Polars is imported, a wait without a timeout in
the main thread is not interrupted by SIGINT; one with a timeout is.
"""

from __future__ import annotations

import signal
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["INTERRUPTED", "Latch", "Worker", "leave_ctrl_c_to_python"]

INTERRUPTED: Final = (
    "Ctrl-C broke off a query of Polars in the {}'s thread: operators have a part of a frame, so"
    " it ends here; make another"
)
"""What ends a feed or a replay where `leave_ctrl_c_to_python` could do nothing."""

_LONGEST: Final = 1.0


class Latch:
    """Something that happens once, as `threading.Event`."""

    def __init__(self) -> None:
        self._is_set = False
        self._waiters: list[threading.Lock] = []

    def is_set(self) -> bool:
        """Whether it has happened."""
        return self._is_set

    def set(self) -> None:
        """Let it have happened; from any thread, and as often as one likes."""
        self._is_set = True
        while self._waiters:
            with suppress(IndexError):  # another thread sets it too, or who waited has left
                self._waiters.pop().release()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it has happened, for `timeout` seconds or for ever; return whether it has."""
        end = None if timeout is None else time.monotonic() + timeout
        while not self._is_set:
            left = _LONGEST if end is None else min(end - time.monotonic(), _LONGEST)
            if left <= 0:
                break
            self._wait(left)
        return self._is_set

    def _wait(self, seconds: float) -> None:
        # Each wait has a lock of its own, held all the while: wherever Ctrl-C comes, what is left
        # behind is at most one that nobody waits for.
        waiter = threading.Lock()
        waiter.acquire()
        self._waiters.append(waiter)
        try:
            if not self._is_set:
                waiter.acquire(timeout=seconds)
        finally:
            with suppress(ValueError):  # `set` took it
                self._waiters.remove(waiter)


class Worker(threading.Thread):
    """A daemon thread whose end can be waited for."""

    def __init__(self, work: Callable[[], object], name: str) -> None:
        super().__init__(name=name, daemon=True)
        self._work = work
        self._over = Latch()

    def run(self) -> None:
        """Do the work."""
        try:
            self._work()
        finally:
            self._over.set()

    def wait(self) -> None:
        """Wait until the work is done, if it was begun."""
        if self.ident is not None:
            self._over.wait()
            self.join()


def leave_ctrl_c_to_python() -> None:
    """Take Ctrl-C from Polars, which raises it in every thread that runs a query.

    In the middle of a frame it would leave operators with half of it. The handler of the main
    thread stays what it is; it hears of Ctrl-C once its own query is over. IPython's kernel and
    asyncio do the same whenever they run a cell or a loop. Elsewhere than in the main thread, and
    where the handler is not one of Python's, nothing is done.
    """
    if threading.current_thread() is threading.main_thread():
        handler = signal.getsignal(signal.SIGINT)
        if callable(handler):
            signal.signal(signal.SIGINT, handler)
