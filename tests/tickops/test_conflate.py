"""`conflate`: the newest rows, no oftener than someone looks; in virtual time."""

from itertools import pairwise
from typing import Any

import polars as pl
import pytest
import reactivex
from hypothesis import given, settings
from hypothesis import strategies as st
from reactivex.scheduler import VirtualTimeScheduler
from reactivex.subject import Subject

import tickops as ops
from tests.oracles import strategies
from tests.oracles.frames import quote, quotes
from tickops._rx import Frames
from tickops.exceptions import SchemaError
from tickops.views import clocked, conflate

FEWER = settings(deadline=None, max_examples=8 if strategies.SMALL else 40)


class Screen:
    """Subscribes to a conflated source, and notes what comes when."""

    def __init__(self, rate: float = 2) -> None:
        self.scheduler = VirtualTimeScheduler()
        self.source = Subject[pl.DataFrame]()
        self.seen: list[tuple[float, list[Any]]] = []
        self.errors: list[Exception] = []
        self.completed = 0
        self.subscription = self.source.pipe(conflate(rate, self.scheduler)).subscribe(
            lambda frame: self.seen.append((self.now, frame["volume"].to_list())),
            self.errors.append,
            self.complete,
        )

    @property
    def now(self) -> float:
        return self.scheduler.to_seconds(self.scheduler.now)

    def complete(self) -> None:
        self.completed += 1

    def push(self, *rows: tuple[str, int]) -> None:
        self.source.on_next(quotes([quote("10:00:00", n, symbol=name) for name, n in rows]))

    def taken(self) -> list[tuple[float, list[Any]]]:
        seen, self.seen = self.seen, []
        return seen


def test_of_each_symbol_the_newest_since_the_last_time_in_order_of_arrival() -> None:
    screen = Screen()
    screen.push(("A", 1), ("B", 2), ("C", 3))
    screen.push(("A", 4))
    assert screen.taken() == []
    screen.scheduler.advance_to(0.5)
    assert screen.taken() == [(0.5, [2, 3, 4])]
    screen.push(("B", 5))
    screen.scheduler.advance_to(1.0)
    assert screen.taken() == [(1.0, [5])]


def test_nothing_comes_when_nothing_came() -> None:
    screen = Screen()
    screen.source.on_next(quotes([]))
    screen.scheduler.advance_to(7.3)
    assert screen.taken() == []
    screen.push(("A", 1))
    screen.scheduler.advance_to(7.75)
    assert screen.taken() == []
    screen.scheduler.advance_to(60)
    assert screen.taken() == [(7.8, [1])]


def test_the_rest_comes_on_completion_and_once() -> None:
    screen = Screen()
    screen.push(("A", 1))
    screen.source.on_completed()
    screen.scheduler.advance_to(5)
    assert screen.taken() == [(0.0, [1])]
    assert screen.completed == 1


def test_an_error_is_passed_on_at_once() -> None:
    screen = Screen()
    screen.push(("A", 1))
    failure = OSError("gone")
    screen.source.on_error(failure)
    screen.scheduler.advance_to(5)
    assert screen.errors == [failure]
    assert screen.taken() == []
    assert screen.completed == 0


def test_nothing_comes_after_an_unsubscribe() -> None:
    screen = Screen()
    screen.push(("A", 1))
    screen.subscription.dispose()
    screen.scheduler.advance_to(5)
    assert screen.taken() == []
    assert not screen.source.observers


@FEWER
@given(data=st.data(), frame=strategies.quotes(with_nulls=False))
def test_no_symbol_is_forgotten_and_no_second_has_more(
    data: st.DataObject, frame: pl.DataFrame
) -> None:
    screen = Screen(rate := data.draw(st.sampled_from([0.5, 1, 4])))
    numbered = frame.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias("volume"))
    for part in data.draw(strategies.cuts(numbered)):
        screen.source.on_next(part)
        screen.scheduler.advance_by(data.draw(st.sampled_from([0.0, 0.1, 0.5, 3.0])))
    screen.scheduler.advance_by(10.0)
    names = numbered["symbol"].cast(pl.String).to_list()
    last = {name: number for number, name in enumerate(names)}
    shown = [number for _, numbers in screen.seen for number in numbers]
    assert shown == sorted(shown)
    assert {names[number]: number for number in shown} == last
    times = [time for time, _ in screen.seen]
    assert all(b - a > 0.999 / rate for a, b in pairwise(times))
    assert all(len({names[n] for n in numbers}) == len(numbers) for _, numbers in screen.seen)


def test_each_subscription_waits_on_its_own_and_the_clock_goes_on() -> None:
    scheduler, source = VirtualTimeScheduler(), Subject[pl.DataFrame]()
    view = source.pipe(clocked(scheduler), conflate(1, scheduler))
    assert isinstance(view, Frames)
    assert view.clock is not None
    counts = list[int]()
    view.subscribe(lambda frame: counts.append(frame.height))
    source.on_next(quotes([quote("10:00:00", 1)]))
    view.subscribe(lambda frame: counts.append(10 * frame.height))
    source.on_next(quotes([quote("10:00:00", 1, symbol="X")]))
    scheduler.advance_to(1.0)
    assert sorted(counts) == [2, 10]


def test_missing_symbol_is_named() -> None:
    screen = Screen()
    screen.source.on_next(quotes([quote("10:00:00", 1)]).drop("symbol"))
    (error,) = screen.errors
    assert isinstance(error, SchemaError)
    assert "symbol" in str(error)


def test_operators_can_come_before_it() -> None:
    seen = list[pl.DataFrame]()
    frame = quotes([quote("10:00:00", 1), quote("10:00:03", 3)])
    reactivex.of(frame).pipe(ops.deltas(), conflate(1, VirtualTimeScheduler())).subscribe(
        seen.append
    )
    assert seen[0]["delta_volume"].to_list() == [2]


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf")])
def test_a_rate_that_is_none_is_an_error(rate: float) -> None:
    with pytest.raises(ValueError, match=f"rate must be a number above 0, not {rate}"):
        conflate(rate, VirtualTimeScheduler())


@pytest.mark.parametrize("rate", ["4", True, None])
def test_a_rate_must_be_a_number(rate: Any) -> None:
    with pytest.raises(TypeError, match="rate must be a number above 0"):
        conflate(rate, VirtualTimeScheduler())
