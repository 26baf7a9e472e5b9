"""`ewm` against its definition in exact fractions, Polars, pandas, and its formula by time."""

import math
from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import pandas as pd
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


PAIRED = ["last_price_amount_ewm_cov", "last_price_amount_ewm_corr"]
NOTHING = 1e-28


def of_pair(
    history: oracle.History, weight_of: Callable[[int, timedelta], float], bias: bool
) -> tuple[float | None, float | None]:
    """Covariance and correlation of last_price and amount, from the definition of each."""
    both: list[tuple[Fraction, Fraction, Fraction]] = []
    for age, seen in enumerate(reversed(history)):
        x, y = seen.number("last_price"), seen.number("amount")
        weight = weight_of(age, history[-1].time - seen.time)
        if x is not None and y is not None and weight >= 1e-150:
            both.append((Fraction(weight), Fraction(x), Fraction(y)))
        elif not age:
            return None, None
    total = sum(w for w, _, _ in both)
    m, n = sum(w * x for w, x, _ in both) / total, sum(w * y for w, _, y in both) / total
    xx, yy = sum(w * (x - m) ** 2 for w, x, _ in both), sum(w * (y - n) ** 2 for w, _, y in both)
    xy = sum(w * (x - m) * (y - n) for w, x, y in both)
    divisor = total if bias else total - sum(w**2 for w, _, _ in both) / total
    cov = float(xy / divisor) if divisor else None
    if xx <= NOTHING * float(total * m**2) or yy <= NOTHING * float(total * n**2):
        return cov, None
    return cov, float(xy) / math.sqrt(xx) / math.sqrt(yy)


@oracle.EXAMPLES
@given(data=st.data(), frame=strategies.quotes(max_size=15))
def test_pairs_equal_the_oracle(data: st.DataObject, frame: pl.DataFrame) -> None:
    late, bias = data.draw(LATENESS), data.draw(st.booleans())
    by_time, short = data.draw(st.booleans()), timedelta(seconds=20)
    weights: Any = {"halflife": short, "by": "time"} if by_time else {"alpha": 0.4}
    expected = oracle.walk(
        rows_of(frame),
        PAIRED,
        lambda seen: of_pair(
            seen, lambda age, time: 2.0 ** -(time / short) if by_time else 0.6**age, bias
        ),
        late=late,
    )
    columns = ["last_price", "amount"]
    run = ops.ewm(columns, statistics=["cov", "corr"], bias=bias, late=late, **weights).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    assert_same(pl.concat(parts), expected.rows, absolute=1e-6)


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("min_rows", [1, 3])
def test_pairs_equal_pandas(bias: bool, min_rows: int) -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(10, 1, (40, 3)).round(2)
    values[[3, 9, 9], [0, 1, 0]] = math.nan
    rows = [quote(f"10:00:{n:02}") for n in range(40)]
    frame = quotes(rows).with_columns(
        pl.Series(name, column).fill_nan(None) for name, column in zip("xyz", values.T, strict=True)
    )
    statistics: Any = ["mean", "cov", "corr"]
    op = ops.ewm(["x", "y", "z"], span=7, statistics=statistics, min_rows=min_rows, bias=bias)
    out = op.apply(frame)
    table: Any = pd.DataFrame(values, columns=["x", "y", "z"])
    for left, right in ("xy", "xz", "yz"):
        # pandas shows the last result in rows without both.
        missing = (table[left].isna() | table[right].isna()).to_numpy()
        weighted = table[left].ewm(span=7, min_periods=min_rows)
        for kind, expected in (
            ("cov", weighted.cov(table[right], bias=bias).to_numpy()),
            ("corr", weighted.corr(table[right]).to_numpy()),
        ):
            found = out[f"{left}_{right}_ewm_{kind}"].to_numpy()
            assert np.isnan(found[missing]).all()
            np.testing.assert_allclose(found[~missing], expected[~missing], rtol=1e-9, atol=1e-12)


def test_covariance_and_correlation() -> None:
    """Weights ½ and 1 of (0, 1) and (3, 7): means 2 and 5, Σw(x−m)(y−n) = 6, as for `var`."""
    frame = quotes(
        [quote("10:00:00", last=0.0, amount=1.0), quote("10:00:03", last=3.0, amount=7.0)]
    )
    op = ops.ewm(["last_price", "amount"], alpha=0.5, statistics=["cov", "corr"])
    assert op.apply(frame).select(PAIRED).rows() == [(None, None), (9.0, pytest.approx(1.0))]
    op = ops.ewm(["last_price", "amount"], alpha=0.5, statistics=["cov", "corr"], bias=True)
    assert op.apply(frame).select(PAIRED).rows() == [(0.0, None), (4.0, pytest.approx(1.0))]


def test_correlation_with_what_does_not_vary_is_null_and_never_beyond_one() -> None:
    prices = np.random.default_rng(4).normal(10, 1, 30).round(2)  # without care: 1 + 4e-16
    rows = [quote(f"10:00:{n:02}", last=float(x), amount=0.7) for n, x in enumerate(prices)]
    op = ops.ewm(["last_price", "amount", "high"], alpha=0.3, statistics=["cov", "corr"])
    frame = quotes(rows).with_columns(high=-3 * pl.col("last_price"))
    out = op.apply(frame)
    assert out[PAIRED[1]].null_count() == 30
    assert out[PAIRED[0]].to_list() == [None, *[0.0] * 29]
    perfect = out["last_price_high_ewm_corr"]
    assert perfect.to_list() == [None, *[pytest.approx(-1.0)] * 29]
    assert (perfect.drop_nulls() >= -1).all()


@pytest.mark.parametrize("nothing", [None, math.nan, math.inf])
def test_a_row_counts_for_a_pair_where_both_are_values(nothing: float | None) -> None:
    op = ops.ewm(["last_price", "high"], alpha=0.5, statistics=["mean", "cov"], bias=True)
    rows = [
        quote("10:00:00", last=0.0, high=0.0),
        quote("10:00:03", last=nothing, high=99.0),
        quote("10:00:06", last=3.0, high=3.0),
    ]
    out = op.apply(quotes(rows))
    # Weights ¼ and 1: Σw = 5/4, mean 12/5, Σw(x − m)² = 9/5
    assert out["last_price_high_ewm_cov"].to_list() == [0.0, None, pytest.approx(36 / 25)]
    assert out["high_ewm_mean"].to_list()[1] == pytest.approx(66.0)


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
    pairs = ops.ewm(["low", "high", "open"], com=1, statistics=["corr", "mean"])
    assert list(pairs.output_schema(QUOTES))[len(QUOTES) :] == [
        *("low_ewm_mean", "high_ewm_mean", "open_ewm_mean"),
        *("low_high_ewm_corr", "low_open_ewm_corr", "high_open_ewm_corr"),
    ]
    assert pairs.apply(quotes(LATE)).schema == pairs.output_schema(QUOTES)
    out = op.apply(quotes(LATE[:2]))
    assert out.schema == expected
    assert out.select(QUOTES.names()).equals(quotes(LATE[:2]))


@pytest.mark.parametrize("column", ["symbol", "timestamp", "high"])
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=column):
        ops.ewm("high", alpha=0.5).apply(quotes(LATE).drop(column))
