"""`rolling` against exact fractions, pandas and Polars."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import tickops as ops
from tests import data as real
from tests.oracles import rolling as oracle
from tests.oracles import strategies
from tests.oracles.compare import assert_same
from tests.oracles.frames import QUOTES, quote, quotes
from tests.oracles.market import rows_of, seconds
from tickops import _windows
from tickops._rolling import MOMENTS
from tickops.exceptions import LateRowError, SchemaError

if TYPE_CHECKING:
    from collections.abc import Sequence

PAIR = ("last_price", "amount")
WINDOWED = {
    "last_price": [
        *MOMENTS, "min", "max", "argmin", "argmax", "first", "last", "median",
        ("quantile", 0.25), "rank",
    ],
    "amount": ["mean", "std", "max"],
    PAIR: ["cov", "corr", "beta"],
}  # fmt: skip
EXPANDING = {
    "last_price": [*MOMENTS, "min", "max", "first", "last"],
    PAIR: ["cov", "corr", "beta"],
}
CANCELS = 1e-6
"""Of amounts in the millions what cancels is only as exact as they are."""


def prices(*values: float | None, **others: Any) -> pl.DataFrame:
    """A symbol's rows, 3 s apart."""
    rows = [quote(f"10:{3 * i // 60:02}:{3 * i % 60:02}", last=x) for i, x in enumerate(values)]
    return quotes([row | others for row in rows])


def of(values: Sequence[float | None], window: Any, statistic: Any, **others: Any) -> list[Any]:
    out = ops.rolling(window, {"last_price": statistic}, **others).apply(prices(*values))
    return out[:, -1].to_list()


@pytest.mark.parametrize("late", ["drop", "include"])
@pytest.mark.parametrize("window", [None, "3s", "1m", "2h", 1, 4])
@strategies.EXAMPLES
@given(data=st.data(), frame=strategies.quotes(max_size=12))
def test_equals_the_oracle(
    data: st.DataObject,
    frame: pl.DataFrame,
    window: str | int | None,
    late: Literal["drop", "include"],
) -> None:
    statistics: Any = EXPANDING if window is None else WINDOWED
    width = seconds(window) if isinstance(window, str) else window
    options: Any = {"min_rows": data.draw(st.integers(1, 3)), "daily": data.draw(st.booleans())}
    expected = oracle.rolling(rows_of(frame), width, statistics, late=late, **options)
    run = ops.rolling(window, statistics, late=late, **options).start()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(_windows, "_SMALLEST", 2)
        parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    assert_same(pl.concat(parts), expected.rows, absolute=CANCELS)
    assert run.counts["rolling.late"] == expected.late


def test_windows_are_open_on_the_left() -> None:
    assert of([1.0, 2.0, 4.0], "6s", "sum") == [1, 3, 6]
    assert of([1.0, 2.0, 4.0], "3s", "sum") == [1, 2, 4]
    assert of([1.0, 2.0, 4.0], 2, "sum") == [1, 3, 6]
    assert of([1.0, 2.0, 4.0], None, "sum") == [1, 3, 7]


def test_what_is_no_value_does_not_count_but_its_row_does() -> None:
    odd = [1.0, None, math.nan, math.inf, 1e80, 5.0]
    assert of(odd, 2, "count") == [1, 1, 0, 0, 0, 1]
    assert of(odd, 2, "mean") == [1, 1, None, None, None, 5]
    assert of(odd, 2, "max") == [1, 1, None, None, None, 5]
    assert of(odd, 2, "last") == [1, 1, None, None, None, 5]
    assert of(odd, 6, "argmin") == [0, 1, 2, 3, 4, 5]
    assert of(odd, None, "mean") == [1, 1, 1, 1, 1, 3]
    assert of(odd, 2, "rank") == [1, None, None, None, None, 1]


def test_extremes_of_equal_values_are_the_oldest() -> None:
    assert of([2.0, 1.0, 1.0, 3.0], 3, "argmin") == [0, 0, 1, 2]
    assert of([2.0, 1.0, 2.0, 2.0], 4, "argmax") == [0, 1, 2, 3]


def test_ranks_of_equal_values_are_their_mean() -> None:
    assert of([2.0, 2.0, 1.0, 2.0], 4, "rank") == [1, 1.5, 1, 3]


def test_constant_windows() -> None:
    same = [85.41, 85.41, 85.41, 85.41]
    assert of(same, 3, "std") == [None, 0, 0, 0]
    for statistic in ("zscore", "skew", "kurtosis"):
        assert of(same, 3, statistic) == [None] * 4
    out = ops.rolling(3, {("last_price", "prev_close"): ["corr", "beta", "cov"]}).apply(
        prices(*same)
    )
    assert out[-1, -3:].row(0) == (None, None, 0)


def test_min_rows() -> None:
    assert of([1.0, None, 2.0, 3.0], 3, "mean", min_rows=2) == [None, None, 1.5, 2.5]
    assert of([1.0, None, 2.0, 3.0], 3, "count", min_rows=2) == [1, 1, 2, 2]
    assert of([1.0, None, 2.0, 3.0], 3, "median", min_rows=2) == [None, None, 1.5, 2.5]


@pytest.mark.parametrize("window", [None, "3h", 3])
def test_a_new_day_empties_the_window_if_asked(window: Any) -> None:
    evening = [quote("14:59:00", last=1.0), quote("14:59:30", last=2.0)]
    morning = [row | {"timestamp": row["timestamp"].replace(day=3)} for row in evening]
    frame = quotes([*evening, *morning])
    out = ops.rolling(window, {"last_price": ["sum", "first"]}, daily=True).apply(frame)
    assert out["last_price_sum"].to_list() == [1, 3, 1, 3]
    assert out["last_price_first"].to_list() == [1, 1, 1, 1]


def test_late_rows() -> None:
    frame = prices(1.0, 2.0)[[1, 0]]
    run = ops.rolling(5, {"last_price": "sum"}).start()
    assert run.push(frame)["last_price_sum"].to_list() == [2]
    assert run.counts == {"rolling.late": 1}
    included = ops.rolling(5, {"last_price": "sum"}, late="include").apply(frame)
    assert included["last_price_sum"].to_list() == [2, 3]
    with pytest.raises(LateRowError, match=r"600000\.SH"):
        ops.rolling(5, {"last_price": "sum"}, late="raise").apply(frame)


def test_types_and_names() -> None:
    op = ops.rolling(3, WINDOWED)
    schema = op.output_schema(QUOTES)
    assert schema == op.apply(quotes([])).schema
    added = dict(list(schema.items())[len(QUOTES) :])
    assert added["last_price_quantile_0.25"] == pl.Float64
    assert added["last_price_amount_beta"] == pl.Float64
    whole = {name for name, dtype in added.items() if dtype == pl.Int64}
    assert whole == {"last_price_count", "last_price_argmin", "last_price_argmax"}
    with pytest.raises(SchemaError, match="'bid'"):
        ops.rolling(3, {"bid": "mean"}).output_schema(QUOTES)
    with pytest.raises(SchemaError, match=r"'symbol'.*numeric"):
        ops.rolling(3, {"symbol": "mean"}).output_schema(QUOTES)


MANY = 200_000 if strategies.SMALL else 10_000_000


@pytest.mark.skipif(strategies.SMALL, reason="ten million rows are no small data")
def test_sums_are_exact_after_ten_million_rows_of_mixed_magnitude() -> None:
    """Against ``math.fsum``, which rounds the exact sum once."""
    rng = np.random.default_rng(5)
    block, window = 1_000_000, 1_000
    op = ops.rolling(window, {"x": ["sum", "mean", "var"]})
    run = op.start()
    for first in range(0, MANY, block):
        x = rng.normal(size=block) * 10.0 ** rng.integers(-6, 12, block)
        out = run.push(
            pl.DataFrame(
                {
                    "symbol": pl.repeat("a", block, eager=True),
                    "timestamp": pl.Series(np.arange(first, first + block)).cast(
                        pl.Datetime("ms", "UTC")
                    ),
                    "x": x,
                }
            )
        )
        for end in (block // 2, block):
            kept = x[end - window : end]
            exact = math.fsum(kept)
            mean = exact / window
            variance = math.fsum((kept - mean) ** 2) / (window - 1)
            row = out.row(end - 1, named=True)
            assert math.isclose(row["x_sum"], exact, rel_tol=1e-12)
            assert math.isclose(row["x_mean"], mean, rel_tol=1e-12)
            assert math.isclose(row["x_var"], variance, rel_tol=1e-9)


def test_a_small_variance_far_from_zero() -> None:
    """What naive sums of squares make of it is negative, or noise."""
    rng = np.random.default_rng(1)
    values = 1e9 + rng.normal(size=500) * 1e-3
    found = of(list(values), 50, "var")[-1]
    exact = np.var(values[-50:] - 1e9, ddof=1)
    assert math.isclose(found, exact, rel_tol=1e-9)


def test_skew_after_a_value_far_away_has_left() -> None:
    """Sums stay relative to the first value: here the 0 that prices are before the open."""
    assert of([0.0, 10.02, 10.01, 10.01, 10.02], 4, "skew")[-1] == pytest.approx(0, abs=1e-9)


@pytest.mark.real_data
@pytest.mark.parametrize("name", real.SETS)
@pytest.mark.parametrize("window", ["5m", 100])
def test_equals_pandas_on_real_days(name: str, window: str | int) -> None:
    frame = real.quotes(name)[: 1_000 if strategies.SMALL else None]
    statistics = ["mean", "std", "min", "max", "median", "sum", "skew"]
    out = ops.rolling(window, {"last_price": [*statistics, ("quantile", 0.9)]}).apply(frame)
    symbols = out["symbol"].cast(pl.String)
    for symbol in symbols.unique():
        one = out.filter(symbols == symbol)
        series = pd.Series(
            one["last_price"].to_numpy(), index=pd.DatetimeIndex(one["timestamp"].to_numpy())
        )
        width: Any = "300s" if window == "5m" else window
        of_pandas: Any = series.rolling(width, min_periods=1)
        for statistic in ("mean", "min", "max", "median", "sum"):
            np.testing.assert_allclose(
                one[f"last_price_{statistic}"].to_numpy(),
                getattr(of_pandas, statistic)().to_numpy(),
                rtol=1e-9,
            )
        np.testing.assert_allclose(
            one["last_price_quantile_0.9"].to_numpy(),
            of_pandas.quantile(0.9).to_numpy(),
            rtol=1e-12,
        )
        # pandas' own rounding, where prices hardly move
        np.testing.assert_allclose(
            one["last_price_std"].fill_null(math.nan).to_numpy(),
            of_pandas.std().to_numpy(),
            atol=1e-4,
        )


def test_equals_polars_on_many_symbols() -> None:
    rng = np.random.default_rng(2)
    n = 300 if strategies.SMALL else 20_000
    frame = pl.DataFrame(
        {
            "symbol": pl.Series(rng.integers(0, 7, n)).cast(pl.String),
            "timestamp": pl.Series(np.cumsum(rng.integers(0, 2_000, n))).cast(
                pl.Datetime("ms", "UTC")
            ),
            "x": np.round(rng.normal(size=n), 2),
        }
    )
    out = ops.rolling("1m", {"x": ["mean", "std", "min", "max", "median"]}).apply(frame)
    x = pl.col("x")
    expected = frame.with_columns(
        x.rolling_mean_by("timestamp", "1m").over("symbol").alias("x_mean"),
        x.rolling_std_by("timestamp", "1m").over("symbol").alias("x_std"),
        x.rolling_min_by("timestamp", "1m").over("symbol").alias("x_min"),
        x.rolling_max_by("timestamp", "1m").over("symbol").alias("x_max"),
        x.rolling_median_by("timestamp", "1m").over("symbol").alias("x_median"),
    )
    # Polars gives rows of the same time the same window; here each row ends its own.
    last = (
        (pl.col("timestamp") != pl.col("timestamp").shift(-1)).over("symbol").fill_null(value=True)
    )
    for statistic in ("mean", "std", "min", "max", "median"):
        np.testing.assert_allclose(
            out.filter(last)[f"x_{statistic}"].fill_null(math.nan).to_numpy(),
            expected.filter(last)[f"x_{statistic}"].fill_null(math.nan).to_numpy(),
            rtol=1e-9,
            atol=1e-9,
        )


@pytest.mark.parametrize("daily", [False, True])
@pytest.mark.parametrize("window", ["30s", 4, None])
def test_rows_in_step_give_the_same_bits_as_rows_in_any_order(
    window: str | int | None, daily: bool
) -> None:
    rng = np.random.default_rng(4)
    symbols, snapshots = 200, 30
    n = symbols * snapshots
    # A pause, after which several rows leave at once; another day; a snapshot at the same time.
    at = [3 * k + 20 * (k > 14) + 86_400 * (k > 22) - 3 * (k == 27) for k in range(snapshots)]
    times = pl.Series(np.repeat(at, symbols) * 1_000 + 1_776_754_800_000)
    frame = pl.DataFrame(
        {
            "symbol": np.tile(np.arange(symbols), snapshots).astype(str),
            "timestamp": times.cast(pl.Datetime("ms", "UTC")),
            "snapshot": np.repeat(np.arange(snapshots), symbols),
            "row": np.arange(n),
            "x": rng.normal(size=n) * 10.0 ** rng.integers(-3, 7, n),
            "constant": np.full(n, 85.41),
        }
    )
    null, of_nobody, missing, twice = (
        pl.Series(rng.random(n) < share) for share in (0.1, 0.004, 0.01, 0.004)
    )
    first = pl.col("snapshot") == 0
    in_step = (
        frame.with_columns(pl.when(~null).then("x"), pl.when(~of_nobody | first).then("symbol"))
        .filter(~missing | first)
        .pipe(lambda rows: pl.concat([rows, rows.join(frame.filter(twice), "row", "semi")]))
        .sort("row", maintain_order=True)
        .with_columns(pl.int_range(pl.len()).alias("row"))
    )
    anyhow = pl.when(~first).then(pl.col("symbol").hash(6) % 997 * pl.col("snapshot") % 997)
    mixed = in_step.sort("snapshot", anyhow, "row")
    op = ops.rolling(window, {"x": list(MOMENTS), "constant": "zscore"}, daily=daily, min_rows=2)
    expected = op.apply(mixed).sort("row")
    assert_frame_equal(op.apply(in_step), expected, check_exact=True)
    run = op.start()
    parts = [run.push(part) for part in in_step.iter_slices(137)]
    assert_frame_equal(pl.concat(parts), expected, check_exact=True)
