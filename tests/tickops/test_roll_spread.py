"""`roll_spread` against exact fractions, all of a window again."""

import random
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


def trade(second: int, price: float, volume: int | None = 1) -> Row:
    """One row that traded at a price."""
    row = quote(f"10:{second // 60:02}:{second % 60:02}", last=price)
    return priced(row, delta_volume=volume)


def roll_spread_of(*rows: Row, op: ops.roll_spread | None = None) -> list[float | None]:
    return (op or ops.roll_spread("1h")).apply(frame_of(*rows))["roll_spread"].to_list()


def trades_at(*prices: float) -> list[Row]:
    return [trade(3 * number, price) for number, price in enumerate(prices)]


@pytest.mark.parametrize("late", ["drop", "include"])
@pytest.mark.parametrize("window", ["1m", "2h", 1, 6])
@FEWER
@given(data=st.data(), frame=sided.trading())
def test_equals_the_oracle(
    data: st.DataObject, frame: pl.DataFrame, window: str | int, late: Policy
) -> None:
    run = ops.roll_spread(window, late=late).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    width = seconds(window) if isinstance(window, str) else window
    expected = oracle.roll_spread(rows_of(frame), width, late=late)
    assert_same(pl.concat(parts), expected)
    assert left_out(run).get("roll_spread.late", 0) == frame.height - len(expected)


def test_a_bounce_between_two_prices() -> None:
    """Changes +, −, +, of 2: pairs (2, −2) and (−2, 2), whose sample covariance is −8."""
    assert roll_spread_of(*trades_at(10, 12, 10, 12)) == [None, None, None, pytest.approx(32**0.5)]


def test_gives_back_the_spread_of_simulated_trades() -> None:
    """Roll's model: a random walk and a coin toss of ± half the spread."""
    random.seed(1)
    value, prices = 1000.0, list[float]()
    for _ in range(500 if strategies.SMALL else 20_000):
        value += random.gauss(0, 0.01)
        prices.append(value + random.choice([-0.05, 0.05]))
    rows = [trade(0, price) | {"timestamp": number} for number, price in enumerate(prices)]
    last = roll_spread_of(*rows)[-1]
    assert last == pytest.approx(0.1, rel=0.15 if strategies.SMALL else 0.02)


def test_is_null_where_changes_follow_their_like() -> None:
    """The root of a negative number is not 0, and not NaN."""
    assert roll_spread_of(*trades_at(10, 11, 12, 12, 12))[-1] is None


@pytest.mark.parametrize("base", [10.0, 1800.0])
def test_is_null_where_nothing_but_float_noise_varies(base: float) -> None:
    assert roll_spread_of(*trades_at(*(base + step / 100 for step in range(12)))) == [None] * 12
    steps = [base + step / 100 for step in (0, 1, 2, 3, 4, 5, 6, 7, 8, 10)]
    assert roll_spread_of(*trades_at(*steps))[-1] is None


def test_is_null_with_one_pair() -> None:
    assert roll_spread_of(*trades_at(10, 12, 10)) == [None] * 3


def test_both_changes_of_a_pair_must_be_in_the_window() -> None:
    """At the fourth row, the window of three has three changes and two pairs; of two, one."""
    rows = trades_at(10, 12, 10, 12)
    assert roll_spread_of(*rows, op=ops.roll_spread(3))[-1] == pytest.approx(32**0.5)
    assert roll_spread_of(*rows, op=ops.roll_spread(2)) == [None] * 4


def test_rows_that_did_not_trade_have_no_price() -> None:
    idle = trade(1, 11.0, volume=0), trade(2, 11.5, volume=None), trade(2, 0.0)
    rows = trades_at(10, 12, 10, 12)
    assert roll_spread_of(rows[0], *idle, *rows[1:])[4:] == roll_spread_of(*rows)[1:]


def test_there_is_no_change_over_night() -> None:
    tuesday = [
        priced(quote(f"09:30:0{second}", last=price, day=TUESDAY), delta_volume=1)
        for second, price in enumerate([92.0, 90.0, 92.0])
    ]
    found = roll_spread_of(*trades_at(10, 12, 10), *tuesday, op=ops.roll_spread("24h"))
    assert found == [None] * 5 + [pytest.approx(32**0.5)]


@pytest.mark.parametrize(("second", "known"), [(302, True), (303, False)])
def test_a_window_is_open_on_the_left(second: int, known: bool) -> None:
    """The first change, at 3 seconds, leaves it after five minutes, and with it a pair."""
    rows = [*trades_at(10, 12, 10, 12), trade(second, 12.0, volume=0)]
    assert (roll_spread_of(*rows, op=ops.roll_spread("5m"))[-1] is not None) == known


def test_stays_exact_when_large_changes_leave_the_window() -> None:
    rows = [*trades_at(10, 1e7, 10), *(trade(400 + n, p) for n, p in enumerate([10, 12, 10, 12]))]
    found = roll_spread_of(*rows, op=ops.roll_spread("30s"))
    assert found[-1] == roll_spread_of(*trades_at(10, 10, 12, 10, 12))[-1]


LATE = trade(1, 10.0), trade(3, 10.3), trade(6, 10.1), trade(9, 10.2), trade(2, 10.0)


def test_late_row_is_dropped_and_counted() -> None:
    run = ops.roll_spread("1h").start()
    assert run.push(frame_of(*LATE))["roll_spread"].to_list() == roll_spread_of(*LATE[:-1])
    assert left_out(run) == {"roll_spread.late": 1}


def test_late_row_is_included_as_at_the_newest_time() -> None:
    in_time = LATE[-1] | {"timestamp": LATE[-2]["timestamp"]}
    found = roll_spread_of(*LATE, op=ops.roll_spread("1h", late="include"))
    assert found == roll_spread_of(*LATE[:-1], in_time)
    assert found[-1] != found[-2]


def test_late_row_is_an_error() -> None:
    with pytest.raises(LateRowError, match=r"600000\.SH"):
        ops.roll_spread("1h", late="raise").apply(frame_of(*LATE))


@pytest.mark.parametrize("broken", [{"symbol": None}, {"timestamp": None}])
def test_row_without_symbol_or_time_changes_nothing(broken: Row) -> None:
    rows = LATE[:-1]
    whole = roll_spread_of(*rows)
    assert roll_spread_of(*rows[:1], LATE[-1] | broken, *rows[1:]) == [*whole[:1], None, *whole[1:]]


def test_symbols_do_not_mix() -> None:
    other = LATE[-1] | {"symbol": "000001.SZ"}
    rows = LATE[:-1]
    assert roll_spread_of(*rows[:1], other, *rows[1:])[2:] == roll_spread_of(*rows)[1:]


def test_a_long_window_outgrows_its_log() -> None:
    """Thousands of rows in windows at once, the same as of rows in a window of that many."""
    count = 300 if strategies.SMALL else 5000
    rows = [LATE[number % 3] | {"timestamp": number} for number in range(count)]
    frame = frame_of(*rows)
    assert_same(
        ops.roll_spread("1s").apply(frame).tail(1),
        ops.roll_spread(1000).apply(frame).tail(1).to_dicts(),
    )
    alone = ops.roll_spread(10).apply(frame.tail(12)).tail(1).to_dicts()
    assert_same(ops.roll_spread(10).apply(frame).tail(1), alone)


def test_output_schema() -> None:
    before = pl.Schema({**QUOTES, **DELTAS, "mid": pl.Float64(), "trade_side": pl.Int64()})
    expected = pl.Schema({**before, "roll_spread": pl.Float64()})
    assert ops.roll_spread("5m").output_schema(before) == expected
    assert ops.roll_spread("5m").apply(pl.DataFrame(schema=before)).schema == expected


@pytest.mark.parametrize("window", [0, -1, True, "0s", "-5m", "soon"])
def test_refuses_windows_that_cannot_be_right(window: str | int) -> None:
    with pytest.raises(ValueError, match="window"):
        ops.roll_spread(window)


@pytest.mark.parametrize("column", ["last_price", "delta_volume"])
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=column):
        ops.roll_spread("5m").apply(frame_of(*LATE).drop(column))


@pytest.mark.real_data
@pytest.mark.parametrize("name", data.SETS)
def test_equals_the_oracle_on_real_data(name: str) -> None:
    frame = ops.deltas(unit=1).apply(data.quotes(name)).filter(pl.col("delta_volume") > 0)
    some = frame[: 60 if strategies.SMALL else 250]
    op = ops.roll_spread(50)
    expected = oracle.roll_spread(rows_of(some), 50)
    assert_same(op.apply(some), expected)
    assert any(row["roll_spread"] is not None for row in expected)
