"""The newest rows, no oftener than someone looks."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from reactivex.disposable import CompositeDisposable, SerialDisposable

from tickops._columns import check_number
from tickops._rx import Frames, clock_of
from tickops._schema import check_columns

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl
    from reactivex import Observable, abc

__all__ = ["conflate"]


def conflate(
    rate: float, scheduler: abc.SchedulerBase
) -> Callable[[Observable[pl.DataFrame]], Frames]:
    """Of each symbol the newest row since the last time, at most so many times a second.

    Parameters
    ----------
    rate
        Frames a second.
    scheduler
        Its time counts: an event loop's, or a virtual one in tests. It must deliver on the
        thread (or loop) that the frames come on.

    Returns
    -------
    A function from observable to observable, for ``pipe``.

    Raises
    ------
    TypeError, ValueError
        `rate` is no finite number above 0.

    Notes
    -----
    A frame comes 1 / `rate` seconds after the first row that waits: none while nothing comes.
    Newest is by arrival, and the rows are in that order. When the source completes, what waits
    comes at once; when it fails, it is lost.

    Examples
    --------
    >>> import polars as pl
    >>> from reactivex import Subject
    >>> from reactivex.scheduler import VirtualTimeScheduler
    >>> from tickops.views import conflate
    >>> scheduler, frames = VirtualTimeScheduler(), Subject()
    >>> _ = frames.pipe(conflate(4, scheduler)).subscribe(lambda frame: print(frame.rows()))
    >>> frames.on_next(pl.DataFrame({"symbol": ["A", "B"], "last_price": [9.7, 11.0]}))
    >>> frames.on_next(pl.DataFrame({"symbol": ["A"], "last_price": [9.8]}))
    >>> scheduler.advance_by(0.25)
    [('B', 11.0), ('A', 9.8)]
    """
    check_number("rate", rate, "a number above 0")
    if rate <= 0:
        raise ValueError(f"rate must be a number above 0, not {rate!r}")

    def view(source: Observable[pl.DataFrame]) -> Frames:
        def subscribe(
            observer: abc.ObserverBase[pl.DataFrame], given: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            conflater = _Conflater(observer, scheduler, timedelta(seconds=1 / rate))
            subscription = source.subscribe(
                conflater.take, conflater.fail, conflater.complete, scheduler=given
            )
            return CompositeDisposable(subscription, conflater.timer)

        return Frames(subscribe, clock_of(source))

    return view


class _Conflater:
    """State of one subscription: the rows that wait, and the timer that runs if there are."""

    def __init__(
        self,
        observer: abc.ObserverBase[pl.DataFrame],
        scheduler: abc.SchedulerBase,
        period: timedelta,
    ) -> None:
        self.timer = SerialDisposable()
        self._observer = observer
        self._scheduler = scheduler
        self._period = period
        self._waiting: pl.DataFrame | None = None

    def take(self, frame: pl.DataFrame) -> None:
        if not frame.height:
            return
        try:
            check_columns("conflate", frame.schema, ["symbol"])
            waiting = frame if self._waiting is None else self._waiting.vstack(frame)
            newest = waiting.unique("symbol", keep="last", maintain_order=True)
        except Exception as error:
            self.timer.dispose()
            self._observer.on_error(error)
            return
        if self._waiting is None:
            self.timer.disposable = self._scheduler.schedule_relative(self._period, self._tick)
        self._waiting = newest

    def fail(self, error: Exception) -> None:
        self.timer.dispose()
        self._observer.on_error(error)

    def complete(self) -> None:
        self.timer.dispose()
        self._emit()
        self._observer.on_completed()

    def _tick(self, scheduler: abc.SchedulerBase, state: object = None) -> None:
        self._emit()

    def _emit(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._observer.on_next(waiting)
