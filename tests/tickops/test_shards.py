"""Snapshots divided and merged by symbol: what is refused, and what damage does.

That parts and merged runs give what one run gives is law "shards", tried in ``test_laws.py``.
"""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tickops as ops
from tests.oracles import strategies
from tests.tickops.test_run import FIRST, SECOND
from tests.tickops.test_snapshot import DIGEST, sealed
from tickops._saved import Packed, put_together, taken_out
from tickops._snapshot import decode
from tickops.testing import assert_identical

OP = ops.chain(ops.deltas(), ops.vwap(window="5m"))
SH, SZ = "600000.SH", "000001.SZ"
ROWS = FIRST.with_columns(last_price=10.0, high=10.0, low=10.0)


def of(name: str, frame: pl.DataFrame = FIRST) -> pl.DataFrame:
    return frame.filter(pl.col("symbol").cast(pl.String) == name)


def snapshot(*frames: pl.DataFrame, op: ops.Operator = OP, now: int | None = None) -> bytes:
    run = op.start()
    for frame in frames:
        run.push(frame)
    if now is not None:
        run.advance(now)
    return run.snapshot()


def restarted(saved: bytes) -> bytes:
    """The same with windows laid out anew: where their rows are does not matter."""
    return OP.start(saved).snapshot()


def test_a_part_knows_its_symbols_alone() -> None:
    part, other = OP.split_snapshot(snapshot(FIRST), [[SZ], ["300750.SZ", SH]])
    assert restarted(part) == restarted(snapshot(of(SZ)))
    assert restarted(other) == restarted(snapshot(of(SH)))


def test_merged_runs_know_the_symbols_of_each() -> None:
    merged = OP.merge_snapshots([snapshot(of(SH)), snapshot(of(SZ))])
    assert restarted(merged) == restarted(snapshot(of(SH), of(SZ)))


def test_counts_go_to_the_first_part_and_are_added_up() -> None:
    run = OP.start()
    run.push(SECOND)
    run.push(FIRST)
    late = run.counts["deltas.late"]
    assert late
    parts = OP.split_snapshot(run.snapshot(), [[], [SZ, SH]])
    assert [OP.start(part).counts.get("deltas.late", 0) for part in parts] == [late, 0]
    again = OP.start(parts[1])
    again.push(FIRST)
    total = OP.start(OP.merge_snapshots([again.snapshot(), parts[0]])).counts["deltas.late"]
    assert total == 2 * late


def test_of_runs_that_have_seen_nothing() -> None:
    nothing = OP.start().snapshot()
    assert OP.split_snapshot(nothing, [[SH], []]) == [nothing, nothing]
    assert OP.merge_snapshots([]) == OP.merge_snapshots([nothing, nothing]) == nothing
    merged = OP.merge_snapshots([nothing, snapshot(FIRST)])
    assert restarted(merged) == restarted(snapshot(FIRST))


def test_a_symbol_in_no_group_is_named() -> None:
    with pytest.raises(ValueError, match=f"all symbols of the snapshot: {SZ} is in none"):
        OP.split_snapshot(snapshot(FIRST), [[SH]])
    many = pl.concat([FIRST.with_columns(symbol=pl.lit(f"{n}.SH")) for n in range(7)])
    with pytest.raises(ValueError, match=r"0.SH, .*, 4.SH and 2 more is in none"):
        OP.split_snapshot(snapshot(many), [])


def test_a_symbol_in_two_groups_is_named() -> None:
    with pytest.raises(ValueError, match=f"each symbol once: {SH} is there again"):
        OP.split_snapshot(snapshot(FIRST), [[SH, SZ], [SH]])


def test_a_symbol_is_no_group() -> None:
    groups: Any = [SH, SZ]
    with pytest.raises(TypeError, match="must be a list of symbols, not '600000"):
        OP.split_snapshot(snapshot(FIRST), groups)


def test_a_symbol_in_two_snapshots_is_named() -> None:
    with pytest.raises(ops.SnapshotError, match=f"^{SH} is in more than one of the snapshots"):
        OP.merge_snapshots([snapshot(FIRST), snapshot(of(SH))])


def test_snapshots_of_other_operators_and_schemas_are_refused() -> None:
    with pytest.raises(ops.SnapshotError, match=r"snapshot is of deltas\(\), the run of"):
        OP.merge_snapshots([snapshot(of(SH)), snapshot(of(SZ), op=ops.deltas())])
    other = snapshot(of(SZ).cast({"volume": pl.Int32}))
    with pytest.raises(ops.SnapshotError, match="'volume' was Int64, is Int32"):
        OP.merge_snapshots([snapshot(of(SH)), other])


def test_snapshots_after_different_times_are_refused() -> None:
    op = ops.chain(ops.deltas(), ops.bars("1m"))
    now = int(ROWS["timestamp"].dt.epoch("us").max())  # pyright: ignore[reportArgumentType]
    early, late = snapshot(of(SH, ROWS), op=op, now=now), snapshot(of(SZ, ROWS), op=op, now=now + 1)
    with pytest.raises(ops.SnapshotError, match=r"the time told last must be the same in all"):
        op.merge_snapshots([early, late])
    run = op.start(early)
    run.advance(now + 1)
    op.start(op.merge_snapshots([run.snapshot(), late]))


@pytest.mark.parametrize(
    "op",
    [
        ops.index({SH: 1.0}),
        ops.chain(ops.deltas(), ops.pair_spread(SH, SZ)),
        ops.reorder(),
        ops.cross_section("1m", {"last_price": "rank"}),
    ],
)
def test_results_of_several_symbols_cannot_be_divided(op: ops.Operator) -> None:
    saved = snapshot(ROWS, op=op)
    with pytest.raises(ops.OperatorError, match="cannot be divided by symbol: its results are"):
        op.split_snapshot(saved, [[SH, SZ]])
    with pytest.raises(ops.OperatorError, match="cannot be divided by symbol: its results are"):
        op.merge_snapshots([saved])


@pytest.mark.parametrize(
    "make", [ops.tick_bars(9), ops.bars("1m"), ops.chain(ops.bars("1m"), ops.merge_bars("5m"))]
)
def test_the_order_of_bars_at_the_end_is_that_of_one_run(make: ops.Operator) -> None:
    """New symbols came to the parts in an order that nobody knows of all."""
    op = ops.chain(ops.deltas(), make)
    later = ROWS.with_columns(
        pl.col("timestamp").dt.offset_by("3s"), pl.col("volume") + 5, pl.col("amount") + 50.0
    )
    parts = op.split_snapshot(snapshot(ROWS[:0], op=op), [[SZ], [SH]])
    runs = [op.start(part) for part in parts]
    for run, name in zip(runs, (SZ, SH), strict=True):
        run.push(of(name, ROWS))
        run.push(of(name, later))
    whole = op.start()
    whole.push(ROWS)
    whole.push(later)
    expected = whole.finish()
    assert expected.height == 2
    for order in (runs, runs[::-1]):
        merged = op.start(op.merge_snapshots([run.snapshot() for run in order]))
        assert_identical(merged.finish(), expected)


def test_rows_of_any_type_are_taken_out_and_put_together() -> None:
    texts = pl.Series("x", ["a", None, "ccc", ""])
    rows = Packed(texts, np.array([0, 2, 2, 5]))
    part, rest = (taken_out(rows, np.array(codes), 6) for codes in ([1, 2], [0, 5]))
    assert isinstance(part, Packed)
    assert isinstance(rest, Packed)
    assert (list(part.values), part.codes.tolist()) == ([None, "ccc"], [1, 1])
    again = put_together("op", [rest, part], [0, 2])
    assert isinstance(again, Packed)
    assert (list(again.values), again.codes.tolist()) == (["a", "", None, "ccc"], [0, 1, 3, 3])


def test_an_array_that_is_not_by_symbol_is_a_mistake_of_the_core() -> None:
    with pytest.raises(AssertionError, match="an array of 1 is none by symbol: there are 2"):
        taken_out(np.zeros(1), np.array([0]), 2)


KEPT = ops.chain(ops.deltas(), ops.rolling("5m", {"volume": ["mean", "median"]}), ops.sample("1m"))
WHOLE = snapshot(ROWS, op=KEPT), snapshot(ROWS.with_columns(symbol=pl.lit("x")), op=KEPT)


@settings(strategies.EXAMPLES, max_examples=20 if strategies.SMALL else 60)
@given(st.data())
def test_damage_is_a_snapshot_error(data: st.DataObject) -> None:
    whole = bytearray(WHOLE[0])
    if data.draw(st.booleans()):
        whole = whole[: data.draw(st.integers(0, len(whole) - 1))]
    else:
        whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ops.SnapshotError, match="checksum"):
        KEPT.merge_snapshots([WHOLE[1], bytes(whole)])
    with pytest.raises(ops.SnapshotError, match="checksum"):
        KEPT.split_snapshot(bytes(whole), [[SH, SZ]])


@settings(strategies.EXAMPLES, max_examples=20 if strategies.SMALL else 60)
@given(st.data())
def test_a_forged_checksum_is_not_enough(data: st.DataObject) -> None:
    """Whatever the bytes behind a right checksum: an error of ours, or a snapshot that loads."""
    body = bytearray(WHOLE[0][DIGEST:])
    for _ in range(data.draw(st.integers(1, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] ^= data.draw(st.integers(1, 255))
    forged = sealed(bytes(body))
    with contextlib.suppress(ops.SnapshotError), np.errstate(over="ignore"):
        symbols = decode(forged, [repr(step) for step in KEPT.operators]).symbols
        parts = KEPT.split_snapshot(forged, [symbols[:1], symbols[1:]])
        KEPT.start(KEPT.merge_snapshots([*parts[::-1], WHOLE[1]]))
