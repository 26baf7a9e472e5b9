"""`rolling` with `weights` against exact fractions and numpy."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tickops as ops
from tests import data as real
from tests.oracles import rows as oracle
from tests.oracles import strategies
from tests.oracles.compare import assert_same
from tests.oracles.frames import QUOTES, quote, quotes
from tests.oracles.market import rows_of, seconds
from tickops import _windows
from tickops.exceptions import SchemaError

if TYPE_CHECKING:
    from collections.abc import Sequence

ALL = "count", "sum", "mean", "var", "std"
ADDED = [f"last_price_weighted_{statistic}" for statistic in ALL]
WINDOWS: st.SearchStrategy[Any] = st.sampled_from([None, "3s", "1m", 1, 4])
LATENESS: st.SearchStrategy[Literal["drop", "include"]] = st.sampled_from(["drop", "include"])


@oracle.EXAMPLES
@given(data=st.data(), frame=strategies.quotes(max_size=15), window=WINDOWS, late=LATENESS)
def test_equals_the_oracle(
    data: st.DataObject, frame: pl.DataFrame, window: Any, late: Literal["drop", "include"]
) -> None:
    daily, least = data.draw(st.booleans()), data.draw(st.integers(1, 3))
    weights = data.draw(st.sampled_from(["volume", "amount", "last_price"]))
    expected = oracle.walk(
        rows_of(frame),
        ADDED,
        lambda seen: in_fractions(oracle.of_day(seen, daily=daily), window, weights, least),
        late=late,
    )
    run = ops.rolling(
        window, {"last_price": ALL}, weights=weights, min_rows=least, daily=daily, late=late
    ).start()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(_windows, "_SMALLEST", 2)
        parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    assert_same(pl.concat(parts), expected.rows)
    assert run.counts["rolling.late"] == expected.late


def in_fractions(history: oracle.History, window: Any, weights: str, least: int) -> list[Any]:
    kept = history[-window:] if isinstance(window, int) else history
    if isinstance(window, str):
        kept = [seen for seen in kept if seen.time > history[-1].time - seconds(window)]
    pairs = [
        (Fraction(x), Fraction(w))
        for seen in kept
        if (x := seen.number("last_price")) is not None
        and (w := seen.number(weights)) is not None
        and w > 0
    ]
    n = len(pairs)
    if n < least:
        return [n, None, None, None, None]
    total = sum(w for _, w in pairs)
    of_all = sum((x * w for x, w in pairs), Fraction(0))
    mean = of_all / total
    if n < 2:
        return [n, float(of_all), float(mean), None, None]
    away = sum((w * (x - mean) ** 2 for x, w in pairs), Fraction(0))
    variance = away / (total - sum(w * w for _, w in pairs) / total)
    return [n, *map(float, (of_all, mean, variance)), math.sqrt(variance)]


def weighed(
    prices: Sequence[float | None], weights: Sequence[float | None], window: Any, **others: Any
) -> pl.DataFrame:
    """What it adds to a symbol's rows, 3 s apart."""
    rows = [quote(f"10:{3 * i // 60:02}:{3 * i % 60:02}", last=x) for i, x in enumerate(prices)]
    frame = quotes(rows).with_columns(w=pl.Series(weights, dtype=pl.Float64))
    out = ops.rolling(window, {"last_price": ALL}, weights="w", **others).apply(frame)
    return out.select(pl.col("^.*_weighted_.*$").name.map(lambda name: name.rpartition("_")[2]))


def test_by_hand() -> None:
    """Of 10 and 14 with weights 3 and 1 the mean is 11, and Σw(x − m)² is 12."""
    out = weighed([10.0, 14.0, 14.0], [3, 1, 1], 2)
    assert out["sum"].to_list() == [30, 44, 28]
    assert out["mean"].to_list() == [10, 11, 14]
    assert out["var"].to_list() == [None, pytest.approx(12 / (4 - 10 / 4)), 0]
    assert out["std"][1] == pytest.approx(math.sqrt(8))
    # With weights as frequencies it would be 4, of the whole population 3.
    assert out["var"][1] not in (pytest.approx(4), pytest.approx(3))


@pytest.mark.parametrize("window", [None, 4, "12s"])
def test_equals_numpy(window: Any) -> None:
    rng = np.random.default_rng(3)
    x, w = np.round(rng.normal(10, 0.1, 9), 2), rng.integers(1, 900, 9).astype(float)
    out = weighed(list(x), list(w), window)
    for end in range(2, 10):
        kept = slice(0 if window is None else max(end - 4, 0), end)
        assert out["mean"][end - 1] == pytest.approx(np.average(x[kept], weights=w[kept]))
        assert out["var"][end - 1] == pytest.approx(float(np.cov(x[kept], aweights=w[kept])))


@pytest.mark.parametrize("unit", [1.0, 0.01, 100.0])
def test_units_of_weights_do_not_matter_and_equal_ones_are_none(unit: float) -> None:
    prices = [10.0, 10.02, 10.01, 10.05, 10.0]
    out = weighed(prices, [unit] * 5, 3)
    plain = ops.rolling(3, {"last_price": ["mean", "var"]}).apply(
        quotes([quote(f"10:00:0{i}", last=x) for i, x in enumerate(prices)])
    )
    assert out["mean"].to_list() == pytest.approx(plain["last_price_mean"].to_list())
    found, expected = out["var"].to_list(), plain["last_price_var"].to_list()
    assert found[0] is None
    assert found[1:] == pytest.approx(expected[1:])


@pytest.mark.parametrize("nothing", [None, math.nan, math.inf, 0.0, -5.0, 1e-60, 1e60])
def test_what_is_no_weight_leaves_the_value_out(nothing: float | None) -> None:
    out = weighed([1.0, 9.0, 3.0], [1, nothing, 1], 3)
    assert out["count"].to_list() == [1, 1, 2]
    assert out["mean"].to_list() == [1, 1, 2]
    assert weighed([9.0], [nothing], 3).row(0) == (0, None, None, None, None)


def test_min_rows_counts_values_with_a_weight() -> None:
    out = weighed([1.0, 9.0, 3.0], [1, None, 1], 3, min_rows=2)
    assert out["mean"].to_list() == [None, None, 2]


def test_a_column_can_weigh_itself() -> None:
    op = ops.rolling(2, {"last_price": "mean"}, weights="last_price")
    out = op.apply(quotes([quote("10:00:00", last=1.0), quote("10:00:03", last=3.0)]))
    assert out["last_price_weighted_mean"].to_list() == [1, 2.5]


def test_a_small_variance_far_from_zero_after_a_large_weight_has_left() -> None:
    """Of its square, 1e18, floats would have kept the rounding: some 100, beside 1."""
    rng = np.random.default_rng(1)
    x = 1e9 + rng.normal(size=60) * 1e-3
    w = rng.uniform(0.5, 2, 60)
    w[5] = 1e9
    out = weighed(list(x), list(w), 20)
    kept, by = x[-20:] - 1e9, w[-20:]
    assert out["var"][-1] == pytest.approx(float(np.cov(kept, aweights=by)), rel=1e-6)
    assert out["sum"][-1] == pytest.approx(math.fsum(x[-20:] * by), rel=1e-12)


def test_types_and_names() -> None:
    op = ops.rolling(3, {"last_price": ALL}, weights="volume")
    added = dict.fromkeys(ADDED, pl.Float64()) | {ADDED[0]: pl.Int64()}
    assert op.output_schema(QUOTES) == pl.Schema({**QUOTES, **added})
    assert op.apply(quotes([])).schema == op.output_schema(QUOTES)
    assert repr(op).endswith("weights='volume')")


@pytest.mark.parametrize("column", ["symbol", "timestamp", "last_price", "volume"])
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=column):
        ops.rolling(3, {"last_price": "mean"}, weights="volume").apply(quotes([]).drop(column))


@pytest.mark.real_data
@pytest.mark.parametrize("name", real.SETS)
def test_mean_price_by_volume_is_the_vwap_of_real_days(name: str) -> None:
    """Prices of single snapshots weighted by what was traded: Σ delta_amount / Σ delta_volume."""
    frame = real.quotes(name)[: 1_000 if strategies.SMALL else None]
    out = ops.chain(
        ops.deltas(unit=1),
        ops.vwap(window="5m", unit=1),
        ops.rolling("5m", {"delta_price": "mean"}, weights="delta_volume"),
    ).apply(frame)
    both = out.filter(pl.col("vwap").is_not_null())
    assert both.height > 500
    # vwap has corrections in its sums too, which weights leave out.
    error = (both["delta_price_weighted_mean"] / both["vwap"] - 1).abs()
    assert error.max() < 1e-9  # pyright: ignore[reportOperatorIssue, reportOptionalOperand]
