"""`returns` against the definition, mistakes that are often made, and real prices."""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Literal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tickops as ops
from tests import data as real
from tests.oracles import rows as oracle
from tests.oracles import strategies
from tests.oracles.compare import assert_same, left_out
from tests.oracles.frames import QUOTES, TUESDAY, quote, quotes
from tests.oracles.market import Row, rows_of
from tickops.exceptions import LateRowError, SchemaError

LATENESS: st.SearchStrategy[Literal["drop", "include"]] = st.sampled_from(["drop", "include"])
KINDS: st.SearchStrategy[Literal["log", "simple"]] = st.sampled_from(["log", "simple"])
LATE = quote("10:00:00", last=1.0), quote("10:00:06", last=2.0), quote("10:00:03", last=5.0)
SIMPLE = ops.returns(kind="simple")


def returns_of(*prices: float | None, op: ops.returns = SIMPLE) -> list[float | None]:
    rows = [quote(f"10:00:{n:02}", last=price) for n, price in enumerate(prices)]
    return op.apply(quotes(rows))["returns"].to_list()


@oracle.EXAMPLES
@given(data=st.data(), frame=strategies.quotes())
def test_equals_the_oracle(data: st.DataObject, frame: pl.DataFrame) -> None:
    periods, daily, late = (
        data.draw(st.integers(1, 3)),
        data.draw(st.booleans()),
        data.draw(LATENESS),
    )
    kind = data.draw(KINDS)
    expected = oracle.walk(
        rows_of(frame),
        ["returns"],
        lambda seen: oracle.price_return(
            oracle.of_day(seen, daily=daily), "last_price", periods, kind
        ),
        late=late,
    )
    run = ops.returns(kind=kind, periods=periods, daily=daily, late=late).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    assert_same(pl.concat(parts), expected.rows)
    assert run.counts.get("returns.late", 0) == expected.late


def test_simple_and_log() -> None:
    assert returns_of(8.0, 10.0) == [None, 0.25]
    assert returns_of(8.0, 10.0, op=ops.returns())[1] == pytest.approx(math.log(1.25), rel=1e-15)
    assert returns_of(8.0, 2.0, op=ops.returns())[1] == pytest.approx(-math.log(4), rel=1e-15)
    assert returns_of(8.0, 64.0, op=ops.returns())[1] == pytest.approx(math.log(8), rel=1e-15)


def test_small_log_returns_are_exact() -> None:
    """log(p/q) is not: p/q is rounded to 1e-16, a thousandth of this return."""
    step = 2.0**-43
    found = returns_of(3.0, 3.0 + step, op=ops.returns())[1]
    assert found == pytest.approx(step / 3, rel=1e-12, abs=0)


@pytest.mark.parametrize("none", [0.0, -1.0, None, math.nan, math.inf])
def test_a_price_that_is_none_gives_null_and_is_no_reference(none: float | None) -> None:
    assert returns_of(8.0, none, 10.0) == [None, None, 0.25]


def test_periods_count_valid_prices() -> None:
    op = ops.returns(kind="simple", periods=2)
    assert returns_of(8.0, 0.0, 9.0, None, 10.0, op=op) == [None, None, None, None, 0.25]


def test_an_unchanged_price_has_the_return_zero() -> None:
    assert returns_of(8.0, 8.0) == [None, 0.0]
    assert returns_of(8.0, 8.0, op=ops.returns()) == [None, 0.0]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of kernels that run uncompiled
def test_prices_too_far_apart_give_null_and_not_infinity() -> None:
    assert returns_of(1e-200, 1e200) == [None, None]
    assert returns_of(1e-200, 1e200, op=ops.returns())[1] == pytest.approx(400 * math.log(10))


@pytest.mark.parametrize(("daily", "value"), [(False, 0.25), (True, None)])
def test_over_the_night(daily: bool, value: float | None) -> None:
    rows = [
        quote("14:00:00", last=8.0),
        quote("09:15:00", last=0.0, day=TUESDAY),
        quote("09:30:00", last=10.0, day=TUESDAY),
        quote("09:30:03", last=5.0, day=TUESDAY),
    ]
    out = ops.returns(kind="simple", daily=daily).apply(quotes(rows))
    assert out["returns"].to_list() == [None, None, value, -0.5]


def test_a_list_names_each_column() -> None:
    frame = quotes([quote("10:00:00", high=8.0, low=4.0), quote("10:00:03", high=10.0, low=1.0)])
    out = ops.returns(["high", "low"], kind="simple").apply(frame)
    assert out["high_returns"].to_list() == [None, 0.25]
    assert out["low_returns"].to_list() == [None, -0.75]
    assert "returns" not in out.columns
    assert ops.returns(["high"]).output_schema(QUOTES).names()[-1] == "high_returns"


def test_late_row_is_dropped_included_or_an_error() -> None:
    run = SIMPLE.start()
    assert run.push(quotes(LATE))["returns"].to_list() == [None, 1.0]
    assert left_out(run) == {"returns.late": 1}
    included = ops.returns(kind="simple", late="include").apply(quotes(LATE))
    assert included["returns"].to_list() == [None, 1.0, 1.5]
    with pytest.raises(LateRowError, match=r"600000\.SH"):
        ops.returns(late="raise").apply(quotes(LATE))


@pytest.mark.parametrize("broken", [{"symbol": None}, {"timestamp": None}])
def test_row_without_symbol_or_time_is_kept_and_does_not_count(broken: Row) -> None:
    rows = [quote("10:00:00", last=8.0), quote("10:00:03", last=9.0) | broken]
    out = SIMPLE.apply(quotes([*rows, quote("10:00:06", last=10.0)]))
    assert out["returns"].to_list() == [None, None, 0.25]


def test_output_schema() -> None:
    expected = pl.Schema({**QUOTES, "returns": pl.Float64()})
    assert ops.returns().output_schema(QUOTES) == expected
    out = ops.returns().apply(quotes(LATE[:2]))
    assert out.schema == expected
    assert out.drop("returns").equals(quotes(LATE[:2]))


@pytest.mark.parametrize("column", ["symbol", "timestamp", "last_price"])
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=column):
        ops.returns().apply(quotes(LATE).drop(column))


def zero_is_a_price(prices: list[float]) -> list[float | None]:
    pairs = pairwise(prices)
    return [None, *(now / then - 1 if then else None for then, now in pairs)]


def the_row_before_is_the_reference(prices: list[float]) -> list[float | None]:
    pairs = pairwise(prices)
    return [None, *(now / then - 1 if then and now else None for then, now in pairs)]


def none_is_filled_forward(prices: list[float]) -> list[float | None]:
    filled = [prices[0]]
    for price in prices[1:]:
        filled.append(price or filled[-1])
    return the_row_before_is_the_reference(filled)


@pytest.mark.parametrize(
    "mistaken", [zero_is_a_price, the_row_before_is_the_reference, none_is_filled_forward]
)
def test_oracle_catches_mistakes_about_prices_that_are_none(
    mistaken: Callable[[list[float]], list[float | None]],
) -> None:
    prices = [8.0, 0.0, 10.0]
    rows = rows_of(quotes([quote(f"10:00:0{n}", last=p) for n, p in enumerate(prices)]))
    right = oracle.walk(
        rows,
        ["returns"],
        lambda seen: oracle.price_return(seen, "last_price", 1, "simple"),
        late="drop",
    )
    assert [row["returns"] for row in right.rows] == [None, None, 0.25] == returns_of(*prices)
    assert mistaken(prices) != [None, None, 0.25]


@pytest.mark.real_data
@pytest.mark.skipif(strategies.SMALL, reason="whole days are no small data")
@pytest.mark.parametrize("name", real.SETS)
def test_log_returns_of_real_days_sum_to_the_whole(name: str) -> None:
    out = ops.returns().apply(real.quotes(name))
    for rows in out.partition_by("symbol"):
        valid = rows.filter(pl.col("last_price") > 0)["last_price"]
        assert rows["returns"].null_count() == rows.height - len(valid) + 1
        whole = math.log(valid[-1] / valid[0])
        assert rows["returns"].sum() == pytest.approx(whole, abs=1e-11)
