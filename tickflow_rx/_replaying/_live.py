"""A feed that goes on where a recording ends."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from reactivex import Observable

    from tickflow_rx._replaying._subscribers import Subscribers
    from tickflow_rx.feed import Feed

__all__ = ["Live"]


class Live:
    """Passes on what a feed delivers to the subscribers of a replay.

    Parameters
    ----------
    feed
        One that does not run yet.
    subscribers
        Of the replay.
    ended
        Called when the feed has ended, with what ended it.
    """

    def __init__(
        self,
        feed: Feed,
        subscribers: Subscribers,
        ended: Callable[[Exception | None], None],
    ) -> None:
        self._feed = feed
        self._to = subscribers
        self._ended = ended
        self._began = False
        self._optional: set[str] = set()
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Pass on from now on; before the feed runs."""
        feed, to = self._feed, self._to
        self._began = True
        self._pass(feed.quotes, to.quotes)
        self._pass(feed.depth, to.depth)
        if feed.quotes.clock is not None:
            self._pass(feed.quotes.clock, to.clock)
        feed.status.subscribe(self._calls(to.status.next), self._ended, lambda: self._ended(None))
        self.pass_what_is_wanted()

    def pass_what_is_wanted(self) -> None:
        """Pass on what costs the feed something, if anybody has subscribed to it."""
        if not self._began:
            return
        for name in ("interleaved", "raw"):
            observers: Any = getattr(self._to, name)
            with self._lock:
                new = len(observers) > 0 and name not in self._optional
                if new:
                    self._optional.add(name)
            if new:
                self._pass(getattr(self._feed, name), observers)

    def _pass(self, source: Observable[Any], to: Any) -> None:
        end = self._calls(to.end)
        source.subscribe(self._calls(to.next), end, lambda: end(None))

    def _calls(self, function: Callable[[Any], object]) -> Callable[[Any], None]:
        def call(value: Any) -> None:
            with self._to.calling():
                function(value)

        return call
