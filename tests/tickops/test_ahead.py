"""Items made ahead: in order, bounded, and ended with who takes them."""

import threading
from collections.abc import Generator, Iterator

import pytest

from tickops._ahead import ahead

NAME = "made-ahead"


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    assert not [thread for thread in threading.enumerate() if thread.name == NAME]


def numbers(made: list[int], until: int = 1_000_000) -> Generator[int]:
    try:
        for number in range(until):
            made.append(number)
            yield number
    finally:
        made.append(-1)


def test_all_items_in_order() -> None:
    made = list[int]()
    doubled = (2 * number for number in ahead(numbers(made, 100), NAME))
    assert list(ahead(doubled, NAME)) == list(range(0, 200, 2))
    assert made == [*range(100), -1]
    assert list(ahead(numbers([], 0), NAME)) == []


def test_no_more_is_made_than_one_waits_and_one_is_offered() -> None:
    made = list[int]()
    items = ahead(numbers(made), NAME)
    assert next(items) == 0
    (maker,) = [thread for thread in threading.enumerate() if thread.name == NAME]
    maker.join(0.1)  # would be long enough for many
    assert len(made) <= 3
    items.close()
    assert made[-1] == -1, "what makes them is closed too"


def test_the_makers_error_is_the_takers() -> None:
    def failing() -> Generator[int]:
        yield 1
        raise KeyError("mine")

    items = ahead(ahead(failing(), NAME), NAME)
    assert next(items) == 1
    with pytest.raises(KeyError, match="mine"):
        next(items)
    with pytest.raises(StopIteration):
        next(items)


def test_a_taker_who_fails_ends_all_makers() -> None:
    made = list[int]()

    def fail() -> None:
        for _ in ahead(ahead(numbers(made), NAME), NAME):
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        fail()
    assert made[-1] == -1
