"""The newest rows of all channels side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tickops._channels import CHANNEL, KEYS, ChannelRows, channels_of, coalesced, of_channel
from tickops._duration import Duration, microseconds
from tickops._kept_rows import check_kept
from tickops._late import LatePolicy, check_late
from tickops._operator import Core, Operator
from tickops._schema import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from tickops._batch import Batch
    from tickops._column import Column
    from tickops._saved import Saved
    from tickops._snapshot import State
    from tickops._symbols import Symbols

__all__ = ["combine_latest"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class combine_latest(Operator):
    """Each row of any channel with the symbol's newest values of all the others.

    Over rows of several channels in order of arrival, as `interleave` makes them: what is known
    of a symbol, anew whenever one channel moves.

    Parameters
    ----------
    tolerance
        How much older than the row the newest row of another channel may be, in exchange time
        ("5s"); by default however old.
    late
        What happens to rows older than the symbol's newest of their channel: left out and
        counted ("drop"), an error ("raise"), or taken as they come ("include").

    Returns
    -------
    The rows, in order, the columns of other channels filled in from the newest row of each; then
    `{channel}_timestamp` for each channel (of the type of timestamp), the time of its row.
    symbol, timestamp, received, connection, region and channel are those of the row itself:
    `channel` says which one moved.

    Raises
    ------
    SchemaError
        symbol, timestamp or channel is missing or of the wrong type, or a column's type cannot
        be kept.
    LateRowError
        A row is late, and ``late="raise"``.

    Notes
    -----
    Newest is what arrived last. Columns are null where the symbol had no row of their channel
    yet, or too old a one; rows without symbol or timestamp stay as they are. A null of the row's
    own channel stays null. Of a column that several channels have, the row's own value, where
    it is null that of the first channel that has one: give such columns different names before.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> rows = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH"] * 3,
    ...         "timestamp": [1776754800000, 1776754803000, 1776754806000],
    ...         "last_price": [9.71, None, 9.73],
    ...         "bid_prices": [None, [9.72, 9.71], None],
    ...         "channel": ["quotes", "depth", "quotes"],
    ...     }
    ... ).cast({"timestamp": pl.Datetime("ms", "UTC"), "channel": pl.Enum(["quotes", "depth"])})
    >>> ops.combine_latest().apply(rows).select("channel", "last_price", "bid_prices").rows()
    [('quotes', 9.71, None), ('depth', 9.71, [9.72, 9.71]), ('quotes', 9.73, [9.72, 9.71])]
    """

    tolerance: Duration | None = None
    late: LatePolicy = "drop"

    def __post_init__(self) -> None:
        if self.tolerance is not None:
            microseconds("tolerance", self.tolerance, zero=True)
        check_late(self.late)

    @property
    def adds_columns(self) -> bool:
        """Columns are filled in too."""
        return False

    @property
    def keeps_rows(self) -> bool:
        """Each with the newest values of the other channels."""
        return True

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        return {"symbol": Kind.SYMBOL, "timestamp": Kind.TIME}

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Add the time of each channel's newest row."""
        times = [f"{name}_timestamp" for name in channels_of(repr(self), schema)]
        check_kept(repr(self), _kept(schema))
        return {**schema, **dict.fromkeys(times, schema["timestamp"])}

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """State by symbol: the newest row of each channel."""
        kept = _kept(schema)
        newest = {
            name: ChannelRows(repr(self), kept, symbols, self.late, self.tolerance)
            for name in channels_of(repr(self), schema)
        }
        return _CombineLatest(newest)


class _CombineLatest(Core):
    def __init__(self, newest: Mapping[str, ChannelRows]) -> None:
        super().__init__()
        self._newest = newest
        self.counts = {"late": 0}

    def push(self, batch: Batch) -> Batch:
        every, keep = np.arange(batch.height), np.ones(batch.height, np.bool_)
        found = {
            name: newest.follow(batch, of_channel(batch, number), every, keep)
            for number, (name, newest) in enumerate(self._newest.items())
        }
        added: dict[str, Column] = {
            name: coalesced(column, [columns[name] for columns in found.values()])
            for name, column in batch.columns.items()
            if name not in (*KEYS, CHANNEL)
        }
        times = {f"{name}_timestamp": columns["timestamp"] for name, columns in found.items()}
        out = batch.with_columns({**added, **times}).where(keep)
        self.counts["late"] += batch.height - out.height
        return out

    def save(self) -> Mapping[str, Saved]:
        saved: dict[str, Saved] = {}
        for number, newest in enumerate(self._newest.values()):
            saved.update(newest.save(str(number)))
        return saved

    def load(self, state: State) -> None:
        for number, newest in enumerate(self._newest.values()):
            newest.load(state, str(number))


def _kept(schema: pl.Schema) -> dict[str, pl.DataType]:
    """Columns of channels, and their time."""
    return {name: schema[name] for name in schema if name not in (*KEYS, CHANNEL)} | {
        "timestamp": schema["timestamp"]
    }
