"""A clock for frames that have none."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

import reactivex
from reactivex import operators as rx

from tickops._duration import Duration, microseconds
from tickops._run import epoch_us
from tickops._rx import Frames

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import polars as pl
    from reactivex import Observable, abc

__all__ = ["clocked"]


def clocked(
    scheduler: abc.SchedulerBase, *, every: Duration = "1s"
) -> Callable[[Observable[pl.DataFrame]], Frames]:
    """Let time pass for the operators after this, as a scheduler tells it.

    The frames of a Feed bring their own clock. Others, and those that went through an operator
    of reactivex, do not: bars then close by rows alone.

    Parameters
    ----------
    scheduler
        Its time counts: an event loop's, or a virtual one in tests. It must deliver on the
        thread (or loop) that the frames come on.
    every
        How often.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> import polars as pl
    >>> import reactivex
    >>> from reactivex.scheduler import VirtualTimeScheduler
    >>> from tickops.views import clocked
    >>> frames = reactivex.never().pipe(clocked(VirtualTimeScheduler(), every="5s"))
    >>> frames.clock is not None
    True
    """
    period = microseconds("every", every) / 1_000_000

    def view(source: Observable[pl.DataFrame]) -> Frames:
        ticks = reactivex.interval(period, scheduler=scheduler).pipe(
            rx.map(lambda _: _epoch_us(scheduler.now))
        )
        return Frames(lambda observer, _=None: source.subscribe(observer), ticks)

    return view


def _epoch_us(now: datetime) -> int:
    # reactivex schedulers tell the time in UTC, some as a naive datetime
    return epoch_us(now if now.tzinfo is not None else now.replace(tzinfo=UTC))
