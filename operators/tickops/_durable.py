"""Files that are there whole or not at all, also after the machine has stopped."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["put", "temporary", "write"]


def temporary(path: Path) -> Path:
    """Name beside `path` under which it is written first; no pattern for files finds it."""
    return path.with_name(f".{path.name}.tmp")


def put(path: Path) -> None:
    """Give what is under the temporary name of `path` its own, once it is on the disk."""
    written = temporary(path)
    with written.open("rb+") as file:
        os.fsync(file.fileno())
    written.replace(path)
    # Windows opens no folders, and keeps names without this.
    with suppress(PermissionError):
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def write(path: Path, data: bytes) -> None:
    """Write a file, or replace it."""
    temporary(path).write_bytes(data)
    put(path)
