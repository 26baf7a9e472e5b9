"""Items made in a thread of their own, while those before them are worked on."""

from __future__ import annotations

from contextlib import closing
from queue import Queue
from threading import Thread
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = ["ahead", "made_ahead"]

T = TypeVar("T")

_AHEAD: Final = 1


class _End:
    """No items will come, or an error instead."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def made_ahead(make: Callable[[Callable[[T], bool]], object], name: str) -> Generator[T]:
    """Yield in order what `make` gives to its argument, one item ahead of the caller.

    It runs in a thread called `name`, and is told with each item whether the caller has enough;
    what it raises is raised to the caller. A caller who closes the generator waits for no more
    than the item that is being made.
    """
    ready: Queue[T | _End] = Queue(_AHEAD)
    stopped = False

    def give(item: T) -> bool:
        ready.put(item)
        return stopped

    def run() -> None:
        end = _End()
        try:
            make(give)
        except BaseException as error:  # Polars raises Ctrl-C wherever a query runs
            end = _End(error)
        ready.put(end)

    maker = Thread(target=run, name=name, daemon=True)
    maker.start()
    taken: T | _End | None = None
    try:
        while not isinstance(taken := ready.get(), _End):
            yield taken
        if taken.error is not None:
            raise taken.error
    finally:
        stopped = True
        while not isinstance(taken, _End):  # the caller has enough
            taken = ready.get()
        maker.join()


def ahead(items: Generator[T], name: str) -> Generator[T]:
    """Yield the items in order, as `made_ahead`; they are closed when the caller has enough."""

    def make(give: Callable[[T], bool]) -> None:
        with closing(items):
            for item in items:
                if give(item):
                    break

    return made_ahead(make, name)
