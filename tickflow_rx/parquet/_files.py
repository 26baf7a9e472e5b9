"""What a compaction that was killed leaves behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["remove_temporary"]


def remove_temporary(folders: Iterable[Path]) -> None:
    """Remove what a dead process left half-written, one level below some folders."""
    for folder in folders:
        for path in folder.glob("*/.*.tmp"):
            path.unlink()
