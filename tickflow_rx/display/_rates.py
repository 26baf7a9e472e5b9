"""How fast counts grow."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Rates"]

_WINDOW_S: Final = 3.0


class Rates:
    """Growth a second of some counts, over the last three seconds.

    Parameters
    ----------
    now
        Gives the time in seconds.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._past: deque[tuple[float, tuple[int, ...]]] = deque()

    def of(self, *counts: int) -> list[float]:
        """Rates of counts as they are now; 0 until there is something to compare with."""
        now = self._now()
        past = self._past
        past.append((now, counts))
        while len(past) > 1 and past[1][0] <= now - _WINDOW_S:
            past.popleft()
        then, before = past[0]
        seconds = now - then
        return [(a - b) / seconds if seconds else 0.0 for a, b in zip(counts, before, strict=True)]

    def clear(self) -> None:
        """Begin anew."""
        self._past.clear()
