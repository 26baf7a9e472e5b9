"""Long frames go through in several threads, and nobody can tell."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tickops as ops
from tests.oracles.strategies import SMALL
from tests.tickops.test_blocks import PLAIN, ROWS
from tests.tickops.test_laws import CASES, Case
from tickops import _lanes, _run
from tickops._lanes import Lanes, can_divide
from tickops._operator import Core
from tickops._run import Run
from tickops.testing import assert_identical

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tickops._batch import Batch
    from tickops._symbols import Symbols

DIVIDED = [case for case in CASES if can_divide(case.operator)]


class Numbered(ops.Operator):
    """Someone's own, which does not say that it works across symbols."""

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        return {**schema, "number": pl.Int64()}

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        return _Numbers()

    def __repr__(self) -> str:
        return "Numbered()"


class _Numbers(Core):
    def push(self, batch: Batch) -> Batch:
        raise AssertionError("nobody pushes")


def working() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("tickops")]


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets from how many rows on frames are long; a lane takes so many of them at a time."""

    def set_to(rows: int) -> None:
        monkeypatch.setattr(_lanes, "BLOCK_ROWS", rows)
        monkeypatch.setattr(_lanes, "_FEWEST", 1)

    return set_to


@pytest.mark.parametrize("case", DIVIDED, ids=repr)
def test_lanes_give_what_a_run_gives(case: Case, long: Callable[[int], None]) -> None:
    rows = ROWS if case.frames is None else case.frames

    @settings(
        max_examples=3 if SMALL else 8,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
    @given(frame=rows, length=st.integers(1, 4), count=st.integers(2, 4), cut=st.integers(0, 20))
    def check(frame: pl.DataFrame, length: int, count: int, cut: int) -> None:
        given_ = frame if case.prepare is None else case.prepare.apply(frame)
        run = case.operator.start()
        long(length)
        lanes = Lanes(case.operator, given_.schema, count)
        for part in (given_[:cut], given_[cut:]):
            assert_identical(lanes.push(part), run.push(part))
        assert_identical(lanes.finish(), run.finish())

    check()


def test_most_operators_can_be_divided() -> None:
    assert len(DIVIDED) > len(CASES) / 2
    assert not can_divide(ops.deltas(late="raise"))
    assert not can_divide(ops.chain(ops.deltas(), ops.bars("1m")))
    assert not can_divide(ops.pair_spread("a", "b", column="amount"))


def test_who_runs(long: Callable[[int], None]) -> None:
    windows = ops.rolling(3, {"amount": "mean"})
    assert isinstance(_lanes.begin(windows, PLAIN, 2), Run), "a short frame"
    long(2)
    assert isinstance(_lanes.begin(windows, PLAIN, 2), Lanes)
    assert isinstance(_lanes.begin(windows, PLAIN, 1), Run)
    assert isinstance(_lanes.begin(ops.chain(ops.deltas(), windows), PLAIN, 2), Lanes)
    assert isinstance(_lanes.begin(ops.deltas(), PLAIN, 2), Run), "too cheap"
    assert isinstance(_lanes.begin(ops.with_columns(x=pl.col("amount") * 2), PLAIN, 2), Lanes)
    assert isinstance(_lanes.begin(Numbered(), PLAIN, 2), Run), "remembers, but not by symbol"
    assert isinstance(_lanes.begin(ops.chain(windows, Numbered()), PLAIN, 2), Run)
    every = ops.chain(windows, ops.bars("1m"))
    traded = ops.deltas().apply(PLAIN)
    assert isinstance(_lanes.begin(every, traded, 2), Run), "other rows come out"


@pytest.mark.parametrize("op", [ops.rolling(3, {"amount": "mean"}), ops.deltas()], ids=repr)
def test_threads_of_apply_and_scan(
    op: ops.Operator, long: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = op.apply(PLAIN)
    long(3)
    monkeypatch.setattr(_run, "BLOCK_ROWS", 3)
    for threads in (None, 1, 2, 3, 100):
        assert_identical(op.apply(PLAIN, threads=threads), expected)
        scanned = op.scan(PLAIN.lazy(), rows=5, threads=threads)
        assert_identical(pl.concat(scanned), expected)
    assert not working()


def test_threads_of_polars_stay_alone(long: Callable[[int], None]) -> None:
    """Ours would wait for threads of Polars, which may all be in such functions."""
    long(2)
    rows = pl.concat([PLAIN.with_columns(group=pl.lit(group)) for group in range(20)])
    op = ops.rolling(3, {"amount": "mean"})
    whose: set[tuple[bool, bool]] = set()

    def mean(of: pl.Series) -> pl.Series:
        frame = of.struct.unnest()
        divided = isinstance(_lanes.begin(op, frame, None), Lanes)
        whose.add((threading.current_thread() is threading.main_thread(), divided))
        return op.apply(frame)["amount_mean"]

    several = pl.struct(PLAIN.columns).map_batches(mean, return_dtype=pl.Float64)
    out = rows.lazy().group_by("group").agg(a=several, b=several, c=several).collect()
    assert out["a"].to_list() == [op.apply(PLAIN)["amount_mean"].to_list()] * 20
    assert whose <= {(True, pl.thread_pool_size() > 1), (False, False)}


@pytest.mark.parametrize(("threads", "error"), [(0, ValueError), (1.5, TypeError)])
def test_threads_must_be_a_count(threads: Any, error: type[Exception]) -> None:
    op = ops.deltas()
    with pytest.raises(error, match="threads must be"):
        op.apply(PLAIN, threads=threads)
    with pytest.raises(error, match="threads must be"):
        list(op.scan(PLAIN.lazy(), threads=threads))


def test_each_lane_has_a_thread(long: Callable[[int], None]) -> None:
    """All of them are in `push` at once."""
    long(100)
    lanes = Lanes(ops.deltas(), PLAIN.schema, 2)
    barrier = threading.Barrier(2, timeout=60)
    names: list[str] = []
    for lane in lanes.lanes:
        (core,) = lane.cores

        def push(batch: Batch, push: Callable[[Batch], Batch] = core.push) -> Batch:
            barrier.wait()
            names.append(threading.current_thread().name)
            return push(batch)

        core.push = push
    assert_identical(lanes.push(PLAIN), ops.deltas().apply(PLAIN))
    assert len(set(names)) == 2


def test_lanes_have_about_as_many_rows(long: Callable[[int], None]) -> None:
    """Also where one symbol has most of them."""
    long(10_000)
    symbols = ["most"] * 5_000 + [f"s{i % 500}" for i in range(5_000)]
    frame = pl.DataFrame({"symbol": symbols, "timestamp": range(10_000), "amount": 1.0})
    frame = frame.with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))
    lanes = Lanes(ops.cumulative("amount"), frame.schema, 2)
    heights: list[int] = []
    for lane in lanes.lanes:
        (core,) = lane.cores

        def push(batch: Batch, push: Callable[[Batch], Batch] = core.push) -> Batch:
            heights.append(batch.height)
            return push(batch)

        core.push = push
    lanes.push(frame)
    assert sum(heights) == 10_000
    assert max(heights) < 6_000


def test_an_error_in_a_lane_ends_all(long: Callable[[int], None]) -> None:
    long(1)
    lanes = Lanes(ops.deltas(), PLAIN.schema, 3)

    def fail(batch: Batch) -> Batch:
        raise KeyError("mine")

    lanes.lanes[2].cores[0].push = fail
    with pytest.raises(KeyError, match="mine"):
        lanes.push(PLAIN)
    assert not working()


def test_an_error_in_another_lane_is_heard_at_once(long: Callable[[int], None]) -> None:
    long(1)
    blocks = 5_000
    frame = pl.DataFrame({"symbol": ["a", "b"] * blocks, "timestamp": range(2 * blocks)})
    frame = frame.with_columns(timestamp=pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))
    lanes = Lanes(ops.first_of_day(), frame.schema, 2)
    (first,), (second,) = (lane.cores for lane in lanes.lanes)
    failing, done = threading.Event(), 0

    def fail(batch: Batch) -> Batch:
        failing.set()
        raise KeyError("mine")

    def count(batch: Batch) -> Batch:
        nonlocal done
        assert failing.wait(60)
        done += 1
        return batch

    first.push, second.push = count, fail
    with pytest.raises(KeyError, match="mine"):
        lanes.push(frame)
    assert done < blocks
