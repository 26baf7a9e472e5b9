"""`amihud` against all of a window again."""

import math
from typing import Literal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tickops as ops
from tests import data
from tests.oracles import liquidity as oracle
from tests.oracles import sided, strategies
from tests.oracles.compare import assert_same, left_out
from tests.oracles.frames import DELTAS, QUOTES, TUESDAY, quote
from tests.oracles.market import Row, rows_of, seconds
from tests.oracles.sided import frame_of, priced
from tickops.exceptions import LateRowError, SchemaError

Policy = Literal["drop", "include"]

FEWER = settings(deadline=None, max_examples=8 if strategies.SMALL else 25)


def trade(second: int, price: float, paid: float | None, volume: int | None = 1) -> Row:
    """One row that traded at a price, for some money."""
    row = quote(f"10:{second // 60:02}:{second % 60:02}", last=price)
    return priced(row, delta_volume=volume, delta_amount=paid)


def amihud_of(*rows: Row, op: ops.amihud | None = None) -> list[float | None]:
    return (op or ops.amihud("1h")).apply(frame_of(*rows))["amihud"].to_list()


@pytest.mark.parametrize("late", ["drop", "include"])
@pytest.mark.parametrize("window", ["1m", "2h", 1, 6])
@FEWER
@given(data=st.data(), frame=sided.trading())
def test_equals_the_oracle(
    data: st.DataObject, frame: pl.DataFrame, window: str | int, late: Policy
) -> None:
    run = ops.amihud(window, late=late).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    width = seconds(window) if isinstance(window, str) else window
    expected = oracle.amihud(rows_of(frame), width, late=late)
    assert_same(pl.concat(parts), expected, absolute=0.0)
    assert left_out(run).get("amihud.late", 0) == frame.height - len(expected)


def test_is_the_mean_of_ratios_and_not_the_ratio_of_means() -> None:
    rows = trade(0, 10.0, 1000.0), trade(3, 11.0, 2000.0), trade(6, 10.0, 500.0)
    rise = math.log(1.1)
    assert amihud_of(*rows)[1:] == pytest.approx([rise / 2000, (rise / 2000 + rise / 500) / 2])


def test_a_price_that_stays_is_a_return_of_nothing() -> None:
    rows = trade(0, 10.0, 1000.0), trade(3, 11.0, 1000.0), trade(6, 11.0, 9.0)
    assert amihud_of(*rows)[2] == pytest.approx(math.log(1.1) / 1000 / 2)


def test_rows_that_did_not_trade_add_nothing() -> None:
    """Neither a value nor a price: the return is from one traded row to the next."""
    idle = trade(3, 10.5, 0.0, volume=0), trade(4, 10.6, None, volume=None)
    rows = trade(0, 10.0, 1000.0), *idle, trade(6, 11.0, 1000.0)
    assert amihud_of(*rows) == [None, None, None, pytest.approx(math.log(1.1) / 1000)]


@pytest.mark.parametrize("paid", [None, 0.0, -5.0])
def test_a_trade_for_no_money_has_a_price_and_no_ratio(paid: float | None) -> None:
    rows = trade(0, 10.0, 1000.0), trade(3, 11.0, paid), trade(6, 11.0, 1000.0)
    assert amihud_of(*rows) == [None, None, 0.0]


def test_a_price_of_0_is_none() -> None:
    rows = trade(0, 10.0, 1000.0), trade(3, 0.0, 1000.0), trade(6, 11.0, 1000.0)
    assert amihud_of(*rows) == [None, None, pytest.approx(math.log(1.1) / 1000)]


def test_there_is_no_return_over_night() -> None:
    tuesday = [
        priced(quote(text, last=price, day=TUESDAY), delta_volume=1, delta_amount=100.0)
        for text, price in (("09:30:00", 20.0), ("09:30:03", 20.0))
    ]
    assert amihud_of(trade(0, 10.0, 1000.0), *tuesday) == [None, None, 0.0]


@pytest.mark.parametrize(("second", "known"), [(302, True), (303, False)])
def test_a_window_is_open_on_the_left(second: int, known: bool) -> None:
    rows = trade(0, 10.0, 1.0), trade(3, 11.0, 1.0), trade(second, 11.0, 0.0, volume=0)
    found = amihud_of(*rows, op=ops.amihud("5m"))
    assert (found[2] is not None) == known


def test_a_window_of_rows_counts_rows_that_did_not_trade() -> None:
    idle = [trade(second, 11.0, 0.0, volume=0) for second in (6, 9)]
    found = amihud_of(trade(0, 10.0, 1.0), trade(3, 11.0, 1.0), *idle, op=ops.amihud(2))
    assert found == [None, pytest.approx(math.log(1.1)), pytest.approx(math.log(1.1)), None]


def test_stays_exact_when_a_large_ratio_leaves_the_window() -> None:
    large, small = trade(3, 11.0, 1e-9), trade(6, 11.1, 1e9)
    found = amihud_of(
        trade(0, 10.0, 1.0), large, small, trade(303, 11.1, 0.0, 0), op=ops.amihud("5m")
    )
    assert found[3] == pytest.approx(math.log(11.1 / 11) / 1e9, rel=1e-9)


LATE = trade(1, 10.0, 1e3), trade(3, 10.1, 2e3), trade(6, 10.0, 3e3), trade(2, 10.3, 1e3)


def test_late_row_is_dropped_and_counted() -> None:
    run = ops.amihud("1h").start()
    assert run.push(frame_of(*LATE))["amihud"].to_list() == amihud_of(*LATE[:-1])
    assert left_out(run) == {"amihud.late": 1}


def test_late_row_is_included_as_at_the_newest_time() -> None:
    in_time = LATE[-1] | {"timestamp": LATE[-2]["timestamp"]}
    found = amihud_of(*LATE, op=ops.amihud("1h", late="include"))
    assert found == amihud_of(*LATE[:-1], in_time)
    assert found[-1] != found[-2]


def test_late_row_is_an_error() -> None:
    with pytest.raises(LateRowError, match=r"600000\.SH"):
        ops.amihud("1h", late="raise").apply(frame_of(*LATE))


@pytest.mark.parametrize("broken", [{"symbol": None}, {"timestamp": None}])
def test_row_without_symbol_or_time_changes_nothing(broken: Row) -> None:
    rows = LATE[:-1]
    whole = amihud_of(*rows)
    assert amihud_of(*rows[:1], LATE[-1] | broken, *rows[1:]) == [*whole[:1], None, *whole[1:]]


def test_symbols_do_not_mix() -> None:
    other = LATE[-1] | {"symbol": "000001.SZ"}
    rows = LATE[:-1]
    assert amihud_of(*rows[:1], other, *rows[1:])[2:] == amihud_of(*rows)[1:]


def test_a_long_window_outgrows_its_log() -> None:
    """Thousands of rows in windows at once, the same as of rows in a window of that many."""
    count = 300 if strategies.SMALL else 5000
    rows = [LATE[number % 3] | {"timestamp": number} for number in range(count)]
    frame = frame_of(*rows)
    assert_same(
        ops.amihud("1s").apply(frame).tail(1),
        ops.amihud(1000).apply(frame).tail(1).to_dicts(),
    )
    alone = ops.amihud(10).apply(frame.tail(12)).tail(1).to_dicts()
    assert_same(ops.amihud(10).apply(frame).tail(1), alone)


def test_output_schema() -> None:
    before = pl.Schema({**QUOTES, **DELTAS, "mid": pl.Float64(), "trade_side": pl.Int64()})
    expected = pl.Schema({**before, "amihud": pl.Float64()})
    assert ops.amihud("5m").output_schema(before) == expected
    assert ops.amihud("5m").apply(pl.DataFrame(schema=before)).schema == expected


@pytest.mark.parametrize("window", [0, -1, True, "0s", "-5m", "soon"])
def test_refuses_windows_that_cannot_be_right(window: str | int) -> None:
    with pytest.raises(ValueError, match="window"):
        ops.amihud(window)


@pytest.mark.parametrize("column", ["last_price", "delta_volume", "delta_amount"])
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=column):
        ops.amihud("5m").apply(frame_of(*LATE).drop(column))


@pytest.mark.real_data
@pytest.mark.parametrize("name", data.SETS)
def test_equals_the_oracle_on_real_data(name: str) -> None:
    frame = ops.deltas(unit=1).apply(data.quotes(name)).filter(pl.col("delta_volume") > 0)
    some = frame[: 60 if strategies.SMALL else 250]
    op = ops.amihud(50)
    expected = oracle.amihud(rows_of(some), 50)
    assert_same(op.apply(some), expected)
    assert any(row["amihud"] is not None for row in expected)
