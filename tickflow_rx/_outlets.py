"""What can be subscribed to, of a feed and of a replay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from tickflow_rx import events
from tickflow_rx._hub import Hub
from tickflow_rx._log import feed_logger
from tickflow_rx.decoding import DEPTH, QUOTES
from tickops import interleave
from tickops._observers import Observers

if TYPE_CHECKING:
    from tickflow_rx._queue import RawFrame

__all__ = ["Outlets"]

_NO_QUOTES: Final = pl.DataFrame(schema=QUOTES)
_NO_DEPTH: Final = pl.DataFrame(schema=DEPTH)


class Outlets:
    """Subscribers, kept apart from each other; one thread at a time delivers to them."""

    def __init__(self) -> None:
        self.quotes = Hub("quotes", self._failed)
        self.depth = Hub("depth", self._failed)
        self.interleaved: Observers[pl.DataFrame] = self._observers("interleaved")
        self.raw: Observers[list[RawFrame]] = self._observers("raw")
        self.clock: Observers[int] = self._observers("clock")
        self.status: Observers[events.Event] = self._observers("status")

    def interleave(self, quotes: pl.DataFrame | None, depth: pl.DataFrame | None) -> None:
        """Deliver rows of both channels as one frame, in the order of the raw frames.

        Each of those has a stamp of its own.
        """
        if len(self.interleaved) and (quotes is not None or depth is not None):
            self.interleaved.next(
                interleave(
                    quotes=_NO_QUOTES if quotes is None else quotes,
                    depth=_NO_DEPTH if depth is None else depth,
                )
            )

    def end_all(self, error: Exception | None) -> None:
        """Tell all that it is over; harmless a second time."""
        for hub in (self.quotes, self.depth):
            hub.end(error)
        self.interleaved.end(error)
        self.raw.end(error)
        self.clock.end()
        self.status.end(error)

    def _observers(self, source: str) -> Observers[Any]:
        return Observers(lambda error: self._failed(source, error))

    def _failed(self, source: str, error: Exception) -> None:
        feed_logger.warning("a subscriber of %s raised %r and is unsubscribed", source, error)
        self.status.next(events.SubscriberFailed(source, error))
