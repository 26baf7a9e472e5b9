"""Newest row of each symbol at the times of a grid."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from tickops._arrays import frozen
from tickops._batch import Batch
from tickops._duration import Duration, microseconds
from tickops._grid import check_every
from tickops._late import LatePolicy, check_late, late_row_error
from tickops._made_rows import time_column
from tickops._newest_rows import Arrived, NewestRows, Shown
from tickops._operator import Core, Operator
from tickops._schema import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from tickops._arrays import I32, I64, Array, Records
    from tickops._column import Column
    from tickops._symbols import Symbols

__all__ = ["sample"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class sample(Operator):
    """Newest row of each symbol in each interval (t − every, t] in which it has rows.

    Parameters
    ----------
    every
        Length of the intervals, at most a day, counted from local midnight.
    grace
        On ``advance`` a row comes out so long after t.
    late
        What happens to rows older than their symbol's newest, and to rows of an interval that
        the clock has closed: left out and counted ("drop"), an error ("raise"), or taken as
        at the symbol's newest time, into the first interval that is open ("include").

    Returns
    -------
    Some of the rows that came in, all columns as they were, with `sampled_at` (as timestamp):
    the t at the end of the interval.

    Raises
    ------
    SchemaError
        symbol or timestamp is missing or of the wrong type, or a column is of a type that
        cannot be kept.
    LateRowError
        A row is late, and ``late="raise"``.

    Notes
    -----
    A row comes out when its own symbol's next row lies past t, on ``advance``, or at
    ``finish``. An interval without rows gives none: see `resample` for a regular grid. Of
    rows at one time the last to arrive is the newest. Rows without symbol or timestamp do not
    come out.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> frame = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH"] * 3,
    ...         "timestamp": [1776754803000, 1776754860000, 1776754861000],
    ...         "last_price": [9.71, 9.72, 9.73],
    ...     }
    ... ).with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))
    >>> out = ops.sample("1m").apply(frame)
    >>> out.select("last_price", pl.col("sampled_at").dt.strftime("%H:%M:%S")).rows()
    [(9.72, '07:01:00'), (9.73, '07:02:00')]
    """

    every: Duration = field(kw_only=False)
    grace: Duration = "5s"
    late: LatePolicy = "drop"

    def __post_init__(self) -> None:
        check_every(self.every)
        microseconds("grace", self.grace, zero=True)
        check_late(self.late)

    @property
    def adds_columns(self) -> bool:
        """Rows are left out."""
        return False

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        return {"symbol": Kind.SYMBOL, "timestamp": Kind.TIME}

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Add the column."""
        return {**schema, "sampled_at": schema["timestamp"]}

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """State by symbol: its newest row."""
        return _Sample(self, schema, symbols)


class _Sample(NewestRows):
    def __init__(self, op: sample, schema: pl.Schema, symbols: Symbols) -> None:
        super().__init__(op, schema, symbols, list(schema), once=True)
        self._op = op

    def admitted(self, batch: Batch, arrived: Arrived) -> Arrived:
        codes, times_us = cast("I32", frozen(arrived.codes)), cast("I64", frozen(arrived.times_us))
        bounds_us = self.bounds_us(codes)
        overdue = self.first_us(codes, times_us) <= bounds_us
        if not overdue.any():
            return arrived
        if self._op.late == "include":
            times_us = np.where(overdue, np.maximum(times_us, bounds_us + 1), times_us)
            return Arrived(arrived.rows, codes, times_us)
        if self._op.late == "raise":
            first = int(np.flatnonzero(overdue)[0])
            row = int(arrived.rows[first])
            raise late_row_error(repr(self._op), batch, row, int(bounds_us[first]))
        self.counts["late"] += int(overdue.sum())
        return Arrived(arrived.rows[~overdue], codes[~overdue], times_us[~overdue])

    def shown(self, codes: Array, newest: Records, until_us: I64) -> Shown:
        which = np.flatnonzero(newest["first_us"] <= until_us)
        return Shown(which, newest["first_us"][which])

    def output(self, columns: dict[str, Column], codes: I32, newest: Records, at_us: I64) -> Batch:
        columns["sampled_at"] = time_column(at_us, self.schema["timestamp"])
        times_us = cast("I64", frozen(newest["row_us"]))
        return Batch(columns, len(codes), self.symbols, codes, times_us)
