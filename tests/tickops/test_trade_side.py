"""`trade_side` against exact fractions, and against what is often done instead."""

from typing import Literal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tickops as ops
from tests import data
from tests.oracles import sided, strategies
from tests.oracles import trades as oracle
from tests.oracles.compare import assert_same, left_out
from tests.oracles.frames import DELTAS, QUOTES, TUESDAY, book, quote
from tests.oracles.market import Row, rows_of
from tests.oracles.sided import frame_of, priced
from tickops.exceptions import LateRowError, SchemaError
from tickops.testing import quotes

Policy = Literal["drop", "include"]


def trade(second: int, price: float | None, mid: float | None, volume: int | None = 1) -> Row:
    """One row that traded at a price beside a mid."""
    row = quote(f"10:00:{second:02}")
    return priced(row, delta_volume=volume, delta_price=price, mid=mid)


def sides(*rows: Row, op: ops.trade_side | None = None) -> list[int | None]:
    return (op or ops.trade_side()).apply(frame_of(*rows))["trade_side"].to_list()


@pytest.mark.parametrize("late", ["drop", "include"])
@strategies.EXAMPLES
@given(data=st.data(), frame=sided.with_mids())
def test_equals_the_oracle(data: st.DataObject, frame: pl.DataFrame, late: Policy) -> None:
    run = ops.trade_side(late=late).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    expected = oracle.trade_side(rows_of(frame), late=late)
    assert_same(pl.concat(parts), expected)
    assert left_out(run).get("trade_side.late", 0) == frame.height - len(expected)


@strategies.EXAMPLES
@given(quotes(levels=2, max_rows=12, corrections=True))
def test_without_mid_takes_that_of_the_book(frame: pl.DataFrame) -> None:
    traded = ops.deltas().apply(frame).drop("received", "region", "connection")
    assert_same(ops.trade_side().apply(traded), oracle.trade_side(rows_of(traded)))


def test_above_the_mid_was_bought_and_below_sold() -> None:
    """Whatever the tick: a tick test alone would say the opposite of the last three."""
    rows = trade(0, 10.02, 10.01), trade(3, 10.01, 10.0), trade(6, 9.99, 9.98)
    assert sides(*rows, trade(9, 10.0, 10.01)) == [1, 1, 1, -1]


def test_at_the_mid_the_tick_decides() -> None:
    rows = trade(0, 10.0, 10.0), trade(3, 10.01, 10.01), trade(6, 10.0, 10.0)
    assert sides(*rows) == [None, 1, -1]


def test_an_equal_price_keeps_the_last_tick() -> None:
    """A zero uptick is an uptick, however long ago: not unknown, and not a downtick."""
    rows = [trade(second, price, None) for second, price in enumerate([10.0, 10.01, 10.01, 10.01])]
    assert sides(*rows) == [None, 1, 1, 1]


def test_the_tick_sees_trades_whose_side_the_mid_decided() -> None:
    rows = trade(0, 10.0, 9.0), trade(3, 10.01, 12.0), trade(6, 10.01, 10.01)
    assert sides(*rows) == [1, -1, 1]


def test_rows_without_trade_have_no_side_and_no_tick() -> None:
    idle = trade(6, None, 10.01, volume=0), trade(9, 99.0, 10.01, volume=-1)
    rows = trade(0, 10.0, None), trade(3, 10.01, None), *idle, trade(12, 10.01, None)
    assert sides(*rows) == [None, 1, None, None, 1]


def test_float_noise_is_no_difference() -> None:
    """0.1 + 0.2 is not 0.3: the mid of 10.01 and 10.02 may be printed or computed."""
    above = 10.015 * (1 + 2e-16)
    rows = trade(0, 10.0, None), trade(3, above, 10.015), trade(6, 10.015, 10.015)
    assert above > 10.015
    assert sides(*rows, trade(9, 10.0149, 10.015)) == [None, 1, 1, -1]


def test_a_new_day_forgets_the_tick() -> None:
    rows = trade(0, 10.0, None), trade(3, 10.01, None)
    tuesday = priced(quote("10:00:00", day=TUESDAY), delta_volume=1, delta_price=10.5, mid=None)
    assert sides(*rows, tuesday) == [None, 1, None]


@pytest.mark.parametrize("mid", [None, 0.0, float("nan")])
def test_no_mid_leaves_the_tick(mid: float | None) -> None:
    assert sides(trade(0, 10.0, mid), trade(3, 9.0, mid)) == [None, -1]


def test_symbols_do_not_mix() -> None:
    other = trade(3, 11.0, None) | {"symbol": "000001.SZ"}
    assert sides(trade(0, 10.0, None), other, trade(6, 10.0, None)) == [None] * 3


LATE = trade(3, 10.0, None), trade(6, 10.01, None), trade(0, 9.0, None)


def test_late_row_is_dropped_and_counted() -> None:
    run = ops.trade_side().start()
    assert run.push(frame_of(*LATE))["trade_side"].to_list() == [None, 1]
    assert left_out(run) == {"trade_side.late": 1}


def test_late_row_is_included_in_order_of_arrival() -> None:
    assert sides(*LATE, op=ops.trade_side(late="include")) == [None, 1, -1]


def test_late_row_is_an_error() -> None:
    with pytest.raises(LateRowError, match=r"600000\.SH"):
        ops.trade_side(late="raise").apply(frame_of(*LATE))


def test_late_row_of_an_earlier_day_is_of_the_current_one() -> None:
    tuesday = priced(quote("09:30:00", day=TUESDAY), delta_volume=1, delta_price=10.5, mid=None)
    found = sides(trade(0, 10.0, None), tuesday, LATE[0], op=ops.trade_side(late="include"))
    assert found == [None, None, -1]


@pytest.mark.parametrize("broken", [{"symbol": None}, {"timestamp": None}])
def test_row_without_symbol_or_time_changes_nothing(broken: Row) -> None:
    rows = trade(0, 10.0, None), trade(3, 12.0, 1.0) | broken, trade(6, 10.0, None)
    assert sides(*rows) == [None] * 3


def test_output_schema() -> None:
    before = pl.Schema({**QUOTES, **DELTAS, "mid": pl.Float64()})
    expected = pl.Schema({**before, "trade_side": pl.Int64()})
    assert ops.trade_side().output_schema(before) == expected
    assert ops.trade_side().apply(pl.DataFrame(schema=before)).schema == expected


@pytest.mark.parametrize("column", ["delta_volume", "delta_price", "mid"])
def test_missing_column_is_named_with_the_operator_that_makes_it(column: str) -> None:
    maker = "spread" if column == "mid" else "deltas"
    with pytest.raises(SchemaError, match=rf"{column}.*{maker}\(\)"):
        ops.trade_side().apply(frame_of(*LATE).drop(column))


def test_half_a_book_is_no_mid() -> None:
    frame = frame_of(LATE[0]).drop("mid").hstack(book([(9.0, 1)], []).select("bid_prices"))
    with pytest.raises(SchemaError, match="ask_prices"):
        ops.trade_side().apply(frame)


@pytest.mark.real_data
@pytest.mark.parametrize("name", data.SETS)
def test_equals_the_oracle_on_real_data(name: str) -> None:
    books = data.depth(name).drop("region").unique(["symbol", "timestamp"], keep="last")
    rows = data.quotes(name).join(books, on=["symbol", "timestamp"], maintain_order="left")
    traded = ops.deltas(unit=1).apply(rows[: 200 if strategies.SMALL else 4000])
    found = ops.trade_side().apply(traded)
    assert_same(found, oracle.trade_side(rows_of(traded)))
    assert {1, -1} <= set(found["trade_side"].to_list())
