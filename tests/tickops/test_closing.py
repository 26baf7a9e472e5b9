"""Ending what another thread may be in the middle of."""

import threading

import pytest

from tickops._closing import Closing


def test_ends_once() -> None:
    ends: list[int] = []
    closing = Closing(lambda: ends.append(1))
    closing.close()
    closing.close()
    assert ends == [1]
    assert closing.closed


def test_ends_at_once_within_a_step_of_the_same_thread() -> None:
    ends: list[int] = []
    closing = Closing(lambda: ends.append(1))
    with closing.step():
        closing.close()
        assert ends == [1]
    assert ends == [1]


def test_ends_after_the_step_of_another_thread() -> None:
    ends: list[str] = []
    closing = Closing(lambda: ends.append(threading.current_thread().name))
    inside, closed = threading.Event(), threading.Event()

    def step() -> None:
        with closing.step():
            inside.set()
            assert closed.wait(30)
            assert ends == []

    thread = threading.Thread(target=step, name="other")
    thread.start()
    assert inside.wait(30)
    closing.close()
    assert closing.closed
    closed.set()
    thread.join()
    assert ends == ["other"]


def test_a_step_that_raises_ends_it_too() -> None:
    ends: list[int] = []
    closing = Closing(lambda: ends.append(1))

    def step() -> None:
        with closing.step():
            closing.closed = True  # as another thread says while this one has the lock
            raise KeyError

    with pytest.raises(KeyError):
        step()
    assert ends == [1]
