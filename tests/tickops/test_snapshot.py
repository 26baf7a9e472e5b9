"""Snapshots: data only, and told when they do not fit."""

import contextlib
import hashlib

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

import tickops as ops
from tests.tickops.test_laws import CASES
from tests.tickops.test_run import FIRST, SECOND
from tickops.testing import quotes

OP = ops.chain(ops.deltas(), ops.vwap(window="5m"))


DIGEST = 16


def sealed(body: bytes) -> bytes:
    """Bytes behind their checksum."""
    return hashlib.blake2b(body, digest_size=DIGEST).digest() + body


def snapshot() -> bytes:
    run = OP.start()
    run.push(FIRST)
    return run.snapshot()


def test_goes_on_from_it() -> None:
    again = OP.start(snapshot())
    assert again.push(SECOND)["vwap"].to_list() == [0.1]


def test_of_a_run_that_has_seen_nothing() -> None:
    again = OP.start(OP.start().snapshot())
    assert again.push(FIRST)["reason"].to_list() == ["first", "first"]


def test_is_the_same_after_a_round_trip() -> None:
    assert OP.start(snapshot()).snapshot() == snapshot()


def test_keeps_counts() -> None:
    run = OP.start()
    run.push(SECOND)
    run.push(FIRST.head(1))
    assert OP.start(run.snapshot()).counts == {"deltas.late": 1, "vwap.late": 0}


def test_finish_after_a_restart_needs_no_frame() -> None:
    op = ops.chain(ops.deltas(), ops.bars("1m"))
    rows = FIRST.with_columns(last_price=10.0, high=10.0, low=10.0)
    run = op.start()
    run.push(rows)
    run.push(
        rows.head(1).with_columns(
            pl.col("timestamp").dt.offset_by("3s"), volume=pl.lit(5, pl.Int64)
        )
    )
    assert op.start(run.snapshot()).finish().equals(run.finish())


def test_of_a_run_whose_last_operators_have_seen_no_row() -> None:
    quiet = settings(database=None, derandomize=True, phases=[Phase.generate])
    frame = find(quotes(levels=5, min_rows=2), lambda _: True, settings=quiet)
    for case in CASES:
        before = () if case.prepare is None else (case.prepare,)
        op = ops.chain(*before, ops.filter(pl.col("symbol").is_null()), case.operator)
        run = op.start()
        run.push(frame)
        op.start(run.snapshot())


def test_another_operator_is_refused() -> None:
    with pytest.raises(ops.SnapshotError, match=r"is of deltas\(\) \| vwap.*run of deltas\(\)$"):
        ops.deltas().start(snapshot())


def test_another_schema_is_refused() -> None:
    with pytest.raises(ops.SnapshotError, match="'volume' was Int64, is Int32"):
        OP.start(snapshot(), schema=FIRST.cast({"volume": pl.Int32}).schema)
    with pytest.raises(ops.SchemaError, match="'volume' was Int64, is Int32"):
        OP.start(snapshot()).push(FIRST.cast({"volume": pl.Int32}))


def test_another_version_is_refused() -> None:
    file = msgspec.msgpack.decode(snapshot()[DIGEST:])
    file["format"] = "tickops snapshot 0"
    with pytest.raises(ops.SnapshotError, match="tickops snapshot 0"):
        OP.start(sealed(msgspec.msgpack.encode(file)))


@given(st.data())
def test_damage_is_a_snapshot_error(data: st.DataObject) -> None:
    whole = bytearray(snapshot())
    if data.draw(st.booleans()):
        whole = whole[: data.draw(st.integers(0, len(whole) - 1))]
    else:
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ops.SnapshotError, match="checksum"):
        OP.start(bytes(whole))


@given(st.data())
def test_a_forged_checksum_is_not_enough(data: st.DataObject) -> None:
    """Whatever the bytes behind a right checksum: an error of ours, or a run that goes on."""
    body = bytearray(snapshot()[DIGEST:])
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at] ^= data.draw(st.integers(1, 255))
    # Forged sums may overflow; only uncompiled kernels warn of it.
    with contextlib.suppress(ops.OperatorError), np.errstate(over="ignore"):
        OP.start(sealed(bytes(body))).push(SECOND)
