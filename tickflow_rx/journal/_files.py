"""Where a journal's files are, and what they are called."""

from typing import Final

__all__ = ["FOLDER", "SUFFIX"]

FOLDER: Final = "journal"
SUFFIX: Final = ".jsonl.zst"
