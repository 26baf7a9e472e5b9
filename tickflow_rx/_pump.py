"""Takes what waits and delivers it, a turn at a time."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from tickflow_rx._queue import End
from tickflow_rx._waiting import Latch

if TYPE_CHECKING:
    from tickflow_rx._connector import Connector
    from tickflow_rx._delivery import Delivery
    from tickflow_rx._queue import FrameQueue

__all__ = ["Pump"]

_TURN_BYTES: Final = 4 << 20  # raw bytes decoded at a time: about 15,000 quotes


class Pump:
    """A feed's work, for whoever runs it: see ``tickflow_rx._runners``.

    Attributes
    ----------
    connector
        What to run beside it.
    ended
        Set when all has been delivered, the end too.
    error
        What ended it, if not `close`.
    """

    def __init__(self, connector: Connector, queue: FrameQueue, delivery: Delivery) -> None:
        self.connector = connector
        self.ended = Latch()
        self.error: Exception | None = None
        self._queue = queue
        self._delivery = delivery
        self._ending = False
        self._lock = threading.Lock()

    def waits(self) -> bool:
        """Whether there is something to deliver."""
        return self._queue.waits()

    def step(self) -> bool:
        """Deliver some of what waits; return whether the feed goes on."""
        try:
            end = self._delivery.deliver(self._queue.take(_TURN_BYTES))
        except Exception as error:
            self.connector.stop()
            end = End(f"{type(error).__name__}: {error}", error)
        if end is None:
            return True
        self.end(end)
        return False

    def end(self, end: End) -> None:
        """Tell all subscribers that it is over, once."""
        with self._lock:
            if self._ending:
                return
            self._ending = True
        self.error = end.error
        self._delivery.end(end)
        self.ended.set()
