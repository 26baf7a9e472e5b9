"""``tickflow-rx replay``, from a recording to files."""

import os
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import polars as pl
import pytest

import tickops as ops
from tests.tickflow_rx.cli.terminal import Terminal, command
from tests.tickflow_rx.feeds import A, B, Rows
from tests.tickflow_rx.test_replay import books, frame, recorded, tick
from tickflow_rx import Replay
from tickflow_rx.cli import main

STUDY = """
import tickops as ops
from reactivex import operators as rx

bars = ops.chain(ops.deltas(), ops.bars("1m"))
book = ops.spread()
number = 3

def one(source):
    return source.quotes.pipe(ops.deltas())

def two(source):
    none = one(source).pipe(rx.take(0))
    return {"trades": one(source), "mids": source.depth.pipe(book), "none": none}

def wrong(source):
    return {"trades": 3}

def bad_name(source):
    return {"../up": source.quotes}

def texts(source):
    return source.quotes.pipe(rx.map(str))

def fails(source):
    def fail(frame):
        raise ValueError("a mistake of mine")
    return source.quotes.pipe(rx.map(fail))

def stuck(source):
    def wait(frame):
        print("began", flush=True)
        while True:
            pass
    return source.quotes.pipe(rx.map(wait))
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path]:
    """The current folder: study.py, and a recording in data/."""
    frames = [frame(k, A, B, volume=k) for k in range(5)]
    recorded(tmp_path / "data", *frames, books(6, A), tick(200), frame(86_400, A))
    (tmp_path / "study.py").write_text(STUDY)
    monkeypatch.chdir(tmp_path)
    path = list(sys.path)
    yield tmp_path
    sys.path[:] = path
    sys.modules.pop("study", None)


def ran(*arguments: str) -> None:
    assert main(["replay", "data", "--out", "results", *arguments]) == 0


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["replay", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err.removeprefix("tickflow-rx: ").rstrip("\n")


def test_an_operator(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran("--pipeline", "study:bars")
    told = capsys.readouterr().out.splitlines()
    made = pl.read_parquet("results/bars.parquet")
    replay = Replay("data")
    frames = Rows(replay.quotes.pipe(ops.deltas(), ops.bars("1m")))
    with replay:
        replay.wait(30)
    expected = pl.concat(frames.items)
    text = pl.col(pl.Categorical).cast(pl.String)
    assert made.with_columns(text).equals(expected.with_columns(text))
    assert told == [
        "11 quotes and 1 books in, from data",
        f"{made.height} rows out, to results/bars.parquet",
    ]
    assert os.listdir("results") == ["bars.parquet"]


def test_a_function_of_the_source(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran("--pipeline", "study:one")
    assert pl.read_parquet("results/one.parquet").height == 11
    capsys.readouterr()
    ran("--pipeline", "study:two", "--day", "2026-04-21", "--symbols", f"{A},X.SH")
    assert "no rows for none.parquet, which is not written" in capsys.readouterr().out
    assert sorted(os.listdir("results")) == ["mids.parquet", "one.parquet", "trades.parquet"]
    trades = pl.read_parquet("results/trades.parquet")
    assert (trades.height, set(trades["symbol"].to_list())) == (5, {A})
    assert pl.read_parquet("results/mids.parquet").height == 1


def test_channels(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran("--pipeline", "study:book", "--channel", "depth")
    assert pl.read_parquet("results/book.parquet").height == 1
    ran("--pipeline", "study:book", "--channel", "interleaved")
    assert pl.read_parquet("results/book.parquet").height == 12
    capsys.readouterr()
    says = refused(capsys, "data", "--out", "other", "--pipeline", "study:book")
    assert "study:book does not fit --channel quotes" in says
    assert "bid_prices" in says
    assert not Path("other").exists()


@pytest.mark.parametrize(
    ("pipeline", "says"),
    [
        ("study", "--pipeline must be MODULE:NAME"),
        ("nothing:bars", "there is no module 'nothing'"),
        ("study:nothing", "study has no 'nothing'"),
        ("study:number", "must be an operator or a function of the source, not int"),
        ("study:wrong", "'trades' is int"),
        ("study:bad_name", "'../up' cannot be the name of a file"),
        ("study:texts", "texts must give polars.DataFrame, not str"),
        ("study:fails", "a mistake of mine"),
        ("broken:bars", "broken cannot be imported: ZeroDivisionError"),
        ("half:bars", "half cannot be imported: No module named 'not_there'"),
    ],
)
def test_pipelines_that_cannot_be(
    folder: Path, capsys: pytest.CaptureFixture[str], pipeline: str, says: str
) -> None:
    (folder / "broken.py").write_text("1 / 0\n")
    (folder / "half.py").write_text("import not_there\n")
    assert says in refused(capsys, "data", "--out", "results", "--pipeline", pipeline)
    assert list(Path().glob("results/*")) == []


def test_recordings_that_cannot_be(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    some = ["--out", "results", "--pipeline", "study:bars"]
    assert "no folder or file none" in refused(capsys, "none", *some)
    assert "day must be a date" in refused(capsys, "data", *some, "--day", "today")
    assert "not of the form" in refused(capsys, "data", *some, "--symbols", "x")
    Path("file").touch()
    says = refused(capsys, "data", "--out", "file", "--pipeline", "study:bars")
    assert says == "--out file is a file: name a folder for the results"


def test_ctrl_c_leaves_what_was_there(folder: Path) -> None:
    Path("results").mkdir()
    Path("results/stuck.parquet").write_bytes(b"before")
    arguments = ["replay", "data", "--out", "results", "--pipeline", "study:stuck"]
    stuck = STUDY.replace("while True:\n            pass", "import time; time.sleep(0.2)")
    Path("study.py").write_text(stuck)
    with subprocess.Popen(
        [*command(*arguments, "--speed", "1")], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "began\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    assert Path("results/stuck.parquet").read_bytes() == b"before"
    assert os.listdir("results") == ["stuck.parquet"]


def test_a_bar_in_a_terminal(folder: Path) -> None:
    arguments = ("replay", "data", "--out", "results", "--pipeline", "study:bars")
    with Terminal(*arguments) as terminal:
        assert terminal.end() == 0
    assert "100%" in terminal.shown
    assert "2026-04-22 01:31:00 UTC" in terminal.shown
    assert "rows out, to results/bars.parquet" in terminal.shown
