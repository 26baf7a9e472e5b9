"""`realised_spread` against exact fractions, each trade looked up on its own."""

from typing import Literal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tickops as ops
from tests import data
from tests.oracles import realised_spread as oracle
from tests.oracles import sided, strategies
from tests.oracles.compare import assert_same, left_out
from tests.oracles.frames import DELTAS, QUOTES, TUESDAY, quote
from tests.oracles.market import Row, rows_of, seconds
from tests.oracles.sided import frame_of, priced
from tickops.exceptions import LateRowError, SchemaError

Policy = Literal["drop", "include"]
FEWER = settings(deadline=None, max_examples=8 if strategies.SMALL else 40)


def trade(second: int, price: float | None, side: int | None, mid: float | None) -> Row:
    """One row that traded at a price on a side, and the mid beside it."""
    row = quote(f"10:{second // 60:02}:{second % 60:02}")
    return priced(row, delta_volume=1, delta_price=price, trade_side=side, mid=mid)


def idle(second: int, mid: float | None) -> Row:
    return trade(second, None, None, mid)


def mids_after(*rows: Row, op: ops.realised_spread | None = None) -> list[float | None]:
    return (op or ops.realised_spread("5s")).apply(frame_of(*rows))["mid_after"].to_list()


@pytest.mark.parametrize("late", ["drop", "include"])
@pytest.mark.parametrize("after", ["1s", "3s", "1m", "2h"])
@FEWER
@given(data=st.data(), frame=sided.trading())
def test_equals_the_oracle(
    data: st.DataObject, frame: pl.DataFrame, after: str, late: Policy
) -> None:
    priced_rows = frame.with_columns(
        delta_price=pl.when(pl.col("delta_volume") > 0).then(pl.col("last_price"))
    )
    run = ops.realised_spread(after, late=late).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(priced_rows))]
    expected = oracle.realised_spread(rows_of(priced_rows), seconds(after), late=late)
    assert_same(pl.concat([*parts, run.finish()]), expected.rows)
    assert left_out(run).get("realised_spread.open", 0) == expected.open


def test_is_twice_the_distance_to_the_later_mid() -> None:
    """Bought at 10.02, mid 10.00 then and 10.01 later: 0.02 of 0.04 was kept."""
    rows = trade(0, 10.02, 1, 10.0), idle(5, 10.01)
    found = ops.realised_spread("5s").apply(frame_of(*rows))
    assert found.select("realised_spread", "realised_spread_bps").row(0) == pytest.approx(
        (0.02, 20)
    )
    assert found["timestamp"].item() == rows[0]["timestamp"]


def test_is_signed_by_the_side_and_below_0_where_the_price_ran_away() -> None:
    rows = trade(0, 9.98, -1, 10.0), trade(1, 10.02, 1, 10.0), idle(9, 10.0), idle(10, 11.0)
    found = ops.realised_spread("9s").apply(frame_of(*rows))
    assert found["realised_spread"].to_list() == pytest.approx([0.04, -1.96])


def test_never_looks_beyond_its_time() -> None:
    """The row at 7 says that the 5 seconds have passed; its mid is of after them."""
    assert mids_after(trade(0, 10.0, 1, 10.0), idle(4, 10.4), idle(7, 10.7)) == [10.4]


def test_a_row_at_just_that_time_counts() -> None:
    assert mids_after(trade(0, 10.0, 1, 10.0), idle(5, 10.5)) == [10.5]
    assert mids_after(trade(0, 10.0, 1, 10.0), idle(5, 10.5), idle(5, 10.6)) == [10.5]


def test_rows_without_mid_leave_the_one_before() -> None:
    rows = trade(0, 10.0, 1, 10.0), idle(3, 10.3), idle(4, None), idle(5, 0.0)
    assert mids_after(*rows) == [10.3]


@pytest.mark.parametrize(
    "nothing", [trade(0, None, 1, 10.0), trade(0, 10.0, None, 10.0), trade(0, 10.0, 1, None)]
)
def test_rows_without_price_side_or_mid_are_no_trades(nothing: Row) -> None:
    assert mids_after(nothing, idle(9, 10.5)) == []


def test_trades_that_wait_at_the_end_are_counted() -> None:
    run = ops.realised_spread("5s").start()
    out = run.push(frame_of(trade(0, 10.0, 1, 10.0), trade(4, 10.0, 1, 10.0), idle(6, 10.0)))
    assert out.height == 1
    assert left_out(run) == {}
    assert run.finish().height == 0
    assert left_out(run) == {"realised_spread.open": 1}


def test_the_end_of_the_day_drops_what_waits() -> None:
    """The mid of the next morning says nothing of what was earned the day before."""
    tuesday = priced(quote("09:30:00", day=TUESDAY), delta_price=None, trade_side=None, mid=20.0)
    run = ops.realised_spread("5s").start()
    assert run.push(frame_of(trade(0, 10.0, 1, 10.0), tuesday)).height == 0
    assert left_out(run) == {"realised_spread.open": 1}


def test_symbols_do_not_mix() -> None:
    other = idle(5, 99.0) | {"symbol": "000001.SZ"}
    assert mids_after(trade(0, 10.0, 1, 10.0), other, idle(6, 10.5)) == [10.0]


LATE = trade(5, 10.0, 1, 10.0), idle(8, 10.8), idle(6, 10.6), idle(10, None)


def test_late_row_is_dropped_and_counted() -> None:
    run = ops.realised_spread("5s").start()
    assert run.push(frame_of(*LATE))["mid_after"].to_list() == [10.8]
    assert left_out(run) == {"realised_spread.late": 1}


def test_late_row_is_included_as_at_the_newest_time() -> None:
    assert mids_after(*LATE, op=ops.realised_spread("5s", late="include")) == [10.6]


def test_late_row_is_an_error() -> None:
    with pytest.raises(LateRowError, match=r"600000\.SH"):
        ops.realised_spread("5s", late="raise").apply(frame_of(*LATE))


@pytest.mark.parametrize("broken", [{"symbol": None}, {"timestamp": None}])
def test_row_without_symbol_or_time_changes_nothing(broken: Row) -> None:
    rows = trade(0, 10.0, 1, 10.0), idle(4, 99.0) | broken, idle(6, 10.6)
    assert mids_after(*rows) == [10.0]


def test_many_trades_wait_at_once() -> None:
    """More than the log has room for at first."""
    count = 300 if strategies.SMALL else 5000
    rows = [trade(0, 10.0, 1, 10.0 + n / 100) | {"timestamp": n} for n in range(count)]
    found = mids_after(*rows, op=ops.realised_spread(f"{count - 100}ms"))
    assert found == [row["mid"] for row in rows[-100:]]


def test_output_schema() -> None:
    before = pl.Schema({**QUOTES, **DELTAS, "mid": pl.Float64(), "trade_side": pl.Int64()})
    numbers = ("mid", "mid_after", "realised_spread", "realised_spread_bps")
    own = {name: QUOTES[name] for name in ("symbol", "timestamp", "region")}
    expected = pl.Schema(
        {
            **own,
            "delta_price": pl.Float64(),
            "trade_side": pl.Int64(),
            **dict.fromkeys(numbers, pl.Float64()),
        }
    )
    assert ops.realised_spread("5s").output_schema(before) == expected
    assert ops.realised_spread("5s").apply(pl.DataFrame(schema=before)).schema == expected
    assert ops.realised_spread("5s").adds_columns is False


@pytest.mark.parametrize(
    ("column", "maker"),
    [("delta_price", "deltas"), ("trade_side", "trade_side"), ("mid", "spread")],
)
def test_missing_column_is_named_with_the_operator_that_makes_it(column: str, maker: str) -> None:
    with pytest.raises(SchemaError, match=rf"{column}.*{maker}\(\)"):
        ops.realised_spread("5s").apply(frame_of(*LATE).drop(column))


@pytest.mark.real_data
@pytest.mark.parametrize("name", data.SETS)
def test_equals_the_oracle_on_real_data(name: str) -> None:
    books = data.depth(name).drop("region").unique(["symbol", "timestamp"], keep="last")
    rows = data.quotes(name).join(books, on=["symbol", "timestamp"], maintain_order="left")
    before = ops.chain(ops.deltas(unit=1), ops.spread(), ops.trade_side())
    frame = before.apply(rows[: 200 if strategies.SMALL else 1500])
    found = ops.realised_spread("1m").apply(frame)
    assert_same(found, oracle.realised_spread(rows_of(frame), seconds("1m")).rows)
    assert found.height > 0
