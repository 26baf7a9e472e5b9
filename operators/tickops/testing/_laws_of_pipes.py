"""Laws of operators that are put together, and of operators on observables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import polars as pl
from hypothesis import strategies as st
from reactivex import Subject

from tickops._operator import Operator
from tickops._rx import Frames
from tickops.testing._law import Law, require, require_same, told
from tickops.testing._streams import cuts, joined, play

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reactivex import Observable, abc

    from tickops.testing._law import Case
    from tickops.testing._streams import Event, OperatorLike, Stream

__all__ = ["FUSION", "OBSERVABLE"]


class _Feed:
    """A source of frames that tells the time, as a live feed is."""

    def __init__(self) -> None:
        self._frames, self._clock = Subject[pl.DataFrame](), Subject[int]()
        self.source = Frames(self._subscribe, self._clock)

    def _subscribe(
        self, observer: abc.ObserverBase[pl.DataFrame], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        return self._frames.subscribe(observer, scheduler=scheduler)

    def tell(self, event: Event) -> None:
        """Emit a frame or tell the time."""
        if isinstance(event, pl.DataFrame):
            self._frames.on_next(event)
        else:
            self._clock.on_next(event)

    def end(self) -> None:
        """Complete."""
        self._frames.on_completed()
        self._clock.on_completed()


class _Subscriber:
    """What an observer was given."""

    def __init__(self, source: Observable[pl.DataFrame]) -> None:
        self.outputs = list[pl.DataFrame]()
        self.errors = list[Exception]()
        self.completed = 0
        self.subscription = source.subscribe(
            self.outputs.append, self.errors.append, self._complete
        )

    def _complete(self) -> None:
        self.completed += 1

    def require(self, expected: pl.DataFrame, how: str) -> None:
        """Break the law unless all of `expected` has come, and then the end."""
        for error in self.errors:
            raise error
        require_same(joined(self.outputs), expected, how)
        require(self.completed == 1, f"{how}: completed {self.completed} times")


def _observe(case: Case) -> None:
    script = case.cut()
    joins = case.data.draw(st.integers(0, len(script)))
    leaves = case.data.draw(st.integers(0, len(script)))
    feed = _Feed()
    piped = feed.source.pipe(case.operator)
    first, leaver = _Subscriber(piped), _Subscriber(piped)
    second = None
    for number, event in enumerate(script):
        if number == leaves:
            leaver.subscription.dispose()
        if number == joins:
            second = _Subscriber(piped)
        feed.tell(event)
    feed.end()
    first.require(case.played(script), "an observer of frames.pipe(operator) against a run")
    if leaves < len(script):
        require_same(
            joined(leaver.outputs),
            case.played(script[:leaves], finish=False),
            f"an observer that leaves before event {leaves} of {told(script)} against a run",
        )
    if second is not None:
        second.require(
            case.played(script[joins:]),
            f"an observer that joins before event {joins} of {told(script)} against a run",
        )


def _fuse(case: Case) -> None:
    for fused, parts, stream in _fusions(case):
        script = stream.script([case.data.draw(cuts(part)) for part in stream.segments])
        expected = joined(_one_after_another(parts, script))
        how = f"{fused!r} against {', then '.join(map(repr, parts))}"
        require_same(joined(play(fused.start(), script)), expected, f"a run of {how}")
        frame = stream.frame
        whole = joined(_one_after_another(parts, [frame]))
        require_same(fused.apply(frame), whole, f"apply of {how}")
        for piped in ((fused,), parts):
            feed = _Feed()
            observer = _Subscriber(feed.source.pipe(*piped))
            for event in script:
                feed.tell(event)
            feed.end()
            steps = ", ".join(map(repr, piped))
            observer.require(expected, f"frames.pipe({steps}) against one operator after another")


def _fusions(case: Case) -> Iterator[tuple[OperatorLike, Sequence[OperatorLike], Stream]]:
    """Operators made of others, those others, and rows for them."""
    own = _steps(case.operator)
    if len(own) > 1:
        yield case.operator, own, case.stream
    parts = own if case.prepare is None else (*_steps(case.prepare), *own)
    if all(isinstance(part, Operator) for part in parts):
        yield _chained(case, parts)


def _chained(
    case: Case, parts: Sequence[OperatorLike]
) -> tuple[OperatorLike, Sequence[OperatorLike], Stream]:
    from tickops import chain, filter, with_columns  # noqa: A004

    before, after = with_columns(pl.lit(1).alias("before")), filter(pl.lit(True))
    if case.timestamp in case.raw.schema:
        before = filter(pl.col(case.timestamp).dt.second() != 6)
    surrounded = (before, *parts, after)
    return chain(*cast("Any", surrounded)), cast("Any", surrounded), case.raw


def _steps(operator: OperatorLike) -> Sequence[OperatorLike]:
    return getattr(operator, "operators", (operator,))


def _one_after_another(
    parts: Sequence[OperatorLike], script: Sequence[Event]
) -> list[pl.DataFrame]:
    """Run each operator on the materialised frames of the one before."""
    runs = [part.start() for part in parts]
    outputs = list[pl.DataFrame]()
    for event in script:
        frames = [event] if isinstance(event, pl.DataFrame) else []
        for run in runs:
            passed = [run.push(frame) for frame in frames]
            frames = passed if isinstance(event, pl.DataFrame) else [*passed, run.advance(event)]
            frames = [frame for frame in frames if frame.width]
        outputs += frames
    frames = list[pl.DataFrame]()
    for run in runs:
        frames = [frame for frame in (*map(run.push, frames), run.finish()) if frame.width]
    return [*outputs, *frames]


FUSION = Law(
    "fusion",
    "A chain gives what its operators give one after another, on frames in between.",
    _fuse,
)
OBSERVABLE = Law(
    "observable",
    "frames.pipe(operator) gives every observer what a run gives, its own from where it joins.",
    _observe,
)
