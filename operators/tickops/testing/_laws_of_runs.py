"""Laws of runs: what they remember, and what they share with nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl
from hypothesis import strategies as st

from tickops.testing._compare import frames_equal
from tickops.testing._law import Law, LawBroken, require, require_same, told
from tickops.testing._streams import counts, joined, play

if TYPE_CHECKING:
    from tickops.testing._law import Case

__all__ = ["MEMORY", "RUNS", "SNAPSHOT", "STATE"]

_FIRST_ROWS: Final = 512
_DOUBLINGS: Final = 6
# Bytes that a snapshot may grow by: numbers can be longer than they were.
_SLACK: Final = 128


def _restart(case: Case) -> None:
    operator, script = case.operator, case.cut()
    run = operator.start()
    expected = joined(play(run, script))
    watched, restarted = operator.start(), operator.start()
    seen, resumed = list[pl.DataFrame](), list[pl.DataFrame]()
    for event in script:
        snapshot: Any = watched.snapshot()
        require(isinstance(snapshot, bytes), f"snapshot() is a {type(snapshot).__name__}")
        restarted = operator.start(restarted.snapshot())
        seen += play(watched, [event], finish=False)
        resumed += play(restarted, [event], finish=False)
    watched.snapshot()
    restarted = operator.start(restarted.snapshot())
    for name, one, outputs in (
        ("a run of which snapshots were taken", watched, seen),
        ("a run that was restarted from its snapshot", restarted, resumed),
    ):
        how = f"{name} before each of {told(script)}, end"
        require_same(joined([*outputs, one.finish()]), expected, how)
        require(counts(one) == counts(run), f"{how}: counts are {counts(one)}, not {counts(run)}")


def _separate(case: Case) -> None:
    scripts = [case.cut(), case.cut()]
    expected = [case.played(script) for script in scripts]
    turns = case.data.draw(st.permutations([0] * len(scripts[0]) + [1] * len(scripts[1])))
    runs = [case.operator.start(), case.operator.start()]
    outputs = [list[pl.DataFrame](), list[pl.DataFrame]()]
    upcoming = [iter(script) for script in scripts]
    for turn in turns:
        outputs[turn] += play(runs[turn], [next(upcoming[turn])], finish=False)
    for number, run in enumerate(runs):
        how = f"run {number} of two that take turns {turns}, against one alone"
        require_same(joined([*outputs[number], run.finish()]), expected[number], how)


def _leave_alone(case: Case) -> None:
    run = case.operator.start()
    given, returned = list[_Kept](), list[_Kept]()
    for number, event in enumerate(case.cut()):
        if isinstance(event, pl.DataFrame):
            given.append(_Kept(event, f"frame {number} that was pushed"))
        for frame in play(run, [event], finish=False):
            returned.append(_Kept(frame, f"what came out at event {number}"))
    returned.append(_Kept(run.finish(), "what came out at the end"))
    for kept in (*given, *returned):
        require(kept.unchanged(), f"{kept.what} has changed since")


class _Kept:
    """A frame, and a copy of it in other memory."""

    def __init__(self, frame: pl.DataFrame, what: str) -> None:
        self.frame, self.what = frame, what
        self.copy = pl.concat([frame, frame], rechunk=True)[: frame.height]

    def unchanged(self) -> bool:
        return frames_equal(self.frame, self.copy)


def _stay_small(case: Case) -> None:
    frame = case.stream.frame
    if not frame.height:
        return
    first = -(-_FIRST_ROWS // frame.height)
    done, sizes, run = 0, list[int](), case.operator.start()
    for doubling in range(_DOUBLINGS):
        repeats = first * 2**doubling
        run.push(_repeated(frame, done, repeats))
        sizes.append(len(run.snapshot()))
        new_rows, done = (repeats - done) * frame.height, repeats
        if doubling and sizes[-1] - sizes[-2] <= _SLACK + new_rows // 8:
            return
    rows = [first * 2**doubling * frame.height for doubling in range(_DOUBLINGS)]
    raise LawBroken(
        f"snapshots after {rows} rows of the same symbols have {sizes} bytes:"
        " the same rows come week after week, and there is no end of growing"
    )


def _repeated(frame: pl.DataFrame, start: int, end: int) -> pl.DataFrame:
    """Repeat rows so many whole weeks later, from repetition `start` to before `end`."""
    times = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Datetime)]
    spans = frame.select((pl.col(times).max() - pl.col(times).min()).dt.total_days()).rows()
    weeks = 1 + max((days or 0 for row in spans for days in row), default=0) // 7
    numbers = pl.DataFrame({"repetition": range(start, end)}, schema={"repetition": pl.Int64})
    later = pl.col("repetition") * pl.duration(weeks=weeks)
    repeated = numbers.join(frame, how="cross", maintain_order="left_right")
    return repeated.with_columns(pl.col(times) + later).select(frame.columns)


RUNS = Law(
    "runs",
    "Runs of one operator share nothing: each gives what it would give alone.",
    _separate,
)
SNAPSHOT = Law(
    "snapshot",
    "A run goes on from its snapshot as if nothing had happened, and taking one changes nothing.",
    _restart,
)
MEMORY = Law(
    "memory",
    "Frames that go in are not written to, and those that came out stay as they were.",
    _leave_alone,
)
STATE = Law(
    "state",
    "What a run remembers does not grow with its rows while the symbols stay the same.",
    _stay_small,
    moments=False,
    share=0.2,
)
