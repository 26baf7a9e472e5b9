"""`dedupe` against comparing with the row kept before."""

import math
from typing import Any, Literal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tickops as ops
from tests import data as real
from tests.oracles import rows as oracle
from tests.oracles import strategies
from tests.oracles.compare import assert_same, left_out
from tests.oracles.frames import QUOTES, TUESDAY, at, book, quote, quotes
from tests.oracles.market import Row, rows_of
from tickops.exceptions import LateRowError, SchemaError

LATENESS: st.SearchStrategy[Literal["drop", "include"]] = st.sampled_from(["drop", "include"])
DEDUPE = ops.dedupe()
TEXTS = ("symbol", "timestamp", "connection", "region")


def naive(rows: list[Row], columns: list[str], *, late: str) -> tuple[list[Row], dict[str, int]]:
    kept, counts = list[Row](), {"dedupe.late": 0, "dedupe.unchanged": 0}
    newest, last = dict[str, Any](), dict[str, list[Any]]()
    for row in rows:
        symbol, time = row["symbol"], row["timestamp"]
        if late == "drop" and symbol in newest and time < newest[symbol]:
            counts["dedupe.late"] += 1
            continue
        newest[symbol] = max(time, newest.get(symbol, time))
        values = [row[column] for column in columns]
        if last.get(symbol) == values:
            counts["dedupe.unchanged"] += 1
            continue
        last[symbol] = values
        kept.append(row)
    return kept, {reason: count for reason, count in counts.items() if count}


@oracle.EXAMPLES
@given(data=st.data(), frame=strategies.quotes())
def test_equals_the_oracle(data: st.DataObject, frame: pl.DataFrame) -> None:
    late = data.draw(LATENESS)
    names = data.draw(st.sampled_from([None, ["volume"], ["amount", "last_price"]]))
    compared = names or [name for name in frame.columns if name not in TEXTS]
    expected, counts = naive(rows_of(frame), compared, late=late)
    run = ops.dedupe(names, late=late).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    assert_same(pl.concat(parts), expected)
    assert left_out(run) == counts


def kept(*values: Any, dtype: Any = None) -> list[Any]:
    frame = pl.DataFrame({"symbol": "600000.SH", "x": pl.Series(values, dtype=dtype, strict=False)})
    return DEDUPE.apply(frame.with_columns(timestamp=at("10:00:00")))["x"].to_list()


def test_leaves_out_and_counts_rows_that_say_nothing_new() -> None:
    run = DEDUPE.start()
    rows = quote("10:00:00", 5), quote("10:00:03", 5), quote("10:00:06", 6), quote("10:00:09", 5)
    assert run.push(quotes(rows))["volume"].to_list() == [5, 6, 5]
    assert left_out(run) == {"dedupe.unchanged": 1}


def test_compares_with_the_row_before_of_the_symbol_alone() -> None:
    other = quote("10:00:01", 6, symbol="000001.SZ")
    out = DEDUPE.apply(quotes([quote("10:00:00", 5), other, quote("10:00:03", 5)]))
    assert out["symbol"].to_list() == ["600000.SH", "000001.SZ"]


def test_a_change_in_one_of_many_columns_is_enough() -> None:
    rows = quote("10:00:00", high=1.0, low=1.0), quote("10:00:03", high=1.0, low=0.9)
    assert DEDUPE.apply(quotes(rows)).height == 2
    assert ops.dedupe("high").apply(quotes(rows)).height == 1


@pytest.mark.parametrize("other", [{"connection": 2}, {"region": "HK"}])
def test_by_default_it_looks_at_numbers_but_connection(other: Row) -> None:
    assert DEDUPE.apply(quotes([quote("10:00:00"), quote("10:00:03") | other])).height == 1


def test_null_is_a_value_that_equals_nan() -> None:
    assert kept(None, math.nan, 0.0, None, dtype=pl.Float64) == [None, 0.0, None]
    assert kept(None, None, 0, None, dtype=pl.Int64) == [None, 0, None]


def test_zeros_are_equal_and_float_noise_is_not() -> None:
    assert kept(0.0, -0.0) == [0.0]
    assert kept(0.3, 0.1 + 0.2) == [0.3, 0.1 + 0.2]


def test_integers_beyond_those_of_floats_are_told_apart() -> None:
    assert kept(2**53, 2**53 + 1) == [2**53, 2**53 + 1]
    assert kept(2**64 - 1, 2**64 - 2, 2**64 - 2, dtype=pl.UInt64) == [2**64 - 1, 2**64 - 2]


def test_booleans() -> None:
    assert kept(False, None, None, True, True) == [False, None, True]


def test_books() -> None:
    first, third = book([(10.0, 5)], [(10.1, 5)]), book([(10.0, 5)], [(10.1, 5), (10.2, 0)])
    missing = third.with_columns(pl.lit(None, pl.Array(pl.Float64, 5)).alias("ask_prices"))
    frame = pl.concat([first, first, third, third, missing, missing])
    assert DEDUPE.apply(frame).equals(pl.concat([first, third, missing]))


def test_over_the_night() -> None:
    frame = quotes([quote("14:00:00"), quote("09:30:00", day=TUESDAY)])
    assert DEDUPE.apply(frame).height == 1


LATE = quote("10:00:00", 1), quote("10:00:06", 2), quote("10:00:03", 3), quote("10:00:09", 2)


def test_late_row_is_dropped_included_or_an_error() -> None:
    run = DEDUPE.start()
    assert run.push(quotes(LATE))["volume"].to_list() == [1, 2]
    assert left_out(run) == {"dedupe.late": 1, "dedupe.unchanged": 1}
    assert ops.dedupe(late="include").apply(quotes(LATE))["volume"].to_list() == [1, 2, 3, 2]
    with pytest.raises(LateRowError, match=r"600000\.SH"):
        ops.dedupe(late="raise").apply(quotes(LATE))


@pytest.mark.parametrize("broken", [{"symbol": None}, {"timestamp": None}])
def test_row_without_symbol_or_time_is_kept_and_changes_nothing(broken: Row) -> None:
    rows = quote("10:00:00", 5), quote("10:00:03", 6) | broken, quote("10:00:06", 5)
    assert DEDUPE.apply(quotes(rows))["volume"].to_list() == [5, 6]


def test_output_schema() -> None:
    assert DEDUPE.output_schema(QUOTES) == QUOTES
    assert DEDUPE.apply(quotes(LATE)).schema == QUOTES
    assert not DEDUPE.adds_columns


@pytest.mark.parametrize("column", ["symbol", "timestamp", "high"])
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=column):
        ops.dedupe("high").apply(quotes(LATE).drop(column))


def test_columns_that_cannot_be_compared_are_named() -> None:
    with pytest.raises(SchemaError, match="'region' to be of floats"):
        ops.dedupe(["high", "region"]).apply(quotes(LATE))
    with pytest.raises(SchemaError, match="needs a column of numbers"):
        DEDUPE.apply(quotes(LATE).select("symbol", "timestamp", "connection", "region"))


@pytest.mark.real_data
@pytest.mark.skipif(strategies.SMALL, reason="whole days are no small data")
@pytest.mark.parametrize("name", real.SETS)
def test_real_days_equal_polars(name: str) -> None:
    frame = real.quotes(name)
    late = pl.col("timestamp") < pl.col("timestamp").cum_max().over("symbol")
    frame = frame.filter(~late)
    compared = pl.col("last_price", "volume", "amount")
    differs = (compared != compared.shift().over("symbol")).fill_null(value=True)
    expected = frame.filter(pl.any_horizontal(differs))
    assert ops.dedupe(["last_price", "volume", "amount"]).apply(frame).equals(expected)
