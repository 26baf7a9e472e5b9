"""How far a replay is, as a bar."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

__all__ = ["NoProgress", "Progress", "progress_bar"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Progress(Protocol):
    """What is told how far a replay is."""

    def show(self, fraction: Callable[[], float | None], last_us: int) -> None:
        """Show the fraction of the recording that was read, if known, and the time it is at."""
        ...

    def close(self) -> None:
        """Show no more."""
        ...


class NoProgress:
    """Nothing to see."""

    def show(self, fraction: Callable[[], float | None], last_us: int) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Nothing to do."""


class _RichBar:
    """A line in the terminal; nothing where there is none."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

        console = _console()
        columns = (
            TextColumn("replay"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.description}"),
        )
        self._progress = Progress(*columns, console=console, disable=not console.is_terminal)
        self._task = self._progress.add_task("", total=None)
        self._progress.start()

    def show(self, fraction: Callable[[], float | None], last_us: int) -> None:
        """Move it."""
        done = fraction()
        total = None if done is None else 1.0
        self._progress.update(
            self._task, total=total, completed=done or 0.0, description=_time(last_us)
        )

    def close(self) -> None:
        """Leave it as it is."""
        self._progress.stop()


class _NotebookBar:
    """A bar of tqdm."""

    def __init__(self) -> None:
        tqdm: Any = import_module("tqdm.auto").tqdm
        self._bar = tqdm(total=1.0, desc="replay", bar_format="{desc} {percentage:3.0f}% {bar}")

    def show(self, fraction: Callable[[], float | None], last_us: int) -> None:
        """Move it."""
        self._bar.set_description_str(f"replay {_time(last_us)}", refresh=False)
        self._bar.update((fraction() or 0.0) - self._bar.n)

    def close(self) -> None:
        """Leave it as it is."""
        self._bar.close()


def progress_bar() -> Progress:
    """The bar for where this runs."""
    return _NotebookBar() if _in_notebook() and find_spec("tqdm") is not None else _RichBar()


def _console() -> Console:
    from rich.console import Console

    return Console(stderr=True)


def _in_notebook() -> bool:
    ipython: Any = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return type(shell).__name__ == "ZMQInteractiveShell"


def _time(time_us: int) -> str:
    """A time of arrival, to the second."""
    return f"{_EPOCH + timedelta(microseconds=time_us):%Y-%m-%d %H:%M:%S} UTC"
