from __future__ import annotations

import threading
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickflow_rx import events
from tickflow_rx._queue import End, FrameQueue, OverflowPolicy, RawFrame, Tick
from tickflow_rx.exceptions import FeedOverflowError

if TYPE_CHECKING:
    from tickflow_rx._queue import Item

EVERYTHING = 1 << 30


class Bell:
    """Counts how often it rings."""

    def __init__(self) -> None:
        self.rings = 0

    def __call__(self) -> None:
        self.rings += 1


def queue(policy: OverflowPolicy = "block", max_bytes: int = 100) -> FrameQueue:
    return FrameQueue(policy, max_bytes, Bell())


def rings(of: FrameQueue) -> int:
    return cast("Bell", of._ready).rings  # pyright: ignore[reportPrivateUsage]


def frame(size: int, number: int = 0) -> RawFrame:
    return RawFrame(b"x" * size, number, 1)


def put(to: FrameQueue, *sizes: int) -> list[bool]:
    return [to.put_frame(frame(size, k), Bell()) for k, size in enumerate(sizes)]


def sizes(items: list[Item]) -> list[int]:
    return [len(item.data) for item in items if isinstance(item, RawFrame)]


def overflows(items: list[Item]) -> list[events.Overflow]:
    return [item for item in items if isinstance(item, events.Overflow)]


def test_everything_keeps_its_order() -> None:
    q = queue()
    items: list[Item] = [events.Connected(1), frame(1), Tick(5), frame(2), End("over")]
    for item in items:
        if isinstance(item, RawFrame):
            q.put_frame(item, Bell())
        else:
            q.put(item)
    assert q.take(EVERYTHING) == items
    assert q.take(EVERYTHING) == []
    assert not q.waits()


def test_the_bell_rings_when_something_comes_where_nothing_was() -> None:
    q = queue()
    q.put(Tick(1))
    q.put(events.Connected(1))
    put(q, 1, 1)
    assert rings(q) == 1
    q.take(EVERYTHING)
    put(q, 1)
    assert rings(q) == 2


def test_a_tick_takes_the_place_of_the_one_before() -> None:
    q = queue()
    for now in range(1000):
        q.put(Tick(now))
    put(q, 1)
    q.put(Tick(1000))
    assert q.take(EVERYTHING) == [Tick(999), frame(1), Tick(1000)]


def test_a_turn_takes_some_bytes_and_one_frame_at_least() -> None:
    q = queue(max_bytes=1000)
    put(q, 60, 60, 60, 500)
    assert sizes(q.take(100)) == [60, 60]
    assert sizes(q.take(100)) == [60, 500]
    assert q.pending_bytes == 0


def test_what_waits_is_counted() -> None:
    q = queue()
    put(q, 10, 20)
    assert q.pending_bytes == 30
    q.take(1)
    assert q.pending_bytes == 20


# Overflow.


def test_block_says_stop_and_later_go_on() -> None:
    q, resume = queue("block", 100), Bell()
    assert q.put_frame(frame(60), resume)
    assert not q.put_frame(frame(60), resume)
    assert not q.put_frame(frame(1), resume)
    assert q.pending_bytes == 121, "what was read already is kept"
    q.take(1)
    assert resume.rings == 0, "half of it must be free again"
    q.take(EVERYTHING)
    assert resume.rings == 1
    q.take(EVERYTHING)
    assert resume.rings == 1


def test_a_frame_larger_than_the_bound_passes_when_nothing_waits() -> None:
    for policy in ("block", "drop_oldest", "error"):
        q = queue(policy, 10)
        assert put(q, 50) == [True]
        assert sizes(q.take(EVERYTHING)) == [50]


def test_drop_oldest() -> None:
    q = queue("drop_oldest", 100)
    assert all(put(q, 40, 41, 42, 43))
    assert (q.dropped_frames, q.dropped_bytes) == (2, 81)
    assert sizes(q.take(EVERYTHING)) == [42, 43]


def test_drop_oldest_keeps_events_and_ticks_where_they_were() -> None:
    q = queue("drop_oldest", 100)
    put(q, 60)
    q.put(events.Connected(1))
    put(q, 30)
    q.put(Tick(7))
    put(q, 90)
    items = [item for item in q.take(EVERYTHING) if not isinstance(item, events.Overflow)]
    assert items == [events.Connected(1), Tick(7), frame(90)]


def test_error() -> None:
    q = queue("error", 100)
    put(q, 60)
    with pytest.raises(FeedOverflowError, match=r"110 bytes .* max_pending_bytes=100"):
        put(q, 50)
    assert sizes(q.take(EVERYTHING)) == [60]


@pytest.mark.parametrize("policy", ["block", "drop_oldest"])
def test_an_event_a_second_says_so(policy: OverflowPolicy) -> None:
    q = queue(policy, 100)
    second = 1_000_000
    start = 10 * second
    for k in range(25):
        q.put_frame(frame(90, start + k * second // 10), Bell())
    reported = overflows(q.take(EVERYTHING))
    assert len(reported) == 3
    assert {event.policy for event in reported} == {policy}
    if policy == "drop_oldest":
        assert [event.dropped_frames for event in reported] == [1, 10, 10]
        assert [event.dropped_bytes for event in reported] == [90, 900, 900]
        assert all(event.pending_bytes <= 100 for event in reported)


@given(
    st.sampled_from(["block", "drop_oldest"]),
    st.lists(st.one_of(st.integers(0, 60), st.just("take"), st.just("event")), max_size=60),
)
def test_nothing_is_lost_or_turned_around_uncounted(
    policy: OverflowPolicy, steps: list[int | str]
) -> None:
    q = queue(policy, 100)
    expected: list[Item] = []
    got: list[Item] = []
    for k, step in enumerate(steps):
        if isinstance(step, int):
            expected.append(frame(step, k))
            q.put_frame(frame(step, k), Bell())
            if policy == "drop_oldest":
                assert q.pending_bytes <= 100
        elif step == "event":
            expected.append(events.Connected(k))
            q.put(events.Connected(k))
        else:
            got += q.take(50)
    got += [item for _ in steps for item in q.take(50)]
    got = [item for item in got if not isinstance(item, events.Overflow)]
    assert q.pending_bytes == 0
    rest = iter(expected)
    assert all(item in rest for item in got), "in order"
    lost = [item for item in expected if item not in got]
    assert all(isinstance(item, RawFrame) for item in lost)
    assert (len(lost), sum(sizes(lost))) == (q.dropped_frames, q.dropped_bytes)


def test_one_puts_while_another_takes() -> None:
    ready, room = threading.Event(), threading.Event()
    q = FrameQueue("block", 1000, ready.set)
    count = 5000

    def produce() -> None:
        for k in range(count):
            if not q.put_frame(frame(30, k), room.set):
                room.wait(30)
                room.clear()
        q.put(End("over"))

    producer = threading.Thread(target=produce)
    producer.start()
    got: list[Item] = []
    while not (got and isinstance(got[-1], End)):
        assert ready.wait(30)
        ready.clear()
        while q.waits():
            got += q.take(300)
    producer.join()
    numbers = [item.received_us for item in got if isinstance(item, RawFrame)]
    assert numbers == list(range(count))
