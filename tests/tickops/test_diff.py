"""`diff` against the definition and Polars."""

import math
from typing import Literal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tickops as ops
from tests.oracles import rows as oracle
from tests.oracles import strategies
from tests.oracles.compare import assert_same, left_out
from tests.oracles.frames import QUOTES, TUESDAY, quote, quotes
from tests.oracles.market import Row, rows_of
from tickops.exceptions import LateRowError, SchemaError

LATENESS: st.SearchStrategy[Literal["drop", "include"]] = st.sampled_from(["drop", "include"])
LATE = quote("10:00:00", last=1.0), quote("10:00:06", last=2.0), quote("10:00:03", last=5.0)


def differences(*rows: Row, op: ops.diff | None = None) -> list[float | None]:
    return (op or ops.diff("last_price")).apply(quotes(rows)).to_series(-1).to_list()


@oracle.EXAMPLES
@given(data=st.data(), frame=strategies.quotes())
def test_equals_the_oracle(data: st.DataObject, frame: pl.DataFrame) -> None:
    periods, daily, late = (
        data.draw(st.integers(1, 3)),
        data.draw(st.booleans()),
        data.draw(LATENESS),
    )
    expected = oracle.walk(
        rows_of(frame),
        [f"amount_diff{periods}"],
        lambda seen: oracle.difference(oracle.of_day(seen, daily=daily), "amount", periods),
        late=late,
    )
    run = ops.diff("amount", periods=periods, daily=daily, late=late).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    assert_same(pl.concat(parts), expected.rows)
    assert run.counts.get("diff.late", 0) == expected.late


@oracle.EXAMPLES
@given(frame=strategies.quotes())
def test_equals_polars(frame: pl.DataFrame) -> None:
    out = ops.diff(["amount", "volume"]).apply(frame)
    moved = pl.col("amount", "volume").cast(pl.Float64).diff().over("symbol")
    expected = out.select(moved.name.suffix("_diff1"))
    assert out.select("amount_diff1", "volume_diff1").equals(expected)


def test_is_of_the_symbol() -> None:
    other = quote("10:00:01", last=99.0, symbol="000001.SZ")
    rows = quote("10:00:00", last=1.0), other, quote("10:00:03", last=3.0)
    assert differences(*rows) == [None, None, 2.0]


@pytest.mark.parametrize("nothing", [None, math.nan, math.inf])
def test_null_on_either_side_gives_null(nothing: float | None) -> None:
    rows = [quote("10:00:00", last=1.0), quote("10:00:03", last=nothing)]
    rows += [quote("10:00:06", last=3.0), quote("10:00:09", last=7.0)]
    assert differences(*rows) == [None, None, None, 4.0]


@pytest.mark.parametrize(("daily", "value"), [(False, 1.5), (True, None)])
def test_days(daily: bool, value: float | None) -> None:
    rows = quote("14:00:00", last=1.0), quote("09:30:00", last=2.5, day=TUESDAY)
    assert differences(*rows, op=ops.diff("last_price", daily=daily)) == [None, value]


def test_late_row_is_dropped_and_counted() -> None:
    run = ops.diff("last_price").start()
    assert run.push(quotes(LATE))["last_price_diff1"].to_list() == [None, 1.0]
    assert left_out(run) == {"diff.late": 1}


def test_late_row_is_included_or_an_error() -> None:
    assert differences(*LATE, op=ops.diff("last_price", late="include")) == [None, 1.0, 3.0]
    with pytest.raises(LateRowError, match=r"600000\.SH"):
        ops.diff("last_price", late="raise").apply(quotes(LATE))


@pytest.mark.parametrize("broken", [{"symbol": None}, {"timestamp": None}])
def test_row_without_symbol_or_time_is_kept_and_does_not_count(broken: Row) -> None:
    rows = quote("10:00:00", last=1.0), quote("10:00:03", last=9.0) | broken
    assert differences(*rows, quote("10:00:06", last=3.0)) == [None, None, 2.0]


def test_output_schema() -> None:
    expected = pl.Schema({**QUOTES, "volume_diff3": pl.Float64()})
    assert ops.diff("volume", periods=3).output_schema(QUOTES) == expected
    out = ops.diff("volume", periods=3).apply(quotes(LATE[:2]))
    assert out.schema == expected
    assert out.select(QUOTES.names()).equals(quotes(LATE[:2]))


@pytest.mark.parametrize("column", ["symbol", "timestamp", "high"])
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=column):
        ops.diff("high").apply(quotes(LATE).drop(column))
