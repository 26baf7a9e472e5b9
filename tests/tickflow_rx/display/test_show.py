"""The table's content."""

from __future__ import annotations

import polars as pl
import pytest
from reactivex import Subject

import tickops as ops
from tests.tickflow_rx.display.stage import Stage, arrow, books, quotes
from tickflow_rx.display._live import Input
from tickflow_rx.display._message import Message
from tickflow_rx.display._show import LastRows, NewestRows


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def frames() -> Subject[pl.DataFrame]:
    return Subject()


def prices(message: Message) -> dict[str, float]:
    return dict(arrow(message).select(pl.col("symbol").cast(pl.String), "last_price").rows())


def test_newest_rows_by_symbol(stage: Stage, frames: Subject[pl.DataFrame]) -> None:
    content = NewestRows("symbol")
    live = stage.live([Input(frames, content.take)], content)
    frames.on_next(quotes(("600000.SH", 9.7), ("000001.SZ", 11.0)))
    frames.on_next(quotes(("600000.SH", 9.8)))
    stage.pass_time(1)
    frames.on_next(quotes(("000001.SZ", 11.1), ("000001.SZ", 11.2)))
    stage.pass_time(1)
    first, second = stage.sent
    assert prices(first) == {"600000.SH": 9.8, "000001.SZ": 11.0}
    assert prices(second) == {"000001.SZ": 11.2}, "what has not changed is not sent again"
    assert first.content["index"] == "symbol"
    assert (first.content["whole"], second.content["whole"]) == (True, False)
    live.hear({"view": "a", "visible": True})
    stage.pass_time(0.01)
    assert prices(stage.sent[2]) == {"600000.SH": 9.8, "000001.SZ": 11.2}
    assert stage.sent[2].content["whole"]


def test_any_column_tells_rows_apart(stage: Stage, frames: Subject[pl.DataFrame]) -> None:
    content = NewestRows("region")
    stage.live([Input(frames, content.take)], content)
    frames.on_next(pl.DataFrame({"region": ["CN", "US", "CN"], "rows": [1, 2, 3]}))
    stage.pass_time(1)
    assert dict(arrow(stage.sent[0]).rows()) == {"US": 2, "CN": 3}


def test_a_missing_column_is_told(stage: Stage, frames: Subject[pl.DataFrame]) -> None:
    content = NewestRows("symbol")
    stage.live([Input(frames, content.take)], content)
    frames.on_next(pl.DataFrame({"a": [1], "b": [2]}))
    stage.pass_time(1)
    phase, text = stage.told[-1]
    assert phase == "failed"
    assert "no column 'symbol'" in text
    assert "a, b" in text
    assert "by=None" in text


def test_frames_that_do_not_fit_together_are_told(
    stage: Stage, frames: Subject[pl.DataFrame]
) -> None:
    content = NewestRows("symbol")
    stage.live([Input(frames, content.take)], content)
    frames.on_next(pl.DataFrame({"symbol": ["A"], "b": [2]}))
    frames.on_next(pl.DataFrame({"symbol": ["A"], "c": [2]}))
    stage.pass_time(1)
    assert stage.phases[-1] == "failed"


def test_the_last_rows_stand_on_top(stage: Stage, frames: Subject[pl.DataFrame]) -> None:
    content = LastRows(3)
    live = stage.live([Input(frames, content.take)], content)
    for number in range(5):
        frames.on_next(pl.DataFrame({"number": [10 * number, 10 * number + 1]}))
    stage.pass_time(1)
    frames.on_next(pl.DataFrame({"number": [99]}))
    stage.pass_time(1)
    assert [arrow(message)["number"].to_list() for message in stage.sent] == [
        [41, 40, 31],
        [99, 41, 40],
    ]
    assert all(message.content["whole"] for message in stage.sent)
    assert stage.sent[0].content["index"] is None
    live.hear({"view": "a", "visible": True})
    stage.pass_time(0.01)
    assert arrow(stage.sent[2])["number"].to_list() == [99, 41, 40]


@pytest.mark.parametrize("content", [NewestRows("symbol"), LastRows(5)])
def test_it_forgets(content: NewestRows | LastRows) -> None:
    content.take(quotes(("600000.SH", 9.7)))
    assert content.changes() is not None
    content.take(quotes(("600000.SH", 9.8)))
    content.forget()
    assert content.everything() is None
    content.take(quotes(("000001.SZ", 11.0)))
    message = content.changes()
    assert message is not None
    assert message.content["whole"], "what was known before may not stay in a view"
    assert prices(message) == {"000001.SZ": 11.0}


def test_times_are_the_exchanges_and_prices_have_the_decimals_they_need() -> None:
    content = NewestRows("symbol")
    content.take(quotes(("AAPL.US", 190.0)))
    message = content.changes()
    assert message is not None
    columns = message.content["columns"]
    assert columns["timestamp"]["date_format"]["timeZone"] == "America/New_York"
    assert columns["received"]["date_format"]["fractionalSecondDigits"] == 3
    assert columns["last_price"]["number_format"]["maximumFractionDigits"] == 4
    assert "volume" not in columns
    assert message.content["note"] == ""


def test_it_says_what_it_leaves_out() -> None:
    content = LastRows(5)
    content.take(pl.DataFrame({"x": [1], "pairs": [[1, 2]]}))
    message = content.changes()
    assert message is not None
    assert message.content["note"].startswith("without pairs")


def test_what_operators_add_is_shown() -> None:
    frame = books("600000.SH", [(9.7, 300)], [(9.8, 100)])
    content = NewestRows("symbol")
    content.take(ops.chain(ops.spread(), ops.imbalance(levels=5)).apply(frame))
    message = content.changes()
    assert message is not None
    assert arrow(message)["imbalance"].to_list() == [0.5]
