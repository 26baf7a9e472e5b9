"""`lag` against the definition and Polars."""

from typing import Literal

import numpy as np
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
from tickops._kernels.rows import RING
from tickops._snapshot import decode, encode
from tickops.exceptions import LateRowError, SchemaError, SnapshotError

LATENESS: st.SearchStrategy[Literal["drop", "include"]] = st.sampled_from(["drop", "include"])
LATE = quote("10:00:00", last=1.0), quote("10:00:06", last=2.0), quote("10:00:03", last=3.0)


def lagged(*rows: Row, op: ops.lag | None = None) -> list[float | None]:
    return (op or ops.lag("last_price")).apply(quotes(rows)).to_series(-1).to_list()


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
        [f"amount_lag{periods}"],
        lambda seen: oracle.before(oracle.of_day(seen, daily=daily), "amount", periods),
        late=late,
    )
    run = ops.lag("amount", periods=periods, daily=daily, late=late).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    assert_same(pl.concat(parts), expected.rows)
    assert run.counts.get("lag.late", 0) == expected.late


@oracle.EXAMPLES
@given(frame=strategies.quotes())
def test_equals_polars(frame: pl.DataFrame) -> None:
    out = ops.lag(["amount", "volume"], periods=2).apply(frame)
    shifted = pl.col("amount", "volume").shift(2).over("symbol").cast(pl.Float64)
    expected = out.select(shifted.name.suffix("_lag2"))
    assert out.select("amount_lag2", "volume_lag2").equals(expected)


def test_is_of_the_symbol() -> None:
    other = quote("10:00:01", last=99.0, symbol="000001.SZ")
    rows = quote("10:00:00", last=1.0), other, quote("10:00:03", last=2.0)
    assert lagged(*rows) == [None, None, 1.0]


def test_a_null_value_is_a_value() -> None:
    rows = [quote("10:00:00", last=1.0), quote("10:00:03", last=None)]
    assert lagged(*rows, quote("10:00:06", last=3.0)) == [None, 1.0, None]


@pytest.mark.parametrize(("daily", "value"), [(False, 1.0), (True, None)])
def test_days(daily: bool, value: float | None) -> None:
    rows = quote("14:00:00", last=1.0), quote("09:30:00", last=2.0, day=TUESDAY)
    assert lagged(*rows, op=ops.lag("last_price", daily=daily)) == [None, value]


@pytest.mark.parametrize("region", ["CN", "HK", "US", "XX"])
def test_the_day_is_the_local_date(region: str) -> None:
    rows = [
        quote("23:59:59", last=1.0, region=region),
        quote("00:00:00", last=2.0, region=region, day=TUESDAY),
        quote("23:59:59", last=3.0, region=region, day=TUESDAY),
    ]
    assert lagged(*rows, op=ops.lag("last_price", daily=True)) == [None, None, 2.0]


def test_late_row_is_dropped_and_counted() -> None:
    run = ops.lag("last_price").start()
    assert run.push(quotes(LATE))["last_price_lag1"].to_list() == [None, 1.0]
    assert left_out(run) == {"lag.late": 1}


def test_late_row_is_an_error() -> None:
    with pytest.raises(LateRowError, match=r"600000\.SH"):
        ops.lag("last_price", late="raise").apply(quotes(LATE))


def test_late_row_of_an_earlier_day_is_of_the_current_day() -> None:
    rows = [
        quote("14:00:00", last=1.0),
        quote("09:30:00", last=2.0, day=TUESDAY),
        quote("14:00:03", last=3.0),
        quote("09:30:03", last=4.0, day=TUESDAY),
    ]
    op = ops.lag("last_price", daily=True, late="include")
    assert lagged(*rows, op=op) == [None, None, 2.0, 3.0]


@pytest.mark.parametrize("broken", [{"symbol": None}, {"timestamp": None}])
def test_row_without_symbol_or_time_is_kept_and_does_not_count(broken: Row) -> None:
    rows = quote("10:00:00", last=1.0), quote("10:00:03", last=2.0) | broken
    assert lagged(*rows, quote("10:00:06", last=3.0)) == [None, None, 1.0]


@pytest.mark.parametrize(("field", "value"), [("place", -1), ("place", 2), ("length", 3)])
def test_a_snapshot_with_a_ring_that_does_not_fit_is_refused(field: str, value: int) -> None:
    op = ops.lag("last_price", periods=2)
    run = op.start()
    run.push(quotes(LATE[:1]))
    saved = decode(run.snapshot(), [repr(op)])
    state = saved.states[0]
    cells = state.array("cells", RING, 1, 1)
    cells[field] = value
    past, newest = state.array("past", np.float64, 1, 1, 2), state.array("newest_us", np.int64, 1)
    arrays = {"cells": cells, "past": past, "newest_us": newest}
    forged = encode(saved.schema, saved.symbols, saved.markets, [(repr(op), {}, arrays)])
    with pytest.raises(SnapshotError, match="damaged"):
        op.start(forged)


def test_output_schema() -> None:
    expected = pl.Schema({**QUOTES, "volume_lag2": pl.Float64(), "high_lag2": pl.Float64()})
    assert ops.lag(["volume", "high"], periods=2).output_schema(QUOTES) == expected
    out = ops.lag(["volume", "high"], periods=2).apply(quotes(LATE[:2]))
    assert out.schema == expected
    assert out.select(QUOTES.names()).equals(quotes(LATE[:2]))


@pytest.mark.parametrize("column", ["symbol", "timestamp", "high"])
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=column):
        ops.lag("high").apply(quotes(LATE).drop(column))


def test_column_that_is_no_number_is_named() -> None:
    with pytest.raises(SchemaError, match="'region' to be a numeric type"):
        ops.lag("region").apply(quotes(LATE))
