"""Killed anywhere and gone on, a pipe gives all that it gives unkilled, and nothing twice."""

import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import tickops as ops
from tests.tickops.kills import Killed, Killer, Life, count_up, counted, kill_in_writes, read
from tickops.testing import assert_identical, joined, play, quotes

OPERATORS = [
    ops.chain(ops.deltas(), ops.vwap(window="1m")),
    ops.chain(ops.deltas(), ops.bars("1m", grace="1s")),
]
PLACES = ["event", "next", "before", "write", "written"]
SECOND_US = 1_000_000


@dataclass(frozen=True)
class Script:
    """Rows that came at one moment each, and times told in between."""

    events: list[Any]

    @property
    def schema(self) -> pl.Schema:
        return next(event.schema for event in self.events if isinstance(event, pl.DataFrame))

    def after(self, position: Any) -> int:
        """Index of the event after the last with this position; 0 if there is none."""
        found = [
            at + 1
            for at, event in enumerate(self.events)
            if isinstance(event, pl.DataFrame) and event["received"].item(0) == position
        ]
        return max(found, default=0)

    def live(self, start: int, joins: Sequence[bool]) -> list[Any]:
        """Events from an index on, some neighbouring frames in one."""
        told: list[Any] = []
        for event, join in zip(self.events[start:], joins[start:], strict=True):
            frames = isinstance(event, pl.DataFrame)
            if frames and join and told and isinstance(told[-1], pl.DataFrame):
                told[-1] = pl.concat([told[-1], event])
            else:
                told.append(event)
        return told


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    rows = draw(quotes(symbols=3, days=1, min_rows=6, max_rows=24, late=True))
    events: list[Any] = []
    received = now = 0
    while rows.height:
        height = draw(st.integers(1, 3))
        received += draw(st.integers(1, 3))
        now = max(now, rows[:height]["timestamp"].dt.epoch("us").max())  # pyright: ignore[reportArgumentType]
        events.append(
            rows[:height].with_columns(pl.lit(received).cast(pl.Datetime("us")).alias("received"))
        )
        if draw(st.integers(0, 3)) == 0:
            now += draw(st.sampled_from([1, 5, 70])) * SECOND_US
            events.append(now)
        rows = rows[height:]
    return Script(events)


@settings(
    max_examples=20,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_the_union_over_kills_is_the_run_never_killed(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    script = data.draw(scripts())
    op = data.draw(st.sampled_from(OPERATORS))
    expected = numbered(joined(play(op.start(), script.events)))
    folder = tmp_path_factory.mktemp("life")
    seen: list[pl.DataFrame] = []
    for _ in range(4):
        left = one_life(data, script, op, folder, seen)
        if left is None:
            break
        folder = left
    else:
        assert one_life(data, script, op, folder, seen, kill=False) is None
    if not expected.height:
        assert [*(folder / "out").glob("*.parquet")] == seen == []
        return
    assert_identical(read(folder / "out"), expected)
    assert_identical(consumed(seen), expected)


def one_life(
    data: st.DataObject,
    script: Script,
    op: ops.Operator,
    folder: Path,
    seen: list[pl.DataFrame],
    *,
    kill: bool = True,
) -> Path | None:
    """Live on in a folder until a kill, or to the end; what a kill leaves is the next folder."""
    place = data.draw(st.sampled_from(PLACES)) if kill else ""
    killer = Killer(folder, place, data.draw(st.integers(1, 8)))
    position = ops.checkpoint(folder / "state").position()
    start = data.draw(st.integers(0, script.after(position)))
    joins = data.draw(
        st.lists(st.booleans(), min_size=len(script.events), max_size=len(script.events))
    )
    life: Life | None = None
    with pytest.MonkeyPatch.context() as patch:
        kill_in_writes(killer, patch)
        try:
            life = Life(
                folder,
                op,
                killer,
                every=data.draw(st.sampled_from(["1s", "3s", "1h"])),
                rows=data.draw(st.integers(1, 6)),
                sink_last=data.draw(st.booleans()),
            )
            life.live(script.live(start, joins))
            if life.errors:  # killed after its last checkpoint, and nothing is left to do
                assert "has ended" in str(life.errors[0])
            else:
                assert life.completed == 1
            return None
        except Killed:
            return killer.left
        finally:
            if life is not None:
                seen += life.frames
                life.subscription.dispose()


def numbered(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows as a pipe with a checkpoint gives them."""
    return frame.with_columns(position=np.arange(frame.height, dtype=np.uint64))


def consumed(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """What a consumer has that leaves out what it has seen; what comes again must be the same."""
    rows = pl.concat(frames)
    once = rows.unique("position", keep="first", maintain_order=True)
    last = rows.unique("position", keep="last", maintain_order=True)
    assert_identical(once.sort("position"), last.sort("position"))
    return once


PROCESS = """
import sys
from pathlib import Path
from tests.tickops.kills import count_up

def shown(n):
    print(n, flush=True)
    if n == int(sys.argv[2]):
        sys.stdin.read()  # for ever: it is not to end before it is killed

count_up(Path(sys.argv[1]), shown)
"""


def test_a_process_really_killed(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    begins: list[int] = []
    for frames, last in ((1, 12), (9, 38)):
        with subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(tmp_path), str(last)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=root,
            text=True,
        ) as process:
            assert process.stdout is not None
            begins.append(int(process.stdout.readline()))
            for _ in range(frames):
                process.stdout.readline()
            process.kill()  # SIGKILL, in the midst of whatever it does
        assert process.returncode == -signal.SIGKILL
    count_up(tmp_path, begins.append)
    assert begins[0] == 1
    assert begins[1] >= 2
    assert 11 <= begins[2] <= 40
    rows = pl.concat([counted(n) for n in range(1, 41)])
    assert_identical(read(tmp_path / "out"), numbered(ops.cumulative("x").apply(rows)))
