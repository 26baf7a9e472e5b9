"""Parts on disk: numbered, whole, never twice under one name."""

import logging
import resource
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import reactivex
from hypothesis import given, settings
from hypothesis import strategies as st
from reactivex import operators as rx
from reactivex.scheduler import VirtualTimeScheduler
from reactivex.subject import Subject

import tickops as ops
from tests.tickops.test_run import FIRST, SECOND
from tickops import _parts
from tickops.testing import cuts

NUMBERS = pl.DataFrame({"x": range(10)})


def names(folder: Path) -> list[str]:
    """Files in a folder that a user sees, and temporary ones."""
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock")


def parts(folder: Path) -> list[list[int]]:
    """Column x of each part."""
    return [pl.read_parquet(path)["x"].to_list() for path in sorted(folder.glob("*.parquet"))]


class Outcome:
    """What an observer of a pipe was told."""

    def __init__(self, frames: reactivex.Observable[pl.DataFrame], **options: Any) -> None:
        self.frames: list[pl.DataFrame] = []
        self.errors: list[Exception] = []
        self.completed = 0
        self.subscription = frames.subscribe(
            self.frames.append, self.errors.append, self._complete, **options
        )

    def _complete(self) -> None:
        self.completed += 1

    @property
    def error(self) -> str:
        """Text of its one error."""
        (error,) = self.errors
        return f"{type(error).__name__}: {error}"


@contextmanager
def largest_file(size: int) -> Generator[None]:
    """A disk that is full for files of more bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@settings(max_examples=25, deadline=None)
@given(pieces=cuts(NUMBERS))
def test_parts_do_not_depend_on_how_rows_are_cut(
    pieces: list[pl.DataFrame], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("out")
    outcome = Outcome(reactivex.from_(pieces).pipe(ops.sink_parquet(folder, rows=4)))
    assert parts(folder) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert pl.concat(outcome.frames).equals(NUMBERS)
    assert outcome.completed == 1


def test_frames_pass_with_their_types(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "symbol": pl.Series(["600000.SH", None], dtype=ops.SYMBOL),
            "at": pl.Series([1, 2]).cast(pl.Datetime("us", "UTC")),
            "prices": pl.Series([[1.0, 2.0], None], dtype=pl.Array(pl.Float64, 2)),
            "reason": pl.Series(["first", "trade"], dtype=ops.REASON),
        }
    )
    outcome = Outcome(reactivex.of(frame, frame).pipe(ops.sink_parquet(tmp_path)))
    assert [one.equals(frame) for one in outcome.frames] == [True, True]
    read = pl.read_parquet(tmp_path / "part-000001.parquet")
    assert read.schema == frame.schema
    assert read.equals(pl.concat([frame, frame]))


def test_many_small_frames_wait_as_few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_parts, "_LOOSE", 3)
    rows = [NUMBERS[at : at + 1] for at in range(10)]
    Outcome(reactivex.from_(rows).pipe(ops.sink_parquet(tmp_path)))
    assert parts(tmp_path) == [[*range(10)]]


def test_numbers_go_on_and_nothing_is_overwritten(tmp_path: Path) -> None:
    sink = ops.sink_parquet(tmp_path, rows=5)
    for _ in range(2):
        Outcome(reactivex.of(NUMBERS).pipe(sink))
    (tmp_path / "part-000003.parquet").unlink()
    (tmp_path / "part-1.parquet").write_text("not one of ours")
    Outcome(reactivex.of(NUMBERS[:1]).pipe(sink))
    assert names(tmp_path) == [
        "part-000001.parquet",
        "part-000002.parquet",
        "part-000004.parquet",
        "part-000005.parquet",
        "part-1.parquet",
    ]


def test_a_part_that_someone_else_put_there_stays(tmp_path: Path) -> None:
    source: Subject[pl.DataFrame] = Subject()
    outcome = Outcome(source.pipe(ops.sink_parquet(tmp_path, rows=10)))
    (tmp_path / "part-000001.parquet").write_text("theirs")
    source.on_next(NUMBERS)
    assert "part-000001.parquet was put there by someone else" in outcome.error
    assert (tmp_path / "part-000001.parquet").read_text() == "theirs"


def test_without_rows_there_is_no_part(tmp_path: Path) -> None:
    outcome = Outcome(reactivex.of(NUMBERS.clear()).pipe(ops.sink_parquet(tmp_path / "a" / "b")))
    assert names(tmp_path / "a" / "b") == []
    assert outcome.completed == 1


@pytest.mark.parametrize("how", ["dispose", "error"])
def test_what_waits_is_kept_when_it_ends_in_the_middle(tmp_path: Path, how: str) -> None:
    source: Subject[pl.DataFrame] = Subject()
    outcome = Outcome(source.pipe(ops.sink_parquet(tmp_path)))
    source.on_next(NUMBERS)
    assert names(tmp_path) == []
    if how == "dispose":
        outcome.subscription.dispose()
        outcome.subscription.dispose()
    else:
        source.on_error(OSError("gone"))
        assert outcome.error == "OSError: gone"
    assert parts(tmp_path) == [[*range(10)]]
    Outcome(reactivex.of(NUMBERS).pipe(ops.sink_parquet(tmp_path)))  # nobody holds the folder


def test_a_part_is_closed_after_some_time(tmp_path: Path) -> None:
    clock = VirtualTimeScheduler()
    pushed: Subject[pl.DataFrame] = Subject()
    ticks: Subject[int] = Subject()
    source = ops.Frames(lambda observer, _=None: pushed.subscribe(observer), ticks)
    sink = ops.sink_parquet(tmp_path, every="5s")
    outcome = Outcome(source.pipe(sink), scheduler=clock)
    for at in range(3):
        pushed.on_next(NUMBERS[at : at + 1])
        clock.sleep(3)
    assert parts(tmp_path) == [[0, 1, 2]]
    pushed.on_next(NUMBERS[3:4])
    clock.sleep(4.9)
    ticks.on_next(0)
    assert len(parts(tmp_path)) == 1
    clock.sleep(0.1)
    ticks.on_next(0)
    assert parts(tmp_path) == [[0, 1, 2], [3]]
    outcome.subscription.dispose()


def test_a_full_disk_is_told_and_harms_nothing(tmp_path: Path) -> None:
    source: Subject[pl.DataFrame] = Subject()
    outcome = Outcome(source.pipe(ops.sink_parquet(tmp_path, rows=10)))
    source.on_next(NUMBERS)
    with largest_file(100):
        source.on_next(NUMBERS)
    source.on_next(NUMBERS)
    assert "OperatorError" in outcome.error
    assert "part-000002.parquet cannot be written" in outcome.error
    assert "File too large" in outcome.error
    assert len(outcome.frames) == 1
    assert names(tmp_path) == ["part-000001.parquet"]
    assert parts(tmp_path) == [[*range(10)]]
    Outcome(reactivex.of(NUMBERS).pipe(ops.sink_parquet(tmp_path)))  # nobody holds the folder
    assert len(parts(tmp_path)) == 2


def test_a_full_disk_at_the_end_is_told(tmp_path: Path) -> None:
    with largest_file(100):
        outcome = Outcome(reactivex.of(NUMBERS).pipe(ops.sink_parquet(tmp_path)))
    assert "cannot be written" in outcome.error
    assert outcome.completed == 0
    assert names(tmp_path) == []


def test_a_full_disk_at_a_disposal_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source: Subject[pl.DataFrame] = Subject()
    outcome = Outcome(source.pipe(ops.sink_parquet(tmp_path)))
    source.on_next(NUMBERS)
    with largest_file(100), caplog.at_level(logging.ERROR, "tickops"):
        outcome.subscription.dispose()
    assert "part-000001.parquet cannot be written" in caplog.text
    assert names(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    outcome = Outcome(reactivex.of(NUMBERS).pipe(ops.sink_parquet(tmp_path / "file" / "out")))
    assert "file/out cannot be written to: Not a directory" in outcome.error


def test_leftovers_of_a_dead_process_go(tmp_path: Path) -> None:
    (tmp_path / ".part-000007.parquet.tmp").write_bytes(b"PAR1 half")
    Outcome(reactivex.of(NUMBERS).pipe(ops.sink_parquet(tmp_path)))
    assert names(tmp_path) == ["part-000001.parquet"]


def test_one_sink_a_folder(tmp_path: Path) -> None:
    source: Subject[pl.DataFrame] = Subject()
    frames = source.pipe(ops.sink_parquet(tmp_path))
    first, second = Outcome(frames), Outcome(frames)
    assert f"another sink writes to {tmp_path}" in second.error
    source.on_next(NUMBERS)
    source.on_completed()
    assert first.completed == 1
    assert len(parts(tmp_path)) == 1


def test_columns_that_change_are_refused(tmp_path: Path) -> None:
    frames = [NUMBERS, NUMBERS.cast({"x": pl.Int32})]
    outcome = Outcome(reactivex.from_(frames).pipe(ops.sink_parquet(tmp_path)))
    assert "SchemaError: a sink's frames must keep their columns" in outcome.error
    assert "Int32" in outcome.error
    assert parts(tmp_path) == [[*range(10)]]


def test_operators_go_on_after_it(tmp_path: Path) -> None:
    """Also two sinks: one of what comes, one of what comes out."""
    before, after = tmp_path / "before", tmp_path / "after"
    op = ops.deltas()
    outcome = Outcome(
        reactivex.of(FIRST, SECOND).pipe(
            ops.filter(pl.lit(True)), ops.sink_parquet(before), op, ops.sink_parquet(after)
        )
    )
    rows = pl.concat([FIRST, SECOND])
    assert pl.concat(outcome.frames).equals(op.apply(rows))
    assert pl.read_parquet(before).equals(rows)
    assert pl.read_parquet(after).equals(op.apply(rows))


def test_the_clock_goes_through_it(tmp_path: Path) -> None:
    ticks: Subject[int] = Subject()
    frames = ops.Frames(None, ticks).pipe(ops.sink_parquet(tmp_path))
    assert isinstance(frames, ops.Frames)
    assert frames.clock is ticks


def test_an_observer_that_disposes_in_the_middle(tmp_path: Path) -> None:
    outcome = Outcome(
        reactivex.of(NUMBERS, NUMBERS, NUMBERS).pipe(ops.sink_parquet(tmp_path), rx.take(1))
    )
    assert outcome.completed == 1
    assert parts(tmp_path) == [[*range(10)]]


def test_a_disposal_on_another_thread_waits_for_nobody(tmp_path: Path) -> None:
    """A step that waits for the thread that disposes: to wait for the step would be for ever."""
    source: Subject[pl.DataFrame] = Subject()
    disposed = threading.Event()

    def take(frame: pl.DataFrame) -> None:
        thread = threading.Thread(target=dispose)
        thread.start()
        assert disposed.wait(30)
        thread.join()

    def dispose() -> None:
        subscription.dispose()
        disposed.set()

    subscription = source.pipe(ops.sink_parquet(tmp_path)).subscribe(take)
    source.on_next(NUMBERS)
    source.on_next(NUMBERS)
    assert parts(tmp_path) == [[*range(10)]]
    Outcome(reactivex.of(NUMBERS).pipe(ops.sink_parquet(tmp_path)))  # nobody holds the folder


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ops.sink_parquet("out", rows=0), "rows must be at least 1 row, not 0"),
        (lambda: ops.sink_parquet("out", every="0s"), "every must be longer than nothing"),
    ],
)
def test_arguments_that_cannot_be_right(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_repr() -> None:
    assert repr(ops.sink_parquet("out/")) == "sink_parquet('out')"


@settings(max_examples=25, deadline=None)
@given(rows=st.integers(1, 7), sizes=st.lists(st.integers(0, 9), max_size=8))
def test_no_more_than_a_part_waits(
    rows: int, sizes: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("out")
    writer = _parts.Parts(_parts.PartsOptions(folder, rows, None), lambda: 0.0)
    given_rows = 0
    for size in sizes:
        writer.write(NUMBERS[:size])
        given_rows += size
        assert writer.last == given_rows // rows
    writer.close_part()
    writer.release()
    assert sum(map(len, parts(folder))) == given_rows
