"""What a pipeline has on disk: its checkpoint and its sinks' parts, which move together."""

from __future__ import annotations

import uuid
from contextlib import suppress
from typing import TYPE_CHECKING

from tickops._checkpoint_file import Progress, Saved, read, write
from tickops._folder_lock import locked
from tickops._parts import Parts, PartsOptions
from tickops.exceptions import OperatorError, SnapshotError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import polars as pl

__all__ = ["Ledger"]


class Ledger:
    """The folder of a checkpoint and those of the sinks, held by one pipeline alone.

    Parameters
    ----------
    folder
        Of the checkpoint; made if it is not there.

    Attributes
    ----------
    saved
        The newest checkpoint; None if there is none.

    Raises
    ------
    OperatorError
        Another pipeline holds it, or the one of this checkpoint has ended.
    SnapshotError
        The checkpoint is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sinks: list[Parts] = []
        self._lock = locked(folder, "pipeline")
        try:
            self.saved = read(folder)
            if self.saved is not None and self.saved.progress.ended:
                raise OperatorError(
                    f"the pipeline of the checkpoint in {folder} has ended: its input was complete."
                    " For another, give another folder, or remove this one"
                )
        except BaseException:
            self._lock.release()
            raise

    def open_sinks(self, options: Sequence[PartsOptions], now: Callable[[], float]) -> None:
        """Open the sinks, and remove the parts that are not in the checkpoint.

        Without a checkpoint, parts that are there stay.

        Raises
        ------
        OperatorError
            Another writes to a sink's folder, or it cannot be written to.
        SnapshotError
            There are more or fewer sinks than there were, or a part is of another pipeline.
        """
        saved = self.saved
        if saved is not None and len(saved.parts) != len(options):
            raise SnapshotError(
                f"the checkpoint in {self._folder} is of a pipeline with {len(saved.parts)} sinks,"
                f" this one has {len(options)}"
            )
        self._pipeline = uuid.uuid4().hex if saved is None else saved.pipeline
        for one in options:
            self._sinks.append(Parts(one, now, self._pipeline))
        if saved is not None:
            self._discard(saved)

    def write(self, frame: pl.DataFrame) -> None:
        """Give all sinks rows."""
        for sink in self._sinks:
            sink.write(frame)

    def tick(self) -> None:
        """Let sinks close what has been open for long enough."""
        for sink in self._sinks:
            sink.tick()

    def commit(self, progress: Progress) -> None:
        """Close the parts, then write the checkpoint that has them."""
        for sink in self._sinks:
            sink.close_part()
        parts = [sink.last for sink in self._sinks]
        saved = Saved(pipeline=self._pipeline, parts=parts, progress=progress)
        write(self._folder, saved)
        self.saved = saved

    def close(self) -> None:
        """Let go of all; what is not in the checkpoint is removed, or the next one does it."""
        with suppress(OperatorError):
            if self.saved is not None:
                self._discard(self.saved)
        for sink in self._sinks:
            sink.release()
        self._lock.release()

    def _discard(self, saved: Saved) -> None:
        for sink, last in zip(self._sinks, saved.parts, strict=False):
            sink.discard(last)
