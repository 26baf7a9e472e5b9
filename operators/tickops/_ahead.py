"""Items made in a thread of their own, while those before them are worked on."""

from __future__ import annotations

from queue import Queue
from threading import Thread
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["ahead"]

T = TypeVar("T")

_AHEAD: Final = 1


class _End:
    """No items will come, or an error instead."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def ahead(items: Generator[T], name: str) -> Generator[T]:
    """Yield the items in order, each made while the one before it is with the caller.

    What they raise is raised to the caller; a caller who has enough and closes the generator
    waits for no more than the item that is being made.
    """
    ready: Queue[T | _End] = Queue(_AHEAD)
    stopped = False

    def make() -> None:
        end = _End()
        try:
            for item in items:
                ready.put(item)
                if stopped:
                    break
        except BaseException as error:
            end = _End(error)
        finally:
            items.close()
        ready.put(end)

    maker = Thread(target=make, name=name, daemon=True)
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
