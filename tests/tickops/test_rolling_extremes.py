"""Extremes over windows of all lengths, and the log of the rows in them, against plain lists."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

import tickops as ops
from tests.oracles.strategies import SMALL
from tickops import _windows

if TYPE_CHECKING:
    from tickops._arrays import F64

ROWS = 400 if SMALL else 3_000
STATISTICS = ["min", "max", "argmin", "argmax", "first", "last", "median", "count"]


def _series(kind: str, rows: int, seed: int = 5) -> F64:
    rng = np.random.default_rng(seed)
    match kind:
        case "rises":
            return np.arange(rows, dtype=np.float64)
        case "falls":
            return -np.arange(rows, dtype=np.float64)
        case "equal":
            return np.ones(rows)
        case "zeros":
            return np.where(rng.random(rows) < 0.5, 0.0, -0.0)
        case "few":
            return np.round(rng.normal(size=rows))
        case "nulls":
            return np.where(rng.random(rows) < 0.6, np.nan, rng.normal(size=rows))
        case "pauses":
            return np.where(np.arange(rows) // 50 % 2 > 0, np.nan, np.round(rng.normal(size=rows)))
        case _:
            return rng.normal(size=rows)


KINDS = ("rises", "falls", "equal", "zeros", "few", "nulls", "pauses", "noise")


def _frame(columns: list[F64], seconds: F64 | None = None) -> pl.DataFrame:
    """Rows of as many symbols as there are columns, in turn."""
    rows = len(columns[0])
    times = np.arange(rows) if seconds is None else seconds
    return pl.DataFrame(
        {
            "symbol": [f"s{i}" for i in range(len(columns))] * rows,
            "timestamp": pl.Series(np.repeat(times, len(columns)).astype(np.int64) * 1_000).cast(
                pl.Datetime("ms", "UTC")
            ),
            "x": np.stack(columns, axis=1).ravel(),
        }
    ).with_columns(pl.col("x").fill_nan(None))


def _naive(x: F64, window: int, min_rows: int = 1) -> list[tuple[float | None, ...]]:
    """Smallest and largest of each of the last so many, and how long ago: the oldest of several."""
    found: list[tuple[float | None, ...]] = []
    for i in range(len(x)):
        kept = [(j, float(x[j])) for j in range(max(0, i - window + 1), i + 1)]
        values = [(j, v) for j, v in kept if not math.isnan(v)]
        if len(values) < min_rows:
            found.append((None,) * 4)
            continue
        low = min(values, key=lambda row: row[1])
        high = max(values, key=lambda row: row[1])
        found.append((low[1], high[1], i - low[0], i - high[0]))
    return found


def _bits(frame: pl.DataFrame) -> list[tuple[str, ...]]:
    """So that -0.0 is not 0.0."""
    return [tuple(map(repr, row)) for row in frame.select(pl.col("^x_.*$")).rows()]


@pytest.mark.parametrize("window", [1, 2, 15, 16, 17, 100, 2 * ROWS])
@pytest.mark.parametrize("kind", KINDS)
def test_equals_lists(kind: str, window: int) -> None:
    x = _series(kind, ROWS)
    wanted = {"x": ["min", "max", "argmin", "argmax"]}
    for min_rows in (1, 3):
        out = ops.rolling(window, wanted, min_rows=min_rows).apply(_frame([x]))
        expected = [tuple(map(repr, row)) for row in _naive(x, window, min_rows)]
        assert _bits(out) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_the_extreme_alone_has_the_same_bits(kind: str) -> None:
    """Whether it is asked how long ago it was, or not."""
    frame = _frame([_series(kind, ROWS, seed) for seed in range(3)])
    both = ops.rolling(20, {"x": ["min", "max", "argmin", "argmax"]}).apply(frame)
    for name in ("min", "max"):
        alone = ops.rolling(20, {"x": name}).apply(frame)
        assert _bits(alone) == _bits(both.select(f"x_{name}"))


@pytest.mark.parametrize("window", [1, 3, 40, 700, "3s", "40s"])
def test_cuts_restarts_and_moves_do_not_show(
    window: int | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Symbols with little or much in their windows, of which one falls silent for long."""
    rows = ROWS // 2
    columns = [_series(kind, rows) for kind in KINDS]
    rng = np.random.default_rng(3)
    # In bursts, so that windows are emptied, and grow again.
    seconds = np.cumsum(np.where(rng.random(rows) < 0.05, 60, rng.integers(0, 2, rows)))
    silent = (pl.col("symbol") != "s7") | (pl.int_range(pl.len()) % 801 < 300)
    frame = _frame(columns, seconds).filter(silent)
    op = ops.rolling(window, {"x": STATISTICS})
    expected = _bits(op.apply(frame))
    monkeypatch.setattr(_windows, "_SMALLEST", 2)
    cuts = np.sort(rng.integers(0, frame.height, 40)).tolist()
    run = op.start()
    parts: list[pl.DataFrame] = []
    for number, (begin, end) in enumerate(zip([0, *cuts], [*cuts, frame.height], strict=True)):
        parts.append(run.push(frame[begin:end]))
        if number % 3 == 2:
            run = op.start(run.snapshot())
    assert _bits(pl.concat(parts)) == expected


def test_a_new_day_empties_the_window_of_all_symbols() -> None:
    day = 86_400
    seconds = np.concatenate([np.arange(30), day + np.arange(30)]).astype(np.float64)
    x = np.concatenate([np.full(30, 1.0), np.full(30, 5.0)])
    op = ops.rolling(40, {"x": ["min", "argmin"]}, daily=True)
    out = op.apply(_frame([x, -x], seconds))
    for symbol, sign in (("s0", 1), ("s1", -1)):
        mine = out.filter(pl.col("symbol") == symbol)
        assert mine["x_min"].to_list() == [sign * 1.0] * 30 + [sign * 5.0] * 30
        assert mine["x_argmin"].to_list() == [*range(30), *range(30)]


def test_the_log_does_not_grow_for_a_symbol_that_is_silent() -> None:
    """Its rows stay, and those of others go round past them."""
    run = ops.rolling(3, {"x": ["min", "median"]}).start()
    times = pl.Series(np.arange(30_000)).cast(pl.Datetime("ms", "UTC"))
    symbols = ["silent", "silent", *(["a", "b", "c"] * 10_000)][:30_000]
    frame = pl.DataFrame({"symbol": symbols, "timestamp": times, "x": np.arange(30_000.0)})
    step = 100
    for begin in range(0, 3_000 if SMALL else 30_000, step):
        run.push(frame[begin : begin + step])
    core: Any = run._cores()[0]  # pyright: ignore[reportPrivateUsage]
    assert core._windows.capacity <= 1 << 11
    last = run.push(pl.DataFrame({"symbol": ["silent"], "timestamp": times[-1:], "x": [7.0]}))
    assert last.select("x_min", "x_median").rows() == [(0.0, 1.0)]
