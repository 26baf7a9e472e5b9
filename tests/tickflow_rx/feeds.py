"""Feeds under test: what they deliver is collected, and waited for without sleeping."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import polars as pl

from tickflow_rx import Feed, events

if TYPE_CHECKING:
    from collections.abc import Callable

    from reactivex import Observable

    from tickflow_rx.server import Server

T = TypeVar("T")
SECONDS = 30.0
"""Longest a test waits for anything: only a failing test waits that long."""
A, B, C = "600000.SH", "000001.SZ", "300750.SZ"
FAST = (0.0, 0.001)
"""Delays of reconnecting: none to speak of."""


class Collected(Generic[T]):
    """What an observable delivers, and how it ends."""

    def __init__(self, source: Observable[T]) -> None:
        self.items: list[T] = []
        self.threads: set[threading.Thread] = set()
        self.error: Exception | None = None
        self.completed = False
        self.ends = 0
        self._changed = threading.Condition()
        self.subscription = source.subscribe(self._next, self._fail, self._complete)

    def until(self, enough: Callable[[list[T]], Any]) -> list[T]:
        """Wait for items that are enough; return them."""
        with self._changed:
            arrived = self._changed.wait_for(lambda: enough(self.items), SECONDS)
            assert arrived, f"only came: {self.items}, {self.error}, completed: {self.completed}"
            return list(self.items)

    def until_end(self) -> list[T]:
        """Wait for the end; return all items."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.ends, SECONDS), f"no end: {self.items}"
            return list(self.items)

    def _next(self, item: T) -> None:
        with self._changed:
            assert not self.ends, "nothing comes after the end"
            self.threads.add(threading.current_thread())
            self.items.append(item)
            self._changed.notify_all()

    def _fail(self, error: Exception) -> None:
        with self._changed:
            self.error = error
            self.ends += 1
            self._changed.notify_all()

    def _complete(self) -> None:
        with self._changed:
            self.completed = True
            self.ends += 1
            self._changed.notify_all()


class Rows(Collected[pl.DataFrame]):
    """Frames of an observable, waited for by rows."""

    def column(self, name: str) -> list[Any]:
        """All values of a column so far."""
        return [value for frame in list(self.items) for value in frame[name].to_list()]

    def until_rows(self, count: int) -> pl.DataFrame:
        """Wait for rows; return all that came."""
        return pl.concat(self.until(lambda frames: sum(map(len, frames)) >= count))


class Events(Collected[events.Event]):
    """Events of a feed."""

    def until_event(self, kind: type[T], count: int = 1) -> T:
        """Wait for so many events of a kind; return the last of those."""

        def of_kind(items: list[Any]) -> list[Any]:
            return [item for item in items if isinstance(item, kind)]

        return of_kind(self.until(lambda items: len(of_kind(items)) >= count))[count - 1]

    def kinds(self) -> list[str]:
        """Names of what happened so far."""
        return [type(event).__name__ for event in list(self.items)]


def feed_of(server: Server, **options: Any) -> Feed:
    """A feed of a server, with the key that servers know unless told otherwise."""
    defaults: dict[str, Any] = {"api_key": "demo", "base_url": server.url, "reconnect_delay": FAST}
    return Feed(**(defaults | options))


def quote(symbol: str = A, **fields: Any) -> dict[str, Any]:
    """A row for `Server.publish`."""
    row = {
        "symbol": symbol,
        "region": "CN",
        "last_price": 9.72,
        "prev_close": 9.78,
        "open": 9.78,
        "high": 9.78,
        "low": 9.68,
        "volume": 426585,
        "amount": 422430500,
        "timestamp": 1776754802000,
    }
    return row | fields


def book(symbol: str = A, **fields: Any) -> dict[str, Any]:
    """A row for `Server.publish`."""
    row = {
        "symbol": symbol,
        "region": "CN",
        "timestamp": 1776754802000,
        "bid_prices": [9.72, 9.71, 9.7, 9.69, 9.68],
        "bid_volumes": [3192, 3870, 26168, 5849, 5480],
        "ask_prices": [9.73, 9.74, 9.75, 9.76, 9.77],
        "ask_volumes": [74, 1602, 1148, 1209, 1109],
    }
    return row | fields


def feed_threads() -> list[str]:
    """Names of the threads of feeds that run now."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("tickflow-")]
