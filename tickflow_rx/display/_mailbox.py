"""Rows that wait to be shown."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Mailbox"]

_MANY_ROWS: Final = 50_000


class Mailbox:
    """Frames that wait to be shown. One thread puts, another takes.

    Putting a frame keeps a reference to it, no more; when very many rows wait, those that nobody
    would see any longer are dropped.

    Parameters
    ----------
    seen
        Gives of a frame the rows that would be seen: of each symbol the newest, or the last n.
    many
        From so many waiting rows on they are thinned out.
    """

    def __init__(
        self, seen: Callable[[pl.DataFrame], pl.DataFrame], *, many: int = _MANY_ROWS
    ) -> None:
        self._seen = seen
        self._many = many
        self._limit = many
        self._frames: list[pl.DataFrame] = []
        self._rows = 0
        self._lock = threading.Lock()

    def put(self, frame: pl.DataFrame) -> None:
        """Let a frame wait."""
        if not frame.height:
            return
        with self._lock:
            self._frames.append(frame)
            self._rows += frame.height
            if self._rows > self._limit:
                thinned = self._seen(pl.concat(self._frames))
                self._frames, self._rows = [thinned], thinned.height
                self._limit = max(self._many, 2 * thinned.height)

    def take(self) -> pl.DataFrame | None:
        """Rows that would be seen of all that waits, which then waits no more; None if none do."""
        with self._lock:
            frames, self._frames, self._rows = self._frames, [], 0
        return self._seen(pl.concat(frames)) if frames else None

    def clear(self) -> None:
        """Forget what waits."""
        with self._lock:
            self._frames, self._rows = [], 0
