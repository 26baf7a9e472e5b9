"""Checkpoints: what they refuse, when they are made, and what they leave behind."""

import shutil
import threading
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import polars as pl
import pytest
from reactivex import operators as rx
from reactivex.scheduler import VirtualTimeScheduler
from reactivex.subject import Subject

import tickops as ops
from tests.tickops.kills import Killed, Killer, Life, read
from tests.tickops.test_sink_parquet import Outcome, largest_file, names
from tickops._ledger import Ledger
from tickops.testing import assert_identical
from tickops.views import split_by_symbol

OP = ops.cumulative("x")
NOBODY = Killer(Path())
RECEIVED = pl.Datetime("us", "UTC")


def rows(*positions: int, dtype: Any = RECEIVED) -> pl.DataFrame:
    """One row for each position."""
    return pl.DataFrame(
        {
            "symbol": pl.Series(["600000.SH"] * len(positions), dtype=ops.SYMBOL),
            "timestamp": pl.Series(positions, dtype=pl.Int64).cast(pl.Datetime("ms", "UTC")),
            "received": pl.Series(positions, dtype=pl.Int64).cast(dtype),
            "x": pl.Series(positions, dtype=pl.Int64).cast(pl.Float64),
        }
    )


def applied(*positions: int) -> pl.DataFrame:
    """What OP makes of rows."""
    out = OP.apply(rows(*positions))
    return out.with_columns(pl.Series("position", range(out.height), dtype=pl.UInt64))


def reached(state: ops.checkpoint) -> int | None:
    """Microsecond of a checkpoint's position."""
    position = state.position()
    return position.microsecond if isinstance(position, datetime) else None


def refused(folder: Path, source: ops.Frames, op: ops.Operator = OP, **options: Any) -> str:
    """Error of a pipe that never begins."""
    outcome = Outcome(source.pipe(op, ops.checkpoint(folder / "state", **options)))
    return outcome.error


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """A folder with a pipe that was killed after a checkpoint at position 3."""
    folder = tmp_path / "begun"
    killer = Killer(folder, "event", 3)
    life = Life(folder, OP, killer, every="1s")
    with pytest.raises(Killed):
        life.live([rows(1, 2), rows(3), rows(4)])
    life.subscription.dispose()
    assert killer.left is not None
    return killer.left


@pytest.mark.parametrize("sink_last", [False, True])
def test_sink_and_checkpoint_in_either_order(tmp_path: Path, sink_last: bool) -> None:
    life = Life(tmp_path, OP, NOBODY, sink_last=sink_last)
    life.live([rows(1, 2), rows(3, 4, 5)])
    assert_identical(pl.concat(life.frames), applied(1, 2, 3, 4, 5))
    assert_identical(read(tmp_path / "out"), applied(1, 2, 3, 4, 5))
    assert (life.completed, life.errors) == (1, [])


def test_goes_on_where_it_was(begun: Path) -> None:
    life = Life(begun, OP, NOBODY)
    life.live([rows(1), rows(2, 3, 4), rows(5)])
    assert_identical(pl.concat(life.frames), applied(1, 2, 3, 4, 5)[3:])
    assert_identical(read(begun / "out"), applied(1, 2, 3, 4, 5))


def test_old_times_are_not_told_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []

    def advance(run: ops.Run, now: int) -> pl.DataFrame:
        told.append(now)
        return pl.DataFrame()

    monkeypatch.setattr(ops.Run, "advance", advance)
    killer = Killer(tmp_path / "one", "event", 5)
    life = Life(killer.folder, OP, killer, every="1s")
    with pytest.raises(Killed):
        life.live([rows(1), 20, 10, rows(2), 30])
    life.subscription.dispose()
    assert told == [20]
    assert killer.left is not None
    Life(killer.left, OP, NOBODY).live([10, rows(1), 20, rows(2), 20, 30, 40, rows(3)])
    assert told == [20, 30, 40]


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        (pl.Int32, "3"),
        (pl.UInt64, "3"),
        (pl.Datetime("ns"), "1970-01-01 00:00:00"),
        (pl.Datetime("ms", "Asia/Shanghai"), "1970-01-01 08:00:00.003000+08:00"),
    ],
)
def test_position_of_any_type(tmp_path: Path, dtype: Any, expected: str) -> None:
    life = Life(tmp_path, OP, NOBODY, every="1s")
    life.source.tell(rows(3, dtype=dtype))
    life.subscription.dispose()
    assert str(life.state.position()) == expected
    again = Life(tmp_path, OP, NOBODY)
    again.live([rows(3, dtype=dtype), rows(4, dtype=dtype)])
    assert pl.concat(again.frames)["position"].to_list() == [1]


def test_position_before_the_first_row(tmp_path: Path) -> None:
    assert ops.checkpoint(tmp_path / "none").position() is None
    life = Life(tmp_path, OP, NOBODY)
    assert life.state.position() is None
    life.subscription.dispose()


def test_is_made_as_often_as_asked(tmp_path: Path) -> None:
    life = Life(tmp_path, OP, NOBODY, every="10s")
    at: list[int | None] = []
    for number in range(1, 6):
        life.source.tell(rows(number), seconds=4)
        at.append(reached(life.state))
    assert at == [None, None, 3, 3, 3]
    life.source.tell(1, seconds=4)  # a tick will do
    assert reached(life.state) == 5
    life.subscription.dispose()


def test_goes_by_the_clock_of_the_machine_without_a_scheduler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = 100.0
    monkeypatch.setattr("time.monotonic", lambda: seconds)
    source: Subject[pl.DataFrame] = Subject()
    state = ops.checkpoint(tmp_path, every="10s")
    subscription = source.pipe(OP, state).subscribe()
    source.on_next(rows(1))
    assert state.position() is None
    seconds = 110.0
    source.on_next(rows(2))
    assert state.position() is not None
    subscription.dispose()


def test_before_comes_before_anything_is_written(tmp_path: Path) -> None:
    seen: list[object] = []
    source: Subject[pl.DataFrame] = Subject()
    state = ops.checkpoint(
        tmp_path / "state",
        every="1us",
        before=lambda: seen.append((state.position(), names(tmp_path / "out"))),
    )
    source.pipe(OP, ops.sink_parquet(tmp_path / "out"), state).subscribe()
    source.on_next(rows(1))
    source.on_completed()
    assert seen[0] == (None, [])
    assert seen[1:] == [(state.position(), ["part-000001.parquet"])]


def test_what_before_raises_ends_it_and_the_checkpoint_stays(begun: Path) -> None:
    source: Subject[pl.DataFrame] = Subject()

    def fail() -> None:
        raise OSError("the journal is full")

    state = ops.checkpoint(begun / "state", every="1us", before=fail)
    outcome = Outcome(source.pipe(OP, ops.sink_parquet(begun / "out", rows=1), state))
    source.on_next(rows(4))
    assert outcome.error == "OSError: the journal is full"
    assert_identical(read(begun / "out"), applied(1, 2, 3))
    life = Life(begun, OP, NOBODY)
    life.live([rows(4)])
    assert_identical(read(begun / "out"), applied(1, 2, 3, 4))


@pytest.mark.parametrize("how", ["dispose", "error", "operator"])
def test_an_end_in_the_middle_leaves_the_last_checkpoint(tmp_path: Path, how: str) -> None:
    life = Life(tmp_path, OP, NOBODY, every="10s", rows=1)
    life.source.tell(rows(1), seconds=10)
    life.source.tell(rows(2))
    assert read(tmp_path / "out")["x"].to_list() == [1.0, 2.0]
    match how:
        case "dispose":
            life.subscription.dispose()
            life.subscription.dispose()
        case "error":
            life.source.fail(OSError("gone"))
            assert [str(error) for error in life.errors] == ["gone"]
        case _:
            life.source.tell(rows(3).drop("x"))
            assert "'x'" in str(life.errors)
    life.source.tell(rows(3))
    assert len(life.frames) == 2
    assert read(tmp_path / "out")["x"].to_list() == [1.0]
    again = Life(tmp_path, OP, NOBODY)
    again.live([rows(1), rows(2), rows(3)])
    assert_identical(read(tmp_path / "out"), applied(1, 2, 3))


def test_disposing_in_the_middle_of_a_frame(tmp_path: Path) -> None:
    source: Subject[pl.DataFrame] = Subject()
    state = ops.checkpoint(tmp_path / "state", every="1us")
    outcome = Outcome(source.pipe(OP, state, rx.take(1)))
    source.on_next(rows(1))
    assert outcome.completed == 1
    assert state.position() is None
    life = Life(tmp_path, OP, NOBODY)  # nobody holds the folder
    assert len(life.errors) == 1
    assert "0 sinks" in str(life.errors[0])


def test_an_observer_that_raises_has_not_taken_the_rows(tmp_path: Path) -> None:
    source: Subject[pl.DataFrame] = Subject()
    state = ops.checkpoint(tmp_path / "state", every="1us")
    errors: list[Exception] = []

    def take(frame: pl.DataFrame) -> None:
        if frame["x"].item() == 2:
            raise ValueError("cannot take it")

    source.pipe(OP, state).subscribe(take, errors.append)
    source.on_next(rows(1))
    with pytest.raises(ValueError, match="cannot take it"):
        source.on_next(rows(2))
    source.on_next(rows(3))
    assert [str(error) for error in errors] == ["cannot take it"]
    assert reached(state) == 1


def test_a_step_that_is_interrupted_is_the_last(begun: Path) -> None:
    """Ctrl-C may come anywhere: rows may have their numbers and be in no part."""
    life = Life(begun, OP, NOBODY, every="1s", rows=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ledger, "write", interrupt)
        with pytest.raises(KeyboardInterrupt):
            life.source.tell(rows(4))
    life.source.tell(rows(5))
    assert life.frames == []
    Life(begun, OP, NOBODY).live([rows(4), rows(5)])
    assert_identical(read(begun / "out"), applied(1, 2, 3, 4, 5))


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_an_observer_that_raises_at_the_end(tmp_path: Path) -> None:
    source: Subject[pl.DataFrame] = Subject()
    op = ops.reorder(within="5s")
    errors: list[Exception] = []

    def take(frame: pl.DataFrame) -> None:
        raise ValueError("cannot take it")

    source.pipe(op, ops.checkpoint(tmp_path / "state")).subscribe(take, errors.append)
    source.on_next(rows(1))
    with pytest.raises(ValueError, match="cannot take it"):
        source.on_completed()
    assert [str(error) for error in errors] == ["cannot take it"]
    again = Outcome(Subject[pl.DataFrame]().pipe(op, ops.checkpoint(tmp_path / "state")))
    assert again.errors == []  # it has not ended
    again.subscription.dispose()


def test_what_has_ended_does_not_go_on(tmp_path: Path) -> None:
    Life(tmp_path, OP, NOBODY).live([rows(1)])
    again = Life(tmp_path, OP, NOBODY)
    (error,) = again.errors
    assert isinstance(error, ops.OperatorError)
    assert "has ended" in str(error)
    assert "give another folder, or remove this one" in str(error)
    assert again.state.position() is not None


def test_one_pipeline_a_folder(tmp_path: Path) -> None:
    first = Life(tmp_path, OP, NOBODY)
    second = Life(tmp_path, OP, NOBODY)
    assert f"another pipeline writes to {tmp_path / 'state'}" in str(second.errors[0])
    first.live([rows(1)])
    assert first.completed == 1


def test_one_sink_a_folder(tmp_path: Path) -> None:
    first = Life(tmp_path, OP, NOBODY)
    frames = first.source.frames.pipe(
        OP, ops.sink_parquet(tmp_path / "out"), ops.checkpoint(tmp_path / "other")
    )
    assert "another sink writes to" in Outcome(frames).error
    first.live([rows(1)])
    assert first.completed == 1
    assert ops.checkpoint(tmp_path / "other").position() is None


def test_other_operators_are_refused(begun: Path) -> None:
    life = Life(begun, ops.diff("x"), NOBODY)
    (error,) = life.errors
    assert isinstance(error, ops.SnapshotError)
    assert "is of cumulative('x'), the run of diff('x')" in str(error)


def test_other_columns_are_refused(begun: Path) -> None:
    for frame, what in [
        (rows(4).cast({"x": pl.Int64}), "'x' was Float64, is Int64"),
        (rows(4).cast({"received": pl.Datetime("ms", "UTC")}), "'received' was Datetime"),
        (rows(4).drop("received"), "needs column 'received'"),
    ]:
        life = Life(begun, OP, NOBODY)
        life.source.tell(frame)
        (error,) = life.errors
        assert isinstance(error, ops.SnapshotError), error
        assert what in str(error)


def test_columns_that_change_later_are_no_matter_of_the_checkpoint(begun: Path) -> None:
    life = Life(begun, OP, NOBODY)
    life.source.tell(rows(4))
    life.source.tell(rows(5).cast({"x": pl.Int64}))
    assert [type(error) for error in life.errors] == [ops.SchemaError]


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"position": "n"}, "has position='received', this pipe 'n'"),
        ({"number": "n"}, "has number='position', this pipe 'n'"),
        ({}, "of a pipeline with 1 sinks, this one has 0"),
    ],
)
def test_another_pipe_is_refused(begun: Path, options: dict[str, Any], what: str) -> None:
    error = refused(begun, ops.Frames(), **options)
    assert error.startswith("SnapshotError: ")
    assert what in error


def test_parts_of_others_stay(begun: Path, tmp_path: Path) -> None:
    """A checkpoint, and a sink's folder that is another pipeline's."""
    other = tmp_path / "other"
    Life(other, OP, NOBODY, rows=1).live([rows(n) for n in range(1, 9)])
    shutil.rmtree(begun / "out")
    shutil.copytree(other / "out", begun / "out")
    before = names(begun / "out")
    (error,) = Life(begun, OP, NOBODY).errors
    assert isinstance(error, ops.SnapshotError)
    assert "is newer than the checkpoint, but not of its pipeline" in str(error)
    assert names(begun / "out") == before
    for name in before:
        (begun / "out" / name).write_bytes(b"not Parquet")
    assert "not of its pipeline" in str(Life(begun, OP, NOBODY).errors[0])


def test_parts_that_were_there_before_it_began_stay(tmp_path: Path) -> None:
    source: Subject[pl.DataFrame] = Subject()
    Outcome(source.pipe(ops.sink_parquet(tmp_path / "out")))
    source.on_next(rows(7))
    source.on_completed()
    life = Life(tmp_path, OP, NOBODY, rows=1)
    life.source.tell(rows(1))
    assert names(tmp_path / "out") == ["part-000001.parquet", "part-000002.parquet"]
    life.subscription.dispose()
    assert names(tmp_path / "out") == ["part-000001.parquet"]
    Life(tmp_path, OP, NOBODY).live([rows(1)])
    assert names(tmp_path / "out") == ["part-000001.parquet", "part-000002.parquet"]


def test_a_full_disk_is_told_and_the_last_checkpoint_stays(begun: Path) -> None:
    life = Life(begun, OP, NOBODY, every="1s")
    with largest_file(100):
        life.source.tell(rows(4))
    (error,) = life.errors
    assert isinstance(error, ops.OperatorError)
    assert "part-000003.parquet cannot be written" in str(error)
    source: Subject[pl.DataFrame] = Subject()
    state = ops.checkpoint(begun / "alone", every="1us")
    outcome = Outcome(source.pipe(OP, state))
    source.on_next(rows(1))
    with largest_file(100):
        source.on_next(rows(2))
    assert "alone/checkpoint cannot be written: File too large" in outcome.error
    assert reached(state) == 1
    again = Life(begun, OP, NOBODY)
    again.live([rows(4)])
    assert_identical(read(begun / "out"), applied(1, 2, 3, 4))


def test_a_disk_that_is_full_at_once(tmp_path: Path) -> None:
    with largest_file(10):
        life = Life(tmp_path, OP, NOBODY)
    assert "state/checkpoint cannot be written" in str(life.errors[0])
    Life(tmp_path, OP, NOBODY).live([rows(1)])
    assert_identical(read(tmp_path / "out"), applied(1))


@pytest.mark.parametrize(
    ("frames", "kind", "what"),
    [
        ([rows(1).drop("received")], ops.SchemaError, "needs column 'received'; the frame has"),
        ([rows(1).cast({"received": pl.String})], ops.SchemaError, "Datetime or an integer type"),
        ([rows(2, 1)], ops.OperatorError, "00.000001+00:00 comes after 1970-01-01 00:00:00.000002"),
        ([rows(1, 3), rows(2)], ops.OperatorError, "'received' never to decrease"),
        ([rows(1), rows(1)], ops.OperatorError, "stand in two frames"),
        (
            [rows(1, 2).with_columns(received=pl.col("received").shift())],
            ops.OperatorError,
            "'received' is null in row 0",
        ),
        (
            [rows(1).with_columns(position=1)],
            ops.SchemaError,
            "'position', which they have already: give number=",
        ),
    ],
)
def test_frames_that_it_cannot_go_by(
    tmp_path: Path, frames: list[pl.DataFrame], kind: type[Exception], what: str
) -> None:
    life = Life(tmp_path, OP, NOBODY)
    for frame in frames:
        life.source.tell(frame)
    (error,) = life.errors
    assert type(error) is kind
    assert what in str(error)


def test_the_number_can_have_another_name(tmp_path: Path) -> None:
    source: Subject[pl.DataFrame] = Subject()
    outcome = Outcome(source.pipe(OP, ops.checkpoint(tmp_path, number="n")))
    source.on_next(rows(1, 2).with_columns(position=1))
    source.on_completed()
    assert outcome.frames[0]["n"].to_list() == [0, 1]


def test_empty_frames_are_harmless(tmp_path: Path) -> None:
    life = Life(tmp_path, OP, NOBODY)
    life.live([rows(), rows(1), rows()])
    assert life.errors == []
    assert [frame.height for frame in life.frames] == [1]


STATE, SINK = ops.checkpoint("state"), ops.sink_parquet("out")
SAME = cast("Any", rx.map(lambda frame: frame))


@pytest.mark.parametrize(
    ("steps", "what"),
    [
        ([STATE], "there are none"),
        ([OP, SAME, STATE], "there are none"),
        ([SINK, STATE], "there are none"),
        ([OP, SAME, SINK, STATE], "there are none"),
        ([OP, split_by_symbol(), STATE], "there are none"),
        ([OP, STATE, OP], "put the checkpoint after all operators"),
        ([OP, STATE, SINK, OP], "put the checkpoint after all operators"),
        ([OP, STATE, STATE], "a pipe has one"),
        ([OP, SINK, OP, STATE], "needs its sinks after all operators"),
    ],
)
def test_pipes_that_cannot_be_right(steps: list[Any], what: str) -> None:
    with pytest.raises(TypeError, match=what):
        ops.Frames().pipe(*steps)


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"position": 1}, "position must be the name of a column, not 1"),
        ({"number": None}, "number must be the name of a column, not None"),
        ({"before": 1}, "before must be a function without arguments, not 1"),
    ],
)
def test_arguments_of_other_types(options: dict[str, Any], what: str) -> None:
    with pytest.raises(TypeError, match=what):
        ops.checkpoint("state", **options)


def test_arguments_that_cannot_be_right() -> None:
    with pytest.raises(ValueError, match="every must be longer than nothing"):
        ops.checkpoint("state", every="0s")


def test_repr() -> None:
    assert repr(ops.checkpoint(Path("state"))) == "checkpoint('state')"


def test_the_clock_goes_through_it(tmp_path: Path) -> None:
    ticks: Subject[int] = Subject()
    frames = ops.Frames(None, ticks).pipe(OP, ops.checkpoint(tmp_path))
    assert isinstance(frames, ops.Frames)
    assert frames.clock is ticks


def test_it_has_no_threads(tmp_path: Path) -> None:
    before = threading.active_count()
    life = Life(tmp_path, OP, NOBODY)
    life.source.tell(rows(1))
    assert threading.active_count() == before
    life.subscription.dispose()


def test_late_rows_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    late = rows(1, 2).with_columns(pl.col("timestamp").reverse())
    Life(tmp_path, OP, NOBODY).live([late])
    told = [record.getMessage() for record in caplog.records]
    assert told == [
        "cumulative('x') leaves late rows out: {'cumulative.late': 1}",
        "cumulative('x') left rows out: {'cumulative.late': 1}",
    ]


def test_a_source_that_cannot_be_subscribed_to_lets_go(tmp_path: Path) -> None:
    def fail(*_: object) -> Any:
        raise RuntimeError("no source")

    frames = ops.Frames(fail).pipe(OP, ops.checkpoint(tmp_path))
    for _ in range(2):
        assert Outcome(frames, scheduler=VirtualTimeScheduler()).error == "RuntimeError: no source"
