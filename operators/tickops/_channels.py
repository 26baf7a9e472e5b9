"""Rows of several channels in one stream: whose they are, and the newest of each channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import numpy as np
import polars as pl

from tickops._arrays import frozen, grown
from tickops._column import Column
from tickops._duration import microseconds
from tickops._kept_rows import KeptRows
from tickops._late import Late, late_row_error
from tickops._schema import check_columns
from tickops.exceptions import SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tickops._arrays import I64, Bool, Records
    from tickops._batch import Batch
    from tickops._duration import Duration
    from tickops._late import LatePolicy
    from tickops._saved import Saved
    from tickops._snapshot import State
    from tickops._symbols import Symbols

__all__ = ["CHANNEL", "KEYS", "ChannelRows", "channels_of", "coalesced", "of_channel"]

CHANNEL: Final = "channel"
KEYS: Final = ("symbol", "timestamp", "received", "connection", "region")
"""Columns that say of a row whose and when it is: rows of all channels have their own."""


def channels_of(operator: str, schema: pl.Schema) -> Sequence[str]:
    """Names of the channels that frames of `schema` can have rows of.

    Raises
    ------
    SchemaError
        There is no such column, or it is no Enum.
    """
    check_columns(operator, schema, (CHANNEL,))
    dtype = schema[CHANNEL]
    if not isinstance(dtype, pl.Enum):
        raise SchemaError(
            f"{operator} needs column {CHANNEL!r} to be an Enum of the channels, as interleave()"
            f" makes it; it is {dtype}"
        )
    return dtype.categories.to_list()


def of_channel(batch: Batch, number: int) -> Bool:
    """Rows of the channel with this number."""
    channels = batch.columns[CHANNEL]
    mine, valid = channels.ints() == number, channels.valid()
    return cast("Bool", mine if valid is None else mine & valid)


def coalesced(own: Column, others: Sequence[Column]) -> Column:
    """Values of `own`, where they are null of the first of the others that has one."""
    series: pl.Series | None = None
    for other in others:
        filler = other.series("")
        if filler.null_count() == len(filler):  # as all that only the own channel has
            continue
        if series is None:
            series = own.series("")
        if not series.null_count():
            break
        all_null = series.null_count() == len(series)
        series = filler if all_null else series.zip_with(series.is_not_null(), filler)
    return own if series is None else Column.of(series)


class ChannelRows:
    """For each symbol the row of one channel that came last.

    Parameters
    ----------
    operator
        Its repr, for errors.
    columns
        Type by name of the columns to know of it.
    symbols
        Of the run.
    late
        What becomes of rows older than the channel's newest of the symbol.
    tolerance
        How much older than a row it may be; None: however old.
    """

    def __init__(
        self,
        operator: str,
        columns: Mapping[str, pl.DataType],
        symbols: Symbols,
        late: LatePolicy,
        tolerance: Duration | None,
    ) -> None:
        from tickops._kernels import channels as kernels

        self._kernels = kernels
        self._operator = operator
        self._symbols = symbols
        self._late = int(Late[late.upper()])
        self._tolerance_us = (
            -1 if tolerance is None else microseconds("tolerance", tolerance, zero=True)
        )
        self._rows = KeptRows(operator, columns)
        self._state: Records = np.zeros(0, kernels.NEWEST)
        self._last_row: I64 = np.zeros(0, np.int64)

    def follow(self, batch: Batch, mine: Bool, wanted: I64, keep: Bool) -> dict[str, Column]:
        """Columns of the newest row for some rows of the batch; then remember the batch's.

        Parameters
        ----------
        batch
            Rows of all channels.
        mine
            Which are of this one: the newest for them is themselves.
        wanted
            Numbers of the rows for which to look.
        keep
            Written: false for rows of this channel that are late and dropped.

        Raises
        ------
        LateRowError
            A row of this channel is late, and the policy is "raise".
        """
        self._reserve()
        codes, times_us = batch.rows()
        rows, slots, lasting = (np.empty(batch.height, np.int64) for _ in range(3))
        count = self._kernels.newest(
            codes,
            times_us,
            cast("Bool", frozen(mine)),
            self._late,
            self._tolerance_us,
            self._state,
            self._last_row,
            rows,
            slots,
            keep,
            lasting,
        )
        if count < 0:
            row = -1 - count
            raise late_row_error(
                self._operator, batch, row, int(self._state["newest_us"][codes[row]])
            )
        found = self._rows.take(batch, rows[wanted], slots[wanted])
        lasting = lasting[:count]
        self._rows.keep(batch, lasting, codes[lasting])
        return found

    def save(self, name: str) -> Mapping[str, Saved]:
        """All that is known, under names that begin with `name`."""
        self._reserve()
        count = len(self._symbols)
        return {f"{name}.newest": self._state[:count], **self._rows.save(count, name)}

    def load(self, state: State, name: str) -> None:
        """Go on from what `save` gave."""
        count = len(self._symbols)
        self._state = state.array(f"{name}.newest", self._kernels.NEWEST, count)
        self._rows.load(state, count, name)

    def _reserve(self) -> None:
        count = len(self._symbols)
        self._state = grown(self._state, count)
        if len(self._last_row) < count:
            self._last_row = np.full(len(self._state), -1, np.int64)
