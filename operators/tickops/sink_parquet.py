"""Results to disk, as frames go by."""

from __future__ import annotations

import logging
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reactivex.disposable import CompositeDisposable, Disposable

from tickops._checkpointed import checkpointed, seconds_of
from tickops._closing import Closing
from tickops._counts import check_count
from tickops._duration import Duration, microseconds
from tickops._parts import Parts, PartsOptions
from tickops._rx import Piped, clock_of
from tickops.exceptions import OperatorError

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl
    from reactivex import Observable, abc

    from tickops._rx import Frames

__all__ = ["sink_parquet"]

_LOG: Final = logging.getLogger("tickops")
_MICROSECONDS: Final = 1_000_000


class sink_parquet:
    """Write frames to Parquet files as they go by: ``frames.pipe(op, ops.sink_parquet("out/"))``.

    The files are ``part-000001.parquet``, ``part-000002.parquet``, … in order. Each is written
    under a temporary name and gets its own when it is whole and on the disk, so that whoever
    reads ``out/*.parquet`` never sees half a file.

    Parameters
    ----------
    directory
        Folder of the parts; made if it is not there. One sink at a time.
    rows
        Rows of a part; so many at most wait in memory.
    every
        Time after which a part is closed with fewer, by the subscription's scheduler if one is
        given, else by the machine's clock. Looked at when a frame comes, or a tick where the
        frames have a clock. By default a part is closed when it is full and at the end.

    Returns
    -------
    The frames as they are.

    Raises
    ------
    ValueError, TypeError
        `rows` or `every` cannot be right.
    OperatorError
        Another sink writes to the directory, the disk is full or not writable; to the observer.
        The parts that are there stay whole.
    SchemaError
        The frames' columns change; to the observer.

    Notes
    -----
    Parts that are there stay, and the numbers go on after them: a second subscription adds to
    them, and whoever pushes the same rows again has them twice. With `checkpoint` beside it in
    the pipe that cannot happen: parts are closed with each checkpoint, and what a killed process
    wrote after its last one is removed. Then rows come with their numbers.

    When the source completes or fails, or the subscription is disposed, what waits becomes the
    last part (beside a checkpoint: only when the source completes). After a kill, what waited
    is lost; a temporary file of the dead process is removed by the next sink.

    Examples
    --------
    >>> import tempfile
    >>> import polars as pl
    >>> import reactivex
    >>> import tickops as ops
    >>> folder = tempfile.mkdtemp()
    >>> frame = pl.DataFrame({"symbol": ["600000.SH"] * 3, "last_price": [9.71, 9.72, 9.74]})
    >>> _ = reactivex.of(frame, frame).pipe(ops.sink_parquet(folder, rows=4)).subscribe()
    >>> sorted(path.name for path in Path(folder).glob("*.parquet"))
    ['part-000001.parquet', 'part-000002.parquet']
    >>> pl.read_parquet(f"{folder}/*.parquet").height
    6
    """

    def __init__(
        self,
        directory: str | PathLike[str],
        *,
        rows: int = 250_000,
        every: Duration | None = None,
    ) -> None:
        check_count("rows", rows, "row")
        seconds = None if every is None else microseconds("every", every) / _MICROSECONDS
        self.options = PartsOptions(Path(fspath(directory)), rows, seconds)

    def __call__(self, source: Observable[pl.DataFrame]) -> Frames:
        """Apply to an observable of frames: ``frames.pipe(ops.sink_parquet("out/"))``."""
        operator, sinks = None, (self,)
        begin = source
        if isinstance(source, Piped):
            operator, sinks, begin = source.operator, (*source.sinks, self), source.source
            if source.checkpoint is not None and operator is not None:
                return checkpointed(begin, operator, sinks, source.checkpoint)
        return Piped(_writing(source, self.options), begin, operator=operator, sinks=sinks)

    def __repr__(self) -> str:
        return f"sink_parquet({str(self.options.folder)!r})"


def _writing(
    source: Observable[pl.DataFrame], options: PartsOptions
) -> abc.Subscription[pl.DataFrame]:
    """Subscribe function of a sink without a checkpoint."""
    clock = clock_of(source)

    def subscribe(
        observer: abc.ObserverBase[pl.DataFrame], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        writing = _Writing(Parts(options, seconds_of(scheduler)), observer)
        writing.disposable.add(
            source.subscribe(writing.push, writing.fail, writing.complete, scheduler=scheduler)
        )
        if clock is not None and options.seconds is not None:
            writing.disposable.add(clock.subscribe(writing.tick, writing.fail, scheduler=scheduler))
        return writing.disposable

    return subscribe


class _Writing:
    """One subscription."""

    def __init__(self, parts: Parts, observer: abc.ObserverBase[pl.DataFrame]) -> None:
        self._parts = parts
        self._observer = observer
        self._closing = Closing(self._close)
        self.disposable = CompositeDisposable(Disposable(self._closing.close))

    def push(self, frame: pl.DataFrame) -> None:
        with self._closing.step():
            if self._try(lambda: self._parts.write(frame)):
                self._observer.on_next(frame)

    def tick(self, now_us: int) -> None:
        with self._closing.step():
            self._try(self._parts.tick)

    def complete(self) -> None:
        with self._closing.step():
            written = self._try(self._parts.close_part)
        if written:
            self.disposable.dispose()
            self._observer.on_completed()

    def fail(self, error: Exception) -> None:
        self.disposable.dispose()
        self._observer.on_error(error)

    def _try(self, action: Callable[[], None]) -> bool:
        """Do something whose error is the observer's, and the end."""
        if self._closing.closed:
            return False
        try:
            action()
        except Exception as error:
            self.fail(error)
            return False
        return True

    def _close(self) -> None:
        """Keep what waits, as far as that goes: nobody is left to hear that it does not."""
        try:
            self._parts.close_part()
        except OperatorError as error:
            _LOG.error("%s", error)
        finally:
            self._parts.release()
