"""How a feed is."""

from __future__ import annotations

import threading
from collections import deque
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

from tickflow_rx import events
from tickflow_rx._status import Status
from tickflow_rx.display._message import Message
from tickflow_rx.display._need import need
from tickflow_rx.display._rates import Rates
from tickflow_rx.display._zones import exchange_zone

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl
    from reactivex import Observable, abc

    from tickflow_rx.display._widget import LiveWidget

__all__ = ["FeedFigures", "status"]

_NEWS: Final = 50
_COUNTED: Final = {
    "dropped": "dropped_frames",
    "set aside": "set_aside",
    "problems": "problems",
}
"""Figures by their name in ``stats()``: a feed and a replay have not the same."""
_STALE_S: Final = 60.0
"""A lag in seconds from which on the time of the newest row says more."""


class Source(Protocol):
    """What a feed and a replay have in common; what is absent besides is not shown."""

    @property
    def quotes(self) -> Observable[pl.DataFrame]:
        """Quotes."""
        ...

    @property
    def depth(self) -> Observable[pl.DataFrame]:
        """Books."""
        ...

    @property
    def status(self) -> Observable[events.Event]:
        """What happened."""
        ...


def status(
    feed: Source,
    *,
    rate: float = 2,
    linger: float = 60,
    scheduler: abc.SchedulerBase | None = None,
) -> LiveWidget:
    """Show how a feed is: its connection, rates, lag, what waits, gaps, and what has happened.

    Parameters
    ----------
    feed
        A `Feed`, a `Replay`, or anything that has their ``quotes``, ``depth`` and ``status``.
    rate
        Updates a second.
    linger
        Seconds that it stays subscribed while nobody can see it.
    scheduler
        For tests: its time counts. Default: a thread that all displays share.

    Returns
    -------
    LiveWidget
        The last line of a cell shows it; ``close()`` ends it.

    Raises
    ------
    ModuleNotFoundError
        The extra `notebook` is not installed.
    ValueError
        `rate` is not above 0, or `linger` is below it.

    Notes
    -----
    Rates are of the last three seconds. The lag is from a quote's timestamp to its arrival, for
    the newest; where it is more than a minute (a replayed or simulated day), the newest quote's
    time of day at its exchange is shown instead. Rows and gaps are counted from when this display
    was made; what waits, was dropped or set aside is as ``feed.stats()`` says, and how much of a
    recording has been replayed as ``fraction`` does, where there are these.

    Examples
    --------
    >>> from tickflow_rx import Feed, display
    >>> feed = Feed(quotes=["600000.SH"], api_key="demo", base_url="ws://127.0.0.1:8765")
    >>> with display.status(feed) as shown:
    ...     shown.phase
    'waiting'
    """
    need("status", "anywidget")
    from tickflow_rx.display._dashboard import DashboardWidget
    from tickflow_rx.display._widget import Input, check_pace

    pace = check_pace(rate, linger, scheduler)
    content = FeedFigures(feed, lambda: pace.scheduler.now.timestamp())
    inputs = [
        Input(feed.status, content.take_event),
        Input(feed.quotes, content.take_quotes),
        Input(feed.depth, content.take_depth),
    ]
    return DashboardWidget("feed", inputs, content, pace)


class FeedFigures:
    """Figures of a feed.

    Parameters
    ----------
    feed
        May have ``stats()`` and ``fraction``.
    now
        Gives the time in seconds.
    """

    periodic = True

    def __init__(self, feed: object, now: Callable[[], float]) -> None:
        self._feed = feed
        self._status = Status()
        self._rates = Rates(now)
        self._quotes = self._books = self._gaps = 0
        self._newest: pl.DataFrame | None = None
        self._connection = self._closed = ""
        self._news: deque[str] = deque(maxlen=_NEWS)
        self._lock = threading.Lock()

    def take_event(self, event: events.Event) -> None:
        """Take an event."""
        self._status.take(event)
        lines = self._status.news()
        match event:
            case events.Connecting() | events.Connected() | events.Disconnected():
                self._connection = self._status.text
            case events.Gap():
                self._gaps += 1
            case events.Closed(reason):
                self._closed = f"closed: {reason}"
                lines.append(self._closed)
            case events.SubscriberFailed(source, error):
                lines.append(f"a subscriber of {source} raised {error!r}")
            case _:
                pass
        with self._lock:
            self._news.extendleft(f"{_clock()} {line}" for line in lines)

    def take_quotes(self, frame: pl.DataFrame) -> None:
        """Take quotes."""
        self._quotes += frame.height
        self._newest = frame

    def take_depth(self, frame: pl.DataFrame) -> None:
        """Take books."""
        self._books += frame.height

    def changes(self) -> Message:
        """All figures as they are now."""
        with self._lock:
            news = list(self._news)
        figures = [*self._flow(), self._lag(), *self._troubles()]
        return Message({"connection": self._standing(), "figures": figures, "news": news})

    def everything(self) -> Message:
        """All figures as they are now."""
        return self.changes()

    def forget(self) -> None:
        """Begin anew."""
        self._rates.clear()

    def _standing(self) -> str:
        """How the connection is, as far as this display has heard."""
        without_news = "rows come" if self._quotes or self._books else self._status.text
        return self._closed or self._connection or without_news

    def _flow(self) -> list[dict[str, Any]]:
        quotes, books = self._rates.of(self._quotes, self._books)
        return [
            _figure("quotes/s", f"{quotes:,.0f}"),
            _figure("books/s", f"{books:,.0f}"),
            _figure("quotes", f"{self._quotes:,}"),
            _figure("books", f"{self._books:,}"),
        ]

    def _lag(self) -> dict[str, Any]:
        newest = self._newest
        if newest is None:
            return _figure("lag", "–")
        row = newest.select("symbol", "timestamp", "received").row(-1)
        time: datetime = row[1]
        lag_s = (row[2] - time).total_seconds()
        if 0 <= lag_s < _STALE_S:
            return _figure("lag", f"{1_000 * lag_s:,.0f} ms")
        zone = exchange_zone(str(row[0]))
        local = newest["timestamp"].tail(1).dt.convert_time_zone(zone)[0]
        return _figure(f"newest, {local:%Y-%m-%d}", f"{local:%H:%M:%S}")

    def _troubles(self) -> list[dict[str, Any]]:
        feed: Any = self._feed
        stats: Any = feed.stats() if hasattr(feed, "stats") else None
        shown: list[dict[str, Any]] = []
        if hasattr(stats, "pending_bytes"):
            shown.append(_figure("waiting", f"{stats.pending_bytes / 1024:,.0f} KiB"))
        if (fraction := getattr(feed, "fraction", None)) is not None:
            shown.append(_figure("replayed", f"{100 * fraction:.0f} %"))
        counts = {
            "gaps": self._gaps,
            **{n: getattr(stats, of) for n, of in _COUNTED.items() if hasattr(stats, of)},
        }
        alarms = (_figure(n, f"{count:,}", alarm=count > 0) for n, count in counts.items())
        return [*shown, *alarms]


def _figure(name: str, value: str, *, alarm: bool = False) -> dict[str, Any]:
    return {"name": name, "value": value, "alarm": alarm}


def _clock() -> str:
    return f"{datetime.now():%H:%M:%S}"
