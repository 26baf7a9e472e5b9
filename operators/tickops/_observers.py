"""The observers of one hot stream, kept apart from each other."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from reactivex.disposable import Disposable

if TYPE_CHECKING:
    from collections.abc import Callable

    from reactivex import abc

__all__ = ["Observers"]

T = TypeVar("T")
_LOG: Final = logging.getLogger("tickops")


class Observers(Generic[T]):
    """Observers that come and go at any time, also while something is delivered.

    One that raises loses its own subscription, with ``on_error``; the others go on. Unlike a
    Subject of reactivex, which lets the error out at the source of the stream. Any thread may
    subscribe and unsubscribe; one at a time delivers.

    Parameters
    ----------
    on_failure
        Called with what an observer raised.
    """

    def __init__(self, on_failure: Callable[[Exception], object] | None = None) -> None:
        self._observers: tuple[abc.ObserverBase[T], ...] = ()
        self._end: Exception | bool = False
        self._on_failure = on_failure
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._observers)

    def add(self, observer: abc.ObserverBase[T]) -> abc.DisposableBase:
        """Subscribe; what has ended already tells the observer so."""
        with self._lock:
            open_ = self._end is False
            if open_:
                self._observers = (*self._observers, observer)
        if open_:
            return Disposable(lambda: self._remove(observer))
        if isinstance(self._end, Exception):
            observer.on_error(self._end)
        else:
            observer.on_completed()
        return Disposable()

    def next(self, value: T) -> None:
        """Deliver a value to all."""
        for observer in self._observers:
            try:
                observer.on_next(value)
            except Exception as error:
                self._remove(observer)
                _fail(observer, error)
                self._report(error)

    def end(self, error: Exception | None = None) -> None:
        """Deliver the end, or the error, to all; nothing comes after it."""
        with self._lock:
            observers, self._observers = self._observers, ()
            self._end = True if error is None else error
        for observer in observers:
            if error is not None:
                _fail(observer, error)
                continue
            try:
                observer.on_completed()
            except Exception as raised:
                _fail(observer, raised)
                self._report(raised)

    def _remove(self, observer: abc.ObserverBase[T]) -> None:
        with self._lock:
            self._observers = tuple(other for other in self._observers if other is not observer)

    def _report(self, error: Exception) -> None:
        if self._on_failure is not None:
            self._on_failure(error)


def _fail(observer: abc.ObserverBase[T], error: Exception) -> None:
    """Tell an observer of an error; what it raises about that (it has no handler) is logged."""
    try:
        observer.on_error(error)
    except Exception:
        _LOG.exception("a subscriber raised, and has no on_error")
