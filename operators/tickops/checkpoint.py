"""State of a pipe on disk, to go on from after a kill."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING

from tickops import _checkpoint_file
from tickops._checkpointed import checkpointed
from tickops._duration import Duration, microseconds
from tickops._positions import as_value, read_type
from tickops._rx import Piped

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import polars as pl
    from reactivex import Observable

    from tickops._rx import Frames

__all__ = ["CheckpointOptions", "checkpoint"]


@dataclass(frozen=True, slots=True)
class CheckpointOptions:
    """What a checkpoint was asked for.

    Attributes
    ----------
    directory, position, before, number
        As given.
    every_us
        Microseconds.
    """

    directory: str
    every_us: int
    position: str
    before: Callable[[], object] | None
    number: str


class checkpoint:
    """Keep the state of a pipe on disk, so that after a kill it goes on where it was.

    ``source.pipe(op, ops.sink_parquet("out/"), ops.checkpoint("state/"))``: operators first,
    then sinks and the checkpoint in either order. Killed at any moment and subscribed to again
    on a source that begins no later than the checkpoint's position, it gives what it would have
    given without the kill, bit for bit, and the sinks' parts have each row once.

    Parameters
    ----------
    directory
        Folder of the checkpoint; made if it is not there. One pipeline at a time.
    every
        Time from one checkpoint to the next, by the subscription's scheduler if one is given,
        else by the machine's clock. Looked at when a frame or a tick comes.
    position
        Column of the source that never decreases: Datetime or an integer type. The rows of one
        position must come in one frame, as those of `tickflow_rx.Feed` and
        `tickflow_rx.Replay` do by "received".
    before
        Called before each checkpoint: ``recorder.flush``, so that the journal is never behind.
        What it raises ends the pipe.
    number
        Name of the column that is added; see Returns.

    Returns
    -------
    The columns of the last operator, and `number` (UInt64): how many rows came out of the
    pipeline before this one, since it first began. A consumer that notes it can leave out what
    it has seen: after a kill the rows since the last checkpoint come again, the same ones.

    Raises
    ------
    TypeError
        No operator stands right before it (a plain operator of reactivex is none), or it is not
        after all of them; on being applied.
    SnapshotError
        The checkpoint is damaged, or of other operators, sinks or columns; to the observer, as
        all below.
    SchemaError
        The source lacks `position`, or the output has `number` already.
    OperatorError
        Another pipeline holds the directory; the pipeline of the checkpoint has ended; a
        position goes back, is null or stands in two frames; the disk is full.

    Notes
    -----
    A checkpoint is one file, replaced atomically: a snapshot of the operators' run, the
    position, the number of output rows, and the parts of the sinks, which are closed for it.
    It holds data only. The first is written on subscribing.

    On subscribing again, rows up to the checkpoint's position, and times of the clock up to its
    newest, are left out; parts that are not in it are removed. `position` says from where a
    source has to begin.

    When the source completes, as a feed does that is closed, operators flush and the checkpoint
    is marked as ended: it does not go on. To stop in the middle and go on later, dispose the
    subscription first. A disposal, an error or an observer that raises flushes nothing: what
    came after the last checkpoint is removed from the sinks, and comes again.

    What stands before a plain operator of reactivex is not kept. Each checkpoint closes a part:
    with "10s" a day has thousands of small files. No frame passes while it is written: 5,400
    symbols with a window of 5 minutes are 13 MB and 0.1 to 0.2 s.

    Examples
    --------
    >>> import tempfile
    >>> import polars as pl
    >>> from reactivex import Subject
    >>> import tickops as ops
    >>> folder = tempfile.mkdtemp()
    >>> trades = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH"] * 4,
    ...         "timestamp": [1776754800000, 1776754803000, 1776754806000, 1776754809000],
    ...         "last_price": [9.71, 9.72, 9.74, 9.73],
    ...     }
    ... ).cast({"timestamp": pl.Datetime("ms", "UTC")})
    >>> op = ops.diff("last_price")
    >>> state = ops.checkpoint(f"{folder}/state", every="1us", position="timestamp")
    >>> def run(rows):
    ...     source = Subject()
    ...     pipe = source.pipe(op, ops.sink_parquet(f"{folder}/out"), state)
    ...     subscription = pipe.subscribe()
    ...     source.on_next(rows)
    ...     subscription.dispose()
    >>> run(trades[:2])
    >>> state.position()
    datetime.datetime(2026, 4, 21, 7, 0, 3, tzinfo=zoneinfo.ZoneInfo(key='UTC'))
    >>> run(trades)
    >>> out = pl.read_parquet(f"{folder}/out/*.parquet")
    >>> out["position"].to_list()
    [0, 1, 2, 3]
    >>> out.drop("position").equals(op.apply(trades))
    True
    """

    def __init__(
        self,
        directory: str | PathLike[str],
        *,
        every: Duration = "10s",
        position: str = "received",
        before: Callable[[], object] | None = None,
        number: str = "position",
    ) -> None:
        for name, value in (("position", position), ("number", number)):
            if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise TypeError(f"{name} must be the name of a column, not {value!r}")
        if before is not None and not callable(before):
            raise TypeError(f"before must be a function without arguments, not {before!r}")
        self._every = every
        self.options = CheckpointOptions(
            fspath(directory), microseconds("every", every), position, before, number
        )

    def position(self) -> datetime | int | None:
        """Position of the checkpoint that is there; None if none is, or it has seen no row.

        For a source: ``Replay("data/", after=state.position())``.

        Raises
        ------
        SnapshotError
            It is damaged.
        """
        saved = _checkpoint_file.read(Path(self.options.directory))
        if saved is None:
            return None
        reached = saved.progress.reached
        if reached.value is None or reached.dtype is None:
            return None
        return as_value(reached.value, read_type(reached.dtype))

    def __call__(self, source: Observable[pl.DataFrame]) -> Frames:
        """Apply to the frames of a pipe: ``source.pipe(op, ops.checkpoint("state/"))``."""
        if not isinstance(source, Piped) or source.operator is None:
            raise TypeError(
                f"{self!r} keeps the operators right before it, and there are none: put it after"
                " an operator of tickops, or after the sinks that follow one, with nothing in"
                f" between; what comes is {type(source).__name__}"
            )
        if source.checkpoint is not None:
            raise TypeError(f"{self!r} comes after {source.checkpoint!r}: a pipe has one")
        if isinstance(source.source, Piped):
            raise TypeError(f"{self!r} needs its sinks after all operators, not between them")
        return checkpointed(source.source, source.operator, source.sinks, self)

    def __repr__(self) -> str:
        return f"checkpoint({self.options.directory!r})"
