"""Waiting that Ctrl-C can end.

Once Polars is imported, a wait without a timeout in the main thread is not interrupted by
SIGINT; one with a timeout is.
"""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from threading import Event, Thread

__all__ = ["interrupt_main", "join", "wait_for"]

_LONG: Final = 3600.0


def interrupt_main() -> None:
    """Raise KeyboardInterrupt in the main thread, and out of what it waits for."""
    main = threading.main_thread().ident
    if sys.platform == "win32" or main is None:
        _thread.interrupt_main()
    else:  # a signal ends a wait at once; interrupt_main would only be seen after it
        signal.pthread_kill(main, signal.SIGINT)


def wait_for(event: Event, timeout: float | None = None) -> bool:
    """Wait for an event, for `timeout` seconds or for ever; return whether it is set."""
    if timeout is not None:
        return event.wait(timeout)
    while not event.wait(_LONG):
        pass
    return True


def join(thread: Thread) -> None:
    """Wait until a thread has ended."""
    while thread.is_alive():
        thread.join(_LONG)
