"""Operators as ReactiveX operators: observable of frames in, observable of frames out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
from reactivex import Observable
from reactivex.disposable import CompositeDisposable

from tickops._late_news import LateNews

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reactivex import abc

    from tickops._operator import Operator
    from tickops._run import Run
    from tickops.checkpoint import checkpoint
    from tickops.sink_parquet import sink_parquet

__all__ = ["Frames", "Piped", "clock_of", "stream"]


class Frames(Observable[pl.DataFrame]):
    """An observable of frames that knows what time it is.

    Parameters
    ----------
    subscribe
        The subscribe function of a ReactiveX observable.
    clock
        Observable of the time now, in epoch microseconds UTC. It and the frames must be
        delivered one at a time, never from two threads at once. None: time passes only
        with the rows, as in a batch.
    """

    def __init__(
        self,
        subscribe: abc.Subscription[pl.DataFrame] | None = None,
        clock: Observable[int] | None = None,
    ) -> None:
        super().__init__(subscribe)
        self.clock = clock


class Piped(Frames):
    """Frames that know which pipe they come out of, so that what follows can join it.

    Attributes
    ----------
    source
        What goes into the pipe.
    operator
        Its operators as one; None if it has none.
    sinks
        Its sinks, after the operators.
    checkpoint
        What keeps its state on disk; None if nothing does.
    """

    def __init__(
        self,
        subscribe: abc.Subscription[pl.DataFrame],
        source: Observable[pl.DataFrame],
        *,
        operator: Operator | None = None,
        sinks: Sequence[sink_parquet] = (),
        checkpoint: checkpoint | None = None,
    ) -> None:
        super().__init__(subscribe, clock_of(source))
        self.source = source
        self.operator = operator
        self.sinks = tuple(sinks)
        self.checkpoint = checkpoint


def clock_of(source: Observable[Any]) -> Observable[int] | None:
    """Clock of an observable, if it has one."""
    return source.clock if isinstance(source, Frames) else None


def stream(operator: Operator, source: Observable[pl.DataFrame]) -> Frames:
    """Frames of `source` through a run of `operator`, a new one for each subscription.

    An operator right after another joins it in one run, as in a chain.
    """
    if isinstance(source, Piped):
        if source.checkpoint is not None:
            raise TypeError(
                f"{operator!r} comes after {source.checkpoint!r}, which would not keep its state:"
                " put the checkpoint after all operators"
            )
        if source.operator is not None and not source.sinks:
            from tickops.chain import chain

            operator, source = chain(source.operator, operator), source.source
    clock = clock_of(source)

    def subscribe(
        observer: abc.ObserverBase[pl.DataFrame], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        subscription = _Subscription(operator.start(), observer)
        subscription.disposable.add(
            source.subscribe(
                subscription.push, subscription.fail, subscription.complete, scheduler=scheduler
            )
        )
        # After the source, whose operators then hear of the time first: what they close by it
        # comes before this one closes.
        if clock is not None:
            subscription.disposable.add(
                clock.subscribe(subscription.advance, subscription.fail, scheduler=scheduler)
            )
        return subscription.disposable

    return Piped(subscribe, source, operator=operator)


class _Subscription:
    """One run between a source and an observer; empty frames are not passed on."""

    def __init__(self, run: Run, observer: abc.ObserverBase[pl.DataFrame]) -> None:
        self.run = run
        self.observer = observer
        self.disposable = CompositeDisposable()
        self._news = LateNews(run)

    def push(self, frame: pl.DataFrame) -> None:
        self._emit(lambda: self.run.push(frame))
        self._news.tell()

    def advance(self, now_us: int) -> None:
        self._emit(lambda: self.run.advance(now_us))

    def complete(self) -> None:
        try:
            flushed = self._emit(self.run.finish)
        except Exception as error:  # of the observer: to the source it has ended already
            self.fail(error)
            raise
        if flushed:
            self._news.tell_end()
            self.observer.on_completed()
            self.disposable.dispose()

    def fail(self, error: Exception) -> None:
        self.observer.on_error(error)
        self.disposable.dispose()

    def _emit(self, step: Callable[[], pl.DataFrame]) -> bool:
        """Pass on what a step gives; an operator's error is the observer's, then it is over."""
        if self.disposable.is_disposed:
            return False
        try:
            frame = step()
        except Exception as error:
            self.fail(error)
            return False
        if frame.height:
            self.observer.on_next(frame)
        return True
