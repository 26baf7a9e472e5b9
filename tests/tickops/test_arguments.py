"""Arguments that cannot be right: an error at once, which names them."""
# pyright: reportArgumentType=false

from collections.abc import Callable
from datetime import timedelta

import pytest

import tickops as ops
from tickops._duration import microseconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1us", 1),
        ("500ms", 500_000),
        ("5m", 300_000_000),
        ("1h30m", 5_400_000_000),
        ("1d", 86_400_000_000),
        (timedelta(seconds=3), 3_000_000),
    ],
)
def test_durations(text: str, expected: int) -> None:
    assert microseconds("window", text) == expected


@pytest.mark.parametrize("text", ["", "5", "m", "5 m", "-5m", "5min", "1mo", "0s", "1.5m"])
def test_no_durations(text: str) -> None:
    with pytest.raises(ValueError, match=f"window must be .*{text!r}"):
        microseconds("window", text)


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: ops.deltas(unit=0), ValueError, "unit must be at least 1 share, not 0"),
        (lambda: ops.deltas(unit=1.5), TypeError, "unit must be a whole number"),
        (lambda: ops.deltas(unit={"a": True}), TypeError, r"unit\['a'\]"),
        (lambda: ops.deltas(gap_after="soon"), ValueError, "gap_after .*'soon'"),
        (lambda: ops.deltas(gap_after=30), TypeError, "gap_after .*30"),
        (lambda: ops.deltas(late="maybe"), ValueError, "late must be .*'maybe'"),
        (lambda: ops.vwap(window=0), ValueError, "window must be at least 1 row, not 0"),
        (lambda: ops.vwap(window="x"), ValueError, "window .*'x'"),
        (lambda: ops.vwap(late="x"), ValueError, "late"),
        (lambda: ops.imbalance(levels=0), ValueError, "levels must be at least 1, not 0"),
        (lambda: ops.imbalance(levels=2.0), TypeError, "levels"),
        (lambda: ops.imbalance(weights="linear"), ValueError, "weights must be .*'linear'"),
        (lambda: ops.imbalance(weights=("exp", float("inf"))), ValueError, "finite"),
        (lambda: ops.vamp(levels=0), ValueError, "levels must be at least 1, not 0"),
        (lambda: ops.depth_value(levels=1.0), TypeError, "levels must be a whole number"),
        (lambda: ops.depth_value(unit=0), ValueError, "unit must be at least 1 share, not 0"),
        (lambda: ops.book_slope(levels=True), TypeError, "levels must be a whole number"),
        (lambda: ops.book_slope(unit="lot"), TypeError, "unit"),
        (lambda: ops.sweep_cost(0), ValueError, "quantity must be at least 1, not 0"),
        (lambda: ops.sweep_cost(0.5), TypeError, "quantity must be a whole number, not 0.5"),
        (lambda: ops.ofi(levels=-1), ValueError, "levels must be at least 1, not -1"),
        (lambda: ops.ofi(late="never"), ValueError, "late must be .*'never'"),
        (lambda: ops.limits(rates=10), ValueError, "rates must be .*below 1, not 10"),
        (lambda: ops.limits(rates=float("nan")), ValueError, "rates must be .*, not nan"),
        (lambda: ops.limits(rates="10%"), TypeError, "rates must be a number .*'10%'"),
        (lambda: ops.limits(rates={"a": 0}), ValueError, r"rates\['a'\] must be .*, not 0"),
        (lambda: ops.limits(rates={"a": True}), TypeError, r"rates\['a'\] must be a number"),
        (lambda: ops.limits(unit=0), ValueError, "unit must be at least 1 share, not 0"),
        (lambda: ops.lag([]), ValueError, r"columns must be at least one name.*\[\]"),
        (lambda: ops.lag(["a", "a"]), ValueError, "columns must be .*each once"),
        (lambda: ops.lag(3), TypeError, "columns must be a name or a list of names, not 3"),
        (lambda: ops.lag(["a", 3]), TypeError, "columns must be a name or a list of names"),
        (lambda: ops.lag("a", periods=0), ValueError, "periods must be at least 1 row, not 0"),
        (lambda: ops.diff("a", periods=1.0), TypeError, "periods must be a whole number"),
        (lambda: ops.diff("a", late="x"), ValueError, "late must be .*'x'"),
        (lambda: ops.returns(kind="ratio"), ValueError, "kind must be .*'ratio'"),
        (lambda: ops.returns(periods=True), TypeError, "periods must be a whole number"),
        (lambda: ops.cumulative("a", statistic="mean"), ValueError, "statistic .*'mean'"),
        (lambda: ops.ewm("a"), ValueError, "exactly one of halflife, span, alpha, com"),
        (lambda: ops.ewm("a", span=3, com=1), ValueError, "exactly one of"),
        (lambda: ops.ewm("a", alpha=0), ValueError, "alpha must be above 0, at most 1, not 0"),
        (lambda: ops.ewm("a", alpha=1.5), ValueError, "alpha .*1.5"),
        (lambda: ops.ewm("a", span=0.5), ValueError, "span must be at least 1, not 0.5"),
        (lambda: ops.ewm("a", com=-1), ValueError, "com must be at least 0, not -1"),
        (lambda: ops.ewm("a", halflife=0), ValueError, "halflife must be above 0, not 0"),
        (lambda: ops.ewm("a", halflife="30s"), TypeError, "halflife must be a finite number"),
        (lambda: ops.ewm("a", com=float("nan")), ValueError, "com must be a finite number"),
        (lambda: ops.ewm("a", halflife=3, by="time"), TypeError, "halflife must be a duration"),
        (lambda: ops.ewm("a", span=3, by="time"), ValueError, 'span must not .*by="time"'),
        (lambda: ops.ewm("a", span=3, by="day"), ValueError, "by must be .*'day'"),
        (lambda: ops.ewm("a", span=3, statistics="skew"), ValueError, "statistics must be of"),
        (lambda: ops.ewm("a", span=3, statistics=[]), ValueError, "statistics must be at least"),
        (lambda: ops.ewm("a", span=3, min_rows=0), ValueError, "min_rows must be at least 1 row"),
        (lambda: ops.crossing(1, "b"), TypeError, "a must be the name of a column, not 1"),
        (lambda: ops.crossing("a", None), TypeError, "b must be the name .*, not None"),
        (lambda: ops.crossing("a", float("inf")), ValueError, "b must be .*finite number, not inf"),
        (lambda: ops.crossing("a", "a"), ValueError, "b must be another column than a, not 'a'"),
        (lambda: ops.threshold(["a"], 2, 1), TypeError, "column must be the name of a column"),
        (lambda: ops.threshold("a", 1, 1.0), ValueError, "leave must be below or above enter"),
        (lambda: ops.threshold("a", "1", 2), TypeError, "enter must be a finite number, not '1'"),
        (lambda: ops.threshold("a", 1, float("nan")), ValueError, "leave must be .*, not nan"),
        (lambda: ops.cooldown("a", "0s"), ValueError, "time must be longer than nothing"),
        (lambda: ops.cooldown("a", 30), TypeError, "time must be a duration .*30"),
        (lambda: ops.cooldown(None, "1s"), TypeError, "column must be the name of a column"),
        (lambda: ops.first_of_day(late="x"), ValueError, "late must be .*'x'"),
        (lambda: ops.dedupe([]), ValueError, "columns must be at least one name"),
        (lambda: ops.dedupe(7), TypeError, "columns must be a name or a list of names, not 7"),
        (lambda: ops.rolling(0, {"x": "mean"}), ValueError, "window must be at least 1 row, not 0"),
        (lambda: ops.rolling("5x", {"x": "mean"}), ValueError, "window .*'5x'"),
        (lambda: ops.rolling(5, {}), TypeError, "statistics must be as"),
        (lambda: ops.rolling(5, ["x"]), TypeError, "statistics must be as"),
        (lambda: ops.rolling(5, {"x": []}), ValueError, r"statistics\['x'\] must name"),
        (lambda: ops.rolling(5, {"x": "mode"}), ValueError, r"statistics\['x'\] .*'mode'"),
        (lambda: ops.rolling(5, {"x": "cov"}), ValueError, "'cov'"),
        (lambda: ops.rolling(5, {("x", "y"): "mean"}), ValueError, "cov, corr, beta, not 'mean'"),
        (lambda: ops.rolling(5, {("x",): "cov"}), TypeError, "pair of columns"),
        (lambda: ops.rolling(5, {"x": ("quantile", 2)}), ValueError, "from 0 to 1, not 2"),
        (lambda: ops.rolling(None, {"x": "median"}), ValueError, "median of 'x' needs a window"),
        (lambda: ops.rolling(5, {"x": "mean"}, min_rows=0), ValueError, "min_rows .*not 0"),
        (lambda: ops.rolling(5, {"x": "mean"}, min_rows="2"), TypeError, "min_rows"),
        (lambda: ops.bars("0s"), ValueError, "every"),
        (lambda: ops.bars("1m", profile="joinquant"), ValueError, "profile .*'joinquant'"),
        (lambda: ops.bars("5m", profile="dolphindb"), ValueError, 'every must be "1m"'),
        (lambda: ops.bars("1m", closed="both"), ValueError, "closed .*'both'"),
        (lambda: ops.bars("1m", sessions="JP"), ValueError, "sessions .*'JP'"),
        (lambda: ops.bars("1m", sessions=[]), ValueError, "at least one pair"),
        (lambda: ops.bars("1m", sessions=[("9", "x")]), ValueError, "pairs of local times"),
        (lambda: ops.bars("1m", sessions=[("10:00", "09:00")]), ValueError, "before it closes"),
        (
            lambda: ops.bars("1m", sessions=[("09:00", "12:00"), ("11:00", "13:00")]),
            ValueError,
            "in order and apart",
        ),
        (lambda: ops.bars("1m", grace="-1s"), ValueError, "grace"),
        (lambda: ops.bars("1m", aggregate=["x"]), TypeError, "aggregate"),
        (lambda: ops.bars("1m", aggregate={"x": "mean"}), ValueError, r"aggregate\['x'\]"),
        (lambda: ops.bars("1m", aggregate={"x": ["mode"]}), ValueError, "first, last"),
        (lambda: ops.bars("1m", late="x"), ValueError, "late"),
        (lambda: ops.tick_bars(0), ValueError, "rows must be above 0 .*, not 0"),
        (lambda: ops.tick_bars(2.5), TypeError, "rows must be a whole number, not 2.5"),
        (lambda: ops.tick_bars(True), TypeError, "rows .*True"),
        (lambda: ops.tick_bars(5, daily="yes"), TypeError, "daily .*'yes'"),
        (lambda: ops.volume_bars(-1), ValueError, "volume must be above 0 .*, not -1"),
        (lambda: ops.volume_bars("1e6"), TypeError, "volume must be a number, not '1e6'"),
        (lambda: ops.volume_bars(5, late="x"), ValueError, "late .*'x'"),
        (lambda: ops.amount_bars(float("inf")), ValueError, "amount must be .* finite, not inf"),
        (lambda: ops.amount_bars(float("nan")), ValueError, "amount must be .* finite, not nan"),
        (lambda: ops.amount_bars(5, unit=0), ValueError, "unit"),
        (lambda: ops.imbalance_bars("lots", threshold=5), ValueError, "of must be .*'lots'"),
        (lambda: ops.imbalance_bars("tick", threshold=0), ValueError, "threshold .*0"),
        (lambda: ops.runs_bars(None, threshold=5), ValueError, "of must be .*None"),
        (lambda: ops.runs_bars("tick", threshold=None), TypeError, "threshold .*None"),
        (lambda: ops.trade_side(late="x"), ValueError, "late must be .*'x'"),
        (lambda: ops.realised_spread("0s"), ValueError, "after must be longer .*'0s'"),
        (lambda: ops.realised_spread(5), TypeError, "after must be a duration .*5"),
        (lambda: ops.unit_check(unit=0), ValueError, "unit must be at least 1 share, not 0"),
        (lambda: ops.amihud(0), ValueError, "window must be at least 1 row, not 0"),
        (lambda: ops.amihud(None), TypeError, "window must be a duration .*None"),
        (lambda: ops.roll_spread("x"), ValueError, "window must be .*'x'"),
        (lambda: ops.roll_spread(2.5), TypeError, "window .*2.5"),
        (lambda: ops.kyle_lambda(True), ValueError, "window must be at least 1 row, not True"),
        (lambda: ops.kyle_lambda("5m", late="x"), ValueError, "late must be .*'x'"),
    ],
)
def test_told_at_once(make: Callable[[], ops.Operator], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        make()
