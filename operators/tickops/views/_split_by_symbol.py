"""A stream for each symbol."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from reactivex import Observable
from reactivex.disposable import CompositeDisposable

from tickops._grouping import grouped
from tickops._observers import Observers
from tickops._rx import Frames, clock_of
from tickops._schema import check_columns
from tickops._symbols import Symbols

if TYPE_CHECKING:
    from collections.abc import Callable

    from reactivex import abc

__all__ = ["SymbolFrames", "split_by_symbol"]


class SymbolFrames(Frames):
    """The frames of one symbol.

    Attributes
    ----------
    key
        The symbol.
    """

    def __init__(
        self, key: str, observers: Observers[pl.DataFrame], clock: Observable[int] | None
    ) -> None:
        super().__init__(lambda observer, _=None: observers.add(observer), clock)
        self.key = key


def split_by_symbol() -> Callable[[Observable[pl.DataFrame]], Observable[SymbolFrames]]:
    """An observable of observables: one with a `key` for each symbol, when it first appears.

    Subscribe to each as it comes (``flat_map``, or in ``on_next``): its first frame follows at
    once and is not kept. An observer of one symbol that raises loses that subscription only.
    Rows without a symbol are left out.

    Returns
    -------
    A function from observable to observable, for ``pipe``.

    Examples
    --------
    >>> import polars as pl
    >>> import reactivex
    >>> from tickops.views import split_by_symbol
    >>> frame = pl.DataFrame(
    ...     {"symbol": ["600000.SH", "000001.SZ", "600000.SH"], "last_price": [9.7, 11.0, 9.8]}
    ... )
    >>> _ = (
    ...     reactivex.of(frame)
    ...     .pipe(split_by_symbol())
    ...     .subscribe(
    ...         lambda one: one.subscribe(lambda f: print(one.key, f["last_price"].to_list()))
    ...     )
    ... )
    600000.SH [9.7, 9.8]
    000001.SZ [11.0]
    """

    def view(source: Observable[pl.DataFrame]) -> Observable[SymbolFrames]:
        return _Split(source)

    return view


class _Split(Observable["SymbolFrames"]):
    def __init__(self, source: Observable[pl.DataFrame]) -> None:
        super().__init__()
        self._source = source

    def _subscribe_core(
        self,
        observer: abc.ObserverBase[SymbolFrames],
        scheduler: abc.SchedulerBase | None = None,
    ) -> abc.DisposableBase:
        splitter = _Splitter(observer, clock_of(self._source))
        return CompositeDisposable(
            self._source.subscribe(
                splitter.split, splitter.fail, splitter.complete, scheduler=scheduler
            )
        )


class _Splitter:
    """State of one subscription: the symbols seen, and who listens to each."""

    def __init__(
        self, observer: abc.ObserverBase[SymbolFrames], clock: Observable[int] | None
    ) -> None:
        self._observer = observer
        self._clock = clock
        self._symbols = Symbols()
        self._groups: list[Observers[pl.DataFrame]] = []

    def split(self, frame: pl.DataFrame) -> None:
        check_columns("split_by_symbol", frame.schema, ["symbol"])
        codes = self._symbols.encode(frame["symbol"], None, None)
        for code in range(len(self._groups), len(self._symbols)):
            self._groups.append(Observers())
            self._observer.on_next(
                SymbolFrames(self._symbols.names[code], self._groups[code], self._clock)
            )
        for code, rows in grouped(frame, codes):
            if len(self._groups[code]):
                self._groups[code].next(rows)

    def fail(self, error: Exception) -> None:
        for group in self._groups:
            group.end(error)
        self._observer.on_error(error)

    def complete(self) -> None:
        for group in self._groups:
            group.end()
        self._observer.on_completed()
