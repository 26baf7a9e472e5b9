"""Processes that are killed while they compact: the next one goes on, and nothing is harmed."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from itertools import cycle
from typing import TYPE_CHECKING

import pytest

from tests.tickflow_rx.parquet.recorded import contents, quotes, record
from tickflow_rx import CompactStats, Journal, compact
from tickflow_rx.parquet import _parts, _segment

if TYPE_CHECKING:
    from pathlib import Path

# Polars has started no threads yet where this forks.
COMPACTIONS = r"""
import os, signal, sys
from tickflow_rx import compact
from tickflow_rx.decoding import warmup
from tickflow_rx.parquet import _parts, _segment

STEPS = ("open", "os.rename", "os.remove", "os.mkdir")
_parts._ROWS, _segment._BYTES = 6, 500
warmup()

def kill_at_step(left, folder):
    def count(event, arguments):
        nonlocal left
        if event in STEPS and str(arguments[0]).startswith(folder):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(count)

for line in sys.stdin:
    folder, how, number = line.rstrip("\n").split("\t")
    pid = os.fork()
    if not pid:
        if how == "steps":
            kill_at_step(int(number), folder)
        else:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends the process at once
            signal.setitimer(signal.ITIMER_REAL, float(number))
        compact(folder)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


def test_kills_at_any_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_parts, "_ROWS", 6)
    monkeypatch.setattr(_segment, "_BYTES", 500)
    whole = tmp_path / "whole"
    record(whole, quotes(40), segment_bytes=700)
    segments = [path.relative_to(whole) for path in Journal(whole).segments()]
    assert len(segments) > 3
    compact(whole)
    expected = contents(whole)
    moments = random.Random(5)
    kills = 0
    with subprocess.Popen(
        [sys.executable, "-c", COMPACTIONS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in range(2):
            folder = tmp_path / str(number)
            for path in segments:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes((whole / path).read_bytes())
            # Killed by time it may be anywhere, but may also be too slow to get anything done.
            for how in cycle(("time", "steps")):
                moment = moments.uniform(0.001, 0.05) if how == "time" else moments.randint(10, 70)
                print(folder, how, moment, sep="\t", file=process.stdin, flush=True)
                ended = int(process.stdout.readline())
                assert ended in (0, -signal.SIGKILL, -signal.SIGALRM)
                # What has its name is whole, and what it will always be.
                assert contents_named(folder).items() <= expected.items()
                if ended == 0:
                    break
                kills += 1
            assert contents(folder) == expected
            assert compact(folder) == CompactStats()
    assert kills >= 6


def contents_named(folder: Path) -> dict[str, bytes]:
    """What has been written, without files that have no name yet."""
    return {path: data for path, data in contents(folder).items() if not path.endswith(".tmp")}
