"""Rows of any types that are kept: one for each slot, such as the newest of each symbol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from tickops._arrays import grown
from tickops._column import Column, row_index
from tickops._saved import Packed
from tickops._saved_series import can_save, read_series
from tickops.exceptions import SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._arrays import I64, Array
    from tickops._batch import Batch
    from tickops._saved import Saved
    from tickops._snapshot import State

__all__ = ["KeptRows", "check_kept"]

_FEW_CHUNKS: Final = 6
"""Polars takes rows out of up to eight chunks as they are, out of more it copies all."""
_SPARE: Final = 1_024


def check_kept(operator: str, columns: Mapping[str, pl.DataType]) -> None:
    """Raise SchemaError if a column is of a type that no snapshot can hold: for `outputs`."""
    for name, dtype in columns.items():
        if not can_save(dtype):
            raise SchemaError(
                f"{operator} cannot keep column {name!r} of type {dtype}: drop or cast it"
            )


class KeptRows:
    """A row for each slot: what was kept there last, null in all columns at first.

    A slot is a number from 0 that the operator gives: a symbol's number, say. Values stay as
    they were, bit for bit, whatever their type: nulls and NaN, text, categories, books.

    Parameters
    ----------
    operator
        Its repr, for the error.
    columns
        Type by name of the columns to keep.

    Raises
    ------
    SchemaError
        A column is of a type that no snapshot can hold.

    Notes
    -----
    Cost: O(1) a row that is taken or kept, none of it in Python; memory is that of about
    twice the slots in use.
    """

    def __init__(self, operator: str, columns: Mapping[str, pl.DataType]) -> None:
        check_kept(operator, columns)
        # Row 0 is null: it stands for every slot in which nothing was kept.
        self._rows = {name: pl.Series(name, [None], dtype=dtype) for name, dtype in columns.items()}
        self._height = 1
        self._row_of_slot: I64 = np.zeros(1, np.int64)

    def take(self, batch: Batch, rows: I64, slots: Array) -> dict[str, Column]:
        """Columns of so many rows, each of the batch, kept, or null.

        Parameters
        ----------
        batch
            Has the columns.
        rows
            (m,) row of the batch, or -1 to take the kept one.
        slots
            (m,) where `rows` is -1: the slot, or -1 for null in all columns.
        """
        in_batch = rows >= 0
        if in_batch.all():
            found: dict[int, I64] = {}
            return {name: batch.columns[name].take(rows, found) for name in self._rows}
        self._reserve(slots)
        others = ~in_batch
        of_batch = row_index(rows[in_batch])
        of_kept = row_index(np.where(slots >= 0, self._row_of_slot[slots], 0)[others])
        # What is taken of both stands in a row, kept ones first, before it is put in order: in one
        # chunk, for Polars takes fifty times as long for rows of arrays out of two.
        places = np.where(in_batch, np.cumsum(in_batch) + len(of_kept), np.cumsum(others)) - 1
        in_order = row_index(places)
        taken: dict[str, Column] = {}
        for name, kept in self._rows.items():
            series = kept.rechunk()[of_kept]
            if len(of_batch):
                own = batch.columns[name].series(name)[of_batch]
                series = pl.concat([series, own], rechunk=True)[in_order]
            taken[name] = Column.of(series)
        return taken

    def keep(self, batch: Batch, rows: I64, slots: Array) -> None:
        """Keep these rows of the batch in these slots; of several for one slot, the last."""
        if not len(rows):
            return
        self._reserve(slots)
        of_batch = row_index(rows)
        for name, series in self._rows.items():
            series.append(batch.columns[name].series(name)[of_batch])
            if series.n_chunks() > _FEW_CHUNKS:
                self._rows[name] = series.rechunk()
        self._row_of_slot[slots] = np.arange(self._height, self._height + len(rows))
        self._height += len(rows)
        if self._height > 2 * len(self._row_of_slot) + _SPARE:
            self._compact()

    def forget(self, slots: Array) -> None:
        """Null for these slots again."""
        self._reserve(slots)
        self._row_of_slot[slots] = 0

    def save(self, slots: int, name: str = "kept") -> dict[str, Saved]:
        """All that is kept, under names that begin with `name`; all slots are below `slots`."""
        self._compact()
        is_used = grown(self._row_of_slot, slots)[:slots] > 0
        used = np.flatnonzero(is_used)
        rows = {
            f"{name}.{place}": Packed(series[1:], used)
            for place, series in enumerate(self._rows.values())
        }
        return {f"{name}.used": is_used, **rows}

    def load(self, state: State, slots: int, name: str = "kept") -> None:
        """Go on from what `save` gave for so many slots under this name.

        Raises
        ------
        SnapshotError
            It is not there, or damaged.
        """
        used = np.flatnonzero(state.array(f"{name}.used", np.bool_, slots))
        for place, (column, empty) in enumerate(self._rows.items()):
            rows = read_series(state, f"{name}.{place}", empty.dtype, len(used))
            self._rows[column] = empty[:1].append(rows.alias(column))
        self._height = 1 + len(used)
        self._row_of_slot = grown(np.zeros(1, np.int64), slots)
        self._row_of_slot[used] = np.arange(1, self._height)

    def _reserve(self, slots: Array) -> None:
        if len(slots):
            self._row_of_slot = grown(self._row_of_slot, int(slots.max()) + 1)

    def _compact(self) -> None:
        """Let go of the rows that others have followed."""
        used = np.flatnonzero(self._row_of_slot)
        places = row_index(np.concatenate((np.zeros(1, np.int64), self._row_of_slot[used])))
        for name, series in self._rows.items():
            self._rows[name] = series[places]
        self._height = len(places)
        self._row_of_slot[used] = np.arange(1, self._height)
