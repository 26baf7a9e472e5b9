"""The rows that a chain works on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
import polars as pl

from tickops._arrays import frozen
from tickops._column import row_index

if TYPE_CHECKING:
    from tickops._arrays import I32, I64, Bool
    from tickops._column import Column
    from tickops._markets import LocalTime
    from tickops._symbols import Symbols

__all__ = ["Batch"]


@dataclass(slots=True)
class Batch:
    """Some rows, column by column, and whose they are.

    Parameters
    ----------
    columns
        Column by name, in the order of the frame that comes out.
    height
        Number of rows.
    symbols
        The run's symbols; those of this batch are in it.
    codes
        Symbol of each row as an index into `symbols`, -1 where symbol or time is null;
        None where no operator of the chain looks at symbols.
    times_us
        Time of each row in epoch microseconds; None if the rows have no timestamp.
    """

    columns: dict[str, Column]
    height: int
    symbols: Symbols
    codes: I32 | None = None
    times_us: I64 | None = None
    _local: LocalTime | None = None

    def rows(self) -> tuple[I32, I64]:
        """`codes` and `times_us` of a batch that must have both."""
        if self.codes is None or self.times_us is None:
            raise AssertionError("an operator that needs symbol and timestamp must declare them")
        return self.codes, self.times_us

    def local(self) -> LocalTime:
        """Trading day and time of day of each row, in the local time of its symbol's market."""
        if self._local is None:
            self._local = self.symbols.localise(*self.rows())
        return self._local

    def where(self, keep: Bool) -> Batch:
        """Only the rows for which `keep` is true."""
        if keep.all():
            return self
        rows = np.flatnonzero(keep)
        index = row_index(rows)
        return Batch(
            columns={name: column.take(rows, index) for name, column in self.columns.items()},
            height=len(rows),
            symbols=self.symbols,
            codes=None if self.codes is None else cast("I32", frozen(self.codes[rows])),
            times_us=None if self.times_us is None else cast("I64", frozen(self.times_us[rows])),
        )

    def with_columns(self, added: dict[str, Column]) -> Batch:
        """Same rows with more columns; one of the same name is replaced where it stands."""
        return Batch(
            columns={**self.columns, **added},
            height=self.height,
            symbols=self.symbols,
            codes=self.codes,
            times_us=self.times_us,
            _local=self._local,
        )

    def frame(self) -> pl.DataFrame:
        """Build the frame."""
        return pl.DataFrame([column.series(name) for name, column in self.columns.items()])
