"""How far a compaction is."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

__all__ = ["Progress"]


class Progress:
    """A bar on stderr, of the bytes of the journal; nothing where that is no terminal.

    A context manager.

    Parameters
    ----------
    total
        Bytes to be read.
    shown
        Whether there is a bar.
    """

    def __init__(self, total: int, *, shown: bool) -> None:
        self._total = total
        self._shown = shown
        self._opened = ExitStack()
        self._task: tuple[Bar, TaskID] | None = None

    def at(self, read: int) -> None:
        """Show that so many bytes are read."""
        if self._task is not None:
            bar, task = self._task
            bar.update(task, completed=read)

    def __enter__(self) -> Self:
        if self._shown:
            from rich.console import Console
            from rich.progress import Progress as Bar

            console = Console(stderr=True)
            if console.is_terminal:
                bar = self._opened.enter_context(Bar(console=console, transient=True))
                self._task = (bar, bar.add_task("compacting", total=self._total))
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()
