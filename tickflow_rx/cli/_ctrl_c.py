"""Ctrl-C as a wish that a command fulfils when it can."""

import signal
from collections.abc import Generator
from contextlib import contextmanager

from tickflow_rx._waiting import Latch


@contextmanager
def until_ctrl_c() -> Generator[Latch]:
    """Let the first Ctrl-C set a latch: an exception would cut short whatever it falls into.

    The second is KeyboardInterrupt. Enter it once Polars is imported, which then does not hear
    of Ctrl-C either.
    """
    stopped = Latch()

    def stop(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        stopped.set()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGINT, before or signal.default_int_handler)
