"""``tickflow-rx compact`` on journals made here."""

import re
import sys
from pathlib import Path

import pytest

from tests.tickflow_rx.cli.terminal import Terminal
from tests.tickflow_rx.parquet.recorded import START_US, quotes, record
from tickflow_rx import Journal, scan_quotes
from tickflow_rx._queue import RawFrame
from tickflow_rx.cli import main
from tickflow_rx.journal import JournalWriter


def compacted(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[str, str]:
    assert main(["compact", *arguments]) == 0
    return capsys.readouterr()


def test_counts(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    record(tmp_path, [*quotes(5), RawFrame(b"no json", START_US + 9_000, 1)])
    out, err = compacted(capsys, str(tmp_path))
    assert err == ""
    first, last = out.splitlines()
    assert first == "1 frame could not be decoded, and stay in the journal"
    assert re.fullmatch(
        rf"5 rows \(3 quotes, 2 books\) in 2 files, 0\.0 MiB, from 1 file of the journal,"
        rf" under {re.escape(str(tmp_path))}",
        last,
    )
    assert scan_quotes(tmp_path).collect().height == 3
    out, err = compacted(capsys, str(tmp_path))
    assert (out, err) == (f"nothing new to compact in {tmp_path}/journal\n", "")


def test_damage_and_what_is_left(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    record(tmp_path, quotes(5))
    (segment,) = Journal(tmp_path).segments()
    segment.write_bytes(segment.read_bytes()[:-3])
    writer = JournalWriter(tmp_path)
    writer.frames(quotes(1))
    out, err = compacted(capsys, str(tmp_path))
    writer.close()
    assert out.startswith("the file that is being recorded is left for a later run\n5 rows (")
    assert err == f"tickflow-rx: {segment}: it was not closed (from byte 0 on)\n"


def test_errors_are_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["compact", str(tmp_path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"tickflow-rx: there is no journal in {tmp_path}: ")
    assert err.count("\n") == 1
    record(tmp_path, quotes(2))
    monkeypatch.setitem(sys.modules, "deltalake", None)
    assert main(["compact", str(tmp_path), "--delta", str(tmp_path / "tables")]) == 2
    assert capsys.readouterr().err == (
        "tickflow-rx: Delta tables need the package deltalake: pip install 'tickflow-rx[delta]'\n"
    )


def test_delta(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    pytest.importorskip("deltalake")
    record(tmp_path, quotes(5))
    out, _ = compacted(capsys, str(tmp_path), "--delta", str(tmp_path / "tables"))
    assert "1 file of the journal put into Delta tables\n5 rows (" in out
    assert (tmp_path / "tables/quotes/_delta_log").is_dir()


def test_a_bar_in_a_terminal(tmp_path: Path) -> None:
    record(tmp_path, quotes(5))
    with Terminal("compact", str(tmp_path)) as terminal:
        assert terminal.end() == 0
    assert "compacting" in terminal.shown
    assert "5 rows (3 quotes, 2 books)" in terminal.shown
