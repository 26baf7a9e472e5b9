"""`twap` against exact integrals, piece by piece."""

from datetime import timedelta
from typing import Literal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tickops as ops
from tests import data
from tests.oracles import strategies
from tests.oracles import twap as oracle
from tests.oracles.compare import assert_same, left_out
from tests.oracles.frames import QUOTES, TUESDAY, at, quote, quotes
from tests.oracles.market import Row, rows_of, seconds
from tickops import testing
from tickops.exceptions import LateRowError, SchemaError

Policy = Literal["drop", "include"]

FEWER = settings(deadline=None, max_examples=10 if strategies.SMALL else 30)
SESSIONS = [("09:15", "11:00"), ("13:30", "23:59")]
FRAMES = st.one_of(
    strategies.quotes(max_size=30),
    testing.quotes(
        symbols=4, days=3, regions=("CN", "HK", "US", "XX"), late=True, nans=True, min_rows=12
    ),
)


def twap_of(*rows: Row, op: ops.twap | None = None) -> list[float | None]:
    return (op or ops.twap()).apply(quotes(rows))["twap"].to_list()


def priced(text: str, price: float | None, **others: object) -> Row:
    return quote(text, last=price) | others


@FEWER
@given(
    data=st.data(),
    frame=FRAMES,
    window=st.sampled_from([None, "3s", "1m", "90m", "26h", "72h"]),
    sessions=st.sampled_from([None, SESSIONS]),
    late=st.sampled_from(["drop", "include"]),
)
def test_equals_the_oracle(
    data: st.DataObject,
    frame: pl.DataFrame,
    window: str | None,
    sessions: list[tuple[str, str]] | None,
    late: Policy,
) -> None:
    run = ops.twap(window, sessions=sessions, late=late).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    width = None if window is None else seconds(window)
    expected = oracle.twap(rows_of(frame), width, sessions=sessions, late=late)
    assert_same(pl.concat(parts), expected)
    assert left_out(run).get("twap.late", 0) == frame.height - len(expected)


def test_a_price_weighs_as_long_as_it_held() -> None:
    """9 for 1 s, 12 for 9 s: not their mean, 10.5, and not the mean of rows, 11."""
    rows = priced("10:00:00", 9.0), priced("10:00:01", 12.0), priced("10:00:10", 12.0)
    assert twap_of(*rows) == [None, 9.0, 11.7]


def test_the_price_in_force_counts_from_the_left_end_of_the_window() -> None:
    """Of the ten seconds before 10:01:00, 9 held for four; its row came long before."""
    rows = priced("10:00:00", 9.0), priced("10:00:54", 19.0), priced("10:01:00", 1.0)
    assert twap_of(*rows, op=ops.twap("10s"))[-1] == pytest.approx((4 * 9 + 6 * 19) / 10)


def test_a_row_counts_from_the_next_one_on() -> None:
    rows = priced("10:00:00", 9.0), priced("10:00:05", 900.0)
    assert twap_of(*rows) == [None, 9.0]
    assert twap_of(*rows, priced("10:00:05", 10.0), priced("10:00:06", 1.0))[-1] == pytest.approx(
        (5 * 9 + 10) / 6
    )


def test_lunch_is_no_time() -> None:
    """9 held 60 s before lunch, 12 through it and 60 s after."""
    rows = [
        priced("11:29:00", 9.0),
        priced("11:30:00", 12.0),
        priced("12:15:00", 12.0),
        priced("13:01:00", 12.0),
    ]
    assert twap_of(*rows) == [None, 9.0, 9.0, 10.5]
    assert twap_of(*rows, op=ops.twap("2h"))[-1] == 10.5


def test_a_window_is_of_the_clock_not_of_the_session() -> None:
    """Five minutes at 13:02 hold two minutes of session, at noon none."""
    rows = priced("11:29:00", 9.0), priced("12:00:00", 12.0), priced("13:02:00", 1.0)
    assert twap_of(*rows, op=ops.twap("5m")) == [None, None, 12.0]


def test_neither_auction_nor_after_hours_are_time() -> None:
    rows = priced("09:25:00", 9.0), priced("09:29:59", 9.0), priced("09:30:02", 12.0)
    assert twap_of(*rows) == [None, None, 9.0]
    late = priced("14:59:59", 9.0), priced("15:00:03", 12.0), priced("15:30:00", 99.0)
    assert twap_of(*late) == [None, 9.0, 9.0]


def test_a_new_day_begins_anew_and_a_price_ends_with_its_day() -> None:
    rows = [
        priced("14:59:50", 9.0),
        quote("09:29:00", last=12.0, day=TUESDAY),
        quote("09:30:05", last=1.0, day=TUESDAY),
    ]
    assert twap_of(*rows) == [None, None, 12.0]
    assert twap_of(*rows, op=ops.twap("24h")) == [None, 9.0, 10.0]


@pytest.mark.parametrize("nothing", [0.0, None])
def test_time_without_a_price_does_not_count(nothing: float | None) -> None:
    rows = priced("10:00:00", 9.0), priced("10:00:02", nothing), priced("10:00:50", 12.0)
    assert twap_of(*rows, priced("10:00:54", 1.0)) == [None, 9.0, 9.0, 11.0]


def test_markets_have_their_own_sessions() -> None:
    """12:30 is lunch in Hong Kong, and in New York it is not; nobody knows XX."""
    for region, expected in (("HK", None), ("US", 9.0), ("XX", None)):
        rows = [quote(f"12:30:0{n}", last=9.0, region=region) for n in range(2)]
        assert twap_of(*rows)[-1] == expected
        assert twap_of(*rows, op=ops.twap(sessions=[("12:00", "13:00")]))[-1] == 9.0


def test_another_column() -> None:
    rows = priced("10:00:00", 9.0, high=4.0), priced("10:00:03", 9.0, high=8.0)
    assert twap_of(*rows, op=ops.twap(column="high")) == [None, 4.0]


def test_stays_exact_when_a_large_price_has_left_the_window() -> None:
    rows = [priced("10:00:00", 1e12), priced("10:00:01", 0.1), priced("10:00:02", 0.3)]
    rows += [priced("10:01:00", 0.3), priced("10:01:01", 0.5), priced("10:01:02", 0.5)]
    assert twap_of(*rows, op=ops.twap("2s"))[-1] == pytest.approx(0.4, rel=1e-12)


LATE = priced("10:00:01", 9.0), priced("10:00:03", 12.0), priced("10:00:02", 99.0)
LAST = priced("10:00:05", 1.0)


def test_late_row_is_dropped_and_counted() -> None:
    run = ops.twap().start()
    assert run.push(quotes([*LATE, LAST]))["twap"].to_list() == [None, 9.0, 10.5]
    assert left_out(run) == {"twap.late": 1}


@pytest.mark.parametrize("window", [None, "1h"])
def test_late_row_is_included_as_at_the_newest_time(window: str | None) -> None:
    assert twap_of(*LATE, LAST, op=ops.twap(window, late="include")) == [None, 9.0, 9.0, 54.0]


def test_late_row_is_an_error() -> None:
    with pytest.raises(LateRowError, match=r"600000\.SH"):
        ops.twap(late="raise").apply(quotes(LATE))


@pytest.mark.parametrize("broken", [{"symbol": None}, {"timestamp": None}])
@pytest.mark.parametrize("window", [None, "1h"])
def test_row_without_symbol_or_time_changes_nothing(broken: Row, window: str | None) -> None:
    op = ops.twap(window)
    found = twap_of(LATE[0], LATE[1] | broken, LATE[1], LAST, op=op)
    assert found == [None, None, 9.0, 10.5]


def test_symbols_do_not_mix() -> None:
    other = priced("10:00:02", 50.0, symbol="000001.SZ")
    assert twap_of(LATE[0], other, LATE[1], op=ops.twap("1m")) == [None, None, 9.0]


def test_a_long_window_outgrows_its_log() -> None:
    """More prices at once than the log first has room for; each holds for a millisecond."""
    count = 1200 if strategies.SMALL else 5000
    times = [at("10:00:00") + timedelta(milliseconds=number) for number in range(count)]
    rows = [priced("10:00:00", 1.0 + n, timestamp=time) for n, time in enumerate(times)]
    assert twap_of(*rows, op=ops.twap("1m"))[-1] == pytest.approx(count / 2)
    assert twap_of(*rows, op=ops.twap("10ms"))[-1] == pytest.approx(count - 5.5)


def test_output_schema() -> None:
    expected = pl.Schema({**QUOTES, "twap": pl.Float64()})
    assert ops.twap().output_schema(QUOTES) == expected
    assert ops.twap("5m").apply(quotes([])).schema == expected


def test_missing_column_is_named() -> None:
    for column in ("symbol", "timestamp", "last_price"):
        with pytest.raises(SchemaError, match=column):
            ops.twap().apply(quotes(LATE).drop(column))


@pytest.mark.real_data
def test_equals_the_oracle_on_real_data() -> None:
    frame = data.quotes(data.SZ5).filter(pl.col("symbol") == pl.col("symbol").first())
    some = frame[: 60 if strategies.SMALL else 150]
    expected = oracle.twap(rows_of(some), timedelta(minutes=5))
    assert_same(ops.twap("5m").apply(some), expected)
    assert any(row["twap"] is not None for row in expected)
