"""What is sent, and when; in virtual time."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING

import pytest
import reactivex
from reactivex import Subject
from reactivex.scheduler import EventLoopScheduler

from tests.tickflow_rx.display.stage import Stage
from tickflow_rx.display._live import Input, Live, Pace
from tickflow_rx.display._message import Message

if TYPE_CHECKING:
    from collections.abc import Callable


class Numbers:
    """Content that shows all numbers since the last time."""

    def __init__(self, *, periodic: bool = False) -> None:
        self.periodic = periodic
        self.waiting: list[int] = []
        self.known: list[int] = []
        self.take: Callable[[int], None] = self.put

    def put(self, number: int) -> None:
        self.waiting.append(number)

    def changes(self) -> Message | None:
        new, self.waiting = self.waiting, []
        self.known += new
        return Message({"new": new}) if new or self.periodic else None

    def everything(self) -> Message | None:
        self.changes()
        return Message({"all": list(self.known)}) if self.known else None

    def forget(self) -> None:
        self.waiting, self.known = [], []


def contents(stage: Stage) -> list[dict[str, list[int]]]:
    return [message.content for message in stage.sent]


def look(stage: Stage, live: Live, **message: str | bool) -> None:
    """Hear from a front end, and let the display's thread see to it."""
    live.hear({"view": "a", **message})
    stage.pass_time(0.001)


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def source() -> Subject[int]:
    return Subject()


def started(stage: Stage, source: Subject[int], numbers: Numbers | None = None) -> Live:
    numbers = numbers or Numbers()
    return stage.live([Input(source, lambda number: numbers.take(number))], numbers)


def test_five_updates_a_second_however_fast_the_stream(stage: Stage, source: Subject[int]) -> None:
    started(stage, source)
    for number in range(1_000):
        source.on_next(number)
        stage.pass_time(0.002)
    assert len(stage.sent) in (9, 10)
    stage.pass_time(1)
    assert [number for content in contents(stage) for number in content["new"]] == list(
        range(1_000)
    )
    assert len(stage.sent) == 10


def test_nothing_is_sent_on_the_streams_thread(stage: Stage, source: Subject[int]) -> None:
    started(stage, source)
    source.on_next(1)
    assert not stage.sent
    stage.pass_time(0.19)
    assert not stage.sent
    stage.pass_time(0.02)
    assert contents(stage) == [{"new": [1]}]


def test_a_calm_stream_costs_nothing(stage: Stage, source: Subject[int]) -> None:
    started(stage, source)
    source.on_next(1)
    stage.pass_time(3_600)
    assert len(stage.sent) == 1


def test_periodic_content_is_sent_with_time_alone(stage: Stage, source: Subject[int]) -> None:
    started(stage, source, Numbers(periodic=True))
    stage.pass_time(2.1)
    assert len(stage.sent) == 10


def test_phases_are_told(stage: Stage, source: Subject[int]) -> None:
    live = started(stage, source)
    assert stage.told == [("waiting", "waiting for data")]
    source.on_next(1)
    stage.pass_time(1)
    source.on_next(2)
    source.on_completed()
    stage.pass_time(0.01)
    assert stage.phases == ["waiting", "live", "stopped"]
    assert contents(stage) == [{"new": [1]}, {"new": [2]}], "what waited is shown at the end"
    assert live.phase == "stopped"


def test_an_error_of_the_stream_is_told(stage: Stage, source: Subject[int]) -> None:
    started(stage, source)
    source.on_error(ValueError("no such day"))
    stage.pass_time(0.01)
    assert stage.told[-1] == ("failed", "ValueError: no such day")


def test_what_taking_raises_is_told_and_ends_the_subscription(
    stage: Stage, source: Subject[int]
) -> None:
    numbers = Numbers()

    def refuse(number: int) -> None:
        raise KeyError(number)

    numbers.take = refuse
    started(stage, source, numbers)
    source.on_next(7)
    stage.pass_time(0.01)
    assert stage.told[-1] == ("failed", "KeyError: 7")
    assert not source.observers


def test_what_showing_raises_is_told_and_the_thread_lives_on(
    stage: Stage, source: Subject[int]
) -> None:
    numbers, others = Numbers(), Numbers()
    numbers.changes = lambda: 1 / 0  # type: ignore[method-assign, assignment, return-value]
    started(stage, source, numbers)
    started(stage, source, others)
    source.on_next(7)
    stage.pass_time(1)
    assert ("failed", "ZeroDivisionError: division by zero") in stage.told
    assert contents(stage) == [{"new": [7]}]


def test_a_front_end_that_cannot_be_told_ends_no_other_display(
    stage: Stage, source: Subject[int], caplog: pytest.LogCaptureFixture
) -> None:
    def tell(phase: str, _: str) -> None:
        if phase == "live":
            raise OSError("the socket is closed")

    numbers = Numbers()
    broken = Live(
        [Input(source, numbers.put)], numbers, stage.sent.append, tell, Pace(0.2, 60, stage.time)
    )
    broken.start()
    started(stage, source)
    source.on_next(7)
    stage.pass_time(1)
    assert contents(stage) == [{"new": [7]}, {"new": [7]}]
    assert "a display could not be updated" in caplog.text


def test_hidden_nothing_is_sent_and_nothing_is_missing_afterwards(
    stage: Stage, source: Subject[int]
) -> None:
    live = started(stage, source)
    look(stage, live, visible=True)
    source.on_next(1)
    stage.pass_time(1)
    look(stage, live, visible=False)
    source.on_next(2)
    stage.pass_time(30)
    assert contents(stage) == [{"new": [1]}]
    look(stage, live, visible=True)
    assert contents(stage)[-1] == {"all": [1, 2]}
    source.on_next(3)
    stage.pass_time(60)
    assert contents(stage)[-1] == {"new": [3]}
    assert source.observers


def test_hidden_for_long_it_unsubscribes_and_begins_anew(
    stage: Stage, source: Subject[int]
) -> None:
    live = started(stage, source)
    look(stage, live, visible=True)
    source.on_next(1)
    stage.pass_time(1)
    look(stage, live, gone=True)
    stage.pass_time(59)
    assert source.observers
    stage.pass_time(2)
    assert not source.observers
    assert stage.told[-1] == ("paused", "paused while hidden")
    source.on_next(2)
    look(stage, live, view="b", visible=True)
    assert len(source.observers) == 1
    source.on_next(3)
    stage.pass_time(1)
    assert contents(stage) == [{"new": [1]}, {"new": [3]}]
    assert stage.phases == ["waiting", "live", "paused", "waiting", "live"]


def test_it_may_stay_subscribed_for_ever(source: Subject[int]) -> None:
    stage = Stage(linger=math.inf)
    live = started(stage, source)
    look(stage, live, visible=False)
    stage.pass_time(1e6)
    assert source.observers


def test_a_view_that_comes_later_gets_everything(stage: Stage, source: Subject[int]) -> None:
    live = started(stage, source)
    source.on_next(1)
    source.on_completed()
    stage.pass_time(1)
    look(stage, live, visible=True)
    assert contents(stage)[-1] == {"all": [1]}
    assert stage.phases[-1] == "stopped"


def test_periodic_content_rests_while_hidden(stage: Stage, source: Subject[int]) -> None:
    live = started(stage, source, Numbers(periodic=True))
    look(stage, live, visible=False)
    stage.pass_time(10)
    assert len(stage.sent) == 0
    source.on_next(1)
    look(stage, live, visible=True)
    stage.pass_time(1.01)
    assert len(stage.sent) == 6


def test_close_unsubscribes_for_good(stage: Stage, source: Subject[int]) -> None:
    live = started(stage, source)
    source.on_next(1)
    live.close()
    assert not source.observers
    look(stage, live, visible=True)
    stage.pass_time(100)
    assert stage.phases == ["waiting", "closed"]
    assert not contents(stage)


def test_the_first_input_alone_ends_it(stage: Stage) -> None:
    main, other = Subject[int](), Subject[int]()
    numbers = Numbers()
    live = stage.live([Input(main, numbers.put), Input(other, numbers.put)], numbers)
    other.on_completed()
    main.on_next(1)
    stage.pass_time(1)
    assert live.phase == "live"
    main.on_completed()
    stage.pass_time(1)
    assert live.phase == "stopped"


def test_a_stream_that_is_over_at_once_is_shown(stage: Stage) -> None:
    numbers = Numbers()
    live = stage.live([Input(reactivex.of(1, 2, 3), numbers.put)], numbers)
    stage.pass_time(1)
    assert contents(stage) == [{"new": [1, 2, 3]}]
    assert live.phase == "stopped"


def test_all_is_sent_on_one_other_thread() -> None:
    threads = set[str]()
    sent = threading.Event()
    scheduler = EventLoopScheduler(
        lambda target: threading.Thread(target=target, name="display", daemon=True),
        exit_if_empty=True,
    )

    def send(_: Message) -> None:
        threads.add(threading.current_thread().name)
        sent.set()

    source, numbers = Subject[int](), Numbers()
    inputs = [Input(source, numbers.put)]
    told: list[str] = []
    tell: Callable[[str, str], None] = lambda phase, _: told.append(phase)  # noqa: E731
    live = Live(inputs, numbers, send, tell, Pace(0.001, 60, scheduler))
    live.start()
    source.on_next(1)
    assert sent.wait(10)
    live.close()
    assert threads == {"display"}
