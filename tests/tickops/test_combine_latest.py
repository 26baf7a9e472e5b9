"""`combine_latest` against looking through all rows before."""

from datetime import timedelta
from typing import Any, Literal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tickops as ops
from tests.oracles import channels as oracle
from tests.oracles import strategies
from tests.oracles.compare import assert_same, left_out
from tests.oracles.frames import at
from tests.oracles.market import Row, rows_of
from tickops.exceptions import LateRowError, SchemaError
from tickops.testing import assert_identical

LATENESS: st.SearchStrategy[Literal["drop", "include"]] = st.sampled_from(["drop", "include"])
TOLERANCES = st.sampled_from([None, timedelta(0), timedelta(seconds=3), timedelta(minutes=20)])
SCHEMA = pl.Schema(
    {
        "symbol": pl.String(),
        "timestamp": pl.Datetime("us", "UTC"),
        "connection": pl.UInt32(),
        "price": pl.Float64(),
        "bid": pl.Float64(),
        "side": pl.Int8(),
        "channel": pl.Enum(["quotes", "depth", "trades"]),
    }
)
OP = ops.combine_latest()


@settings(strategies.EXAMPLES, max_examples=20 if strategies.SMALL else 40)
@given(data=st.data(), frame=oracle.interleaved())
def test_equals_the_oracle(data: st.DataObject, frame: pl.DataFrame) -> None:
    late, tolerance = data.draw(LATENESS), data.draw(TOLERANCES)
    expected = oracle.combine_latest(rows_of(frame), late=late, tolerance=tolerance)
    run = ops.combine_latest(late=late, tolerance=tolerance).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    assert_same(pl.concat(parts), expected.rows)
    assert sum(left_out(run).values()) == expected.late


@settings(strategies.EXAMPLES, max_examples=15)
@given(frame=oracle.interleaved())
def test_a_channels_rows_are_those_that_asof_gives(frame: pl.DataFrame) -> None:
    combined = ops.combine_latest(late="include").apply(frame)
    quotes = ops.asof("depth", late="include").apply(frame)
    assert_identical(combined.filter(channel="quotes").select(quotes.columns), quotes)


def row(text: str, channel: str | None, **others: Any) -> Row:
    return {"symbol": "600000.SH", "timestamp": at(text), "channel": channel} | others


def rows(*given: Row) -> pl.DataFrame:
    return pl.DataFrame(list(given), schema=SCHEMA)


GIVEN = (
    row("10:00:00", "quotes", price=9.71, connection=1),
    row("10:00:01", "depth", bid=9.7, connection=2),
    row("10:00:02", "trades", side=-1, connection=3),
    row("10:00:03", "quotes", price=9.72, connection=4),
)


def test_each_row_has_the_newest_of_all_channels() -> None:
    out = OP.apply(rows(*GIVEN))
    assert out.select("price", "bid", "side").rows() == [
        (9.71, None, None),
        (9.71, 9.7, None),
        (9.71, 9.7, -1),
        (9.72, 9.7, -1),
    ]
    assert out["channel"].to_list() == ["quotes", "depth", "trades", "quotes"]


def test_whose_and_when_is_the_rows_own_and_the_others_times_stand_beside() -> None:
    out = OP.apply(rows(*GIVEN))
    assert out["connection"].to_list() == [1, 2, 3, 4]
    assert out["timestamp"].to_list() == [given["timestamp"] for given in GIVEN]
    assert out["quotes_timestamp"].to_list() == [at(f"10:00:0{s}") for s in (0, 0, 0, 3)]
    assert out["depth_timestamp"].to_list() == [None] + [at("10:00:01")] * 3
    assert out["trades_timestamp"].to_list() == [None] * 2 + [at("10:00:02")] * 2


def test_a_null_of_the_newest_row_is_no_older_value() -> None:
    """A forward fill would take the one before."""
    given = rows(GIVEN[0], row("10:00:01", "quotes"), GIVEN[1])
    assert OP.apply(given)["price"].to_list() == [9.71, None, None]


def test_other_symbols_are_others() -> None:
    assert OP.apply(rows(GIVEN[0], GIVEN[1] | {"symbol": "000001.SZ"}))["price"][1] is None


def test_a_column_of_several_channels_has_the_rows_own_value() -> None:
    out = OP.apply(rows(GIVEN[0], row("10:00:01", "trades", price=9.8), GIVEN[1]))
    assert out["price"].to_list() == [9.71, 9.8, 9.71]


def test_tolerance_is_for_other_channels_alone() -> None:
    given = rows(GIVEN[0], row("10:00:05", "depth", bid=1.0), row("10:00:06", "depth", bid=2.0))
    out = ops.combine_latest(tolerance="5s").apply(given)
    assert out.select("price", "bid").rows() == [(9.71, None), (9.71, 1.0), (None, 2.0)]


LATE = (
    row("10:00:06", "quotes", price=1.0),
    row("10:00:03", "depth", bid=5.0),
    row("10:00:04", "quotes", price=2.0),
    row("10:00:07", "depth", bid=6.0),
)


def test_late_within_its_channel_is_dropped_included_or_an_error() -> None:
    run = OP.start()
    out = run.push(rows(*LATE))
    assert out.select("price", "bid").rows() == [(1.0, None), (1.0, 5.0), (1.0, 6.0)]
    assert left_out(run) == {"combine_latest.late": 1}
    out = ops.combine_latest(late="include").apply(rows(*LATE))
    assert out["price"].to_list() == [1.0, 1.0, 2.0, 2.0]
    with pytest.raises(LateRowError, match=r"600000\.SH at 2026-03-02 02:00:04"):
        ops.combine_latest(late="raise").apply(rows(*LATE))


@pytest.mark.parametrize("broken", [{"symbol": None}, {"timestamp": None}])
def test_row_without_symbol_or_time_stays_as_it_is(broken: Row) -> None:
    given = rows(GIVEN[1], GIVEN[0] | broken, GIVEN[2])
    out = OP.apply(given)
    assert_identical(out.select(SCHEMA.names())[1], given[1])
    assert out["price"].to_list() == [None, 9.71, None]
    assert out["quotes_timestamp"].to_list()[2] is None


def test_row_without_a_channel_moves_none() -> None:
    out = OP.apply(rows(GIVEN[0], row("10:00:01", None, price=8.0, bid=1.0), GIVEN[1]))
    assert out.select("price", "bid").rows() == [(9.71, None), (8.0, 1.0), (9.71, 9.7)]


def test_output_schema() -> None:
    times = {f"{name}_timestamp": SCHEMA["timestamp"] for name in ("quotes", "depth", "trades")}
    expected = pl.Schema({**SCHEMA, **times})
    assert OP.output_schema(SCHEMA) == expected
    assert OP.apply(rows(*GIVEN)).schema == expected
    assert OP.apply(rows(*GIVEN).clear()).schema == expected


@pytest.mark.parametrize("column", ["symbol", "timestamp", "channel"])
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=f"needs column '{column}'"):
        OP.apply(rows(*GIVEN).drop(column))


def test_what_cannot_be_kept_is_named() -> None:
    with pytest.raises(SchemaError, match="cannot keep column 'thing' of type Object"):
        OP.output_schema({**SCHEMA, "thing": pl.Object()})
