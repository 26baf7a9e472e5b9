"""The chart's content, against bars kept in a dict."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reactivex import Subject

import tickops as ops
from tests.tickflow_rx.display.stage import Stage, bars
from tickflow_rx import QUOTES
from tickflow_rx.display._candles import Bars
from tickflow_rx.display._live import Input
from tickflow_rx.display._message import Message

_OPENING = datetime(2026, 4, 21, 9, 30, tzinfo=UTC).timestamp()


def columns(message: Message) -> dict[str, list[float]]:
    names: list[str] = message.content["columns"]
    arrays = [np.frombuffer(buffer, np.float64) for buffer in message.buffers]
    return {name: array.tolist() for name, array in zip(names, arrays, strict=True)}


class Chart:
    """What the front end does with messages: the oracle of what is to be seen."""

    def __init__(self) -> None:
        self.closes: dict[float, float] = {}

    def show(self, message: Message) -> None:
        sent = columns(message)
        assert sent["time"] == sorted(set(sent["time"])), "times must rise"
        if message.content["whole"]:
            self.closes.clear()
        newest = max(self.closes, default=-math.inf)
        assert sent["time"][0] >= newest, "an update must not be older than the last bar"
        self.closes.update(zip(sent["time"], sent["close"], strict=True))


def test_bars_of_the_symbol_are_sent_in_the_exchanges_time() -> None:
    stage, frames = Stage(), Subject[pl.DataFrame]()
    content = Bars("600000.SH", "vwap", 100)
    stage.live([Input(frames, content.take)], content)
    frames.on_next(pl.concat([bars("600000.SH", 9.7, 9.8), bars("000001.SZ", 11.0)]))
    stage.pass_time(1)
    frames.on_next(bars("000001.SZ", 11.1, first=2))
    stage.pass_time(1)
    frames.on_next(bars("600000.SH", 9.9, first=3))
    stage.pass_time(1)
    first, second = stage.sent
    assert columns(first) == {
        "time": [_OPENING + 60, _OPENING + 120],
        **{name: [9.7, 9.8] for name in ("open", "high", "low", "close", "vwap")},
        "volume": [100, 200],
    }
    assert columns(second)["close"] == [9.9]
    assert not second.content["whole"]


def test_bars_from_before_a_pause_stay() -> None:
    content = Bars("600000.SH", "vwap", 100)
    content.take(bars("600000.SH", 9.7))
    content.changes()
    content.take(bars("600000.SH", 9.8, first=2))
    content.forget()
    content.take(bars("600000.SH", 9.9, first=3))
    content.changes()
    message = content.everything()
    assert message is not None
    assert columns(message)["close"] == [9.7, 9.9]


def test_another_column_may_be_the_line() -> None:
    content = Bars("600000.SH", "vwap_last", 100)
    content.take(bars("600000.SH", 9.7, vwap="vwap_last"))
    message = content.changes()
    assert message is not None
    assert columns(message)["vwap"] == [9.7]


def test_a_bar_without_a_price_is_nan() -> None:
    content = Bars("600000.SH", "vwap", 100)
    content.take(bars("600000.SH", None))
    message = content.changes()
    assert message is not None
    assert math.isnan(columns(message)["close"][0])


def test_a_missing_column_is_told() -> None:
    content = Bars("600000.SH", "vwap_last", 100)
    with pytest.raises(ops.SchemaError, match="candles needs the column 'vwap_last'"):
        content.take(bars("600000.SH", 9.7))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 12), st.integers(1, 99)), min_size=1, max_size=4),
        max_size=12,
    )
)
def test_the_chart_has_the_last_bars_whatever_comes(pushes: list[list[tuple[int, int]]]) -> None:
    content, chart = Bars("600000.SH", "vwap", 5), Chart()
    expected: dict[float, float] = {}
    for push in pushes:
        for minute, price in push:
            expected[_OPENING + 60 * minute] = price
            content.take(bars("600000.SH", price, first=minute))
        expected = dict(sorted(expected.items())[-5:])
        message = content.changes()
        assert message is not None
        chart.show(message)
    assert dict(sorted(chart.closes.items())[-5:]) == expected
    whole = content.everything()
    if whole is not None:
        late = Chart()
        late.show(whole)
        assert late.closes == expected


@pytest.mark.parametrize(
    ("chain", "vwap"),
    [
        (ops.chain(ops.deltas(), ops.bars("1m")), "vwap"),
        (ops.chain(ops.deltas(), ops.volume_bars(100)), "vwap"),
        (
            ops.chain(ops.deltas(), ops.vwap(), ops.bars("1m", aggregate={"vwap": ["last"]})),
            "vwap_last",
        ),
    ],
)
def test_what_bars_give_is_what_it_needs(chain: ops.chain, vwap: str) -> None:
    content = Bars("600000.SH", vwap, 100)
    content.take(pl.DataFrame(schema=chain.output_schema(QUOTES)))
    assert content.changes() is None
