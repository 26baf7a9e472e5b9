"""The README's code runs as printed, and its table has every operator."""

import re
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import tickops as ops
from tests import operator_table
from tickflow_rx import Feed
from tickflow_rx.server import Server, SimulatedMarket

README = operator_table.README.read_text(encoding="utf-8")
SYMBOLS = ["600000.SH", "000001.SZ"]
MINUTES_EARLY = "start=datetime(2026, 4, 21, 9, 24), speed=120"
HALF_AN_HOUR_IN = 2
"""UTC's hour from 10:00 in Shanghai."""


@pytest.mark.timeout(240)
def test_code_runs_as_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(blocks) == 7
    later, enough = list[str](), threading.Event()

    def show(bars: pl.DataFrame) -> None:
        print(bars)
        later.extend(bars.filter(pl.col("end").dt.hour() == HALF_AN_HOUR_IN)["symbol"])
        if set(SYMBOLS) <= set(later):
            enough.set()

    names: dict[str, Any] = {"print": show, "enough": enough}
    with Server(SimulatedMarket(SYMBOLS, speed=None), keys=["demo"]) as server:
        monkeypatch.setenv("TICKFLOW_API_KEY", "demo")
        monkeypatch.setenv("TICKFLOW_BASE_URL", server.url)
        # The market is faster than the minute that the text waits.
        exec(blocks[0].replace("feed.wait(60)", "enough.wait(60)"), names)
    assert enough.is_set()
    del names["print"]
    shown = capsys.readouterr().out
    assert "trading_day" in shown
    assert "600000.SH" in shown
    assert MINUTES_EARLY in blocks[1]
    exec(blocks[1], names)
    shown = capsys.readouterr().out
    assert "imbalance" in shown
    for block in blocks[2:]:
        if "Recorder(" not in block:
            exec(block, names)


@pytest.mark.timeout(240)
def test_what_survives_goes_on_where_it_was(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (block,) = (block for block in blocks if "Recorder(" in block)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TICKFLOW_API_KEY", "demo")
    always = block.replace("before=recorder.flush", 'before=recorder.flush, every="1us"')
    stopped = always.replace("replay.quotes", "subscription = replay.quotes").replace(
        "replay.wait(60)", "enough.wait(60)\n    subscription.dispose()"
    )
    assert "every=" in stopped
    assert "dispose" in stopped
    for day, least in ((21, 5), (22, 20)):  # two runs; how many rows there are at the end of each
        enough = threading.Event()
        market = SimulatedMarket(SYMBOLS, start=datetime(2026, 4, day, 9, 24), speed=None)

        def show(bars: pl.DataFrame, least: int = least, enough: threading.Event = enough) -> None:
            if bars["position"].item(-1) >= least:
                enough.set()

        names: dict[str, Any] = {"Feed": Feed, "ops": ops, "print": show, "enough": enough}
        with Server(market, keys=["demo"]) as server:
            monkeypatch.setenv("TICKFLOW_BASE_URL", server.url)
            exec(blocks[2], names)
            exec(stopped, names)
        assert enough.is_set()
    positions = pl.read_parquet("out/*.parquet")["position"]
    assert positions.to_list() == list(range(len(positions)))
    assert len(positions) >= 20


def test_the_table_of_operators_is_what_they_say_themselves() -> None:
    assert operator_table.with_table(README) == README, "make readme writes it"


def test_bars_of_the_five_lines() -> None:
    """What the five lines print, checked on one frame."""
    frame = pl.DataFrame(
        {
            "symbol": ["600000.SH"] * 2,
            "timestamp": pl.Series([1776735000000, 1776735003000]).cast(pl.Datetime("ms", "UTC")),
            "last_price": [9.7, 9.72],
            "high": [9.7, 9.72],
            "low": [9.7, 9.7],
            "volume": [1000, 1010],
            "amount": [970_000.0, 979_720.0],
        }
    )
    bars = ops.chain(ops.deltas(), ops.vwap(), ops.bars("1m")).apply(frame)
    assert bars.select("close", "volume").rows() == [(9.72, 10)]
