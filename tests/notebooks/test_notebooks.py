"""The notebooks run from top to bottom, find what is there, and are saved with these outputs."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, time
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

import pytest

from tests.notebooks.running import (
    NAMES,
    PLACEHOLDER,
    WIDGET,
    execute,
    fingerprint,
    outputs,
    read,
    results_of,
)
from tickflow_rx.server import SimulatedMarket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Results = dict[str, Any]
Row = dict[str, Any]
SHANGHAI = ZoneInfo("Asia/Shanghai")
MORNING = datetime(2026, 4, 21, 9, 24)


def rows_of(market: SimulatedMarket, until: str, channel: str) -> Iterator[Row]:
    """Rows that a market sends before a time, with their time of day: no feed, no decoder."""
    end_ms = datetime.fromisoformat(f"2026-04-21T{until}+08:00").timestamp() * 1000
    for batch in market.batches():
        if batch.time_ms >= end_ms:
            return
        if batch.channel == channel:
            for line in batch.rows:
                row: Row = json.loads(line)
                row["time"] = datetime.fromtimestamp(row["timestamp"] / 1000, SHANGHAI).time()
                yield row


def quickstart(results: Results) -> None:
    market = SimulatedMarket(["600000.SH", "000001.SZ", "600519.SH", "300750.SZ"], start=MORNING)
    rows = list(rows_of(market, "10:00", "quotes"))
    last = {row["symbol"]: row["volume"] for row in rows}
    assert results == {
        "quotes": len(rows),
        "books": len(rows),
        "bars": 4 * 30,
        "volume": sum(last.values()),
        "split_is_same": True,
        "batch_is_live": True,
        "live_bar_came": True,
    }


def operators(results: Results) -> None:
    kinds = {"300750.SZ": "limit_up", "688001.SH": "thin"}
    market = SimulatedMarket(
        ["600000.SH", "000001.SZ", "300750.SZ", "688001.SH"],
        start=MORNING,
        kinds=kinds,  # pyright: ignore[reportArgumentType]
    )
    books = [row for row in rows_of(market, "10:00", "depth") if row["time"] >= time(9, 30)]
    all_of = Counter(row["symbol"] for row in books)
    no_spread = Counter(
        row["symbol"] for row in books if not (row["bid_prices"][0] and row["ask_prices"][0])
    )
    # A quote comes right before the book of its moment: it has the one before.
    shares = {symbol: no_spread[symbol] / all_of[symbol] for symbol in all_of}
    assert results["null_spreads"] == pytest.approx(shares, abs=0.01)
    assert results["null_spreads"]["300750.SZ"] > 0.2
    assert results["not_finite"] == 0
    assert results["first_of_window"] == 4 * 99
    assert results["bars"]["1 minute"] == 30
    assert results["fired"] > 0


def record_and_replay(results: Results) -> None:
    market = SimulatedMarket(["600000.SH", "000001.SZ", "600519.SH"], start=MORNING)
    rows = sum(1 for _ in rows_of(market, "09:50", "quotes"))
    assert (results["quotes"], results["books"], results["joined"]) == (rows, rows, rows)
    assert results["bars"] == 3 * 20
    assert 0 < results["bars_before_the_kill"] < results["bars"]
    assert 0 < results["quotes_after_the_kill"] < rows
    for name in ("replayed_is_live", "parquet_is_live", "resumed_is_live"):
        assert results[name] is True, name


def signal_prototyping(results: Results) -> None:
    assert results["best_horizon_s"] == 30, "where it was planted"
    assert results["planted_ic"] > 0.3
    assert abs(results["chance_ic"]) < 0.05, "where nothing is"
    assert results["trap_ic"] > 0.4
    assert abs(results["honest_ic"]) < 0.05
    assert results["knows_the_future"] == {
        "labelled by start": True,
        "labelled by end": False,
        "a z-score over the whole day": True,
        "our features": False,
    }
    assert results["live_is_research"] is True
    assert results["fired"] > 0


def your_own_operator(results: Results) -> None:
    market = SimulatedMarket(["600000.SH", "000001.SZ"], start=MORNING)
    rows = list(rows_of(market, "10:00", "quotes"))
    highs, worst = dict[str, float](), 0.0
    for row in rows:
        high = highs[row["symbol"]] = max(highs.get(row["symbol"], 0.0), row["last_price"])
        if high:
            worst = max(worst, 1 - row["last_price"] / high)
    assert results["quotes"] == len(rows)
    assert results["worst"] == pytest.approx(worst, abs=1e-6)
    assert results["live_is_batch"] is True
    assert results["broken_law"] == "chunks"
    assert results["counterexample_is_small"] is True
    assert results["meaning"] == "meaning"


def a_share_day(results: Results) -> None:
    lots = results["parts"]
    assert [part for part in lots if lots[part]] == [
        "match, then quiet",
        "morning",
        "afternoon",
        "close",
    ]
    # 240 minutes, less two of the closing auction; the opening auction is one more, or none.
    assert results["bars"] == {"tdx": 238, "split_auction": 239, "dolphindb": 238}
    assert set(results["volumes"].values()) == {results["volume"]}
    assert results["volume"] > sum(lots.values())
    assert results["five_minute_bars"] == 48
    assert results["merged_is_direct"] is True
    assert results["sealed_rows"] > 1000


CHECKS: dict[str, Callable[[Results], None]] = {
    "01_quickstart": quickstart,
    "02_operators": operators,
    "03_record_and_replay": record_and_replay,
    "04_signal_prototyping": signal_prototyping,
    "05_your_own_operator": your_own_operator,
    "06_a_share_day": a_share_day,
}


def close_to(found: Any, saved: Any) -> bool:
    """Whether results are the same, but for what another machine's floats may differ in."""
    if isinstance(saved, dict):
        pairs = cast("Results", saved)
        return list(found) == list(pairs) and all(close_to(found[k], pairs[k]) for k in pairs)
    return found == (pytest.approx(saved, rel=1e-3) if isinstance(saved, float) else saved)


def test_each_is_checked() -> None:
    assert list(CHECKS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_runs_and_finds(name: str) -> None:
    saved = read(name)
    results = results_of(execute(saved))
    CHECKS[name](results)
    assert close_to(results, results_of(saved)), f"outputs of {name} are old: `make notebooks`"


@pytest.mark.parametrize("name", NAMES)
def test_is_saved_as_it_ran(name: str) -> None:
    """Outputs are of this code, all of it, in order, and need no script to be shown."""
    saved = read(name)
    code = [cell for cell in saved.cells if cell.cell_type == "code"]
    assert saved.metadata["code"] == fingerprint(saved), f"{name} was changed: `make notebooks`"
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not [output for output in outputs(saved) if output.output_type == "error"]
    data = [output.data for output in outputs(saved) if "data" in output]
    assert any("image/png" in one for one in data)
    assert all("image/png" in one for one in data if "vega" in str(list(one)))
    assert not [one for one in data if WIDGET in one]
    assert "widgets" not in saved.metadata


def test_widgets_have_a_word_in_their_place() -> None:
    shown = [output.data for output in outputs(read("01_quickstart")) if "data" in output]
    assert sum(one.get("text/plain") == PLACEHOLDER for one in shown) == 4


@pytest.mark.parametrize("name", NAMES)
def test_says_nothing_of_the_machine(name: str) -> None:
    text = json.dumps(read(name))
    for word in ("/home/", "/root/", "/Users/", "/tmp", "0x7f", "object at"):
        assert word not in text, word
    assert len(text) < 1_000_000
