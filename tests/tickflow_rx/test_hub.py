from __future__ import annotations

import time
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickflow_rx._hub import Hub
from tickops import SYMBOL, Frames

SYMBOLS = [f"{k:06}.SZ" for k in range(5400)]


def rows(*symbols: str) -> pl.DataFrame:
    return pl.DataFrame(
        {"symbol": pl.Series(symbols, dtype=SYMBOL), "row": pl.Series(range(len(symbols)))}
    )


class Failures:
    def __init__(self) -> None:
        self.of: list[tuple[str, str]] = []

    def __call__(self, source: str, error: Exception) -> None:
        self.of.append((source, str(error)))


def hub() -> Hub:
    return Hub("quotes", Failures())


def listen(to: Any) -> list[Any]:
    got: list[Any] = []
    source: Frames = Frames(lambda observer, _=None: to.add(observer))
    source.subscribe(
        lambda frame: got.append(frame["row"].to_list()),
        lambda error: got.append(error),
        lambda: got.append("completed"),
    )
    return got


@given(st.lists(st.lists(st.sampled_from(SYMBOLS[:6]), min_size=1, max_size=12), max_size=5))
def test_each_symbol_gets_its_rows_in_order(frames: list[list[str]]) -> None:
    of = hub()
    everything = listen(of.all)
    by_symbol = {symbol: listen(of.symbol(symbol)) for symbol in SYMBOLS[:4]}
    for symbols in frames:
        of.next(rows(*symbols))
    assert everything == [list(range(len(symbols))) for symbols in frames]
    for symbol, got in by_symbol.items():
        expected = [[k for k, s in enumerate(symbols) if s == symbol] for symbols in frames]
        assert got == [numbers for numbers in expected if numbers]


def test_a_symbol_is_one_view_however_often_it_is_asked_for() -> None:
    of = hub()
    assert of.symbol("600000.SH") is of.symbol("600000.SH")


def test_a_symbol_asked_for_while_frames_come() -> None:
    of = hub()
    of.next(rows("600000.SH"))
    got = listen(of.symbol("600000.SH"))
    of.next(rows("000001.SZ"))
    of.next(rows("000001.SZ", "600000.SH"))
    assert got == [[1]]


def test_5400_symbols() -> None:
    of = hub()
    got = {symbol: listen(of.symbol(symbol)) for symbol in SYMBOLS}
    of.next(rows(*SYMBOLS))
    of.next(rows(*reversed(SYMBOLS)))
    for k, symbol in enumerate(SYMBOLS):
        assert got[symbol] == [[k], [len(SYMBOLS) - 1 - k]]


def test_a_frame_costs_the_same_with_5400_views_as_with_one() -> None:
    few, many = hub(), hub()
    listen(few.symbol(SYMBOLS[0]))
    for symbol in SYMBOLS:
        listen(many.symbol(symbol))
    frame = rows(SYMBOLS[0])
    assert _seconds(many, frame) < 5 * _seconds(few, frame)


def _seconds(of: Hub, frame: pl.DataFrame) -> float:
    """Least of many: what else runs on the machine does not count."""
    best = float("inf")
    for _ in range(200):
        start = time.perf_counter()
        of.next(frame)
        best = min(best, time.perf_counter() - start)
    return best


@pytest.mark.parametrize("error", [None, ValueError("over")])
def test_the_end_reaches_all(error: Exception | None) -> None:
    of = hub()
    got = [listen(of.all), listen(of.symbol("600000.SH"))]
    of.end(error)
    late = [listen(of.all), listen(of.symbol("600000.SH")), listen(of.symbol("000001.SZ"))]
    end = "completed" if error is None else error
    assert got == [[end], [end]]
    assert late[:2] == [[end], [end]]


def test_a_symbol_first_asked_for_after_the_end() -> None:
    of = hub()
    of.end(None)
    assert listen(of.symbol("000001.SZ")) == ["completed"]


def test_a_subscriber_that_raises_loses_its_subscription_alone() -> None:
    failures = Failures()
    of = Hub("quotes", failures)
    before, after = listen(of.all), list[Any]()
    errors: list[Exception] = []

    def fail(frame: pl.DataFrame) -> None:
        raise ValueError("my mistake")

    Frames(lambda observer, _=None: of.symbol("600000.SH").add(observer)).subscribe(
        fail, errors.append
    )
    after = listen(of.symbol("600000.SH"))
    of.next(rows("600000.SH"))
    of.next(rows("600000.SH"))
    assert before == after == [[0], [0]]
    assert [str(error) for error in errors] == ["my mistake"]
    assert failures.of == [("quotes of 600000.SH", "my mistake")]
