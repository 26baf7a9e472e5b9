"""Who looks at a widget."""

from __future__ import annotations

import threading

__all__ = ["Audience"]


class Audience:
    """The views of a widget, and which of them can be seen. Any thread may tell.

    A kernel that runs a cell may hear nothing from its front end for a while: before the first
    view has said anything, somebody may be looking.
    """

    def __init__(self) -> None:
        self._visible: dict[str, bool] = {}
        self._heard = False
        self._lock = threading.Lock()

    @property
    def watching(self) -> bool:
        """Whether somebody may be looking."""
        with self._lock:
            return not self._heard or any(self._visible.values())

    def seen(self, view: str, visible: bool) -> None:
        """A view can be seen, or no longer."""
        with self._lock:
            self._heard = True
            self._visible[view] = visible

    def gone(self, view: str) -> None:
        """A view is no more: its cell was cleared, or its page closed."""
        with self._lock:
            self._heard = True
            self._visible.pop(view, None)
