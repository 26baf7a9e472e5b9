"""One channel's subscribers: to all of it, and to single symbols."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tickops import SYMBOL
from tickops._grouping import grouped
from tickops._observers import Observers
from tickops._symbols import physical

if TYPE_CHECKING:
    from collections.abc import Callable

    from tickops._arrays import I32

__all__ = ["Hub"]


class Hub:
    """Delivers a channel's frames, and to each symbol's subscribers its rows of them.

    What a frame costs depends on its rows and on how many of them someone asked for by symbol,
    not on how many symbols are asked for: a table by category says who gets a row.

    Parameters
    ----------
    channel
        Its name, for `on_failure`.
    on_failure
        Called with what a subscriber was subscribed to, and what it raised.
    """

    def __init__(self, channel: str, on_failure: Callable[[str, Exception], object]) -> None:
        self._channel = channel
        self._on_failure = on_failure
        self.all: Observers[pl.DataFrame] = Observers(lambda error: on_failure(channel, error))
        self._views: list[Observers[pl.DataFrame]] = []
        self._number: dict[str, int] = {}
        self._view_of_category: I32 = np.zeros(0, np.int32)
        self._end: Exception | bool = False

    def symbol(self, symbol: str) -> Observers[pl.DataFrame]:
        """Subscribers to one symbol. Not for two threads at once."""
        number = self._number.get(symbol)
        if number is None:
            source = f"{self._channel} of {symbol}"
            view = Observers[pl.DataFrame](lambda error: self._on_failure(source, error))
            number = len(self._views)
            self._views.append(view)
            category = int(physical(pl.Series([symbol], dtype=SYMBOL))[0])
            table = self._view_of_category
            if category >= len(table):
                table = np.full(max(2 * len(table), category + 1, 1024), -1, np.int32)
                table[: len(self._view_of_category)] = self._view_of_category
            table[category] = number
            # Last, and whole: the delivering thread sees the table before or after.
            self._view_of_category = table
            self._number[symbol] = number
            if self._end is not False:
                view.end(None if self._end is True else self._end)
        return self._views[number]

    def next(self, frame: pl.DataFrame) -> None:
        """Deliver a frame."""
        self.all.next(frame)
        table = self._view_of_category
        if not len(table):
            return
        categories = physical(frame["symbol"]).to_numpy()
        known = categories < len(table)
        numbers = np.where(known, table[np.where(known, categories, 0)], np.int32(-1))
        for number, rows in grouped(frame, numbers):
            if len(self._views[number]):
                self._views[number].next(rows)

    def end(self, error: Exception | None) -> None:
        """Deliver the end."""
        self._end = True if error is None else error
        self.all.end(error)
        for view in tuple(self._views):
            view.end(error)
