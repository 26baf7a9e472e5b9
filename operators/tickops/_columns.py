"""Cores of operators that follow columns of numbers, each symbol's on its own."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np

from tickops._arrays import empty, frozen, grown
from tickops._operator import Core
from tickops._per_symbol import Watermarks
from tickops._schema import Kind
from tickops._trading_days import trading_days

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._arrays import F64, I32, Array, Records
    from tickops._batch import Batch
    from tickops._column import Column
    from tickops._late import LatePolicy
    from tickops._per_symbol import Rows
    from tickops._snapshot import State
    from tickops._symbols import Symbols

__all__ = ["PerColumn", "check_names", "check_number", "needs_of", "several"]


class _OfColumns(Protocol):
    @property
    def columns(self) -> str | Sequence[str]: ...
    @property
    def late(self) -> LatePolicy: ...


class PerColumn(Core):
    """A core with a record for each symbol and column; late rows are seen to here.

    Parameters
    ----------
    operator
        Has `columns` and the policy `late`.
    symbols
        Of the run.
    dtype
        Of the record of a symbol and column; at first it is zero bytes.
    past
        How many numbers are kept beside it.
    daily
        Whether kernels must know of days.
    """

    def __init__(
        self,
        operator: _OfColumns,
        symbols: Symbols,
        dtype: np.dtype[np.void],
        *,
        past: int = 0,
        daily: bool = False,
    ) -> None:
        super().__init__()
        self.symbols = symbols
        self._daily = daily
        self.names = several(operator.columns)
        self.counts = {"late": 0}
        self.cells: Records = np.zeros((0, len(self.names)), dtype)
        self.past: F64 = np.zeros((0, len(self.names), past))
        self._watermarks = Watermarks(operator, symbols)

    @abstractmethod
    def add(self, batch: Batch, rows: Rows, values: F64) -> Mapping[str, Column]:
        """Make the columns for some rows, updating `cells` and `past`.

        `values` has a row for each column, null as NaN; rows of code -1 get null.
        """

    def days(self, batch: Batch, rows: Rows) -> I32:
        """Trading day of each row, of a late one the symbol's newest; empty if not daily."""
        return trading_days(batch, rows) if self._daily else cast("I32", empty(np.int32))

    def push(self, batch: Batch) -> Batch:
        """Take the next rows; return them with the columns, without late ones."""
        self._reserve()
        rows = self._watermarks.rows(batch)
        values = [batch.columns[name].floats() for name in self.names]
        matrix = values[0][np.newaxis] if len(values) == 1 else np.stack(values)
        added = self.add(batch, rows, cast("F64", frozen(matrix)))
        out = batch.with_columns(dict(added)).where(rows.keep)
        self.counts["late"] += batch.height - out.height
        return out

    def save(self) -> Mapping[str, Array]:
        """Records, past and newest times, by symbol."""
        self._reserve()
        count = len(self.symbols)
        return {
            "cells": self.cells[:count],
            "past": self.past[:count],
            "newest_us": self._watermarks.save(),
        }

    def load(self, state: State) -> None:
        """Go on from what `save` gave."""
        count, columns = len(self.symbols), len(self.names)
        self.cells = state.array("cells", self.cells.dtype, count, columns)
        self.past = state.array("past", np.float64, count, columns, self.past.shape[2])
        self._watermarks.load(state)

    def _reserve(self) -> None:
        self.cells = grown(self.cells, len(self.symbols))
        self.past = grown(self.past, len(self.symbols))


def needs_of(names: str | Sequence[str]) -> dict[str, Kind]:
    """What an operator on columns of numbers cannot do without."""
    needs = {"symbol": Kind.SYMBOL, "timestamp": Kind.TIME}
    return needs | dict.fromkeys(several(names), Kind.NUMBER)


def several(names: str | Sequence[str]) -> tuple[str, ...]:
    """Names that may have been given as one."""
    return (names,) if isinstance(names, str) else tuple(names)


def check_names(argument: str, names: Any) -> Any:
    """Names as given, a list as a tuple.

    Raises
    ------
    TypeError
        They are neither a name nor a list of names.
    ValueError
        There is none, or one twice.
    """
    if isinstance(names, str):
        return names
    if not isinstance(names, Sequence) or not all(
        isinstance(name, str) for name in cast("Sequence[object]", names)
    ):
        raise TypeError(f"{argument} must be a name or a list of names, not {names!r}")
    distinct = tuple(cast("Sequence[str]", names))
    if not distinct or len(set(distinct)) < len(distinct):
        raise ValueError(f"{argument} must be at least one name, each once, not {names!r}")
    return distinct


def check_number(argument: str, value: Any, allowed: str = "a finite number") -> None:
    """Raise TypeError or ValueError unless `value` is a finite number."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"{argument} must be {allowed}, not {value!r}")
    if not math.isfinite(value):
        raise ValueError(f"{argument} must be {allowed}, not {value!r}")
