"""Operators in pipes: subscriptions apart, errors where they belong, time from a clock."""

import logging

import polars as pl
import pytest
import reactivex
from reactivex import operators as rx
from reactivex.scheduler import VirtualTimeScheduler
from reactivex.subject import Subject

import tickops as ops
from tests.tickops.test_run import FIRST, SECOND
from tickops._rx import Piped
from tickops.testing import assert_identical
from tickops.views import clocked


def minute(second: int, volume: int) -> pl.DataFrame:
    """A quote so many seconds after 09:30 of 2026-04-21."""
    return pl.DataFrame(
        {
            "symbol": ["600000.SH"],
            "timestamp": pl.Series([1776735000000 + second * 1000]).cast(pl.Datetime("ms", "UTC")),
            "last_price": [10.0],
            "high": [10.0],
            "low": [10.0],
            "volume": [volume],
            "amount": [volume * 1000.0],
        }
    )


def bars() -> ops.Operator:
    return ops.chain(ops.deltas(), ops.bars("1m"))


def test_each_subscription_has_its_own_run() -> None:
    source: Subject[pl.DataFrame] = Subject()
    stream = source.pipe(ops.deltas())
    early: list[pl.DataFrame] = []
    late: list[pl.DataFrame] = []
    stream.subscribe(early.append)
    source.on_next(FIRST)
    stream.subscribe(late.append)
    source.on_next(SECOND)
    assert pl.concat(early)["reason"].to_list() == ["first", "first", "trade"]
    assert pl.concat(late)["reason"].to_list() == ["first"]


def test_completion_flushes_and_empty_frames_are_not_passed_on() -> None:
    frames: list[pl.DataFrame] = []
    done: list[bool] = []
    reactivex.of(minute(0, 1), minute(3, 2)).pipe(bars()).subscribe(
        frames.append, on_completed=lambda: done.append(True)
    )
    assert [frame.height for frame in frames] == [1]
    assert done == [True]


def test_an_operators_error_goes_to_its_observer_and_ends_it() -> None:
    source: Subject[pl.DataFrame] = Subject()
    errors: list[Exception] = []
    frames: list[pl.DataFrame] = []
    source.pipe(ops.deltas(late="raise")).subscribe(frames.append, errors.append)
    for frame in (SECOND, FIRST, SECOND):
        source.on_next(frame)
    assert [type(error) for error in errors] == [ops.LateRowError]
    assert len(frames) == 1


def test_a_sources_error_is_passed_on_without_a_flush() -> None:
    source: Subject[pl.DataFrame] = Subject()
    errors: list[Exception] = []
    frames: list[pl.DataFrame] = []
    source.pipe(bars()).subscribe(frames.append, errors.append)
    source.on_next(minute(0, 1))
    source.on_error(OSError("gone"))
    assert [str(error) for error in errors] == ["gone"]
    assert frames == []


def test_disposing_stops_it() -> None:
    source: Subject[pl.DataFrame] = Subject()
    frames: list[pl.DataFrame] = []
    source.pipe(ops.deltas()).subscribe(frames.append).dispose()
    source.on_next(FIRST)
    assert frames == []


def test_rows_left_out_are_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "tickops"):
        reactivex.of(SECOND, FIRST, SECOND).pipe(ops.deltas()).subscribe(lambda _: None)
    first, last = (record.getMessage() for record in caplog.records)
    assert "deltas() leaves late rows out: {'deltas.late': 1}" in first
    assert "deltas() left rows out: {'deltas.late': 1}" in last


def test_operators_one_after_another_are_one_run() -> None:
    source: Subject[pl.DataFrame] = Subject()
    for piped in (
        source.pipe(ops.deltas(), ops.vwap(window="5m"), ops.bars("1m")),
        source.pipe(ops.chain(ops.deltas(), ops.vwap(window="5m")), ops.bars("1m")),
        source.pipe(ops.deltas()).pipe(ops.vwap(window="5m")).pipe(ops.bars("1m")),
    ):
        assert isinstance(piped, Piped)
        assert piped.source is source
        assert piped.operator == ops.chain(ops.deltas(), ops.vwap(window="5m"), ops.bars("1m"))


def test_what_several_operators_follow_stays_as_it_was() -> None:
    source: Subject[pl.DataFrame] = Subject()
    deltas = source.pipe(ops.deltas())
    outputs: list[list[pl.DataFrame]] = [[], [], []]
    deltas.pipe(ops.vwap(window="5m")).subscribe(outputs[0].append)
    deltas.pipe(ops.diff("volume")).subscribe(outputs[1].append)
    deltas.subscribe(outputs[2].append)
    source.on_next(FIRST)
    source.on_next(SECOND)
    rows = pl.concat([FIRST, SECOND])
    for op, frames in zip(
        (
            ops.chain(ops.deltas(), ops.vwap(window="5m")),
            ops.chain(ops.deltas(), ops.diff("volume")),
            ops.deltas(),
        ),
        outputs,
        strict=True,
    ):
        assert_identical(pl.concat(frames), op.apply(rows))


def test_an_operator_of_reactivex_between_two_keeps_them_apart() -> None:
    source: Subject[pl.DataFrame] = Subject()
    heights: list[int] = []
    frames: list[pl.DataFrame] = []
    source.pipe(
        ops.deltas(), rx.do_action(lambda frame: heights.append(frame.height)), ops.diff("volume")
    ).subscribe(frames.append)
    source.on_next(FIRST)
    source.on_next(SECOND)
    assert heights == [2, 1]
    expected = ops.chain(ops.deltas(), ops.diff("volume")).apply(pl.concat([FIRST, SECOND]))
    assert_identical(pl.concat(frames), expected)


def test_operators_that_disagree_are_no_pipe() -> None:
    with pytest.raises(ValueError, match="must agree on the unit of volume"):
        reactivex.never().pipe(ops.deltas(unit=1), ops.vwap(unit=100))


def test_a_missing_column_is_told_of_the_operator_that_lacks_it() -> None:
    errors: list[Exception] = []
    reactivex.of(FIRST).pipe(ops.deltas(), ops.spread()).subscribe(on_error=errors.append)
    assert [type(error) for error in errors] == [ops.SchemaError]
    assert "spread() needs column" in str(errors[0])


def test_the_operator_that_leaves_rows_out_is_named(caplog: pytest.LogCaptureFixture) -> None:
    first = ops.cumulative("volume", late="include")
    rows = reactivex.of(SECOND, FIRST, SECOND, FIRST)
    rows.pipe(first, ops.deltas(), ops.diff("amount")).subscribe()
    assert [record.getMessage() for record in caplog.records] == [
        "deltas() leaves late rows out: {'deltas.late': 1}",
        "deltas() left rows out: {'deltas.late': 2}",
    ]


def test_operators_of_a_kind_are_told_together(caplog: pytest.LogCaptureFixture) -> None:
    one, other = ops.diff("volume", late="include"), ops.diff("amount")
    reactivex.of(SECOND, FIRST).pipe(one, other).subscribe()
    told = [record.getMessage() for record in caplog.records]
    assert told[0] == f"{one!r} or {other!r} leaves late rows out: {{'diff.late': 1}}"


def test_a_clock_closes_the_bar_of_an_idle_symbol() -> None:
    clock = VirtualTimeScheduler(initial_clock=1776735000.0)
    source: Subject[pl.DataFrame] = Subject()
    closed: list[tuple[float, int]] = []
    source.pipe(clocked(clock), ops.deltas(), rx.map(lambda frame: frame)).subscribe()
    source.pipe(clocked(clock), bars()).subscribe(
        lambda frame: closed.append((clock.clock - 1776735000.0, frame["volume"].item()))
    )
    source.on_next(minute(0, 1))
    source.on_next(minute(3, 2))
    clock.advance_to(1776735064.5)
    assert closed == []
    clock.advance_to(1776735066.0)
    assert closed == [(65.0, 1)]


def test_a_clock_goes_on_through_operators_of_ours() -> None:
    clock = VirtualTimeScheduler()
    frames = reactivex.never().pipe(clocked(clock), ops.deltas())
    assert isinstance(frames, ops.Frames)
    assert frames.clock is not None
