"""Operators as ReactiveX operators: observable of frames in, observable of frames out."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from reactivex import Observable
from reactivex.disposable import CompositeDisposable

if TYPE_CHECKING:
    from collections.abc import Callable

    from reactivex import abc

    from tickops._operator import Operator
    from tickops._run import Run

__all__ = ["Frames", "clock_of", "stream"]

_LOG: Final = logging.getLogger("tickops")


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


def clock_of(source: Observable[Any]) -> Observable[int] | None:
    """Clock of an observable, if it has one."""
    return source.clock if isinstance(source, Frames) else None


def stream(operator: Operator, source: Observable[pl.DataFrame]) -> Frames:
    """Frames of `source` through a run of `operator`, a new one for each subscription."""
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

    return Frames(subscribe, clock)


class _Subscription:
    """One run between a source and an observer; empty frames are not passed on."""

    def __init__(self, run: Run, observer: abc.ObserverBase[pl.DataFrame]) -> None:
        self.run = run
        self.observer = observer
        self.disposable = CompositeDisposable()
        self._told_late = False

    def push(self, frame: pl.DataFrame) -> None:
        self._emit(lambda: self.run.push(frame))
        if not self._told_late:
            self._tell_first_late()

    def advance(self, now_us: int) -> None:
        self._emit(lambda: self.run.advance(now_us))

    def complete(self) -> None:
        try:
            flushed = self._emit(self.run.finish)
        except Exception as error:  # of the observer: to the source it has ended already
            self.fail(error)
            raise
        if flushed:
            if self._told_late:
                _LOG.warning("%r left rows out: %s", self.run.operator, self.run.counts)
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

    def _tell_first_late(self) -> None:
        """Say once that late rows are left out: unlike those of the lunch break, they are news."""
        counts = self.run.counts
        if any(counts[key] for key in counts if key.endswith(".late")):
            self._told_late = True
            _LOG.warning("%r leaves late rows out: %s", self.run.operator, counts)
