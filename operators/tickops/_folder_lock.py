"""One writer a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from tickops.exceptions import OperatorError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["locked"]


def locked(folder: Path, who: str) -> FileLock:
    """Make a folder if it is not there, and lock it; the caller releases.

    Raises
    ------
    OperatorError
        It cannot be made or written to, or another holds it; `who` says what that would be.
    """
    lock = FileLock(folder / ".lock", blocking=False, thread_local=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise OperatorError(
            f"another {who} writes to {folder}: give this one a folder of its own, or end that one"
        ) from None
    except OSError as error:
        raise OperatorError(f"{folder} cannot be written to: {error.strerror or error}") from error
    return lock
