"""`first_of_day` against the definition."""

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
LATE = quote("10:00:00"), quote("09:30:00", day=TUESDAY), quote("10:00:03")
FIRST = ops.first_of_day()


def firsts(*rows: Row, op: ops.first_of_day = FIRST) -> list[bool | None]:
    return op.apply(quotes(rows))["first_of_day"].to_list()


@oracle.EXAMPLES
@given(data=st.data(), frame=strategies.markets())
def test_equals_the_oracle(data: st.DataObject, frame: pl.DataFrame) -> None:
    late = data.draw(LATENESS)
    expected = oracle.walk(rows_of(frame), ["first_of_day"], oracle.begins_day, late=late)
    run = ops.first_of_day(late=late).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    assert_same(pl.concat(parts), expected.rows)
    assert run.counts.get("first_of_day.late", 0) == expected.late


def test_of_each_symbol() -> None:
    rows = quote("10:00:00"), quote("10:00:01", symbol="000001.SZ"), quote("10:00:03")
    assert firsts(*rows) == [True, True, False]


def test_on_the_first_of_january_1970_too() -> None:
    """The day of number 0, as which memory that was never written reads."""
    moment = pl.lit(0).cast(pl.Datetime("ms", "UTC"))
    frame = quotes([quote("10:00:00")] * 2).with_columns(timestamp=moment)
    assert FIRST.apply(frame)["first_of_day"].to_list() == [True, False]


@pytest.mark.parametrize("region", ["CN", "HK", "US", "XX"])
def test_the_day_is_the_local_date(region: str) -> None:
    rows = [
        quote("00:00:01", region=region),
        quote("23:59:59", region=region),
        quote("00:00:00", region=region, day=TUESDAY),
        quote("23:59:59", region=region, day=TUESDAY),
    ]
    assert firsts(*rows) == [True, False, True, False]


def test_late_row_is_dropped_included_or_an_error() -> None:
    run = FIRST.start()
    assert run.push(quotes(LATE))["first_of_day"].to_list() == [True, True]
    assert left_out(run) == {"first_of_day.late": 1}
    rows = *LATE, quote("09:30:03", day=TUESDAY)
    assert firsts(*rows, op=ops.first_of_day(late="include")) == [True, True, False, False]
    with pytest.raises(LateRowError, match=r"600000\.SH"):
        ops.first_of_day(late="raise").apply(quotes(LATE))


@pytest.mark.parametrize("broken", [{"symbol": None}, {"timestamp": None}])
def test_row_without_symbol_or_time_is_kept_and_changes_nothing(broken: Row) -> None:
    assert firsts(quote("10:00:00") | broken, quote("10:00:03")) == [None, True]


def test_output_schema() -> None:
    expected = pl.Schema({**QUOTES, "first_of_day": pl.Boolean()})
    assert FIRST.output_schema(QUOTES) == expected
    out = FIRST.apply(quotes(LATE[:2]))
    assert out.schema == expected
    assert out.drop("first_of_day").equals(quotes(LATE[:2]))


@pytest.mark.parametrize("column", ["symbol", "timestamp"])
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=column):
        FIRST.apply(quotes(LATE).drop(column))


@pytest.mark.real_data
@pytest.mark.skipif(strategies.SMALL, reason="whole days are no small data")
@pytest.mark.parametrize("name", real.SETS)
def test_once_a_symbol_and_day_of_real_data(name: str) -> None:
    out = FIRST.apply(real.quotes(name))
    days = out.select("symbol", pl.col("timestamp").dt.convert_time_zone("Asia/Shanghai").dt.date())
    assert out["first_of_day"].sum() == days.n_unique()
