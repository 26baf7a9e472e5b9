"""Ending what may be in the middle of something."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = ["Closing"]


class Closing:
    """Ends something once: at once, or after the step that another thread is in.

    A subscription may be disposed on any thread. To wait there for a step would be a deadlock
    where the step waits for that thread.

    Parameters
    ----------
    end
        Called once, never while another thread is in a step.

    Attributes
    ----------
    closed
        No step may begin or go on.
    """

    def __init__(self, end: Callable[[], object]) -> None:
        self.closed = False
        self._end = end
        self._ended = False
        self._lock = threading.RLock()

    @contextmanager
    def step(self) -> Generator[None]:
        """Be in a step."""
        try:
            with self._lock:
                yield
        finally:
            if self.closed:
                self.close()

    def close(self) -> None:
        """End it; harmless a second time."""
        self.closed = True
        if self._lock.acquire(blocking=False):  # else the thread that has it comes here after
            try:
                if not self._ended:
                    self._ended = True
                    self._end()
            finally:
                self._lock.release()
