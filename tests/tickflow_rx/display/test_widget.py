"""The widgets as a front end sees them, which is a fake here."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from reactivex import Subject
from reactivex.scheduler import VirtualTimeScheduler

from tests.tickflow_rx.display.stage import bars, books, quotes
from tickflow_rx import Feed, display

if TYPE_CHECKING:
    from collections.abc import Callable

ipywidgets: Any = import_module("ipywidgets")


@dataclass
class FakeComm:
    """What an `ipywidgets` widget sends, and a way to answer."""

    data: dict[str, Any]
    comm_id: str = "fake"
    kernel: str = "fake"
    custom: list[dict[str, Any]] = field(default_factory=list)
    buffers: list[list[bytes]] = field(default_factory=list)
    state: dict[str, Any] = field(default_factory=dict)
    closed: bool = False
    hear: Callable[[dict[str, Any]], None] = lambda _: None

    def send(self, data: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        if data["method"] == "custom":
            self.custom.append(data["content"])
            self.buffers.append(buffers or [])
        else:
            self.state |= data["state"]

    def on_msg(self, callback: Callable[[dict[str, Any]], None]) -> None:
        self.hear = callback

    def say(self, content: dict[str, Any]) -> None:
        self.hear({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def comms(monkeypatch: pytest.MonkeyPatch) -> list[FakeComm]:
    made: list[FakeComm] = []

    def create_comm(*, data: dict[str, Any], **_: Any) -> FakeComm:
        comm = FakeComm(data["state"])
        if "_esm" in comm.data:  # not the layout, which is a widget too
            made.append(comm)
        return comm

    monkeypatch.setattr(ipywidgets.comm, "create_comm", create_comm)
    return made


@pytest.fixture
def time() -> VirtualTimeScheduler:
    return VirtualTimeScheduler()


@pytest.fixture
def frames() -> Subject[pl.DataFrame]:
    return Subject()


def test_a_table(
    comms: list[FakeComm], frames: Subject[pl.DataFrame], time: VirtualTimeScheduler
) -> None:
    with display.show(frames, scheduler=time) as table:
        [comm] = comms
        assert "perspective" in comm.data["_library"]
        assert "drawTable" in comm.data["_esm"]
        assert "perspective-viewer" in comm.data["_css"]
        assert comm.state["_state"] == {"phase": "waiting", "text": "waiting for data"}
        frames.on_next(quotes(("600000.SH", 9.7)))
        time.advance_by(0.3)
        assert pl.read_ipc_stream(io.BytesIO(comm.buffers[0][0]))["last_price"].to_list() == [9.7]
        assert comm.state["_state"]["phase"] == table.phase == "live"
        comm.say({"view": "a", "visible": True})
        time.advance_by(0.01)
        assert comm.custom[1]["whole"]
        comm.say({"view": "a", "gone": True})
        time.advance_by(61)
        assert table.phase == "paused"
    assert comm.closed
    assert table.phase == "closed"
    assert not frames.observers


def test_a_chart(
    comms: list[FakeComm], frames: Subject[pl.DataFrame], time: VirtualTimeScheduler
) -> None:
    with display.candles(frames, "600000.SH", scheduler=time):
        [comm] = comms
        assert "Lightweight Charts" in comm.data["_library"]
        assert comm.data["_title"] == "600000.SH"
        assert comm.data["_options"] == {"red_rises": True, "rows": 1_000}
        frames.on_next(bars("600000.SH", 9.7, 9.8))
        time.advance_by(0.3)
        assert comm.custom == [
            {
                "columns": ["time", "open", "high", "low", "close", "volume", "vwap"],
                "whole": True,
            }
        ]
        frames.on_error(ValueError("no such day"))
        time.advance_by(0.01)
        assert comm.state["_state"] == {"phase": "failed", "text": "ValueError: no such day"}


def test_a_book(
    comms: list[FakeComm], frames: Subject[pl.DataFrame], time: VirtualTimeScheduler
) -> None:
    with display.book(frames, "AAPL.US", scheduler=time):
        [comm] = comms
        assert comm.data["_options"] == {"levels": 5, "red_rises": False}
        frames.on_next(books("AAPL.US", [(190.0, 3)], [(190.1, 1)]))
        time.advance_by(0.3)
        assert comm.custom[0]["imbalance"] == 0.5


def test_the_status_of_a_feed(comms: list[FakeComm], time: VirtualTimeScheduler) -> None:
    feed = Feed(quotes=["600000.SH"], api_key="demo", base_url="ws://127.0.0.1:1")
    with display.status(feed, scheduler=time) as status:
        [comm] = comms
        time.advance_by(0.6)
        assert comm.custom[0]["connection"] == "not connected"
        feed.close()
        time.advance_by(0.6)
        assert comm.custom[-1]["connection"] == "closed: the feed was closed before it ran"
        assert status.phase == "stopped"


def test_updates_are_as_many_as_asked_for(
    comms: list[FakeComm], frames: Subject[pl.DataFrame], time: VirtualTimeScheduler
) -> None:
    with display.show(frames, rate=20, scheduler=time):
        for price in range(100):
            frames.on_next(quotes(("600000.SH", float(price))))
            time.advance_by(0.01)
    assert len(comms[0].custom) in (19, 20)


def test_several_live_beside_each_other_without_a_scheduler(comms: list[FakeComm]) -> None:
    source = Subject[pl.DataFrame]()
    with display.show(source), display.show(source, by=None), display.book(source, "A"):
        assert len(source.observers) == 3
    assert not source.observers


@pytest.mark.parametrize("rate", [0, -1, math.inf, math.nan])
@pytest.mark.parametrize("make", [display.show, display.status])
def test_rates_that_cannot_be(make: Callable[..., Any], rate: float) -> None:
    with pytest.raises(ValueError, match="rate must be"):
        make(Feed() if make is display.status else Subject(), rate=rate)


def test_arguments_that_cannot_be() -> None:
    frames = Subject[pl.DataFrame]()
    with pytest.raises(ValueError, match="linger must be"):
        display.book(frames, "600000.SH", linger=-1)
    with pytest.raises(ValueError, match="rows=5 is for by=None"):
        display.show(frames, rows=5)
    with pytest.raises(ValueError, match="rows must be at least 1, not 0"):
        display.show(frames, by=None, rows=0)
    with pytest.raises(ValueError, match="rows must be at least 1, not 0"):
        display.candles(frames, "600000.SH", rows=0)
