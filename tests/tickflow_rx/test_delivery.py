from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from reactivex import Observable

from tests.tickflow_rx.feeds import A, B, Collected, Events, Rows, book, quote
from tickflow_rx import events
from tickflow_rx._delivery import Delivery
from tickflow_rx._queue import End, RawFrame, Tick
from tickflow_rx.decoding import BINARY_MARK
from tickflow_rx.protocol import Session

if TYPE_CHECKING:
    from tickops._observers import Observers

NOW_MS = 1_776_754_802_000
DAY_MS = 86_400_000


class Delivered:
    """A delivery and what it delivers, all in one list."""

    def __init__(self, *, ticks: bool = True, connection: int = 1) -> None:
        self.session = Session()
        self.connection = connection
        self.of = Delivery(
            self.session,
            threading.Lock(),
            lambda: self.connection,
            lambda text: text.replace("secret", "***"),
            lambda data: data.replace(b"secret", b"***"),
            ticks=ticks,
        )
        self.story: list[Any] = []
        self._listen("quotes", self.of.quotes.all)
        self._listen("depth", self.of.depth.all)
        self._listen("tick", self.of.clock)
        self._listen("status", self.of.status)

    def _listen(self, what: str, to: Observers[Any]) -> None:
        def note(item: Any) -> None:
            if isinstance(item, events.Event):
                self.story.append(item)
            else:
                shown = item["symbol"].to_list() if isinstance(item, pl.DataFrame) else item
                self.story.append((what, shown))

        observable(to).subscribe(note, self.story.append, lambda: self.story.append("completed"))

    def deliver(self, *items: Any) -> End | None:
        return self.of.deliver(items)


def observable(of: Observers[Any]) -> Observable[Any]:
    return Observable(lambda observer, _=None: of.add(observer))


def quotes(*symbols: str, connection: int = 1, **fields: Any) -> RawFrame:
    return raw({"op": "quotes", "data": [quote(s, **fields) for s in symbols]}, connection)


def depth(*symbols: str, connection: int = 1) -> RawFrame:
    return raw({"op": "depth", "data": [book(s) for s in symbols]}, connection)


def raw(message: Any, connection: int = 1) -> RawFrame:
    text = message if isinstance(message, bytes) else json.dumps(message).encode()
    return RawFrame(text, 1_000 * NOW_MS, connection)


def test_what_waits_is_one_frame_a_channel() -> None:
    to = Delivered()
    to.deliver(quotes(A), depth(A), quotes(B), quotes(A, B), depth(B))
    assert to.story == [("quotes", [A, B, A, B]), ("depth", [A, B])]


def test_ticks_and_events_part_frames() -> None:
    to = Delivered()
    now = Tick(1_000 * NOW_MS)
    to.deliver(quotes(A), now, quotes(B), events.Connected(2), quotes(A, connection=2), now)
    assert to.story == [
        ("quotes", [A]),
        ("tick", now.now_us),
        ("quotes", [B]),
        events.Connected(2),
        ("quotes", [A]),
        ("tick", now.now_us),
    ]


def test_connections_part_frames() -> None:
    to = Delivered()
    collected = Rows(observable(to.of.quotes.all))
    to.deliver(quotes(A), quotes(B, connection=2), quotes(A, connection=2))
    assert [frame["connection"].to_list() for frame in collected.items] == [[1], [2, 2]]


def test_the_end_stops_it() -> None:
    to = Delivered()
    end = End("over")
    assert to.deliver(quotes(A), end, quotes(B)) is end
    assert to.story == [("quotes", [A])]


@pytest.mark.parametrize("error", [None, ValueError("over")])
def test_the_end_is_told_to_all(error: Exception | None) -> None:
    to = Delivered()
    view = Collected(observable(to.of.depth.symbol(A)))
    to.of.end(End("why", error))
    end = "completed" if error is None else error
    # Time ends in any case: what is due was closed by the frames' end.
    assert to.story == [events.Closed("why"), end, end, "completed", end]
    assert view.ends == 1


def test_answers_and_faults_keep_their_place() -> None:
    to = Delivered()
    to.deliver(
        quotes(A),
        raw(b"bad secret"),
        raw({"op": "subscribed", "channel": "quotes", "symbols": [A], "total": 1}),
        quotes(B),
        raw({"op": "error", "message": "wrong key: secret"}),
        raw(BINARY_MARK + b"secret"),
    )
    assert [what for what in to.story if not isinstance(what, events.FrameSetAside)] == [
        ("quotes", [A]),
        events.Subscribed("quotes", (A,), 1),
        ("quotes", [B]),
        events.ServerError("wrong key: ***"),
    ]
    first, second = (what for what in to.story if isinstance(what, events.FrameSetAside))
    assert (first.start, first.total) == ("bad ***", 1)
    assert second == events.FrameSetAside("a binary frame: messages are text", "***", 2)
    assert to.of.counts.set_aside == 2


def test_counts() -> None:
    to = Delivered()
    frames = [quotes(A, B), depth(A), raw(b"bad")]
    to.deliver(*frames)
    counts = to.of.counts
    assert (counts.frames, counts.quotes, counts.depth, counts.set_aside) == (3, 2, 1, 1)
    assert counts.bytes == sum(len(frame.data) for frame in frames)


def test_answers_of_an_earlier_connection_say_nothing_about_this_one() -> None:
    to = Delivered(connection=2)
    to.session.subscribe("quotes", [A, B])
    to.session.connect()
    old = {"op": "subscribed", "channel": "quotes", "symbols": [A], "total": 1}
    to.deliver(raw(old, connection=1), raw({"op": "error", "message": "no"}, connection=1))
    assert to.story == [events.Subscribed("quotes", (A,), 1), events.ServerError("no")]
    assert to.session.subscribe("quotes", [A, B]) == [], "both are on their way"
    to.deliver(raw({"op": "error", "message": "no"}, connection=2))
    assert to.story[-1] == events.ServerError("no", "quotes")


# The clock.


def test_no_tick_before_the_first_row() -> None:
    to = Delivered()
    to.deliver(Tick(1_000 * NOW_MS))
    assert to.story == []


@pytest.mark.parametrize(
    ("ahead_ms", "ticks"), [(0, 1), (DAY_MS - 1, 1), (DAY_MS, 0), (-DAY_MS, 0)]
)
def test_no_tick_into_another_time(ahead_ms: int, ticks: int) -> None:
    to = Delivered()
    to.deliver(quotes(A, timestamp=NOW_MS), Tick(1_000 * (NOW_MS + ahead_ms)))
    assert len(to.story) == 1 + ticks


def test_the_newest_row_of_both_channels_counts() -> None:
    to = Delivered()
    to.deliver(quotes(A, timestamp=NOW_MS - 3 * DAY_MS), Tick(1_000 * NOW_MS))
    assert len(to.story) == 1
    to.deliver(depth(A), quotes(A, timestamp=0), Tick(1_000 * NOW_MS))
    assert to.story[-1] == ("tick", 1_000 * NOW_MS)


def test_no_clock() -> None:
    to = Delivered(ticks=False)
    to.deliver(quotes(A), Tick(1_000 * NOW_MS))
    assert to.story == [("quotes", [A])]


def test_failures_are_events() -> None:
    to = Delivered()

    def fail(_: Any) -> None:
        raise ValueError("mine")

    observable(to.of.clock).subscribe(fail, lambda _: None)
    told = Events(observable(to.of.status))
    to.deliver(quotes(A), Tick(1_000 * NOW_MS), Tick(1_000 * NOW_MS + 1))
    (failed,) = told.items
    assert isinstance(failed, events.SubscriberFailed)
    assert failed.source == "clock"
