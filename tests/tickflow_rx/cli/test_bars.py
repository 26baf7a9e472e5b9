"""``tickflow-rx bars``, from files to files."""

import os
from pathlib import Path

import polars as pl
import pytest

import tickops as ops
from tests import data
from tests.tickflow_rx.cli.quotes import BARS, bars, parquet_file, quotes, same, wire_file
from tickflow_rx.cli import main
from tickflow_rx.cli._bars import make
from tickflow_rx.cli._parquet_quotes import ParquetQuotes
from tickflow_rx.cli._wire_quotes import WireQuotes


def ran(*arguments: object) -> None:
    assert main([str(argument) for argument in arguments]) == 0


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Run a command that is refused, and return its line."""
    assert main([str(argument) for argument in arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err.removeprefix("tickflow-rx: ").rstrip("\n")


def test_parquet_to_parquet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = parquet_file(tmp_path / "q.parquet"), tmp_path / "bars.parquet"
    ran("bars", source, "--every", "1m", "--profile", "tdx", "--out", out)
    made = pl.read_parquet(out)
    assert made.height > 50
    assert same(made, bars())
    assert made.schema["symbol"] == pl.String
    assert made["region"].unique().to_list() == ["CN"]
    rows = quotes().height
    outside = BARS.start()
    outside.push(quotes())
    told = capsys.readouterr().out.splitlines()
    assert told[0] == f"{rows:,} rows in, from {source}"
    assert told[1] == f"{outside.counts['bars.outside']:,} rows left out: outside the sessions"
    assert told[2:] == [f"{made.height:,} bars out, to {out}"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bars.parquet", "q.parquet"]


def test_csv(tmp_path: Path) -> None:
    out = tmp_path / "bars.csv"
    ran("bars", parquet_file(tmp_path / "q.parquet"), "--out", out)
    made = pl.read_csv(out, try_parse_dates=True)
    assert made.columns == bars().columns
    assert same(made, bars().with_columns(pl.col("end")))


@pytest.mark.parametrize("name", ["q.jsonl", "q.wire.jsonl.gz"])
def test_wire(tmp_path: Path, name: str) -> None:
    source, out = wire_file(tmp_path / name), tmp_path / "bars.parquet"
    ran("bars", source, "--out", out)
    assert same(pl.read_parquet(out), bars())


def test_options_reach_the_operators(tmp_path: Path) -> None:
    source, out = parquet_file(tmp_path / "q.parquet"), tmp_path / "bars.parquet"
    ran("bars", source, "--every", "5m", "--fill", "--unit", "10", "--out", out)
    expected = ops.chain(ops.deltas(unit=10), ops.bars("5m", fill=True, unit=10)).apply(quotes())
    assert same(pl.read_parquet(out), expected)
    ran("bars", source, "--profile", "dolphindb", "--out", out)
    expected = ops.chain(ops.deltas(), ops.bars("1m", profile="dolphindb")).apply(quotes())
    assert same(pl.read_parquet(out), expected)


def test_a_folder_is_its_files_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, out = tmp_path / "days", tmp_path / "bars.parquet"
    (folder / "later").mkdir(parents=True)
    half = quotes().height // 2
    parquet_file(folder / "later" / "b.parquet", quotes()[half:])
    parquet_file(folder / "a.parquet", quotes()[:half])
    pl.DataFrame({"symbol": ["other"]}).write_parquet(folder / "0.parquet")
    (folder / ".hidden").mkdir()
    parquet_file(folder / ".hidden" / "c.parquet")
    ran("bars", folder, "--out", out)
    assert same(pl.read_parquet(out), bars())
    assert "rows in, from 2 files\n" in capsys.readouterr().out


@pytest.mark.parametrize("rows", [1, 7, 100, 10**6])
def test_cuts_do_not_matter(tmp_path: Path, rows: int) -> None:
    some = quotes()[:300]
    source = ParquetQuotes([parquet_file(tmp_path / "q.parquet", some)], rows=rows)
    made = make(BARS, source, tmp_path / "bars.parquet")
    assert made.rows == 300
    assert same(pl.read_parquet(tmp_path / "bars.parquet"), BARS.apply(some))


@pytest.mark.parametrize("chunk_bytes", [5_000, 100_000])
def test_cuts_of_wire_lines_do_not_matter(tmp_path: Path, chunk_bytes: int) -> None:
    source = WireQuotes(wire_file(tmp_path / "q.jsonl"), chunk_bytes=chunk_bytes)
    made = make(BARS, source, tmp_path / "bars.parquet")
    assert made.rows == quotes().height
    assert same(pl.read_parquet(tmp_path / "bars.parquet"), bars())


def test_no_rows(tmp_path: Path) -> None:
    source = parquet_file(tmp_path / "q.parquet", quotes().clear())
    for suffix in ("parquet", "csv"):
        ran("bars", source, "--out", tmp_path / f"bars.{suffix}")
    made = pl.read_parquet(tmp_path / "bars.parquet")
    assert (made.height, made.columns) == (0, bars().columns)
    assert (tmp_path / "bars.csv").read_text().rstrip() == ",".join(bars().columns)


def test_late_rows_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    twice = pl.concat([quotes(), quotes()[:100]])
    ran("bars", parquet_file(tmp_path / "q.parquet", twice), "--out", tmp_path / "b.csv")
    assert "100 rows left out: older than a row of their symbol" in capsys.readouterr().out


def test_naive_times_are_utc_and_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    naive = quotes().with_columns(pl.col("timestamp").dt.replace_time_zone(None))
    naive.select("symbol", "timestamp", "last_price", "high", "low", "volume", "amount")
    naive.write_parquet(tmp_path / "q.parquet")
    ran("bars", tmp_path / "q.parquet", "--out", tmp_path / "bars.parquet")
    assert same(pl.read_parquet(tmp_path / "bars.parquet"), bars())
    told = capsys.readouterr().err
    assert told == "tickflow-rx: timestamp in q.parquet has no time zone: it is read as UTC\n"


def test_the_input_is_never_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = parquet_file(tmp_path / "q.parquet")
    before = source.read_bytes()
    os.link(source, tmp_path / "same.parquet")
    for out in (source, tmp_path / "same.parquet", tmp_path / ".." / tmp_path.name / "q.parquet"):
        assert "is the input itself" in refused(capsys, "bars", source, "--out", out)
    assert "is the input itself" in refused(capsys, "bars", tmp_path, "--out", source)
    assert source.read_bytes() == before


def test_what_is_there_stays_until_all_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "bars.parquet"
    out.write_text("as it was")
    bad = quotes().with_columns(pl.col("volume").cast(pl.Float64))
    refused(capsys, "bars", parquet_file(tmp_path / "q.parquet", bad), "--out", out)
    broken = wire_file(tmp_path / "q.jsonl.gz")
    broken.write_bytes(b"\x1f\x8b\x08\x00" + bytes(100))
    refused(capsys, "bars", broken, "--out", out)
    assert out.read_text() == "as it was"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (pl.col("volume").cast(pl.Float64), "'volume' to be an integer"),
        (pl.col("high").cast(pl.String), "'high' to be a numeric type"),
        (pl.lit("today").alias("timestamp"), "'timestamp' to be Datetime"),
        (pl.lit(1).alias("symbol"), "'symbol' to be String or Categorical"),
        (pl.col("volume").alias("amounts"), "has no column 'amount'"),
    ],
)
def test_columns_that_are_not_as_they_must_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], column: pl.Expr, said: str
) -> None:
    path = parquet_file(tmp_path / "q.parquet")
    frame = pl.read_parquet(path).with_columns(column)
    frame.drop("amount" if "amounts" in frame.columns else []).write_parquet(path)
    assert said in refused(capsys, "bars", path, "--out", tmp_path / "b.csv")


def test_bad_paths_and_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = parquet_file(tmp_path / "q.parquet")
    empty = tmp_path / "empty"
    empty.mkdir()
    text = tmp_path / "text.parquet"
    text.write_text("no Parquet")
    cut = tmp_path / "cut.parquet"
    cut.write_bytes(source.read_bytes()[:-100])
    other = tmp_path / "notes.txt"
    other.write_text("")
    lines = tmp_path / "lines.jsonl"
    lines.write_text('{"no": "frame"}\n')
    good = ("--out", tmp_path / "b.csv")
    for arguments, said in (
        (("none.parquet", *good), "no such file or folder: none.parquet"),
        ((empty, *good), f"no quotes in folder {empty}: none of its 0 Parquet files has"),
        ((text, *good), f"{text} is no Parquet file: "),
        ((cut, *good), f"{cut} is no Parquet file: "),
        ((other, *good), "its name has to say which"),
        ((lines, *good), f"{lines} is no recording of wire frames: line 1: "),
        ((source, "--out", "b.txt"), "--out must end in .parquet or .csv; got 'b.txt'"),
        ((source, "--out", tmp_path / "no" / "b.csv"), f"there is no folder {tmp_path / 'no'}"),
        ((source, *good, "--every", "1x"), "every must be a duration"),
        ((source, *good, "--profile", "dolphindb", "--every", "5m"), 'every must be "1m"'),
    ):
        assert said in refused(capsys, "bars", *arguments)


def test_a_folder_is_no_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "b.csv").mkdir()
    assert "is a folder: name a file in it" in refused(
        capsys, "bars", parquet_file(tmp_path / "q.parquet"), "--out", tmp_path / "b.csv"
    )


@pytest.mark.real_data
@pytest.mark.parametrize("name", data.SETS)
def test_real_days(tmp_path: Path, name: str) -> None:
    of_parquet, of_wire = tmp_path / "p.parquet", tmp_path / "w.csv"
    ran("bars", data.path(name, "quotes.parquet"), "--unit", "1", "--fill", "--out", of_parquet)
    ran("bars", data.path(name, "wire.jsonl.gz"), "--fill", "--out", of_wire)
    made, in_lots = pl.read_parquet(of_parquet), pl.read_csv(of_wire)
    days = data.quotes(name).group_by(
        "symbol", pl.col("timestamp").dt.convert_time_zone("Asia/Shanghai").dt.date().alias("day")
    )
    totals = days.agg(pl.col("volume").max(), pl.col("high").max()).sort("symbol", "day")
    by_day = made.group_by("symbol", "trading_day").agg(
        pl.col("volume").sum(), pl.col("high").max(), pl.len()
    )
    by_day = by_day.sort("symbol", "trading_day")
    assert set(by_day["len"]) == {240}
    assert by_day["high"].to_list() == totals["high"].to_list()
    at_the_close = (
        data.quotes(name)
        .filter(
            pl.col("timestamp").dt.convert_time_zone("Asia/Shanghai").dt.time() < pl.time(15, 1)
        )
        .group_by(
            "symbol",
            pl.col("timestamp").dt.convert_time_zone("Asia/Shanghai").dt.date().alias("day"),
        )
        .agg(pl.col("volume").max())
        .sort("symbol", "day")
    )
    assert by_day["volume"].to_list() == at_the_close["volume"].to_list()
    assert in_lots.height == made.height
    prices = ["open", "high", "low", "close"]
    assert (
        in_lots.sort("symbol", "start")
        .select(prices)
        .equals(made.sort("symbol", "start").select(prices))
    )
