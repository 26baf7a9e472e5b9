"""Journals on disk: rotation, torn ends, damage, a lock, and kills."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from tickflow_rx import events
from tickflow_rx._queue import RawFrame
from tickflow_rx.exceptions import JournalError
from tickflow_rx.journal import Head, Journal, JournalWriter, Noted
from tickflow_rx.journal import _writer as writer_module

if TYPE_CHECKING:
    from collections.abc import Sequence

DAY_US = 86_400_000_000
START_US = 1_776_735_000_000_000  # 2026-04-21 01:30 UTC


def raw(number: int, *, at_us: int | None = None) -> RawFrame:
    """Frame that can be told from any other, and does not compress to nothing."""
    noise = random.Random(number).randbytes(30).hex()
    data = b'{"op":"quotes","number":%d,"noise":"%b"}' % (number, noise.encode())
    return RawFrame(data, START_US + number if at_us is None else at_us, 1)


def frames_of(journal: Journal, day: str | None = None) -> list[RawFrame]:
    return [record for record in journal.read(day) if isinstance(record, RawFrame)]


def test_frames_and_events_come_back_in_order(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path / "data")
    writer.event(START_US, events.Connected(1))
    writer.frames([raw(1), raw(2)])
    writer.event(START_US + 9, events.Closed("over"))
    writer.close()
    writer.close()
    journal = Journal(tmp_path / "data")
    head, connected, *frames, closed = journal.read()
    assert isinstance(head, Head)
    assert head.made_by.startswith("tickflow-rx ")
    assert frames == [raw(1), raw(2)]
    assert connected == Noted(START_US, "Connected", {"connection": 1})
    assert closed == Noted(START_US + 9, "Closed", {"reason": "over"})
    assert journal.damage == []


def test_public_tools_read_it(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path)
    writer.frames([raw(1), raw(2)])
    writer.close()
    (segment,) = Journal(tmp_path).segments()
    assert segment.relative_to(tmp_path).as_posix() == "journal/2026-04-21/000001.jsonl.zst"
    with segment.open("rb") as file:
        reader = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
        said = [json.loads(line) for line in reader.read().splitlines()]
    assert [line["frame"]["number"] for line in said[1:]] == [1, 2]


def test_a_new_day_and_a_full_segment_begin_a_new_file(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, segment_bytes=400)
    frames = [raw(i) for i in range(30)]
    frames += [raw(i, at_us=START_US + DAY_US) for i in range(30, 33)]
    for frame in frames:
        writer.frames([frame])
        writer.flush()
    writer.close()
    journal = Journal(tmp_path)
    assert journal.days() == ["2026-04-21", "2026-04-22"]
    assert len(journal.segments("2026-04-21")) > 3
    assert frames_of(journal) == frames
    assert frames_of(journal, "2026-04-22") == frames[30:]


def test_a_clock_that_goes_back_does_not_go_back_to_an_earlier_day(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path)
    frames = [raw(1, at_us=START_US + DAY_US), raw(2, at_us=START_US)]
    writer.frames(frames)
    writer.close()
    assert frames_of(Journal(tmp_path)) == frames


def test_the_next_writer_goes_on_in_a_new_file(tmp_path: Path) -> None:
    for number in (1, 2):
        writer = JournalWriter(tmp_path)
        writer.frames([raw(number)])
        writer.close()
    journal = Journal(tmp_path)
    assert [path.name for path in journal.segments()] == ["000001.jsonl.zst", "000002.jsonl.zst"]
    assert frames_of(journal) == [raw(1), raw(2)._replace(connection=2)]


RUNS = st.lists(
    st.lists(st.tuples(st.integers(1, 3), st.booleans()), max_size=6), min_size=1, max_size=5
)


@settings(max_examples=50, deadline=None)
@given(runs=RUNS, torn=st.booleans())
def test_connection_numbers_never_go_back(
    runs: list[list[tuple[int, bool]]], *, torn: bool
) -> None:
    """A recorder whose numbers are above those before keeps them; else they follow."""
    expected: list[int] = []
    with TemporaryDirectory() as folder:
        for run in runs:
            writer = JournalWriter(folder, segment_bytes=300)
            last, connection, before = max(expected, default=0), 1, None
            for step, event in run:
                connection += step - 1
                if before is None:
                    before = 0 if connection > last else last
                if event:
                    writer.event(START_US, events.Gap(connection))
                else:
                    writer.frames([raw(len(expected))._replace(connection=connection)])
                writer.flush()
                expected.append(before + connection)
            writer.abandon() if torn else writer.close()
        journal = Journal(folder)
        found = [
            record.connection if isinstance(record, RawFrame) else record.fields["connection"]
            for record in journal.read()
            if not isinstance(record, Head)
        ]
        assert found == expected
        assert found == sorted(found)
        assert journal.last_connection() == max(expected, default=0)
        for segment in journal.segments():
            part = list(Journal(folder).read_segments([segment]))
            assert isinstance(part[0], Head)
            assert journal.began_us(segment) == part[0].began_us


def test_how_much_was_read(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, segment_bytes=1)
    for number in range(3):
        writer.frames([raw(number)])
        writer.flush()
    writer.close()
    journal = Journal(tmp_path)
    sizes = [segment.stat().st_size for segment in journal.segments()]
    read = [journal.bytes_read for record in journal.read() if isinstance(record, RawFrame)]
    assert read == [0, sizes[0], sizes[0] + sizes[1]]
    assert journal.bytes_read == sum(sizes)
    journal.segments()[0].write_bytes(b"not zstd")
    assert journal.began_us(journal.segments()[0]) is None


def test_one_writer_a_folder(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path)
    with pytest.raises(JournalError, match="another recorder"):
        JournalWriter(tmp_path)
    writer.close()
    JournalWriter(tmp_path).close()


def test_no_journal(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="no journal"):
        Journal(tmp_path)


def test_a_later_version_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "VERSION", 2)
    writer = JournalWriter(tmp_path)
    writer.frames([raw(1)])
    writer.close()
    with pytest.raises(JournalError, match=r"version 2 .* reads up to 1"):
        list(Journal(tmp_path).read())


def test_segment_bytes_must_be_positive(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="segment_bytes must be at least 1, not 0"):
        JournalWriter(tmp_path, segment_bytes=0)


class Written:
    """A segment of several zstd frames, and how large it was after each flush."""

    def __init__(self, folder: Path, groups: Sequence[int], frame_bytes: int) -> None:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(writer_module, "_FRAME_BYTES", frame_bytes)
            writer = JournalWriter(folder)
            self.frames: list[RawFrame] = []
            self.flushed: list[tuple[int, int]] = []
            for count in groups:
                new = [raw(len(self.frames) + i) for i in range(count)]
                writer.frames(new)
                writer.flush()
                self.frames += new
                (self.path,) = Journal(folder).segments()
                self.flushed.append((self.path.stat().st_size, len(self.frames)))
            writer.abandon()
        self.data = self.path.read_bytes()

    def safe(self, size: int) -> int:
        """How many frames were flushed when the file had this size."""
        return max((count for at, count in self.flushed if at <= size), default=0)


GROUPS = st.lists(st.integers(1, 12), min_size=1, max_size=8)
FRAME_BYTES = st.sampled_from([1, 300, 1_000, 1 << 20])
SOME = settings(max_examples=200, deadline=None)


@SOME
@given(groups=GROUPS, frame_bytes=FRAME_BYTES, data=st.data())
def test_a_torn_end_loses_nothing_that_was_flushed(
    groups: list[int], frame_bytes: int, data: st.DataObject
) -> None:
    with TemporaryDirectory() as folder:
        written = Written(Path(folder), groups, frame_bytes)
        size = data.draw(st.integers(0, len(written.data)))
        written.path.write_bytes(written.data[:size])
        journal = Journal(folder)
        found = frames_of(journal)
        assert found == written.frames[: len(found)]
        assert len(found) >= written.safe(size)
        assert all(damage.torn for damage in journal.damage)


@SOME
@given(groups=GROUPS, frame_bytes=FRAME_BYTES, data=st.data())
def test_a_changed_byte_costs_nothing_before_it_and_is_told(
    groups: list[int], frame_bytes: int, data: st.DataObject
) -> None:
    with TemporaryDirectory() as folder:
        written = Written(Path(folder), groups, frame_bytes)
        at = data.draw(st.integers(0, len(written.data) - 1))
        changed = bytearray(written.data)
        changed[at] ^= data.draw(st.integers(1, 255))
        written.path.write_bytes(bytes(changed))
        journal = Journal(folder)
        found = frames_of(journal)
        assert set(found) <= set(written.frames)
        assert found == sorted(found, key=lambda frame: frame.received_us)
        assert found[: written.safe(at)] == written.frames[: written.safe(at)]
        # In a last zstd frame without an end damage looks like a torn end.
        in_last = at >= written.data.rfind(b"\x28\xb5\x2f\xfd")
        if len(found) < len(written.frames):
            assert any(in_last or not damage.torn for damage in journal.damage)


def test_what_comes_after_damage_is_read(tmp_path: Path) -> None:
    written = Written(tmp_path, [5] * 6, 300)
    starts = [
        i for i in range(len(written.data)) if written.data[i:].startswith(b"\x28\xb5\x2f\xfd")
    ]
    assert len(starts) > 4
    for spoilt in (b"\x00" * 8, b"\xff" * 8, b""):
        changed = written.data[: starts[1] + 2] + spoilt + written.data[starts[1] + 10 :]
        written.path.write_bytes(changed)
        journal = Journal(tmp_path)
        found = frames_of(journal)
        assert found[0] == written.frames[0]
        assert found[-10:] == written.frames[-10:]
        assert [damage.torn for damage in journal.damage] == [False]
        assert journal.damage[0].offset == starts[1]


WRITERS = r"""
import itertools, os, random, sys
from tickflow_rx._queue import RawFrame
from tickflow_rx.journal import JournalWriter

def write(folder):
    writer = JournalWriter(folder, segment_bytes=20_000)
    for number in itertools.count():
        noise = random.Random(number).randbytes(30).hex()
        writer.frames([RawFrame(b'{"noise":"%b"}' % noise.encode(), number, 1)])
        if number % 7 == 0:
            writer.flush()
            os.write(1, b"%d\n" % number)  # at once, or not at all

for line in sys.stdin:
    pid = os.fork()
    if not pid:
        write(line.strip())
    os.write(1, b"pid %d\n" % pid)
    os.waitpid(pid, 0)
    os.write(1, b"dead\n")
"""


def test_kills_at_thirty_moments_lose_nothing_that_was_flushed(tmp_path: Path) -> None:
    moments = random.Random(3)
    with subprocess.Popen(
        [sys.executable, "-c", WRITERS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writers:
        assert writers.stdin is not None
        assert writers.stdout is not None
        for number in range(30):
            folder = tmp_path / str(number)
            print(folder, file=writers.stdin, flush=True)
            pid, flushed, left = 0, -1, moments.randint(1, 300)
            for line in writers.stdout:
                if line.startswith("pid"):
                    pid = int(line.split()[1])
                elif line == "dead\n":
                    break
                else:
                    flushed, left = int(line), left - 1
                if pid and left <= 0:
                    os.kill(pid, signal.SIGKILL)
                    left = 1 << 30
            journal = Journal(folder)
            found = frames_of(journal)
            assert [frame.received_us for frame in found] == list(range(len(found)))
            assert len(found) > flushed
            assert all(damage.torn for damage in journal.damage)
            assert {damage.segment for damage in journal.damage} <= {journal.segments()[-1]}
            JournalWriter(folder).close()  # the lock of the dead is no lock
