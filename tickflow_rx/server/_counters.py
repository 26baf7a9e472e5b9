"""What a server counts, and waiting for a count."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from tickflow_rx.server._signal import Signal


@dataclass(slots=True)
class Counters:
    """Numbers of a server; the first three are of the moment, the others since it was made.

    Attributes
    ----------
    open
        Clients connected.
    subscribed
        Clients with at least one symbol.
    subscriptions
        Symbols subscribed, counted in each client and channel.
    connections
        Handshakes accepted.
    refused
        Handshakes answered with 401, 403 or 404.
    commands, errors
        Messages received from clients, and those answered with an error.
    batches, rows
        Taken from the source.
    rows_sent
        Rows queued for clients out of batches; snapshots after a subscribe are not in it.
    messages, bytes
        Handed to the sockets, before compression.
    slow
        Clients disconnected because too much waited for them.
    """

    open: int = 0
    subscribed: int = 0
    subscriptions: int = 0
    connections: int = 0
    refused: int = 0
    commands: int = 0
    errors: int = 0
    batches: int = 0
    rows: int = 0
    rows_sent: int = 0
    messages: int = 0
    bytes: int = 0
    slow: int = 0


@dataclass(frozen=True, slots=True)
class _Waiting:
    predicate: Callable[[Counters], bool]
    signal: Signal


class Tally:
    """The counters of a running server, changed in its loop, read and awaited from anywhere."""

    def __init__(self) -> None:
        self.counters = Counters()
        self._lock = threading.Lock()
        self._waiting: list[_Waiting] = []

    def copy(self) -> Counters:
        """Return the numbers as they are now."""
        return replace(self.counters)

    def when(self, predicate: Callable[[Counters], bool]) -> Signal:
        """Signal set as soon as `predicate` holds; it may hold already."""
        waiting = _Waiting(predicate, Signal())
        with self._lock:
            self._waiting.append(waiting)
        self.changed()
        return waiting.signal

    def changed(self) -> None:
        """Set the signals whose predicates hold now."""
        if not self._waiting:
            return
        with self._lock:
            due = [waiting for waiting in self._waiting if waiting.predicate(self.copy())]
            self._waiting = [waiting for waiting in self._waiting if waiting not in due]
        for waiting in due:
            waiting.signal.set()
