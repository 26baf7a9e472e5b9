import re
from datetime import date
from typing import Any

import pytest

from tickflow_rx.server import SimulatedMarket
from tickflow_rx.server._simulation._universe import MAX_COUNT, make_symbols


def test_made_up_symbols_are_of_all_boards_and_never_repeat() -> None:
    symbols = make_symbols(MAX_COUNT)
    assert len(set(symbols)) == MAX_COUNT
    assert all(re.fullmatch(r"\d{6}\.(SH|SZ|BJ)", symbol) for symbol in symbols)
    boards = {symbol[:3] for symbol in make_symbols(50)}
    assert boards >= {"600", "000", "601", "300", "603", "002", "688", "301", "920"}


def test_made_up_symbols_do_not_depend_on_their_number() -> None:
    assert make_symbols(7) == make_symbols(100)[:7]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"count": 0}, "count must be from 1"),
        ({"count": MAX_COUNT + 1}, "count must be from 1"),
        ({"symbols": []}, "symbols must be a list"),
        ({"symbols": "600000.SH"}, "symbols must be a list"),
        ({"symbols": ["600000"]}, "got '600000'"),
        ({"symbols": ["AAPL.US"]}, "got 'AAPL.US'"),
        ({"symbols": ["600000.SH", "600000.SH"]}, "must not repeat"),
        ({"symbols": ["600000.SH"], "kinds": {"000001.SZ": "thin"}}, "'000001.SZ'"),
        ({"symbols": ["600000.SH"], "kinds": {"600000.SH": "mad"}}, "got 'mad'"),
        ({"days": 0}, "days must be at least 1"),
        ({"speed": -1}, "speed must be above 0"),
    ],
)
def test_arguments_that_cannot_be(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        SimulatedMarket(**arguments)


def test_an_endless_market_goes_on() -> None:
    market = SimulatedMarket(["600000.SH"], kinds={"600000.SH": "idle"}, days=None)
    days: set[date] = set()
    for batch in market.batches():
        days.add(date.fromtimestamp(batch.time_ms / 1000))
        if len(days) > 5:
            break
    assert len(days) > 5
