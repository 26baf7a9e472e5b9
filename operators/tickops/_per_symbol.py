"""Cores of operators that add columns from what they know of each row's symbol."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from tickops._arrays import frozen, grown
from tickops._late import Late, late_row_error
from tickops._operator import Core

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._arrays import I32, I64, Array, Bool, Records
    from tickops._batch import Batch
    from tickops._column import Column
    from tickops._late import WithLate
    from tickops._saved import Saved
    from tickops._snapshot import State
    from tickops._symbols import Symbols

__all__ = ["PerSymbol", "Rows", "Watermarks"]

_NEVER = -(2**63)


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a batch for a kernel that need not know of late ones.

    Attributes
    ----------
    codes
        (n,) symbol number; -1 for rows to be left alone: without symbol or time, or late and
        to be dropped.
    times_us
        (n,) epoch us, never falling within a symbol.
    keep
        (n,) false for the rows to be dropped.
    """

    codes: I32
    times_us: I64
    keep: Bool


class Watermarks:
    """Newest time of each symbol, and what becomes of rows that are older.

    Parameters
    ----------
    operator
        Has the policy `late`, and a name for the error.
    symbols
        Of the run.
    """

    def __init__(self, operator: WithLate, symbols: Symbols) -> None:
        self._operator = operator
        self._symbols = symbols
        self._late = int(Late[operator.late.upper()])
        self._newest_us: I64 = np.zeros(0, np.int64)

    def rows(self, batch: Batch) -> Rows:
        """Rows in order.

        Raises
        ------
        LateRowError
            A row is late, and the policy is "raise".
        """
        from tickops._kernels import late as kernels

        self._reserve()
        codes, times_us = batch.rows()
        new_codes, new_us = np.empty_like(codes), np.empty_like(times_us)
        keep = np.ones(batch.height, np.bool_)
        count = kernels.in_order(
            codes, times_us, self._late, self._newest_us, new_codes, new_us, keep
        )
        if count < 0:
            row = -1 - count
            newest = int(self._newest_us[codes[row]])
            raise late_row_error(repr(self._operator), batch, row, newest)
        if not count:
            return Rows(codes, times_us, keep)
        return Rows(cast("I32", frozen(new_codes)), cast("I64", frozen(new_us)), keep)

    def save(self) -> Array:
        """Newest time by symbol."""
        self._reserve()
        return self._newest_us[: len(self._symbols)]

    def load(self, state: State) -> None:
        """Go on from what `save` gave under the name "newest_us"."""
        self._newest_us = state.array("newest_us", np.int64, len(self._symbols))

    def _reserve(self) -> None:
        known = len(self._newest_us)
        if known < len(self._symbols):
            self._newest_us = grown(self._newest_us, len(self._symbols))
            self._newest_us[known:] = _NEVER


class PerSymbol(Core):
    """A core with a record for each symbol; late rows are seen to here.

    Parameters
    ----------
    operator
        Has the policy `late`.
    symbols
        Of the run.
    dtype
        Of a symbol's record; at first it is zero bytes.
    """

    def __init__(self, operator: WithLate, symbols: Symbols, dtype: Any) -> None:
        super().__init__()
        self.symbols = symbols
        self.counts = {"late": 0}
        self.state: Records = np.zeros(0, dtype)
        self._watermarks = Watermarks(operator, symbols)

    @abstractmethod
    def add(self, batch: Batch, rows: Rows) -> Mapping[str, Column]:
        """Make the columns for some rows, updating `state`; rows of code -1 get null."""

    def push(self, batch: Batch) -> Batch:
        """Take the next rows; return them with the columns, without late ones."""
        self.state = grown(self.state, len(self.symbols))
        rows = self._watermarks.rows(batch)
        out = batch.with_columns(dict(self.add(batch, rows))).where(rows.keep)
        self.counts["late"] += batch.height - out.height
        return out

    def save(self) -> Mapping[str, Saved]:
        """Records and newest times, by symbol."""
        self.state = grown(self.state, len(self.symbols))
        return {
            "state": self.state[: len(self.symbols)],
            "newest_us": self._watermarks.save(),
        }

    def load(self, state: State) -> None:
        """Go on from what `save` gave."""
        self.state = state.array("state", self.state.dtype, len(self.symbols))
        self._watermarks.load(state)
