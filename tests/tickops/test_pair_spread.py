"""`pair_spread` against exact fractions of the last prices."""

import math
from datetime import timedelta
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tickops as ops
from tests import data as real
from tests.oracles import strategies
from tests.oracles.arrivals import Arrival, arrivals, exact
from tests.oracles.compare import assert_same, left_out
from tests.oracles.frames import QUOTES, TUESDAY, quote, quotes
from tests.oracles.market import Row, rows_of, seconds
from tickops.exceptions import LateRowError, SchemaError

A, B = "600000.SH", "000001.SZ"
FEWER = settings(deadline=None, max_examples=8 if strategies.SMALL else 40)
PAIR = ops.pair_spread(A, B)


def naive(
    rows: list[Row], hedge: float, *, log: bool, max_age: timedelta | None, late: str
) -> list[Row]:
    last, out = dict[str, tuple[Fraction, Arrival]](), list[Row]()
    for arrival in arrivals([row for row in rows if row["symbol"] in (A, B)], late):
        assert isinstance(arrival, Arrival)
        price = exact(arrival.row["last_price"])
        if price is None:
            continue
        last[arrival.symbol] = price, arrival
        if len(last) < 2:
            continue
        (a, of_a), (b, of_b) = last[A], last[B]
        if max_age is None:
            fresh = of_a.day == of_b.day
        else:
            fresh = abs(of_a.time - of_b.time) <= max_age
        if not fresh:
            continue
        spread = math.log(a) - hedge * math.log(b) if log else float(a - Fraction(hedge) * b)
        made = {"symbol": f"{A}|{B}", "timestamp": max(of_a.time, of_b.time)}
        region = {"region": "CN"} if "region" in arrival.row else {}
        prices = {"price_a": float(a), "price_b": float(b)}
        out.append(made | region | prices | {"pair_spread": spread})
    return out


@FEWER
@given(data=st.data(), frame=strategies.quotes())
def test_equals_the_oracle(data: st.DataObject, frame: pl.DataFrame) -> None:
    hedge, log = data.draw(st.sampled_from([1.0, 0.37, -2])), data.draw(st.booleans())
    max_age = data.draw(st.sampled_from([None, "0s", "30s", "2h"]))
    late: Any = data.draw(st.sampled_from(["drop", "include"]))
    run = ops.pair_spread(A, B, hedge=hedge, log=log, max_age=max_age, late=late).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    age = None if max_age is None else seconds(max_age)
    expected = naive(rows_of(frame), hedge, log=log, max_age=age, late=late)
    assert_same(pl.concat([*parts, run.finish()]), expected, absolute=1e-9)


def a(text: str, price: float | None, **others: Any) -> Row:
    return quote(text, last=price, symbol=A, **others)


def b(text: str, price: float | None, **others: Any) -> Row:
    return quote(text, last=price, symbol=B, **others)


def spreads(*rows: Row, op: ops.pair_spread = PAIR) -> list[float | None]:
    return op.apply(quotes(rows))["pair_spread"].to_list()


def test_gives_a_row_for_each_row_of_either_once_both_are_known() -> None:
    rows = a("10:00:00", 10.0), a("10:00:03", 11.0), b("10:00:04", 4.0), a("10:00:06", 12.0)
    assert spreads(*rows) == [7.0, 8.0]


def test_the_hedge_is_on_the_second_alone() -> None:
    """Ratio 2 means a − 2b, not 2a − b nor (a − b)/2."""
    rows = a("10:00:00", 10.0), b("10:00:01", 4.0)
    assert spreads(*rows, op=ops.pair_spread(A, B, hedge=2)) == [2.0]
    assert spreads(*rows, op=ops.pair_spread(B, A, hedge=2)) == [-16.0]


def test_log_is_taken_of_each_price_before_the_hedge() -> None:
    rows = a("10:00:00", 9.0), b("10:00:01", 3.0)
    (found,) = spreads(*rows, op=ops.pair_spread(A, B, hedge=2, log=True))
    assert found == pytest.approx(0.0, abs=1e-15)


def test_time_is_that_of_the_later_row_and_never_goes_back() -> None:
    """Shenzhen's rows arrive after Shanghai's of a later time."""
    out = PAIR.apply(quotes([a("10:00:05", 10.0), b("10:00:03", 4.0), b("10:00:06", 5.0)]))
    assert out["timestamp"].dt.second().to_list() == [5, 6]


def test_prices_of_yesterday_are_no_prices() -> None:
    rows = [a("14:59:00", 10.0), b("14:59:00", 4.0), a("09:30:00", 11.0, day=TUESDAY)]
    assert spreads(*rows) == [6.0]
    assert spreads(*rows, b("09:30:02", 5.0, day=TUESDAY)) == [6.0, 6.0]
    assert spreads(*rows, op=ops.pair_spread(A, B, max_age="1d")) == [6.0, 7.0]


def test_max_age_is_between_the_two_whichever_is_older() -> None:
    op = ops.pair_spread(A, B, max_age="5s")
    rows = [a("10:00:00", 10.0), b("10:00:05", 4.0), b("10:00:06", 4.5), a("10:00:11", 11.0)]
    assert spreads(*rows, op=op) == [6.0, 6.5]


@pytest.mark.parametrize("price", [0.0, None, math.nan, math.inf, -1.0])
def test_a_row_without_price_is_counted_and_leaves_the_one_before(price: float | None) -> None:
    run = PAIR.start()
    rows = a("10:00:00", 10.0), a("10:00:01", price), b("10:00:02", 4.0)
    assert run.push(quotes(rows))["pair_spread"].to_list() == [6.0]
    assert left_out(run) == {"pair_spread.null": 1}


def test_rows_of_others_are_left_out_and_never_late() -> None:
    other = [quote("10:00:09", symbol="X"), quote("10:00:01", symbol="X")]
    run = ops.pair_spread(A, B, late="raise").start()
    assert run.push(quotes([a("10:00:00", 10.0), *other])).is_empty()
    assert left_out(run) == {"pair_spread.other": 2}


LATE = a("10:00:05", 10.0), b("10:00:05", 4.0), a("10:00:03", 99.0)


def test_late_rows() -> None:
    run = PAIR.start()
    assert run.push(quotes(LATE))["pair_spread"].to_list() == [6.0]
    assert left_out(run) == {"pair_spread.late": 1}
    assert spreads(*LATE, op=ops.pair_spread(A, B, late="include")) == [6.0, 95.0]
    with pytest.raises(LateRowError, match=r"600000\.SH"):
        spreads(*LATE, op=ops.pair_spread(A, B, late="raise"))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of kernels that run uncompiled
def test_overflow_is_null() -> None:
    op = ops.pair_spread(A, B, hedge=-1e10)
    assert spreads(a("10:00:00", 1.0), b("10:00:01", 1e300), op=op) == [None]


def test_operators_after_it_take_the_pair_for_one_of_its_market() -> None:
    """In Shanghai a new day begins at 11 in New York."""
    rows = [a("10:59:58", 10.0, region="US"), b("10:59:59", 4.0, region="US")]
    frame = quotes([*rows, a("11:00:01", 10.5, region="US")])
    out = ops.chain(PAIR, ops.first_of_day(), ops.lag("pair_spread")).apply(frame)
    assert out["symbol"].to_list() == [f"{A}|{B}"] * 2
    assert out["pair_spread_lag1"].to_list() == [None, 6.0]
    alone = ops.first_of_day().apply(PAIR.apply(frame))
    assert out["first_of_day"].to_list() == alone["first_of_day"].to_list() == [True, False]


def test_another_column() -> None:
    rows = a("10:00:00", 0.0, high=5.0), b("10:00:00", 0.0, high=2.0)
    assert spreads(*rows, op=ops.pair_spread(A, B, column="high")) == [3.0]
    assert spreads(*rows) == []


def test_output_schema() -> None:
    own = {name: QUOTES[name] for name in ("symbol", "timestamp", "region")}
    numbers = dict.fromkeys(("price_a", "price_b", "pair_spread"), pl.Float64())
    assert PAIR.output_schema(QUOTES) == pl.Schema({**own, **numbers})
    assert PAIR.apply(pl.DataFrame(schema=QUOTES)).schema == PAIR.output_schema(QUOTES)
    assert PAIR.adds_columns is False
    assert PAIR.across_symbols is True


@pytest.mark.parametrize("column", ["symbol", "timestamp", "last_price"])
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=column):
        PAIR.apply(quotes(LATE).drop(column))


@pytest.mark.real_data
def test_equals_a_join_on_real_data() -> None:
    """In the order of time each row of one meets the newest of the other: Polars' join_asof."""
    frame = real.quotes(real.LARGE)
    frame = frame.filter(pl.col("last_price") > 0)
    first, second = frame["symbol"].unique(maintain_order=True).cast(pl.String).to_list()
    in_order = frame.sort("timestamp", maintain_order=True)
    in_order = in_order[: 300 if strategies.SMALL else None]
    found = ops.pair_spread(first, second, hedge=0.5).apply(in_order)
    at = ["timestamp", "last_price"]
    of_first, of_second = (
        in_order.filter(pl.col("symbol").cast(pl.String) == name)
        .select(*at, day=pl.col("timestamp").dt.date())
        .unique("timestamp", keep="last", maintain_order=True)
        for name in (first, second)
    )
    joined = of_first.join_asof(of_second, on="timestamp", by="day", suffix="_b")
    joined = joined.drop_nulls("last_price_b")
    last = found.unique("timestamp", keep="last", maintain_order=True)
    both = joined.join(last, on="timestamp", maintain_order="left")
    assert both.height == joined.height > 0
    expected = both["last_price"] - 0.5 * both["last_price_b"]
    assert both["pair_spread"].to_list() == pytest.approx(expected.to_list(), rel=1e-9)
