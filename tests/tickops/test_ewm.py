"""`ewm` against its definition in exact fractions, Polars, and pandas' formula by time."""

import math
from datetime import timedelta
from typing import Any, Literal

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
HALF = ops.ewm("last_price", alpha=0.5)
ALL = "mean", "var", "std"
ADDED = [f"amount_ewm_{kind}" for kind in ALL]


def means(*rows: Row, op: ops.ewm = HALF) -> list[float | None]:
    return op.apply(quotes(rows)).to_series(-1).to_list()


def valued(*values: float | None) -> list[Row]:
    return [quote(f"10:00:{n:02}", last=value) for n, value in enumerate(values)]


@oracle.EXAMPLES
@given(data=st.data(), frame=strategies.quotes(max_size=25))
def test_by_rows_equals_the_oracle(data: st.DataObject, frame: pl.DataFrame) -> None:
    late, bias, alpha = (
        data.draw(LATENESS),
        data.draw(st.booleans()),
        data.draw(st.sampled_from([0.02, 0.5, 0.97])),
    )
    min_rows = data.draw(st.integers(1, 3))
    expected = oracle.walk(
        rows_of(frame),
        ADDED,
        lambda seen: oracle.weighted(seen, "amount", decay=1 - alpha, min_rows=min_rows, bias=bias),
        late=late,
    )
    op = ops.ewm("amount", alpha=alpha, statistics=ALL, min_rows=min_rows, bias=bias, late=late)
    run = op.start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    assert_same(pl.concat(parts), expected.rows, absolute=1e-6)
    assert run.counts.get("ewm.late", 0) == expected.late


@oracle.EXAMPLES
@given(data=st.data(), frame=strategies.quotes(max_size=25))
def test_by_time_equals_the_oracle(data: st.DataObject, frame: pl.DataFrame) -> None:
    late, bias = data.draw(LATENESS), data.draw(st.booleans())
    halflife = data.draw(st.sampled_from([timedelta(seconds=1), timedelta(minutes=5)]))
    expected = oracle.walk(
        rows_of(frame),
        ADDED,
        lambda seen: oracle.weighted(seen, "amount", halflife=halflife, bias=bias),
        late=late,
    )
    run = ops.ewm(
        "amount", halflife=halflife, by="time", statistics=ALL, bias=bias, late=late
    ).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    assert_same(pl.concat(parts), expected.rows, absolute=1e-6)


@oracle.EXAMPLES
@given(frame=strategies.quotes())
def test_by_rows_equals_polars(frame: pl.DataFrame) -> None:
    out = ops.ewm("last_price", span=7, statistics=ALL).apply(frame)
    price = pl.col("last_price")
    expected = out.select(
        last_price_ewm_mean=price.ewm_mean(span=7, ignore_nulls=False).over("symbol"),
        last_price_ewm_std=price.ewm_std(span=7, ignore_nulls=False).over("symbol"),
    )
    assert_same(out.select(expected.columns), expected.to_dicts(), absolute=1e-6)


@pytest.mark.parametrize("ignore_nulls", [False, True])
def test_null_rows_age_the_others(ignore_nulls: bool) -> None:
    """Polars can be told not to let them; `ewm` is as Polars is by default."""
    values = [1.0, None, 3.0, 4.0, None, 2.0]
    expected = pl.Series(values).ewm_mean(alpha=0.5, ignore_nulls=ignore_nulls).to_list()
    found = means(*valued(*values))
    assert found[1] is None
    assert found[2] == pytest.approx(2.6)
    assert (found == pytest.approx(expected)) is not ignore_nulls


@pytest.mark.parametrize(
    "weights",
    [{"alpha": 0.25}, {"com": 3}, {"span": 7}, {"halflife": -1 / math.log2(0.75)}],
)
def test_four_ways_to_say_the_same(weights: dict[str, Any]) -> None:
    """Weights 0.75 and 1: the mean of 0 and 7 is 4."""
    assert means(*valued(0.0, 7.0), op=ops.ewm("last_price", **weights))[1] == pytest.approx(4)


def test_is_adjusted() -> None:
    """Unadjusted, as in a plain recursion, it would be 1.5: the first value has no past."""
    assert means(*valued(1.0, 2.0))[1] == pytest.approx(5 / 3)


def test_variance() -> None:
    """Weights ½ and 1 of 0 and 3: mean 2, Σw(x−m)² = 3, Σw = 3/2, Σw − Σw²/Σw = 2/3."""
    rows = valued(0.0, 3.0)
    assert means(*rows, op=ops.ewm("last_price", alpha=0.5, statistics="var")) == [None, 4.5]
    biased = ops.ewm("last_price", alpha=0.5, statistics=["std", "var"], bias=True)
    assert means(*rows, op=biased) == [0.0, pytest.approx(2.0)]


def test_variance_of_equal_values_is_zero_and_never_below() -> None:
    found = means(*valued(*[0.1] * 9), op=ops.ewm("last_price", span=3, statistics="var"))
    assert found == [None, *[0.0] * 8]


def test_a_small_variance_beside_a_large_mean_does_not_cancel() -> None:
    """The mean of squares less the square of the mean would be off by about 1."""
    values = [1e8, 1e8 + 0.1, 1e8, 1e8 + 0.1]
    history = [
        oracle.Seen(row, row["timestamp"], row["timestamp"].date()) for row in valued(*values)
    ]
    expected = oracle.weighted(history, "last_price", decay=0.5)[1]
    found = means(*valued(*values), op=ops.ewm("last_price", alpha=0.5, statistics="var"))
    assert found[-1] == pytest.approx(expected, rel=1e-6)


def test_by_time_weights_fall_with_time_not_with_rows() -> None:
    op = ops.ewm("last_price", halflife="10s", by="time")
    rows = quote("10:00:00", last=0.0), quote("10:00:20", last=5.0), quote("10:00:20", last=5.0)
    assert means(*rows, op=op) == [0.0, pytest.approx(4.0), pytest.approx(10 / 2.25)]


def test_by_time_null_rows_do_not_matter() -> None:
    op = ops.ewm("last_price", halflife="10s", by="time")
    rows = quote("10:00:00", last=0.0), quote("10:00:05", last=None), quote("10:00:10", last=3.0)
    assert means(*rows, op=op) == [0.0, None, pytest.approx(2.0)]


def test_by_time_differs_from_the_recursion_of_polars() -> None:
    """Which begins with all weight on the first value: here ½·0 + ½·3."""
    frame = quotes([quote("10:00:00", last=0.0), quote("10:00:10", last=3.0)])
    recursion = frame.select(pl.col("last_price").ewm_mean_by("timestamp", half_life="10s"))
    found = ops.ewm("last_price", halflife="10s", by="time").apply(frame)
    assert recursion.to_series().to_list() == [0.0, pytest.approx(1.5)]
    assert found["last_price_ewm_mean"].to_list() == [0.0, pytest.approx(2.0)]


def test_a_night_is_forgotten() -> None:
    op = ops.ewm("last_price", halflife="100s", by="time", statistics=["mean", "var"])
    rows = [
        quote("14:00:00", last=1.0),
        quote("14:00:03", last=9.0),
        quote("09:30:00", last=5.0, day=TUESDAY),
        quote("09:30:03", last=5.0, day=TUESDAY),
    ]
    out = op.apply(quotes(rows))
    assert out["last_price_ewm_mean"].to_list()[2:] == [5.0, 5.0]
    assert out["last_price_ewm_var"].to_list()[2:] == [None, 0.0]


def test_by_time_before_1970() -> None:
    """The symbol's first value is younger than memory that was never written says."""
    frame = quotes(valued(1.0, 1.0)).with_columns(pl.col("timestamp") - pl.duration(days=36_500))
    out = ops.ewm("last_price", halflife="1s", by="time").apply(frame)
    assert out["last_price_ewm_mean"].to_list() == [1.0, 1.0]


def test_min_rows_counts_values() -> None:
    op = ops.ewm("last_price", alpha=0.5, min_rows=2)
    assert means(*valued(1.0, None, 4.0), op=op) == [None, None, pytest.approx(3.4)]


@pytest.mark.parametrize("nothing", [None, math.nan, math.inf])
def test_what_is_no_number_gives_null_and_does_not_count(nothing: float | None) -> None:
    assert means(*valued(1.0, nothing, 1.0)) == [1.0, None, 1.0]


def test_is_of_the_symbol() -> None:
    other = quote("10:00:01", last=99.0, symbol="000001.SZ")
    rows = quote("10:00:00", last=1.0), other, quote("10:00:03", last=4.0)
    assert means(*rows) == [1.0, 99.0, pytest.approx(3.0)]


def test_late_row_is_dropped_included_or_an_error() -> None:
    run = HALF.start()
    assert run.push(quotes(LATE)).to_series(-1).to_list() == [1.0, pytest.approx(5 / 3)]
    assert left_out(run) == {"ewm.late": 1}
    op = ops.ewm("last_price", halflife="3s", by="time", late="include")
    assert means(*LATE, op=op)[2] == pytest.approx((0.25 + 2 + 5) / 2.25)
    with pytest.raises(LateRowError, match=r"600000\.SH"):
        ops.ewm("last_price", alpha=0.5, late="raise").apply(quotes(LATE))


@pytest.mark.parametrize("broken", [{"symbol": None}, {"timestamp": None}])
def test_row_without_symbol_or_time_is_kept_and_does_not_count(broken: Row) -> None:
    rows = quote("10:00:00", last=1.0), quote("10:00:03", last=9.0) | broken
    assert means(*rows, quote("10:00:06", last=4.0)) == [1.0, None, pytest.approx(3.0)]


def test_output_schema() -> None:
    op = ops.ewm(["high", "volume"], com=1, statistics=["std", "mean"])
    names = "high_ewm_std", "high_ewm_mean", "volume_ewm_std", "volume_ewm_mean"
    expected = pl.Schema({**QUOTES, **dict.fromkeys(names, pl.Float64())})
    assert op.output_schema(QUOTES) == expected
    out = op.apply(quotes(LATE[:2]))
    assert out.schema == expected
    assert out.select(QUOTES.names()).equals(quotes(LATE[:2]))


@pytest.mark.parametrize("column", ["symbol", "timestamp", "high"])
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=column):
        ops.ewm("high", alpha=0.5).apply(quotes(LATE).drop(column))
