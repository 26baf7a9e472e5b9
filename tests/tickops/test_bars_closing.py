"""`bars`: when a bar closes, and what becomes of rows that come for a closed one."""

from datetime import date
from typing import Literal

import polars as pl
import pytest

import tickops as ops
from tests.oracles.compare import left_out
from tests.oracles.frames import MONDAY, TUESDAY, at, micros, quote, quotes
from tests.oracles.market import Row
from tickops.exceptions import LateRowError

BEFORE = quote("09:25:00", 100)
OTHER = {"symbol": "000001.SZ"}


class Run:
    """A run of `deltas` and `bars` that answers with starts and volumes of bars."""

    def __init__(self, op: ops.bars | None = None) -> None:
        deltas = ops.deltas(gap_after="2h", late="include")
        self.run = ops.chain(deltas, op or ops.bars("1m")).start()

    def push(self, *rows: Row) -> list[str]:
        return _names(self.run.push(quotes(rows)))

    def advance(self, text: str, day: date = MONDAY) -> list[str]:
        return _names(self.run.advance(micros(text, day)))

    def finish(self) -> list[str]:
        return _names(self.run.finish())


def _names(bars: pl.DataFrame) -> list[str]:
    zone = at("00:00:00").tzinfo
    return [
        f"{bar['symbol'][:6]} {bar['start'].astimezone(zone):%H:%M} {bar['volume']}"
        + " partial" * bar["partial"]
        for bar in bars.to_dicts()
    ]


@pytest.mark.parametrize("last", ["10:00:59", "10:00:59.999"])
def test_a_bar_is_open_until_its_symbols_row_passes_its_end(last: str) -> None:
    run = Run()
    assert run.push(BEFORE, quote("10:00:03", 110), quote(last, 111)) == []
    assert run.push(quote("10:01:00", 120)) == ["600000 10:00 11"]
    assert run.finish() == ["600000 10:01 9 partial"]


def test_other_symbols_never_close_it() -> None:
    run = Run()
    assert run.push(BEFORE, quote("10:00:03", 110), quote("10:05:00", 7) | OTHER) == []
    assert run.push(quote("10:00:58", 111)) == []
    assert run.push(quote("10:01:00", 111)) == ["600000 10:00 11"]


def test_whole_days_may_come_in_symbol_blocks() -> None:
    run = Run()
    run.push(BEFORE, quote("10:00:03", 110), quote("15:00:03", 120))
    assert run.push(BEFORE | OTHER, quote("10:00:03", 105) | OTHER) == []
    assert run.finish() == ["000001 10:00 5 partial", "600000 14:59 10"]


def test_a_row_that_no_bar_takes_closes_those_before_it() -> None:
    run = Run()
    run.push(BEFORE, quote("11:29:00", 110), quote("11:30:59.999", 111))
    assert run.push(quote("11:31:00", 111)) == ["600000 11:29 11"]


def test_a_row_of_the_next_day_closes_those_before_it() -> None:
    run = Run()
    run.push(BEFORE, quote("10:00:03", 110))
    assert run.push(quote("08:45:00", 0, day=TUESDAY)) == ["600000 10:00 10"]


def test_advance_closes_a_bar_after_its_grace() -> None:
    run = Run()
    run.push(BEFORE, quote("10:00:03", 110))
    assert run.advance("10:01:04") == []
    assert run.advance("10:01:05") == ["600000 10:00 10"]
    assert run.advance("10:01:06") == []
    assert run.finish() == []


def test_advance_closes_the_last_bar_of_a_session_after_its_own_grace() -> None:
    run = Run()
    run.push(BEFORE, quote("11:29:03", 110), quote("11:30:03", 112))
    assert run.advance("11:30:59") == []
    assert run.advance("11:31:00") == ["600000 11:29 12"]


@pytest.mark.parametrize(
    ("profile", "text", "due"),
    [
        ("dolphindb", "11:29:30", "11:30:05"),
        ("dolphindb", "11:30:03", "11:31:00"),
        ("dolphindb", "14:57:30", "14:58:05"),
        ("dolphindb", "15:00:03", "15:01:00"),
        ("split_auction", "09:26:00", "09:30:05"),
        ("tdx", "09:26:00", "09:31:05"),
        ("tdx", "14:59:30", "15:01:00"),
    ],
)
def test_when_a_bar_is_due(
    profile: Literal["tdx", "split_auction", "dolphindb"], text: str, due: str
) -> None:
    run = Run(ops.bars("1m", profile=profile))
    run.push(BEFORE, quote(text, 110))
    second_before = micros(due) - 1_000_000
    assert run.run.advance(second_before).is_empty()
    assert run.run.advance(micros(due)).height == 1


def test_graces_are_parameters() -> None:
    run = Run(ops.bars("1m", grace="0s", session_grace="10s"))
    run.push(BEFORE, quote("10:00:03", 110))
    assert run.advance("10:01:00") == ["600000 10:00 10"]
    run.push(quote("11:30:03", 112))
    assert run.advance("11:30:09") == []
    assert run.advance("11:30:10") == ["600000 11:29 2"]


def test_advance_closes_idle_symbols_in_order_of_their_names() -> None:
    run = Run()
    run.push(BEFORE, BEFORE | OTHER, quote("10:00:03", 105) | OTHER, quote("10:00:04", 110))
    assert run.advance("10:02:00") == ["000001 10:00 5", "600000 10:00 10"]


def test_rows_close_bars_in_the_order_of_the_rows() -> None:
    run = Run()
    run.push(BEFORE, BEFORE | OTHER, quote("10:00:03", 105) | OTHER, quote("10:00:04", 110))
    closed = run.push(quote("10:01:00", 106) | OTHER, quote("10:01:00", 111))
    assert closed == ["000001 10:00 5", "600000 10:00 10"]


def test_advance_before_any_row_or_backwards_changes_nothing() -> None:
    run = Run()
    assert run.advance("09:00:00") == []
    run.push(BEFORE, quote("10:00:03", 110))
    assert run.advance("10:00:30") == []
    assert run.advance("10:00:10") == []
    assert run.push(quote("10:00:40", 111)) == []
    assert run.finish() == ["600000 10:00 11 partial"]


def test_finish_gives_what_is_open_and_says_that_it_was_cut() -> None:
    run = Run()
    run.push(BEFORE, quote("10:00:59", 110))
    assert run.finish() == ["600000 10:00 10 partial"]


def test_finish_does_not_cut_a_bar_whose_end_was_seen() -> None:
    run = Run()
    run.push(BEFORE, quote("14:59:59", 110), quote("15:00:00", 111))
    assert run.finish() == ["600000 14:59 11"]


def test_fill_closes_empty_bars_as_time_passes() -> None:
    run = Run(ops.bars("1m", fill=True))
    run.push(BEFORE, quote("09:30:03", 110))
    assert run.advance("09:31:05") == ["600000 09:30 10"]
    assert run.advance("09:33:05") == ["600000 09:31 0", "600000 09:32 0"]
    assert run.push(quote("09:34:00", 110)) == ["600000 09:33 0"]
    assert run.finish() == ["600000 09:34 0 partial"]


def test_fill_ends_with_the_day() -> None:
    run = Run(ops.bars("1m", fill=True))
    run.push(BEFORE, quote("14:57:03", 110))
    assert run.advance("23:00:00")[-1] == "600000 14:59 0"
    assert run.advance("23:00:00", TUESDAY) == []
    assert run.finish() == []


def test_fill_closes_the_rest_of_the_day_when_the_next_one_begins() -> None:
    run = Run(ops.bars("1m", fill=True))
    run.push(BEFORE, quote("14:57:03", 110))
    closed = run.push(quote("09:30:03", 0, day=TUESDAY))
    assert closed == ["600000 14:57 10", "600000 14:58 0", "600000 14:59 0"]


LATE = [BEFORE, quote("10:00:03", 110), quote("10:01:03", 120), quote("10:00:58", 115)]


def test_row_for_a_bar_that_its_own_symbol_closed_is_late() -> None:
    run = Run()
    assert run.push(*LATE) == ["600000 10:00 10"]
    assert left_out(run.run) == {"bars.late": 1}
    assert run.push(quote("10:02:00", 121)) == ["600000 10:01 10"]


def test_row_for_a_bar_that_time_closed_is_late() -> None:
    run = Run()
    run.push(*LATE[:2])
    run.advance("10:01:05")
    assert run.push(LATE[3]) == []
    assert left_out(run.run) == {"bars.late": 1}


def test_row_of_a_new_symbol_is_late_when_time_closed_its_bar() -> None:
    run = Run()
    run.push(*LATE[:2])
    run.advance("10:01:05")
    run.push(quote("10:00:30", 5) | OTHER)
    assert left_out(run.run) == {"bars.late": 1}


def test_row_before_the_newest_is_not_late_while_its_bar_is_open() -> None:
    run = Run(ops.bars("1m", late="raise"))
    run.push(BEFORE, quote("10:00:30", 110), quote("10:00:03", 105))
    assert run.push(quote("10:01:00", 111)) == ["600000 10:00 5"]


def test_late_row_is_an_error() -> None:
    with pytest.raises(LateRowError, match=r"600000\.SH"):
        Run(ops.bars("1m", late="raise")).push(*LATE)


def test_late_row_is_included_in_the_next_open_bar() -> None:
    run = Run(ops.bars("1m", late="include"))
    run.push(*LATE)
    assert left_out(run.run) == {}
    assert run.push(quote("10:02:00", 121)) == ["600000 10:01 5"]


def test_included_late_row_goes_over_the_lunch_break() -> None:
    run = Run(ops.bars("1m", late="include"))
    run.push(BEFORE, quote("11:29:30", 110))
    assert run.advance("11:31:00") == ["600000 11:29 10"]
    run.push(quote("11:29:58", 113))
    assert run.push(quote("13:00:03", 114), quote("13:01:00", 114)) == ["600000 13:00 4"]


def test_included_late_row_is_dropped_when_the_day_has_no_open_bar() -> None:
    run = Run(ops.bars("1m", late="include"))
    run.push(BEFORE, quote("14:59:30", 110))
    assert run.advance("15:01:00") == ["600000 14:59 10"]
    assert run.push(quote("15:00:03", 113)) == []
    assert run.finish() == []
    assert left_out(run.run) == {"bars.late": 1}


def test_included_late_row_keeps_the_order_of_arrival() -> None:
    """It opens the next bar if it comes before that bar's own rows."""
    run = ops.chain(ops.deltas(), ops.bars("1m", late="include")).start()
    run.push(quotes([BEFORE, quote("10:00:03", 110)]))
    run.advance(micros("10:01:05"))
    run.push(quotes([quote("10:00:58", 115, 9.0), quote("10:01:07", 120, 11.0)]))
    bar = run.finish().row(0, named=True)
    assert (bar["open"], bar["high"], bar["low"], bar["close"]) == (9.0, 11.0, 9.0, 11.0)
    assert bar["rows"] == 2


@pytest.fixture
def subscribed_late() -> Run:
    """A symbol whose first row is a cached one of 10:00, seen at 10:30:10; and its next row."""
    run = Run()
    run.push(quote("10:29:00", 5) | OTHER)
    run.advance("10:30:10")
    assert run.push(quote("10:00:00", 100, high=12.0, low=8.0)) == []
    assert left_out(run.run) == {"bars.late": 1}
    run.push(quote("10:31:30", 110, high=12.0, low=8.0))
    return run


def test_row_that_time_made_late_still_is_the_row_before(subscribed_late: Run) -> None:
    """The day's high rose before it: nothing of that belongs to the bar of the next row."""
    bar = subscribed_late.run.push(quotes([quote("10:33:00", 110)])).row(0, named=True)
    assert (bar["high"], bar["low"], bar["volume"]) == (10.0, 10.0, 10)


def test_row_that_time_made_late_still_is_the_first_of_its_day(subscribed_late: Run) -> None:
    """It came before the next bar's start, so that bar has all that traded in it."""
    assert subscribed_late.push(quote("10:33:00", 110)) == ["600000 10:31 10"]


def test_fill_does_not_give_bars_that_closed_before_the_symbol_was_seen() -> None:
    run = Run(ops.bars("1m", fill=True))
    run.push(quote("10:29:00", 5) | OTHER)
    run.advance("10:30:10")
    assert run.push(quote("09:10:00", 0)) == []
    assert run.advance("10:32:05")[-2:] == ["600000 10:30 0", "600000 10:31 0"]


def test_first_row_that_no_bar_takes_begins_the_day() -> None:
    run = Run(ops.bars("1m", fill=True))
    run.push(quote("12:00:00", 100))
    assert run.push(quote("13:02:00", 110)) == ["600000 13:00 0", "600000 13:01 0"]


def test_price_of_0_is_no_price_even_where_volume_rose() -> None:
    run = ops.chain(ops.deltas(), ops.bars("1m")).start()
    rows = [BEFORE, quote("10:00:03", 110, 10.2), quote("10:01:03", 111, 0.0)]
    bars = run.push(quotes([*rows, quote("10:02:00", 111)]))
    assert bars["volume"].to_list() == [10, 1]
    assert bars.select("open", "high", "low", "close").rows() == [(10.2,) * 4] * 2
