"""`asof` against looking through all rows before, and against Polars' join_asof."""

from datetime import timedelta
from typing import Any, Literal

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tickops as ops
from tests import data as real
from tests.oracles import channels as oracle
from tests.oracles import strategies
from tests.oracles.compare import assert_same, left_out
from tests.oracles.frames import TUESDAY, at
from tests.oracles.market import Row, rows_of
from tickops._blocks import BLOCK_ROWS
from tickops.exceptions import LateRowError, SchemaError
from tickops.testing import assert_identical

LATENESS: st.SearchStrategy[Literal["drop", "include"]] = st.sampled_from(["drop", "include"])
TOLERANCES = st.sampled_from([None, timedelta(0), timedelta(seconds=3), timedelta(minutes=20)])
CHANNEL = pl.Enum(["quotes", "depth"])
SCHEMA = pl.Schema(
    {
        "symbol": pl.String(),
        "timestamp": pl.Datetime("ms", "UTC"),
        "price": pl.Float64(),
        "bids": pl.Array(pl.Float64, 2),
        "channel": CHANNEL,
    }
)


@settings(strategies.EXAMPLES, max_examples=20 if strategies.SMALL else 40)
@given(data=st.data(), frame=oracle.interleaved())
def test_equals_the_oracle(data: st.DataObject, frame: pl.DataFrame) -> None:
    other, late = data.draw(st.sampled_from(oracle.CHANNELS)), data.draw(LATENESS)
    columns, prefix = data.draw(
        st.sampled_from(
            [(None, ""), (["halted", "last_price"], "joined_"), (["timestamp", "name"], "its ")]
        )
    )
    tolerance = data.draw(TOLERANCES)
    expected = oracle.asof(
        rows_of(frame), other, late=late, tolerance=tolerance, columns=columns, prefix=prefix
    )
    run = ops.asof(other, columns=columns, prefix=prefix, tolerance=tolerance, late=late).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    assert_same(pl.concat(parts), expected.rows)
    assert sum(left_out(run).values()) == expected.late


def quote(text: str, price: float | None = 1.0, **others: Any) -> Row:
    row = {"symbol": "600000.SH", "timestamp": at(text), "price": price, "channel": "quotes"}
    return row | others


def book(text: str, bid: float | None = 1.0, **others: Any) -> Row:
    bids = [bid, 0.5]
    row = {"symbol": "600000.SH", "timestamp": at(text), "bids": bids, "channel": "depth"}
    return row | others


def rows(*given: Row) -> pl.DataFrame:
    return pl.DataFrame(list(given), schema=SCHEMA)


def best_bids(*given: Row, **parameters: Any) -> list[float | None]:
    return ops.asof("depth", **parameters).apply(rows(*given))["bids"].arr.get(0).to_list()


def test_joins_the_book_that_arrived_last_before_the_quote() -> None:
    given = quote("10:00:00"), book("10:00:01", 1.0), book("10:00:02", 2.0), quote("10:00:03")
    assert best_bids(*given, book("10:00:03", 3.0)) == [None, 2.0]


def test_a_book_that_arrives_later_is_not_known_though_its_time_is_earlier() -> None:
    """The public mistake: a join on exchange time looks into the future of arrival."""
    given = rows(book("10:00:00", 1.0), quote("10:00:03"), book("10:00:02", 2.0))
    quotes, books = given[[1]], given[[0, 2]]
    looking_ahead = quotes.drop("bids").join_asof(books, on="timestamp", by="symbol")
    assert looking_ahead["bids"].to_list() == [[2.0, 0.5]]
    assert ops.asof("depth").apply(given)["bids"].to_list() == [[1.0, 0.5]]


def test_a_book_with_a_later_time_that_arrived_before_is_known() -> None:
    assert best_bids(book("10:00:05", 2.0), quote("10:00:03")) == [2.0]
    assert best_bids(book("10:00:05", 2.0), quote("10:00:03"), tolerance="0s") == [2.0]


def test_works_both_ways() -> None:
    given = rows(quote("10:00:00", 9.71), book("10:00:01", 9.7), quote("10:00:02", 9.72))
    out = ops.asof("quotes").apply(given)
    assert out["price"].to_list() == [9.71]
    assert out["bids"].to_list() == [[9.7, 0.5]]
    assert out["quotes_timestamp"].to_list() == [at("10:00:00")]


def test_of_its_own_symbol_alone() -> None:
    assert best_bids(book("10:00:00", symbol="000001.SZ"), quote("10:00:01")) == [None]


def test_tolerance_is_in_exchange_time_and_includes_its_end() -> None:
    given = book("10:00:00"), quote("10:00:05"), quote("10:00:05.001"), quote("10:00:04")
    assert best_bids(*given, tolerance="5s") == [1.0, None, 1.0]
    assert best_bids(*given) == [1.0] * 3


def test_over_the_night_unless_tolerance_forbids_it() -> None:
    given = book("15:00:00"), quote("09:30:00", timestamp=at("09:30:00", TUESDAY))
    assert best_bids(*given) == [1.0]
    assert best_bids(*given, tolerance="1h") == [None]


def test_null_of_the_joined_row_is_no_older_value() -> None:
    """A forward fill would take the book before."""
    given = book("10:00:00"), book("10:00:01", bids=None), quote("10:00:02")
    out = ops.asof("depth").apply(rows(*given))
    assert out["bids"].to_list() == [None]
    assert out["depth_timestamp"].to_list() == [at("10:00:01")]


def test_null_of_the_row_itself_stays() -> None:
    given = rows(quote("10:00:00", 5.0), book("10:00:01"), quote("10:00:02", None))
    assert ops.asof("depth").apply(given)["price"].to_list() == [5.0, None]


LATE = book("10:00:00", 1.0), book("10:00:06", 2.0), book("10:00:03", 3.0), quote("10:00:04")


def test_late_row_is_dropped_included_or_an_error() -> None:
    run = ops.asof("depth").start()
    assert run.push(rows(*LATE))["bids"].to_list() == [[2.0, 0.5]]
    assert left_out(run) == {"asof.late": 1}
    assert best_bids(*LATE, late="include") == [3.0]
    with pytest.raises(LateRowError, match=r"600000\.SH at 2026-03-02 02:00:03"):
        ops.asof("depth", late="raise").apply(rows(*LATE))


def test_rows_of_the_channel_that_stays_are_never_late() -> None:
    given = rows(quote("10:00:06", 1.0), quote("10:00:03", 2.0))
    run = ops.asof("depth", late="raise").start()
    assert run.push(given)["price"].to_list() == [1.0, 2.0]
    assert not left_out(run)


@pytest.mark.parametrize("broken", [{"symbol": None}, {"timestamp": None}])
def test_row_without_symbol_or_time(broken: Row) -> None:
    given = book("10:00:00", 1.0), book("10:00:01", 2.0, **broken), quote("10:00:02")
    assert best_bids(*given) == [1.0]
    assert best_bids(book("10:00:00"), quote("10:00:01", **broken)) == [None]


def test_row_without_a_channel_is_a_row_of_others() -> None:
    assert best_bids(book("10:00:00"), quote("10:00:01", channel=None)) == [1.0]


def test_a_column_of_both_keeps_the_rows_own_value_or_gets_a_name() -> None:
    given = rows(book("10:00:00", price=7.0), quote("10:00:01", 8.0))
    assert ops.asof("depth").apply(given)["price"].to_list() == [8.0]
    assert ops.asof("depth", columns="price").apply(given)["price"].to_list() == [7.0]
    out = ops.asof("depth", columns="price", prefix="depth_").apply(given)
    assert out.select("price", "depth_price").rows() == [(8.0, 7.0)]


def test_output_schema() -> None:
    time = SCHEMA["timestamp"]
    given = rows(book("10:00:00"), quote("10:00:01"))
    for op, added in (
        (ops.asof("depth"), {}),
        (ops.asof("depth", columns="bids"), {}),
        (ops.asof("depth", columns=["bids", "timestamp"], prefix="a "), {
            "a bids": SCHEMA["bids"], "a timestamp": time
        }),
    ):  # fmt: skip
        expected = pl.Schema({**SCHEMA, **added, "depth_timestamp": time})
        assert op.output_schema(SCHEMA) == expected
        assert op.apply(given).schema == expected
        assert op.apply(given.clear()).schema == expected
        assert not op.adds_columns


def test_a_stream_of_one_channel_alone() -> None:
    assert ops.asof("depth").apply(rows(book("10:00:00"))).height == 0
    assert best_bids(quote("10:00:00")) == [None]


@pytest.mark.parametrize("column", ["symbol", "timestamp", "channel", "bids"])
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=f"needs column '{column}'"):
        ops.asof("depth", columns="bids").apply(rows(quote("10:00:00")).drop(column))


def test_channels_that_are_not_there_are_named() -> None:
    with pytest.raises(SchemaError, match=r"needs channel 'trades'; .*\['quotes', 'depth'\]"):
        ops.asof("trades").output_schema(SCHEMA)
    with pytest.raises(SchemaError, match=r"'channel' to be an Enum .*String"):
        ops.asof("depth").output_schema({**SCHEMA, "channel": pl.String()})


def test_a_type_that_cannot_be_kept_is_named() -> None:
    with pytest.raises(SchemaError, match="cannot keep column 'thing' of type Object"):
        ops.asof("depth").output_schema({**SCHEMA, "thing": pl.Object()})


@pytest.mark.skipif(strategies.SMALL, reason="long frames are no small data")
def test_long_frames_in_blocks() -> None:
    height = BLOCK_ROWS + 1_000
    number = np.arange(height)
    frame = pl.DataFrame(
        {
            "symbol": (number % 7).astype(str),
            "timestamp": number // 7,
            "price": np.where(number % 11 > 2, number, np.nan),
            "bid": np.where(number % 11 > 2, np.nan, number),
            "channel": np.where(number % 11 > 2, "quotes", "depth"),
        },
        schema_overrides={"timestamp": pl.Datetime("ms", "UTC"), "channel": CHANNEL},
        nan_to_null=True,
    )
    expected = frame.filter(channel="quotes").with_columns(
        frame.select(pl.col("bid").forward_fill().over("symbol"), "channel")
        .filter(channel="quotes")["bid"]
    )  # fmt: skip
    assert_identical(ops.asof("depth").apply(frame).select(frame.columns), expected)


@pytest.mark.real_data
@pytest.mark.skipif(strategies.SMALL, reason="whole days are no small data")
@pytest.mark.parametrize("name", real.SETS)
def test_real_days_equal_polars(name: str) -> None:
    """Books arrive a second after the quotes of the same time."""
    arrival = pl.col("timestamp").cum_max().alias("received")
    quotes = real.quotes(name).with_columns(arrival)
    depth = real.depth(name).with_columns(arrival.dt.offset_by("1s"))
    frame = ops.interleave(quotes=quotes, depth=depth).with_row_index("n")
    books = frame.filter(channel="depth").select(
        "n", "symbol", pl.col("timestamp").alias("depth_timestamp"), *depth.columns[3:7]
    )
    before = frame.filter(channel="quotes").drop(depth.columns[3:7])
    expected = before.join_asof(books, on="n", by="symbol", check_sortedness=False)
    actual = ops.asof("depth", late="include").apply(frame)
    assert_identical(actual.select(expected.columns), expected)
