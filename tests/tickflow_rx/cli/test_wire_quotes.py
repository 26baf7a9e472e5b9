"""Quotes from recordings of wire frames, also damaged ones."""

import gzip
import json
from pathlib import Path

import polars as pl
import pytest

from tests.tickflow_rx.cli.quotes import quotes, wire_file
from tickflow_rx.cli._errors import CommandError
from tickflow_rx.cli._wire_quotes import WireQuotes
from tickflow_rx.decoding import QUOTES


def read(path: Path) -> pl.DataFrame:
    return pl.concat(WireQuotes(path).frames())


def test_rows_and_times_of_arrival(tmp_path: Path) -> None:
    frame = read(wire_file(tmp_path / "q.jsonl"))
    assert frame.schema == QUOTES
    assert frame.equals(quotes())


def test_gzip_is_known_by_its_bytes(tmp_path: Path) -> None:
    path = wire_file(tmp_path / "q.jsonl")
    path.write_bytes(gzip.compress(path.read_bytes()))
    assert read(path).equals(quotes())


def test_bad_lines_are_set_aside(tmp_path: Path) -> None:
    bad = [
        "no JSON",
        '{"received": 1}',
        '{"received": "soon", "frame": {}}',
        '{"received": 1e999, "frame": {}}',
        json.dumps({"received": 1, "frame": {"op": "quotes", "data": [{"symbol": 1}]}}),
        json.dumps({"received": 1, "frame": {"op": "unheard of"}}),
        "[" * 100_000,
    ]
    harmless = ["", "   ", json.dumps({"received": 1, "frame": {"op": "error", "message": "x"}})]
    files = WireQuotes(wire_file(tmp_path / "q.jsonl", *bad, *harmless))
    assert files.notes == []
    assert pl.concat(files.frames()).equals(quotes())
    (note,) = files.notes
    assert note.startswith(f"{len(bad)} of ")
    assert "lines set aside; the first: line " in note


@pytest.mark.parametrize("text", ["no recording\n", "\x00\x01\n\x02", '{"symbol": "A"}\n' * 3])
def test_what_is_no_recording(tmp_path: Path, text: str) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(text)
    with pytest.raises(CommandError, match="is no recording of wire frames: line 1: "):
        list(WireQuotes(path).frames())


def test_an_empty_recording(tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_text("\n")
    assert list(WireQuotes(tmp_path / "q.jsonl").frames()) == []


def test_gzip_cut_short(tmp_path: Path) -> None:
    path = wire_file(tmp_path / "q.jsonl")
    path.write_bytes(gzip.compress(path.read_bytes())[:-200])
    with pytest.raises(CommandError, match="cannot be read: "):
        list(WireQuotes(path).frames())
