"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["remove_temporary", "sync", "temporary"]


def temporary(path: Path) -> Path:
    """Where a file is written before it gets its name: hidden, and with no name of Parquet."""
    return path.with_name(f".{path.name}.tmp")


def remove_temporary(folders: Iterable[Path]) -> None:
    """Remove what a dead process left half-written, one level below some folders."""
    for folder in folders:
        for path in folder.glob("*/.*.tmp"):
            path.unlink()


def sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
