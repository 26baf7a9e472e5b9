"""Where a replay's rows come from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from tickflow_rx.exceptions import TickFlowError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tickflow_rx._replaying._blocks import Block
    from tickflow_rx._replaying._selection import Selection

__all__ = ["Kind", "Source", "open_source"]

Kind: TypeAlias = Literal["journal", "parquet"]


class Source(Protocol):
    """A recording.

    Attributes
    ----------
    connection
        Greatest connection number so far.
    set_aside
        Frames that could not be understood so far.
    """

    @property
    def connection(self) -> int: ...
    @property
    def set_aside(self) -> int: ...

    def fraction(self) -> float | None:
        """How much of it has been read, from 0 to 1, if that is known."""
        ...

    def blocks(self, after_us: int | None, ticks: Callable[[], bool]) -> Iterator[Block]:
        """What was received after a time; None: all. An iterator of its own each time.

        Parameters
        ----------
        after_us
            Epoch microseconds.
        ticks
            Says whether anybody listens to the clock: rows are not cut for it else.
        """
        ...

    def problems(self) -> list[str]:
        """What could not be read so far."""
        ...


def open_source(path: Path, kind: Kind | None, selection: Selection) -> Source:
    """The recording in a folder or file, as it is now.

    Raises
    ------
    TickFlowError
        There is none.
    """
    if path.is_file():
        from tickflow_rx._replaying._wire import WireSource

        return WireSource(path, selection)
    if not path.is_dir():
        raise TickFlowError(f"there is no recording: no folder or file {path}")
    if kind == "journal" or (kind is None and (path / "journal").is_dir()):
        from tickflow_rx._replaying._journal import JournalSource

        return JournalSource(path, selection)
    if not any((path / channel).is_dir() for channel in ("quotes", "depth")):
        raise TickFlowError(
            f"there is no recording in {path}: neither a journal, which Recorder makes, nor"
            " quotes or depth, which compact makes of it"
        )
    from tickflow_rx._replaying._parquet import ParquetSource

    return ParquetSource(path, selection)
