"""`threshold` against the definition."""

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
LATE = quote("10:00:00", last=9.0), quote("10:00:06", last=3.0), quote("10:00:03", last=9.0)
UPWARDS, DOWNWARDS = ops.threshold("last_price", 8, 4), ops.threshold("last_price", 4, 8)


def states(*rows: Row, op: ops.threshold = UPWARDS) -> list[bool | None]:
    return op.apply(quotes(rows))["last_price_on"].to_list()


def valued(*values: float | None) -> list[Row]:
    return [quote(f"10:00:{n:02}", last=value) for n, value in enumerate(values)]


@oracle.EXAMPLES
@given(data=st.data(), frame=strategies.quotes())
def test_equals_the_oracle(data: st.DataObject, frame: pl.DataFrame) -> None:
    late = data.draw(LATENESS)
    levels = st.sampled_from([0.0, 1000.0, 2000.0, 17_000.0])
    enter, leave = data.draw(st.lists(levels, min_size=2, max_size=2, unique=True))
    expected = oracle.walk(
        rows_of(frame),
        ["amount_on"],
        lambda seen: oracle.is_on(seen, "amount", enter, leave),
        late=late,
    )
    run = ops.threshold("amount", enter, leave, late=late).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    assert_same(pl.concat(parts), expected.rows)
    assert run.counts.get("threshold.late", 0) == expected.late


def test_stays_as_it_was_between_the_levels() -> None:
    """A single threshold would flicker: off at 7.9 and at 4.1."""
    rows = valued(3.0, 7.9, 8.0, 7.9, 4.1, 4.0, 7.9)
    assert states(*rows) == [False, False, True, True, True, False, False]


def test_downwards_is_the_mirror() -> None:
    rows = valued(9.0, 4.1, 4.0, 4.1, 7.9, 8.0, 4.1)
    assert states(*rows, op=DOWNWARDS) == [False, False, True, True, True, False, False]


@pytest.mark.parametrize("op", [UPWARDS, DOWNWARDS], ids=["up", "down"])
def test_null_before_the_first_value_past_a_level(op: ops.threshold) -> None:
    assert states(*valued(5.0, None, 6.0), op=op) == [None, None, None]


@pytest.mark.parametrize("op", [UPWARDS, DOWNWARDS], ids=["up", "down"])
@pytest.mark.parametrize("nothing", [None, math.nan])
def test_null_changes_nothing(op: ops.threshold, nothing: float | None) -> None:
    high = op is UPWARDS
    assert states(*valued(9.0, nothing, 5.0), op=op) == [high] * 3
    assert states(*valued(3.0, nothing, 5.0), op=op) == [not high] * 3


def test_is_of_the_symbol() -> None:
    other = quote("10:00:01", last=3.0, symbol="000001.SZ")
    rows = quote("10:00:00", last=9.0), other, quote("10:00:03", last=5.0)
    assert states(*rows) == [True, False, True]


def test_over_the_night() -> None:
    assert states(quote("14:00:00", last=9.0), quote("09:30:00", last=5.0, day=TUESDAY))[1]


def test_late_row_is_dropped_included_or_an_error() -> None:
    run = UPWARDS.start()
    assert run.push(quotes(LATE))["last_price_on"].to_list() == [True, False]
    assert left_out(run) == {"threshold.late": 1}
    included = ops.threshold("last_price", 8, 4, late="include")
    assert states(*LATE, op=included) == [True, False, True]
    with pytest.raises(LateRowError, match=r"600000\.SH"):
        ops.threshold("last_price", 8, 4, late="raise").apply(quotes(LATE))


@pytest.mark.parametrize("broken", [{"symbol": None}, {"timestamp": None}])
def test_row_without_symbol_or_time_is_kept_and_changes_nothing(broken: Row) -> None:
    rows = quote("10:00:00", last=9.0), quote("10:00:03", last=3.0) | broken
    assert states(*rows, quote("10:00:06", last=5.0)) == [True, None, True]


def test_output_schema() -> None:
    expected = pl.Schema({**QUOTES, "volume_on": pl.Boolean()})
    op = ops.threshold("volume", 8, 4)
    assert op.output_schema(QUOTES) == expected
    out = op.apply(quotes(LATE[:2]))
    assert out.schema == expected
    assert out.drop("volume_on").equals(quotes(LATE[:2]))


@pytest.mark.parametrize("column", ["symbol", "timestamp", "last_price"])
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=column):
        UPWARDS.apply(quotes(LATE).drop(column))
