"""Files that are there whole or not at all."""

import os
from pathlib import Path

import pytest

from tickops import _durable


def test_it_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[str, bool]] = []
    path = tmp_path / "file"

    def fsync(descriptor: int) -> None:
        name = Path(f"/proc/self/fd/{descriptor}").readlink().name
        synced.append((name, path.exists()))

    monkeypatch.setattr(os, "fsync", fsync)
    _durable.write(path, b"new")
    assert synced == [(".file.tmp", False), (tmp_path.name, True)]
    assert path.read_bytes() == b"new"


def test_what_is_replaced_is_there_until_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail(descriptor: int) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="gone"):
        _durable.write(path, b"new")
    assert path.read_bytes() == b"old"


def test_patterns_for_files_do_not_find_the_temporary_one(tmp_path: Path) -> None:
    _durable.temporary(tmp_path / "part-1.parquet").write_bytes(b"half")
    assert [*tmp_path.glob("*.parquet")] == []
