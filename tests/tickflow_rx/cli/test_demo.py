"""``tickflow-rx demo``, whole."""

import re
from datetime import date
from math import inf
from pathlib import Path

import polars as pl
import pytest

from tests.tickflow_rx.cli.quotes import BARS, same
from tests.tickflow_rx.cli.terminal import Terminal
from tickflow_rx.cli import main
from tickflow_rx.cli._demo import Demo
from tickflow_rx.cli._table_file import TableFile
from tickflow_rx.decoding import DEPTH, QUOTES

# On a fresh machine each command compiles the operators first.
pytestmark = pytest.mark.timeout(300)


def demo(out: Path, *, seconds: float = 100.0, speed: float = inf) -> Demo:
    return Demo(seconds=seconds, symbols=3, speed=speed, seed=0, out=out)


def test_a_whole_day_ends_by_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "new" / "out"
    assert demo(out).run() == 0
    quotes = pl.read_parquet(out / "quotes.parquet")
    depth = pl.read_parquet(out / "depth.parquet")
    bars = pl.read_parquet(out / "bars.parquet")
    assert (quotes.schema, depth.schema) == (QUOTES, DEPTH)
    assert quotes.height == depth.height > 10_000
    # Live is batch: what came in pieces over the socket gives the same bars at once.
    assert same(bars, BARS.apply(quotes))
    assert set(bars["trading_day"]) == {date(2026, 3, 2)}
    assert bars["end"].dt.convert_time_zone("Asia/Shanghai").dt.strftime("%H:%M").max() == "15:00"
    traded = quotes.group_by("symbol").agg(pl.col("volume").last() - pl.col("volume").first())
    assert bars["volume"].sum() == traded["volume"].sum()
    told = capsys.readouterr().out
    wrote = dict(re.findall(r"^  (\S+) +([\d,]+) rows$", told, re.MULTILINE))
    assert wrote == {
        str(out / f"{name}.parquet"): f"{frame.height:,}"
        for name, frame in (("quotes", quotes), ("depth", depth), ("bars", bars))
    }
    assert "market 15:40:" in told
    assert "600000.SH" in told
    assert sorted(path.name for path in out.iterdir()) == [
        "bars.parquet",
        "depth.parquet",
        "quotes.parquet",
    ]


def test_it_ends_when_its_time_is_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert demo(tmp_path, seconds=0.5, speed=60.0).run() == 0
    quotes = pl.read_parquet(tmp_path / "quotes.parquet")
    assert quotes.height < 1000
    assert "Wrote\n" in capsys.readouterr().out


def test_a_live_table(tmp_path: Path) -> None:
    arguments = ("--seconds", "4", "--symbols", "4", "--speed", "600", "--out", str(tmp_path))
    with Terminal("demo", *arguments) as terminal:
        terminal.until(r"Simulated market on http://127\.0\.0\.1:\d+, 600 x as fast as life")
        terminal.until(r"symbol +time +last +change % spread bps imbalance +vwap +bar")
        terminal.until(r"600000\.SH \d\d:\d\d:\d\d +\d+\.\d\d")
        assert terminal.end() == 0
    assert re.search(r"Wrote\s+\S+quotes\.parquet +[\d,]+ rows", terminal.shown)
    assert "Traceback" not in terminal.shown


def test_ctrl_c_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "bars.parquet").write_text("before")
    with Terminal("demo", "--seconds", "90", "--out", str(tmp_path)) as terminal:
        terminal.until(r"market \d\d:\d\d:\d\d · [1-9]")
        terminal.press_ctrl_c()
        assert terminal.end() == 130
    assert "Traceback" not in terminal.shown
    assert [path.name for path in tmp_path.iterdir()] == ["bars.parquet"]
    assert (tmp_path / "bars.parquet").read_text() == "before"


def test_what_cannot_be_written_at_the_end_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = TableFile.write

    def full(table: TableFile, frame: pl.DataFrame) -> None:
        if table.path.name == "bars.parquet" and frame["partial"].any():
            raise OSError(28, "No space left on device")
        whole(table, frame)

    monkeypatch.setattr(TableFile, "write", full)
    arguments = ["--symbols", "2", "--speed", "300", "--seconds", "0.6", "--out", str(tmp_path)]
    assert main(["demo", *arguments]) == 2
    assert capsys.readouterr().err.endswith("tickflow-rx: No space left on device\n")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert main(["demo", "--out", str(tmp_path / "file")]) == 2
    assert capsys.readouterr().err == (
        f"tickflow-rx: --out {tmp_path / 'file'} is a file: name a folder\n"
    )


def test_too_many_symbols(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--symbols", "1000000", "--out", str(tmp_path)]) == 2
    assert "count must be from 1 to" in capsys.readouterr().err


def test_make_runs_this() -> None:
    makefile = (Path(__file__).parents[3] / "Makefile").read_text()
    assert "tickflow-rx demo --seconds $(DEMO_SECONDS)" in makefile
