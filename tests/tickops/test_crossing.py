"""`crossing` against the definition, levels, and other mistakes that are often made."""

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
LATE = quote("10:00:00", last=9.0), quote("10:00:06", last=11.0), quote("10:00:03", last=9.0)
TEN = ops.crossing("last_price", 10)


def crossings(*rows: Row, op: ops.crossing = TEN) -> list[str | None]:
    return op.apply(quotes(rows))["crossing"].to_list()


def valued(*values: float | None) -> list[Row]:
    return [quote(f"10:00:{n:02}", last=value) for n, value in enumerate(values)]


@oracle.EXAMPLES
@given(data=st.data(), frame=strategies.quotes())
def test_equals_the_oracle(data: st.DataObject, frame: pl.DataFrame) -> None:
    late = data.draw(LATENESS)
    a, b = data.draw(st.sampled_from([("last_price", 10.0), ("amount", "volume"), ("high", "low")]))
    expected = oracle.walk(
        rows_of(frame), ["crossing"], lambda seen: oracle.crossed(seen, a, b), late=late
    )
    run = ops.crossing(a, b, late=late).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    assert_same(pl.concat(parts), expected.rows)
    assert run.counts.get("crossing.late", 0) == expected.late


def test_edges_are_marked_not_levels() -> None:
    rows = valued(9.0, 11.0, 12.0, 9.0, 8.0, 11.0)
    assert crossings(*rows) == [None, "up", None, "down", None, "up"]


def test_the_first_side_is_no_crossing() -> None:
    assert crossings(*valued(11.0, 12.0)) == [None, None]
    assert crossings(*valued(10.0, 11.0)) == [None, None]


def test_a_touch_is_no_crossing() -> None:
    assert crossings(*valued(9.0, 10.0, 9.0)) == [None, None, None]


def test_a_crossing_by_way_of_equality_is_marked_once_where_it_is_complete() -> None:
    assert crossings(*valued(9.0, 10.0, 10.0, 11.0)) == [None, None, None, "up"]


@pytest.mark.parametrize("nothing", [None, math.nan])
def test_null_keeps_the_side(nothing: float | None) -> None:
    assert crossings(*valued(9.0, nothing, 11.0)) == [None, None, "up"]
    assert crossings(*valued(9.0, nothing, 9.0)) == [None, None, None]


def test_two_columns() -> None:
    rows = [
        quote("10:00:00", high=1.0, low=2.0),
        quote("10:00:03", high=3.0, low=2.0),
        quote("10:00:06", high=3.0, low=None),
        quote("10:00:09", high=3.0, low=4.0),
    ]
    op = ops.crossing("high", "low")
    assert crossings(*rows, op=op) == [None, "up", None, "down"]
    assert crossings(rows[1], op=op) == [None]


def test_is_of_the_symbol() -> None:
    other = quote("10:00:01", last=11.0, symbol="000001.SZ")
    assert crossings(quote("10:00:00", last=9.0), other, quote("10:00:03", last=9.5)) == [None] * 3


def test_over_the_night() -> None:
    rows = quote("14:00:00", last=9.0), quote("09:30:00", last=11.0, day=TUESDAY)
    assert crossings(*rows) == [None, "up"]


def test_late_row_is_dropped_included_or_an_error() -> None:
    run = TEN.start()
    assert run.push(quotes(LATE))["crossing"].to_list() == [None, "up"]
    assert left_out(run) == {"crossing.late": 1}
    included = ops.crossing("last_price", 10, late="include")
    assert crossings(*LATE, op=included) == [None, "up", "down"]
    with pytest.raises(LateRowError, match=r"600000\.SH"):
        ops.crossing("last_price", 10, late="raise").apply(quotes(LATE))


@pytest.mark.parametrize("broken", [{"symbol": None}, {"timestamp": None}])
def test_row_without_symbol_or_time_is_kept_and_changes_nothing(broken: Row) -> None:
    rows = quote("10:00:00", last=9.0), quote("10:00:03", last=11.0) | broken
    assert crossings(*rows, quote("10:00:06", last=9.5)) == [None, None, None]


def test_output_schema() -> None:
    expected = pl.Schema({**QUOTES, "crossing": ops.CROSSING})
    assert TEN.output_schema(QUOTES) == expected
    out = TEN.apply(quotes(LATE[:2]))
    assert out.schema == expected
    assert out.drop("crossing").equals(quotes(LATE[:2]))


@pytest.mark.parametrize("column", ["symbol", "timestamp", "high", "low"])
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=column):
        ops.crossing("high", "low").apply(quotes(LATE).drop(column))
