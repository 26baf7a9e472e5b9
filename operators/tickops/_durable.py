"""Files that are there whole or not at all, also after the machine has stopped."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["put", "sync", "temporary", "write"]


def temporary(path: Path) -> Path:
    """Name beside `path` under which it is written first; no pattern for files finds it."""
    return path.with_name(f".{path.name}.tmp")


def sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    if path.is_dir():
        # Windows opens no folders, and keeps names without this.
        with suppress(PermissionError):
            folder = os.open(path, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
    else:
        with path.open("rb+") as file:
            os.fsync(file.fileno())


def put(path: Path) -> None:
    """Give what is under the temporary name of `path` its own, once it is on the disk."""
    sync(temporary(path))
    temporary(path).replace(path)
    sync(path.parent)


def write(path: Path, data: bytes) -> None:
    """Write a file, or replace it."""
    temporary(path).write_bytes(data)
    put(path)
