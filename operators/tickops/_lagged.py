"""The core of operators that look so many rows of the symbol back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from tickops._column import Column
from tickops._columns import PerColumn
from tickops.exceptions import SnapshotError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tickops._arrays import F64, I32, Records
    from tickops._batch import Batch
    from tickops._late import LatePolicy
    from tickops._per_symbol import Rows
    from tickops._snapshot import State
    from tickops._symbols import Symbols

__all__ = ["Lagged"]


class _LooksBack(Protocol):
    @property
    def columns(self) -> str | Sequence[str]: ...
    @property
    def periods(self) -> int: ...
    @property
    def daily(self) -> bool: ...
    @property
    def late(self) -> LatePolicy: ...


class Lagged(PerColumn):
    """A core with a ring of values for each symbol and column.

    Parameters
    ----------
    operator
        Has `columns`, `periods`, `daily` and `late`.
    symbols
        Of the run.
    kernel
        Takes codes, days, values, cells, rings and what is to be written, as
        ``tickops._kernels.rows.lag``.
    named
        What is made of a column is called.
    """

    def __init__(
        self,
        operator: _LooksBack,
        symbols: Symbols,
        kernel: Callable[[I32, I32, F64, Records, F64, F64], None],
        named: Callable[[str], str],
    ) -> None:
        from tickops._kernels import rows as kernels

        past, daily = operator.periods, operator.daily
        super().__init__(operator, symbols, kernels.RING, past=past, daily=daily)
        self._kernel = kernel
        self._named = named

    def load(self, state: State) -> None:
        """Go on from what `save` gave.

        Raises
        ------
        SnapshotError
            A ring is not as long as the operator's.
        """
        super().load(state)
        place, length, periods = self.cells["place"], self.cells["length"], self.past.shape[2]
        if ((place < 0) | (place >= periods) | (length < 0) | (length > periods)).any():
            raise SnapshotError(f"the snapshot is damaged: it has more than {periods} rows before")

    def add(self, batch: Batch, rows: Rows, values: F64) -> Mapping[str, Column]:
        """Make a column for each."""
        result = np.empty(values.shape)
        self._kernel(rows.codes, self.days(batch, rows), values, self.cells, self.past, result)
        return {self._named(name): Column.of_floats(result[k]) for k, name in enumerate(self.names)}
