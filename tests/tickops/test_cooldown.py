"""`cooldown` against the definition."""

from datetime import timedelta
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
SIDE = pl.Enum(["up", "down"])
TEN = ops.cooldown("alarm", "10s")


def alarms(*rows: Row) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=pl.Schema({**QUOTES, "alarm": pl.Boolean()}))


def alarm(text: str, alarm: bool | None = True, **others: object) -> Row:
    return quote(text) | {"alarm": alarm} | others


def fired(*rows: Row, op: ops.cooldown = TEN) -> list[bool | None]:
    return op.apply(alarms(*rows))["alarm_fired"].to_list()


LATE = alarm("10:00:00"), alarm("10:00:06", alarm=False), alarm("10:00:03")


@oracle.EXAMPLES
@given(data=st.data(), frame=strategies.quotes())
def test_equals_the_oracle(data: st.DataObject, frame: pl.DataFrame) -> None:
    late = data.draw(LATENESS)
    rising = pl.col("volume") > 0
    is_enum = data.draw(st.booleans())
    signal = pl.when(rising).then(pl.lit("up", SIDE)) if is_enum else rising
    frame = frame.with_columns(signal.alias("alarm"))
    pause = data.draw(st.sampled_from([1, 3000, 30_000]))
    expected = oracle.walk(
        rows_of(frame),
        ["alarm_fired"],
        lambda seen: oracle.has_fired(seen, "alarm", timedelta(milliseconds=pause)),
        late=late,
    )
    run = ops.cooldown("alarm", f"{pause}ms", late=late).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    assert_same(pl.concat(parts), expected.rows)
    assert run.counts.get("cooldown.late", 0) == expected.late


@pytest.mark.parametrize(("second", "again"), [("10:00:09.999", False), ("10:00:10", True)])
def test_fires_again_when_the_time_has_passed(second: str, again: bool) -> None:
    assert fired(alarm("10:00:00"), alarm(second)) == [True, again]


def test_the_pause_begins_where_it_fired_not_where_it_was_set() -> None:
    """Counted from the last set signal it would never fire again."""
    rows = [alarm(f"10:00:{second:02}") for second in (0, 4, 8, 12, 16, 20, 24)]
    assert fired(*rows) == [True, False, False, True, False, False, True]


def test_what_is_not_set_does_not_fire() -> None:
    rows = alarm("10:00:00", alarm=False), alarm("10:00:01", alarm=None), alarm("10:00:02")
    assert fired(*rows) == [False, False, True]


def test_an_enum_is_set_where_it_is_not_null_whatever_its_category() -> None:
    frame = alarms(*(alarm(f"10:00:{second:02}") for second in (0, 12, 24)))
    sides = pl.Series("alarm", ["up", None, "down"], dtype=SIDE)
    assert TEN.apply(frame.with_columns(sides))["alarm_fired"].to_list() == [True, False, True]


def test_after_a_crossing_in_one_chain() -> None:
    prices = 9.0, 11.0, 9.0, 11.0
    frame = quotes([quote(f"10:00:{5 * n:02}", last=price) for n, price in enumerate(prices)])
    op = ops.chain(ops.crossing("last_price", 10), ops.cooldown("crossing", "10s"))
    assert op.apply(frame)["crossing_fired"].to_list() == [False, True, False, True]


def test_is_of_the_symbol() -> None:
    rows = alarm("10:00:00"), alarm("10:00:01", symbol="000001.SZ"), alarm("10:00:03")
    assert fired(*rows) == [True, True, False]


def test_over_the_night() -> None:
    rows = alarm("14:59:59"), quote("09:30:00", day=TUESDAY) | {"alarm": True}
    assert fired(*rows) == [True, True]
    assert fired(*rows, op=ops.cooldown("alarm", "1d")) == [True, False]


def test_late_row_is_dropped_included_or_an_error() -> None:
    run = TEN.start()
    assert run.push(alarms(*LATE))["alarm_fired"].to_list() == [True, False]
    assert left_out(run) == {"cooldown.late": 1}
    included = ops.cooldown("alarm", "5s", late="include")
    assert fired(*LATE, op=included) == [True, False, True]
    with pytest.raises(LateRowError, match=r"600000\.SH"):
        ops.cooldown("alarm", "10s", late="raise").apply(alarms(*LATE))


@pytest.mark.parametrize("broken", [{"symbol": None}, {"timestamp": None}])
def test_row_without_symbol_or_time_is_kept_and_changes_nothing(broken: Row) -> None:
    rows = alarm("10:00:00"), alarm("10:00:20") | broken, alarm("10:00:21")
    assert fired(*rows) == [True, None, True]


def test_output_schema() -> None:
    before = pl.Schema({**QUOTES, "alarm": pl.Boolean()})
    expected = pl.Schema({**before, "alarm_fired": pl.Boolean()})
    assert TEN.output_schema(before) == expected
    out = TEN.apply(alarms(*LATE[:2]))
    assert out.schema == expected
    assert out.drop("alarm_fired").equals(alarms(*LATE[:2]))


@pytest.mark.parametrize("column", ["symbol", "timestamp", "alarm"])
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=column):
        TEN.apply(alarms(*LATE).drop(column))


@pytest.mark.parametrize("column", ["volume", "region", "timestamp"])
def test_column_that_is_no_signal_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=f"'{column}' to be Boolean or Enum"):
        ops.cooldown(column, "10s").apply(alarms(*LATE))
