"""Rows beside the newest row of another channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from tickops._channels import CHANNEL, KEYS, ChannelRows, channels_of, coalesced, of_channel
from tickops._columns import check_names, several
from tickops._duration import Duration, microseconds
from tickops._kept_rows import check_kept
from tickops._late import LatePolicy, check_late
from tickops._operator import Core, Operator
from tickops._schema import Kind, check_columns
from tickops.exceptions import SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._batch import Batch
    from tickops._column import Column
    from tickops._saved import Saved
    from tickops._snapshot import State
    from tickops._symbols import Symbols

__all__ = ["asof"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class asof(Operator):
    """Each row beside the symbol's newest row of another channel: a quote and its book.

    Over rows of several channels in order of arrival, as `interleave` makes them.

    Parameters
    ----------
    other
        Channel of which the newest row is joined: "depth" to the quotes, "quotes" to the books.
    columns
        Columns of the joined row: a name or a list of names. By default all but symbol,
        timestamp, received, connection, region and channel.
    prefix
        Put before the names of these columns. Without one they stand where they are, where the
        rows of the other channels have null.
    tolerance
        How much older than the row the joined one may be, in exchange time ("5s"); by default
        however old.
    late
        What happens to rows of `other` older than the symbol's newest of that channel: left out
        and counted ("drop"), an error ("raise"), or joined as they come ("include").

    Returns
    -------
    The rows of the other channels, in order, with the joined columns, and the time of the joined
    row: `{other}_timestamp` (of the type of timestamp). The rows of `other` do not come out.

    Raises
    ------
    SchemaError
        symbol, timestamp, channel or a column is missing or of the wrong type, there is no
        channel `other`, or a column's type cannot be kept.
    LateRowError
        A row of `other` is late, and ``late="raise"``.

    Notes
    -----
    Newest is what arrived last before the row: nothing is known before it came, even if its
    timestamp is earlier than the row's. Joined columns are null where the symbol had no row of
    `other` before, or too old a one, and in rows without symbol or timestamp. Yesterday's last
    row is joined too, where `tolerance` does not forbid it. By default a column that both
    channels have keeps the row's own value, where that is not null: name it in `columns`, with
    a `prefix`, to have the other one's.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> quotes = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH"] * 2,
    ...         "timestamp": [1776754800000, 1776754806000],
    ...         "received": [1776754800100, 1776754806100],
    ...         "last_price": [9.71, 9.73],
    ...     }
    ... ).cast({"timestamp": pl.Datetime("ms", "UTC"), "received": pl.Datetime("ms", "UTC")})
    >>> books = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH"],
    ...         "timestamp": [1776754803000],
    ...         "received": [1776754803100],
    ...         "bid_prices": [[9.72, 9.71]],
    ...     }
    ... ).cast({"timestamp": pl.Datetime("ms", "UTC"), "received": pl.Datetime("ms", "UTC")})
    >>> rows = ops.interleave(quotes=quotes, depth=books)
    >>> ops.asof("depth").apply(rows).select("last_price", "bid_prices").rows()
    [(9.71, None), (9.73, [9.72, 9.71])]
    >>> ops.asof("quotes").apply(rows).select("last_price", "bid_prices").rows()
    [(9.71, [9.72, 9.71])]
    """

    other: str = field(kw_only=False)
    columns: str | Sequence[str] | None = None
    prefix: str = ""
    tolerance: Duration | None = None
    late: LatePolicy = "drop"

    def __post_init__(self) -> None:
        for name, value in (("other", self.other), ("prefix", self.prefix)):
            if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise TypeError(f"{name} must be text, not {value!r}")
        if self.columns is not None:
            object.__setattr__(self, "columns", check_names("columns", self.columns))
            own = {*several(self.columns)} & {*KEYS, CHANNEL}
            if own and not self.prefix:
                raise ValueError(
                    f"columns must not have {min(own)!r} without a prefix: rows have their own"
                )
        if self.tolerance is not None:
            microseconds("tolerance", self.tolerance, zero=True)
        check_late(self.late)

    @property
    def adds_columns(self) -> bool:
        """Rows of the other channel do not come out."""
        return False

    @property
    def keeps_rows(self) -> bool:
        """Rows of the other channel aside."""
        return True

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without, besides those to join."""
        return {"symbol": Kind.SYMBOL, "timestamp": Kind.TIME}

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Add the joined row's time, and its columns where they have names of their own."""
        channels = channels_of(repr(self), schema)
        if self.other not in channels:
            raise SchemaError(f"{self!r} needs channel {self.other!r}; the frame has {channels}")
        named = {self.prefix + name: schema[name] for name in self.joined(schema)}
        check_kept(repr(self), self.kept(schema))
        return {**schema, **named, f"{self.other}_timestamp": schema["timestamp"]}

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """State by symbol: the newest row of the other channel."""
        number = channels_of(repr(self), schema).index(self.other)
        return _AsOf(self, self.joined(schema), self.kept(schema), symbols, number)

    def joined(self, schema: pl.Schema) -> Sequence[str]:
        """Names of the columns to join."""
        if self.columns is None:
            return [name for name in schema if name not in (*KEYS, CHANNEL)]
        names = several(self.columns)
        check_columns(repr(self), schema, names)
        return names

    def kept(self, schema: pl.Schema) -> Mapping[str, pl.DataType]:
        """Columns of `other` to keep: those to join, and its time."""
        return {name: schema[name] for name in ("timestamp", *self.joined(schema))}


class _AsOf(Core):
    def __init__(
        self,
        op: asof,
        joined: Sequence[str],
        kept: Mapping[str, pl.DataType],
        symbols: Symbols,
        number: int,
    ) -> None:
        super().__init__()
        self._op = op
        self._joined = joined
        self._number = number
        self._newest = ChannelRows(repr(op), kept, symbols, op.late, op.tolerance)
        self.counts = {"late": 0}

    def push(self, batch: Batch) -> Batch:
        mine = of_channel(batch, self._number)
        keep = np.ones(batch.height, np.bool_)
        found = self._newest.follow(batch, mine, np.flatnonzero(~mine), keep)
        self.counts["late"] += batch.height - int(np.count_nonzero(keep))
        out = batch.where(~mine)
        added = {self._op.prefix + name: self._column(out, name, found) for name in self._joined}
        added[f"{self._op.other}_timestamp"] = found["timestamp"]
        return out.with_columns(added)

    def save(self) -> Mapping[str, Saved]:
        return self._newest.save("other")

    def load(self, state: State) -> None:
        self._newest.load(state, "other")

    def _column(self, out: Batch, name: str, found: Mapping[str, Column]) -> Column:
        if self._op.prefix or self._op.columns is not None:
            return found[name]
        return coalesced(out.columns[name], [found[name]])
