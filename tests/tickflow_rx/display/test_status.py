"""The figures of a feed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl
from reactivex import Subject

from tests.tickflow_rx.display.stage import quotes
from tickflow_rx import events
from tickflow_rx.display._status import FeedFigures
from tickflow_rx.feed import FeedStats
from tickflow_rx.replay import ReplayStats

if TYPE_CHECKING:
    from tickflow_rx.display._message import Message


@dataclass
class Plain:
    """A source without ``stats()``."""

    quotes: Subject[pl.DataFrame] = field(default_factory=Subject)
    depth: Subject[pl.DataFrame] = field(default_factory=Subject)
    status: Subject[events.Event] = field(default_factory=Subject)


class Counted(Plain):
    """A source with them."""

    def stats(self) -> FeedStats:
        return FeedStats(
            connections=2,
            frames=3,
            bytes=4,
            quotes=5,
            depth=6,
            set_aside=7,
            dropped_frames=0,
            dropped_bytes=0,
            pending_bytes=10_240,
        )


@dataclass
class Replayed(Plain):
    """A replay."""

    fraction: float | None = 0.42

    def stats(self) -> ReplayStats:
        return ReplayStats(frames=1, bytes=2, quotes=3, depth=4, ticks=5, set_aside=0, problems=1)


def figures(message: Message) -> dict[str, str]:
    return {figure["name"]: figure["value"] for figure in message.content["figures"]}


def alarms(message: Message) -> list[str]:
    return [figure["name"] for figure in message.content["figures"] if figure["alarm"]]


def test_rows_and_rates_are_counted() -> None:
    now = 0.0
    content = FeedFigures(Counted(), lambda: now)
    assert figures(content.changes())["quotes/s"] == "0"
    for _ in range(10):
        content.take_quotes(quotes(("600000.SH", 9.7), ("000001.SZ", 11.0)))
        content.take_depth(quotes(("600000.SH", 9.7)))
    now = 2.0
    shown = figures(content.changes())
    assert shown["quotes/s"] == "10"
    assert shown["books/s"] == "5"
    assert shown["quotes"] == "20"
    assert shown["books"] == "10"


def test_the_lag_is_from_the_timestamp_to_the_arrival() -> None:
    content = FeedFigures(Counted(), lambda: 0.0)
    assert figures(content.changes())["lag"] == "–"
    content.take_quotes(quotes(("600000.SH", 9.7)))
    assert figures(content.changes())["lag"] == "40 ms"


def test_of_another_day_the_time_is_shown() -> None:
    content = FeedFigures(Counted(), lambda: 0.0)
    late = pl.col("received") + timedelta(days=1)
    content.take_quotes(quotes(("600000.SH", 9.7), at=90).with_columns(late))
    assert figures(content.changes())["newest, 2026-04-21"] == "09:31:30"


def test_troubles_stand_out() -> None:
    content = FeedFigures(Counted(), lambda: 0.0)
    assert alarms(content.changes()) == ["set aside"]
    content.take_event(events.Gap(2))
    shown = content.changes()
    assert figures(shown)["gaps"] == "1"
    assert figures(shown)["waiting"] == "10 KiB"
    assert alarms(shown) == ["gaps", "set aside"]


def test_a_source_without_stats_has_fewer_figures() -> None:
    content = FeedFigures(Plain(), lambda: 0.0)
    assert set(figures(content.changes())) == {
        "quotes/s",
        "books/s",
        "quotes",
        "books",
        "lag",
        "gaps",
    }


def test_a_replay_has_its_own_figures() -> None:
    content = FeedFigures(Replayed(), lambda: 0.0)
    content.take_quotes(quotes(("600000.SH", 9.7)))
    shown = content.changes()
    assert figures(shown)["replayed"] == "42 %"
    assert alarms(shown) == ["problems"]
    assert shown.content["connection"] == "rows come"


def test_what_happens_is_told_newest_first() -> None:
    content = FeedFigures(Counted(), lambda: 0.0)
    assert content.changes().content["connection"] == "not connected"
    content.take_event(events.Connecting("ws://127.0.0.1", 1))
    content.take_event(events.Connected(1))
    content.take_event(events.SubscriberFailed("quotes", ValueError("mine")))
    shown = content.changes().content
    assert shown["connection"] == "connected"
    told = [line.split(" ", 1)[1] for line in shown["news"]]
    assert told == [
        "a subscriber of quotes raised ValueError('mine')",
        "connected",
        "connecting to ws://127.0.0.1",
    ]
    content.take_event(events.Closed("the feed was closed"))
    assert content.changes().content["connection"] == "closed: the feed was closed"


def test_news_are_not_kept_for_ever() -> None:
    content = FeedFigures(Counted(), lambda: 0.0)
    for connection in range(1, 200):
        content.take_event(events.Connected(connection))
    news = content.changes().content["news"]
    assert len(news) == 50
    assert "connection 199" in news[0]
