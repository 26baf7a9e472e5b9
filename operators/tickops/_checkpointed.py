"""A pipe with a checkpoint: one run whose state, sinks and input move on together."""

from __future__ import annotations

import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from reactivex.disposable import CompositeDisposable, Disposable

from tickops._checkpoint_file import Progress, Reached
from tickops._closing import Closing
from tickops._late_news import LateNews
from tickops._ledger import Ledger
from tickops._positions import Positions, read_type, write_type
from tickops._rx import Piped, clock_of
from tickops.exceptions import SchemaError, SnapshotError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from reactivex import Observable, abc

    from tickops._operator import Operator
    from tickops._run import Run
    from tickops.checkpoint import checkpoint
    from tickops.sink_parquet import sink_parquet

__all__ = ["checkpointed", "seconds_of"]

_MICROSECONDS = 1_000_000


def checkpointed(
    source: Observable[pl.DataFrame],
    operator: Operator,
    sinks: Sequence[sink_parquet],
    checkpoint: checkpoint,
) -> Piped:
    """Frames of `source` through operators and sinks, going on from where the checkpoint is."""
    clock = clock_of(source)

    def subscribe(
        observer: abc.ObserverBase[pl.DataFrame], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        pipeline = _Pipeline(operator, sinks, checkpoint, observer, seconds_of(scheduler))
        pipeline.disposable.add(
            source.subscribe(pipeline.push, pipeline.fail, pipeline.complete, scheduler=scheduler)
        )
        if clock is not None:
            pipeline.disposable.add(
                clock.subscribe(pipeline.advance, pipeline.fail, scheduler=scheduler)
            )
        return pipeline.disposable

    return Piped(subscribe, source, operator=operator, sinks=sinks, checkpoint=checkpoint)


def seconds_of(scheduler: abc.SchedulerBase | None) -> Callable[[], float]:
    """Seconds of a scheduler's clock; of the machine's, if there is no scheduler."""
    if scheduler is None:
        return time.monotonic
    return lambda: scheduler.to_seconds(scheduler.now)


class _Pipeline:
    """One subscription."""

    def __init__(
        self,
        operator: Operator,
        sinks: Sequence[sink_parquet],
        checkpoint: checkpoint,
        observer: abc.ObserverBase[pl.DataFrame],
        now: Callable[[], float],
    ) -> None:
        self._options = checkpoint.options
        self._name = repr(checkpoint)
        self._observer = observer
        self._now = now
        self._tick_us: int | None = None
        self._rows = 0
        self._ledger = Ledger(Path(self._options.directory))
        self._closing = Closing(self._ledger.close)
        self.disposable = CompositeDisposable(Disposable(self._closing.close))
        self._resumes = self._ledger.saved is not None
        try:
            self._run, self._positions = self._resume(operator)
            self._ledger.open_sinks([sink.options for sink in sinks], now)
            if self._ledger.saved is None:
                # From here on parts are known to be of this pipeline, or of none before it.
                self._ledger.commit(self._progress())
        except BaseException:
            self._closing.close()
            raise
        self._news = LateNews(self._run)
        self._committed = now()

    def push(self, frame: pl.DataFrame) -> None:
        """Take the next rows; those that the checkpoint has are left out."""
        self._step(lambda: self._pushed(frame))

    def advance(self, now_us: int) -> None:
        """Take the time, if it is later than the one before: after a restart it comes again."""
        if self._tick_us is None or now_us > self._tick_us:
            self._tick_us = now_us
            self._step(lambda: self._run.advance(now_us))

    def complete(self) -> None:
        """The input is complete: what is open comes out, and nothing after."""
        with self._whole():
            done = self._emit(self._run.finish) and self._try(lambda: self._commit(ended=True))
        if done:
            self._news.tell_end()
            self.disposable.dispose()
            self._observer.on_completed()

    def fail(self, error: Exception) -> None:
        """It ends in the middle: the next subscription goes on from the last checkpoint."""
        self.disposable.dispose()
        self._observer.on_error(error)

    def _step(self, step: Callable[[], pl.DataFrame]) -> None:
        with self._whole():
            if self._emit(step):
                self._try(self._commit_if_due)

    @contextmanager
    def _whole(self) -> Generator[None]:
        """Do a step whole, or let it be the last: no checkpoint may be made after half of one."""
        with self._closing.step():
            try:
                yield
            except BaseException:  # an observer's error, or Ctrl-C
                self.disposable.dispose()
                raise

    def _emit(self, step: Callable[[], pl.DataFrame]) -> bool:
        """Pass on what a step gives; whether it goes on after that."""
        made: list[pl.DataFrame] = []
        if self._closing.closed or not self._try(lambda: made.append(self._written(step()))):
            return False
        try:
            if made[0].height:
                self._observer.on_next(made[0])
        except Exception as error:  # it has not taken the rows: the checkpoint stays before them
            self.fail(error)
            raise
        return not self._closing.closed

    def _try(self, action: Callable[[], object]) -> bool:
        """Do something whose error is the observer's, and the end."""
        try:
            action()
        except Exception as error:
            self.fail(error)
            return False
        return True

    def _pushed(self, frame: pl.DataFrame) -> pl.DataFrame:
        try:
            out = self._run.push(self._positions.new_rows(frame))
        except SchemaError as error:
            if not self._resumes:
                raise
            raise SnapshotError(f"{self._name} is of a run on other columns: {error}") from error
        self._resumes = False
        self._news.tell()
        return out

    def _written(self, out: pl.DataFrame) -> pl.DataFrame:
        """Rows with their numbers, in the sinks."""
        name = self._options.number
        if name in out.columns:
            raise SchemaError(
                f"{self._name} numbers the rows that come out in column {name!r}, which they have"
                ' already: give number="another name"'
            )
        if out.height:
            numbers = np.arange(self._rows, self._rows + out.height, dtype=np.uint64)
            out = out.hstack([pl.Series(name, numbers)])
            self._rows += out.height
            self._ledger.write(out)
        else:
            self._ledger.tick()
        return out

    def _commit_if_due(self) -> None:
        if self._now() - self._committed >= self._options.every_us / _MICROSECONDS:
            self._commit()

    def _commit(self, *, ended: bool = False) -> None:
        if self._options.before is not None:
            self._options.before()
        self._ledger.commit(self._progress(ended=ended))
        self._committed = self._now()

    def _progress(self, *, ended: bool = False) -> Progress:
        at = self._positions
        return Progress(
            reached=Reached(
                self._options.position,
                None if at.dtype is None else write_type(at.dtype),
                at.value,
                self._tick_us,
            ),
            number=self._options.number,
            rows=self._rows,
            ended=ended,
            run=b"" if ended else self._run.snapshot(),
        )

    def _resume(self, operator: Operator) -> tuple[Run, Positions]:
        """The run and the place in the input, as the checkpoint has them."""
        saved, column = self._ledger.saved, self._options.position
        if saved is None:
            return operator.start(), Positions(self._name, column)
        progress = saved.progress
        reached = progress.reached
        for what, was, now in (
            ("position", reached.column, column),
            ("number", progress.number, self._options.number),
        ):
            if was != now:
                raise SnapshotError(
                    f"the checkpoint in {self._options.directory} has {what}={was!r},"
                    f" this pipe {now!r}"
                )
        self._rows, self._tick_us = progress.rows, reached.tick_us
        dtype = None if reached.dtype is None else read_type(reached.dtype)
        return operator.start(progress.run), Positions(self._name, column, reached.value, dtype)
