"""Tables written piece by piece."""

import gc
from pathlib import Path

import polars as pl
import pytest

import tickops as ops
from tickflow_rx.cli._errors import CommandError
from tickflow_rx.cli._table_file import TableFile, check_output

FRAME = pl.DataFrame(
    {"symbol": ["600000.SH", "000001.SZ", None], "n": [1, None, 3], "x": [0.1, 2.0, None]},
    schema={"symbol": ops.SYMBOL, "n": pl.Int64, "x": pl.Float64},
)


@pytest.mark.parametrize("piece_rows", [1, 2, 100])
def test_pieces_make_one_table(tmp_path: Path, piece_rows: int) -> None:
    for name in ("t[1].parquet", "t.CSV"):
        with TableFile(tmp_path / name, FRAME.schema, piece_rows=piece_rows) as table:
            for start in range(3):
                table.write(FRAME[start : start + 1])
                table.write(FRAME.clear())
        assert table.rows == 3
    written = pl.scan_parquet(tmp_path / "t[1].parquet", glob=False).collect()
    assert written.schema == FRAME.schema
    assert written.equals(FRAME)
    assert (tmp_path / "t.CSV").read_text() == FRAME.write_csv()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t.CSV", "t[1].parquet"]


def test_no_rows(tmp_path: Path) -> None:
    for name in ("t.parquet", "t.csv"):
        with TableFile(tmp_path / name, FRAME.schema) as table:
            pass
        assert table.rows == 0
    assert pl.read_parquet(tmp_path / "t.parquet").equals(FRAME.clear())
    assert (tmp_path / "t.csv").read_text() == "symbol,n,x\n"


@pytest.mark.parametrize("name", ["t.parquet", "t.csv"])
def test_an_error_leaves_no_trace(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("before")

    def fail() -> None:
        with TableFile(tmp_path / name, FRAME.schema, piece_rows=1) as table:
            table.write(FRAME)
            assert (tmp_path / name).read_text() == "before"
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "before"


def test_an_interrupt_of_the_clean_up_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(table: TableFile) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(TableFile, "discard", interrupted)

    def fail() -> None:
        with TableFile(tmp_path / "t.csv", FRAME.schema, piece_rows=1) as table:
            table.write(FRAME)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_rights_are_those_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    with TableFile(tmp_path / "t.parquet", FRAME.schema) as table:
        table.write(FRAME)
    assert (tmp_path / "t.parquet").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_outputs_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    for path, said in (
        (tmp_path / "t.txt", "must end in .parquet or .csv"),
        (tmp_path, "must end in"),
        (tmp_path / "folder.csv", "is a folder"),
        (tmp_path / "none" / "t.csv", "there is no folder"),
    ):
        with pytest.raises(CommandError, match=said):
            check_output(path)
