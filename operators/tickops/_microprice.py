"""The table of a micro-price, from history: Stoikov's Markov chain of imbalance and spread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

import numpy as np
import polars as pl

from tickops._batch import Batch
from tickops._book import BOOK, Book
from tickops._column import Column
from tickops._columns import check_number
from tickops._counts import check_count
from tickops._schema import Kind, check
from tickops._symbols import Symbols

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._arrays import F64, I64, Bool

__all__ = ["fit_adjustment"]

_NEEDS: Final[Mapping[str, Kind]] = {"symbol": Kind.SYMBOL, "timestamp": Kind.TIME, **BOOK}
_CONVERGES: Final = 1 - 1e-9


@dataclass(frozen=True, slots=True)
class _Steps:
    """From which state to which, and by how many half ticks the mid moved."""

    before: I64
    after: I64
    moved: I64


def fit_adjustment(
    history: pl.DataFrame, buckets: int, max_spread_ticks: int, tick: float
) -> tuple[tuple[float, ...], ...]:
    """Adjustment by spread and imbalance, in currency.

    Raises
    ------
    TypeError, ValueError
        An argument cannot be right, or the history does not tell.
    SchemaError
        A column is missing or of the wrong type.
    """
    check_count("buckets", buckets, "bucket")
    if buckets < 2:
        raise ValueError(f"buckets must be at least 2 buckets, not {buckets}")
    check_count("max_spread_ticks", max_spread_ticks, "tick")
    check_number("tick", tick, "a finite number above 0")
    if tick <= 0:
        raise ValueError(f"tick must be a finite number above 0, not {tick!r}")
    check("microprice.fit()", history.schema, _NEEDS)
    steps = _steps(history, buckets, max_spread_ticks, float(tick))
    size = buckets * max_spread_ticks
    state = np.arange(size)
    mirror = state - state % buckets + (buckets - 1 - state % buckets)
    limit = _limit(_with_mirror(steps, mirror), mirror, buckets)
    table = (limit * float(tick) / 2).reshape(max_spread_ticks, buckets)
    return tuple(tuple(row) for row in table.tolist())


def _steps(history: pl.DataFrame, buckets: int, max_spread_ticks: int, tick: float) -> _Steps:
    """Steps between rows of a symbol and day that follow each other, both with a state."""
    from tickops._kernels import microprice as kernels

    batch = _batch(history)
    codes, times_us = batch.rows()
    book = Book(batch, levels=1)
    state, twice_mid = np.empty(batch.height, np.int64), np.zeros(batch.height, np.int64)
    kernels.states(
        book.side("bid_prices"),
        book.side("ask_prices"),
        book.side("bid_volumes"),
        book.side("ask_volumes"),
        tick,
        buckets,
        max_spread_ticks,
        state,
        twice_mid,
    )
    order = np.argsort(codes, kind="stable")
    order = order[codes[order] >= 0]
    here, there = order[:-1], order[1:]
    days = batch.days()
    follows = (
        (codes[here] == codes[there])
        & (days[here] == days[there])
        & (times_us[here] <= times_us[there])
        & (state[here] >= 0)
        & (state[there] >= 0)
    )
    here, there = here[follows], there[follows]
    return _Steps(state[here], state[there], twice_mid[there] - twice_mid[here])


def _batch(history: pl.DataFrame) -> Batch:
    symbols = Symbols()
    columns = {series.name: Column.of(series) for series in history.get_columns()}
    regions = history["region"] if "region" in columns else None
    codes = symbols.encode(history["symbol"], regions, columns["timestamp"].valid())
    times_us = Column.of(history["timestamp"].dt.epoch("us")).ints()
    return Batch(columns, history.height, symbols, codes, times_us)


def _with_mirror(steps: _Steps, mirror: I64) -> _Steps:
    return _Steps(
        np.concatenate([steps.before, mirror[steps.before]]),
        np.concatenate([steps.after, mirror[steps.after]]),
        np.concatenate([steps.moved, -steps.moved]),
    )


def _limit(steps: _Steps, mirror: I64, buckets: int) -> F64:
    """G* = Σ Bⁱ G¹ by state, in half ticks; G¹ = (I − Q)⁻¹ R K, B = (I − Q)⁻¹ T."""
    size = len(mirror)
    stays, moves = _counted(steps, size, moved=False), _counted(steps, size, moved=True)
    seen = stays.sum(1) + moves.sum(1)
    _require(seen > 0, buckets, "history has no step from")
    _require(_can_move(stays, moves), buckets, "in history the mid never moves from")
    drift = np.bincount(steps.before, steps.moved, size) / seen
    left = np.eye(size) - stays / seen[:, np.newaxis]
    first = _solve(left, drift)
    after = _solve(left, moves / seen[:, np.newaxis])
    # All is antisymmetric, so one state of each pair tells all of it; what is left of the
    # chain has no state that lasts, and the sum is that of a geometric series.
    half = np.flatnonzero(np.arange(size) < mirror)
    rows = after[half]
    chain = rows[:, half] - rows[:, mirror[half]]
    if _radius(chain) >= _CONVERGES:
        raise ValueError(
            "history lets the expected mids run away without a limit: after a move, books that"
            " lean to one side never come to lean to the other; take more of it, or fewer buckets"
        )
    limit = np.zeros(size)
    limit[half] = _solve(np.eye(len(half)) - chain, first[half])
    limit[mirror[half]] = -limit[half]
    return limit


def _solve(left: F64, right: F64) -> F64:
    return cast("F64", np.linalg.solve(left, right))


def _radius(matrix: F64) -> float:
    """Spectral radius."""
    return float(np.abs(cast("F64", np.linalg.eigvals(matrix))).max())


def _counted(steps: _Steps, size: int, *, moved: bool) -> F64:
    """How many steps go from each state to each."""
    some = (steps.moved != 0) == moved
    pairs = np.bincount(steps.before[some] * size + steps.after[some], minlength=size * size)
    return pairs.reshape(size, size).astype(np.float64)


def _can_move(stays: F64, moves: F64) -> Bool:
    """From which states the mid can come to move."""
    known = moves.sum(1) > 0
    while True:
        more = known | ((stays > 0) & known).any(1)
        if (more == known).all():
            return known
        known = more


def _require(fine: Bool, buckets: int, what: str) -> None:
    if fine.all():
        return
    state = int(np.flatnonzero(~fine)[0])
    spread, bucket = divmod(state, buckets)
    raise ValueError(
        f"{what} a spread of {spread + 1} ticks with an imbalance from {bucket / buckets:g} to"
        f" {(bucket + 1) / buckets:g} (nor from its mirror): take more history, fewer buckets, or"
        " a smaller max_spread_ticks"
    )
