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
    ],
)
def test_told_at_once(make: Callable[[], ops.Operator], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        make()
