"""Compaction: what lies where, twice the same, what is left, and damage."""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from tests.tickflow_rx.parquet.recorded import (
    DAY_US,
    START_US,
    assert_same_bits,
    contents,
    decoded,
    frames_of,
    quotes,
    record,
)
from tickflow_rx import CompactStats, Journal, JournalError, compact, scan_depth, scan_quotes
from tickflow_rx._queue import RawFrame
from tickflow_rx.journal import Damage, JournalWriter
from tickflow_rx.parquet import _parts, _segment, scan_clock

if TYPE_CHECKING:
    from pathlib import Path


def assert_compacted(folder: Path) -> None:
    """What can be scanned is what the decoder makes of the journal."""
    expected = decoded(frames_of(folder))
    assert_same_bits(scan_quotes(folder).collect(), expected["quotes"])
    assert_same_bits(scan_depth(folder).collect(), expected["depth"])


def test_rows_by_channel_and_day(tmp_path: Path) -> None:
    frames = quotes(6) + quotes(4, at_us=START_US + DAY_US)
    record(tmp_path, frames)
    stats = compact(tmp_path)
    written = {path: data for path, data in contents(tmp_path).items() if "compacted" not in path}
    assert list(written) == [
        f"{channel}/date=2026-04-{day}/2026-04-{day}-000001-0001.parquet"
        for channel in ("quotes", "depth")
        for day in (21, 22)
    ]
    assert stats == CompactStats(
        segments=2, quotes=5, depth=5, files=4, bytes=sum(map(len, written.values()))
    )
    assert_compacted(tmp_path)
    assert scan_quotes(tmp_path, day="2026-04-21").collect().height == 3


def test_ticks_of_the_clock(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path)
    times = [START_US + k * 1_000_000 for k in range(5)]
    for k, frame in enumerate(quotes(5)):
        writer.frames([frame])
        writer.tick(times[k])
    writer.tick(START_US + DAY_US)
    writer.close()
    stats = compact(tmp_path)
    assert (stats.quotes, stats.depth, stats.ticks) == (3, 2, 6)
    ticks = scan_clock(tmp_path).collect()
    assert ticks["time"].dt.epoch("us").to_list() == [*times, START_US + DAY_US]
    assert scan_clock(tmp_path, day="2026-04-22").collect().height == 1
    assert [path for path in contents(tmp_path) if path.startswith("clock/")] == [
        "clock/date=2026-04-21/2026-04-21-000001-0001.parquet",
        "clock/date=2026-04-22/2026-04-22-000001-0001.parquet",
    ]


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    record(tmp_path, quotes(40), segment_bytes=500)
    assert compact(tmp_path).segments == len(Journal(tmp_path).segments()) > 3
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")}
    data = contents(tmp_path)
    assert compact(tmp_path) == CompactStats()
    assert contents(tmp_path) == data
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")} == before


def test_what_is_recorded_later_is_added(tmp_path: Path) -> None:
    record(tmp_path, quotes(5))
    compact(tmp_path)
    data = contents(tmp_path)
    record(tmp_path, quotes(5, at_us=START_US + 1_000_000))
    assert compact(tmp_path).segments == 1
    assert data.items() <= contents(tmp_path).items()
    assert_compacted(tmp_path)
    assert scan_quotes(tmp_path).collect()["connection"].to_list() == [1, 1, 1, 2, 2, 2]


def test_it_is_the_same_in_one_run_as_in_many(tmp_path: Path) -> None:
    frames = quotes(30)
    for name in ("one", "many"):
        for k in range(0, 30, 10):
            record(tmp_path / name, frames[k : k + 10])
            if name == "many":
                compact(tmp_path / name)
    compact(tmp_path / "one")
    assert contents(tmp_path / "one") == contents(tmp_path / "many")


def test_what_is_missing_is_written_again(tmp_path: Path) -> None:
    record(tmp_path, quotes(20), segment_bytes=500)
    compact(tmp_path)
    data = contents(tmp_path)
    lost = sorted(data)
    for path in (lost[0], lost[-1]):
        (tmp_path / path).unlink()
    assert compact(tmp_path).segments == 2
    assert contents(tmp_path) == data


def test_rows_stay_when_their_journal_is_removed(tmp_path: Path) -> None:
    record(tmp_path, quotes(20))
    compact(tmp_path)
    data = contents(tmp_path)
    Journal(tmp_path).segments()[0].unlink()
    assert compact(tmp_path) == CompactStats()
    assert contents(tmp_path) == data


def test_another_file_of_the_same_name_is_refused(tmp_path: Path) -> None:
    """A recorder counts on from the files that it finds: one that was removed leaves its number."""
    record(tmp_path, quotes(4))
    compact(tmp_path)
    data = contents(tmp_path)
    (segment,) = Journal(tmp_path).segments()
    segment.unlink()
    record(tmp_path, quotes(6, at_us=START_US + 1_000_000))
    with pytest.raises(JournalError, match="is not the file that was compacted under this name"):
        compact(tmp_path)
    assert contents(tmp_path) == data
    segment.rename(segment.with_name("000002.jsonl.zst"))
    assert compact(tmp_path).segments == 1
    assert scan_quotes(tmp_path).collect().height == 5


def test_the_file_that_is_being_written_is_left(tmp_path: Path) -> None:
    record(tmp_path, quotes(4))
    writer = JournalWriter(tmp_path)
    writer.frames(quotes(4, at_us=START_US + 1_000_000))
    writer.flush()
    stats = compact(tmp_path)
    assert (stats.segments, stats.left, stats.damage) == (1, 1, ())
    assert compact(tmp_path) == CompactStats(left=1)
    writer.close()
    assert compact(tmp_path).segments == 1
    assert_compacted(tmp_path)


def test_of_a_dead_recorder_even_a_torn_file_is_taken(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path)
    writer.frames(quotes(4))
    writer.flush()
    writer.abandon()
    (segment,) = Journal(tmp_path).segments()
    stats = compact(tmp_path)
    assert stats.left == 0
    assert stats.damage == (Damage(segment, 0, "it was not closed", torn=True),)
    done = json.loads((tmp_path / "compacted/2026-04-21/000001.json").read_bytes())
    assert done["damage"] == [{"offset": 0, "reason": "it was not closed", "torn": True}]
    assert_compacted(tmp_path)


def test_a_file_that_grew_is_compacted_again(tmp_path: Path) -> None:
    """So may one of a recorder whose clock was set back: it is not the last one."""
    writer = JournalWriter(tmp_path)
    first = quotes(4)
    writer.frames(first)
    writer.flush()
    (segment,) = Journal(tmp_path).segments()
    later = segment.parents[1] / "2026-04-22"
    later.mkdir()
    (later / "000001.jsonl.zst").write_bytes(segment.read_bytes())
    assert compact(tmp_path).left == 1
    assert scan_quotes(tmp_path).collect().height == 2
    writer.frames(quotes(6, at_us=START_US + DAY_US // 2))
    writer.close()
    assert compact(tmp_path).segments == 2
    assert_compacted(tmp_path)


def test_files_of_another_cut_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(tmp_path, quotes(40))
    with monkeypatch.context() as patched:
        patched.setattr(_parts, "_ROWS", 5)
        patched.setattr(_segment, "_BYTES", 300)
        assert compact(tmp_path).files > 6
    assert_compacted(tmp_path)
    (tmp_path / "compacted/2026-04-21/000001.json").unlink()
    assert compact(tmp_path).files == 2
    assert len(list(tmp_path.rglob("*.parquet"))) == 2
    assert_compacted(tmp_path)


def test_what_a_dead_process_left_is_removed(tmp_path: Path) -> None:
    record(tmp_path, quotes(2))
    for path in ("quotes/date=2026-04-21/.a.parquet.tmp", "compacted/2026-04-21/.b.json.tmp"):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).touch()
    compact(tmp_path)
    assert not list(tmp_path.rglob("*.tmp"))


def test_frames_that_are_no_messages_are_counted(tmp_path: Path) -> None:
    good = quotes(4)
    bad = [b"no json", b'{"op":"quotes","data":[{}]}', b'{"op":"subscribed","channel":"quotes"}']
    frames = [good[0], *(RawFrame(data, START_US + 1, 1) for data in bad), *good[1:]]
    record(tmp_path, frames)
    stats = compact(tmp_path)
    assert (stats.quotes, stats.depth, stats.set_aside) == (2, 2, 2)
    assert_compacted(tmp_path)


def test_one_compaction_a_folder(tmp_path: Path) -> None:
    record(tmp_path, quotes(2))
    with FileLock(tmp_path / ".compact.lock"), pytest.raises(JournalError, match="another process"):
        compact(tmp_path)
    assert compact(tmp_path).segments == 1


def test_no_journal(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="there is no journal in"):
        compact(tmp_path)
    (tmp_path / "journal").mkdir()
    assert compact(tmp_path) == CompactStats()


def test_a_failed_write_leaves_nothing_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(tmp_path, quotes(10) + quotes(10, at_us=START_US + DAY_US))
    made: list[Path] = []

    def sync(path: Path) -> None:
        made.append(path)
        if len(made) == 2:
            raise OSError(28, os.strerror(28), str(path))

    with monkeypatch.context() as patched:
        patched.setattr(_parts, "sync", sync)
        patched.setattr(_parts, "_ROWS", 6)
        with pytest.raises(OSError, match="No space left"):
            compact(tmp_path)
    assert not [t for t in threading.enumerate() if t.name.startswith("tickflow-compact")]
    assert not list(tmp_path.rglob("*.tmp"))
    assert contents(tmp_path) == {}
    assert compact(tmp_path).segments == 2
    assert_compacted(tmp_path)


def test_a_later_version_of_the_journal_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(tmp_path, quotes(4))
    with monkeypatch.context() as patched:
        patched.setattr("tickflow_rx.journal._writer.VERSION", 2)
        record(tmp_path, quotes(4, at_us=START_US + 1_000_000))
    with pytest.raises(JournalError, match="is of version 2"):
        compact(tmp_path)
    assert scan_quotes(tmp_path).collect().height == 2
    assert not list(tmp_path.rglob("*.tmp"))


def test_damage_costs_no_more_than_reading_does(tmp_path: Path) -> None:
    record(tmp_path, quotes(60), segment_bytes=700)
    segments = Journal(tmp_path).segments()
    for k, segment in enumerate(segments):
        data = bytearray(segment.read_bytes())
        data[(37 * k + 40) % len(data)] ^= 0x55
        segment.write_bytes(data[: len(data) - 3 * (k % 2)])
    stats = compact(tmp_path)
    journal = Journal(tmp_path)
    frames = [line for line in journal.read() if isinstance(line, RawFrame)]
    assert 0 < len(frames) < 60
    assert stats.damage == tuple(journal.damage)
    assert_compacted(tmp_path)
