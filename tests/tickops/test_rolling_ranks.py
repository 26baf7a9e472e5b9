"""Median, quantiles and rank over windows of many blocks, against sorted lists."""

from __future__ import annotations

import bisect
import math
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

import tickops as ops
from tests.oracles.strategies import SMALL
from tickops._arrays import frozen
from tickops._kernels import ranks as kernels

if TYPE_CHECKING:
    from tickops._arrays import F64, I64, Records

ROWS = 500 if SMALL else 4_000
QUANTILES = (0.0, 0.25, 0.5, 1.0)


def _series(kind: str) -> F64:
    """Values that come in an order that is hard on sorted blocks."""
    rng = np.random.default_rng(11)
    up = np.arange(ROWS, dtype=np.float64)
    match kind:
        case "rises":
            return up
        case "falls":
            return -up
        case "swings":
            return np.abs(up % 700 - 350)
        case "few":
            return np.round(rng.normal(size=ROWS))
        case "equal":
            return np.ones(ROWS)
        case "nulls":
            return np.where(rng.random(ROWS) < 0.4, np.nan, rng.normal(size=ROWS))
        case "levels":
            return rng.normal(size=ROWS) + 1e6 * (up // 200 % 2)
        case _:
            return rng.normal(size=ROWS)


KINDS = ("rises", "falls", "swings", "few", "equal", "nulls", "levels", "noise")


def _naive(x: F64, window: int) -> tuple[F64, F64]:
    """Quantiles and rank of each of the last so many, by a sorted list."""
    kept: list[float] = []
    quantiles = np.full((len(QUANTILES), len(x)), np.nan)
    rank = np.full(len(x), np.nan)
    for i, v in enumerate(x.tolist()):
        if i >= window and not math.isnan(old := float(x[i - window])):
            del kept[bisect.bisect_left(kept, old)]
        if not math.isnan(v):
            bisect.insort(kept, v)
            rank[i] = (bisect.bisect_left(kept, v) + 1 + bisect.bisect_right(kept, v)) / 2
        for k, q in enumerate(QUANTILES if kept else ()):
            low, part = divmod(q * (len(kept) - 1), 1)
            after = kept[min(int(low) + 1, len(kept) - 1)]
            quantiles[k, i] = kept[int(low)] + (after - kept[int(low)]) * part
    return quantiles, rank


class _Blocks:
    """Arrays that the kernel works on: one symbol, its rows in slots one after another."""

    def __init__(self, blocks: int) -> None:
        self.nodes: Records = np.zeros(blocks, kernels.NODE)
        self.values = np.zeros((blocks, kernels.WIDTH))
        self.pool = np.zeros(2, np.int64)
        self.roots: I64 = np.zeros(1, np.int64)

    def run(self, x: F64, outs: I64) -> tuple[F64, F64]:
        n = len(x)
        quantiles, rank = np.empty((len(QUANTILES), n)), np.empty(n)
        kernels.ranks(
            frozen(np.zeros(n, np.int32)),
            frozen(x),
            (np.cumsum(outs) - outs).astype(np.int32),
            outs.astype(np.int32),
            np.arange(1, n + 1, dtype=np.int32),
            x.copy(),
            1,
            frozen(np.array(QUANTILES)),
            self.nodes,
            self.values,
            self.pool,
            self.roots,
            quantiles,
            rank,
        )
        return quantiles, rank

    def check(self) -> F64:
        """Raise unless blocks and tree are as they should be; return all values in order."""
        order: list[int] = []
        depth = self._walk(int(self.roots[0]) - 1, -1, order)
        assert depth <= 4 * math.log2(len(order) + 1) + 4
        assert self.nodes["before"][order].tolist() == [-1, *order[:-1]][: len(order)]
        assert self.nodes["after"][order].tolist() == [*order[1:], -1][: len(order)]
        counts = self.nodes["count"][order]
        assert (counts > 0).all()
        assert (counts[1:] + counts[:-1] > kernels.HALF).all()
        return np.concatenate([np.empty(0), *(self.values[b, : self._count(b)] for b in order)])

    def _count(self, block: int) -> int:
        return int(self.nodes["count"][block])

    def _walk(self, block: int, up: int, order: list[int]) -> int:
        """Put the blocks below into order; return how deep they go."""
        if block < 0:
            return 0
        node = self.nodes[block]
        assert node["up"] == up
        before = sum(map(self._count, order))
        left = self._walk(int(node["left"]), block, order)
        order.append(block)
        right = self._walk(int(node["right"]), block, order)
        assert node["size"] == sum(map(self._count, order)) - before
        return 1 + max(left, right)


@pytest.mark.parametrize("window", [1, 100, 129, ROWS // 3, 2 * ROWS])
@pytest.mark.parametrize("kind", KINDS)
def test_equals_sorted_lists(kind: str, window: int) -> None:
    x = _series(kind)
    blocks = _Blocks(4 * ROWS // kernels.BLOCK + 8)
    quantiles, rank = blocks.run(x, np.where(np.arange(ROWS) >= window, 1, 0))
    expected, expected_rank = _naive(x, window)
    np.testing.assert_array_equal(rank, expected_rank)
    np.testing.assert_array_equal(quantiles[[0, 3]], expected[[0, 3]])
    np.testing.assert_allclose(quantiles, expected, rtol=1e-14)
    last = x[-window:]
    np.testing.assert_array_equal(blocks.check(), np.sort(last[~np.isnan(last)]))


@pytest.mark.parametrize("kind", KINDS)
def test_many_rows_leave_at_once(kind: str) -> None:
    """As after a pause: blocks are merged, given back, and used again."""
    x = _series(kind)
    outs = np.zeros(ROWS, np.int64)
    for end in (ROWS // 3, ROWS // 2, ROWS - 1):
        outs[end] = end - 20 - outs.sum()
    blocks = _Blocks(4 * ROWS // kernels.BLOCK + 8)
    blocks.run(x, outs)
    last = x[int(outs.sum()) :]
    np.testing.assert_array_equal(blocks.check(), np.sort(last[~np.isnan(last)]))
    assert blocks.pool[1] <= ROWS // 2 // kernels.HALF + 2


@pytest.mark.parametrize("step", [1, -1])
def test_blocks_that_lose_most_of_their_values_are_merged(step: int) -> None:
    """One after another, from below or from above; a tenth of each remains."""
    most = np.arange(ROWS, dtype=np.float64)[::step]
    few = np.random.default_rng(2).permutation(np.arange(0.5, ROWS, 10))
    x = np.concatenate([most, few])
    outs = np.zeros(len(x), np.int64)
    outs[-1] = ROWS
    blocks = _Blocks(4 * ROWS // kernels.BLOCK + 8)
    blocks.run(x, outs)
    np.testing.assert_array_equal(blocks.check(), np.sort(few))


def test_long_windows_of_many_symbols_in_small_frames() -> None:
    """Room is made for what the next rows can need, not for more; and nobody can tell."""
    symbols, rows = 7, 300 if SMALL else 3_000
    rng = np.random.default_rng(4)
    frame = pl.DataFrame(
        {
            "symbol": ["abcdefg"[i] for i in rng.integers(0, symbols, rows)],
            "timestamp": pl.Series(np.arange(rows)).cast(pl.Datetime("ms", "UTC")),
            "x": rng.normal(size=rows).round(1),
        }
    )
    op = ops.rolling(200, {"x": ["median", ("quantile", 0.9), "rank"]})
    run = op.start()
    parts = [run.push(frame[i : i + 97]) for i in range(0, rows, 97)]
    assert pl.concat(parts).equals(op.apply(frame))
    again = op.start(run.snapshot())
    assert again.push(frame[-50:]).equals(run.push(frame[-50:]))


def test_signs_of_zero_are_one_value() -> None:
    """Which of them leaves must not depend on how blocks are cut."""
    x = np.array([0.0, -0.0, 0.0, -0.0, 1.0])
    blocks = _Blocks(4)
    quantiles, rank = blocks.run(x, np.array([0, 0, 1, 1, 1]))
    assert not np.signbit(quantiles[:3]).any()
    assert rank.tolist() == [1, 1.5, 1.5, 1.5, 2]
