"""Rows in the order of their times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import polars as pl

from tickops._arrays import frozen
from tickops._batch import Batch
from tickops._column import Column
from tickops._duration import Duration, microseconds
from tickops._grid import NEVER_US
from tickops._kept_rows import KeptRows
from tickops._late import LatePolicy, check_late
from tickops._operator import Core, Operator
from tickops._schema import Kind
from tickops.exceptions import LateRowError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._arrays import I32, I64, Records
    from tickops._saved import Saved
    from tickops._snapshot import State
    from tickops._symbols import Symbols

__all__ = ["reorder"]

_WAITING: Any = np.dtype(
    [("time_us", np.int64), ("order_us", np.int64), ("slot", np.int64), ("code", np.int32)]
)
"""A row that waits: its time, what it is ordered by, where it is kept, its symbol."""


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class reorder(Operator):
    """Rows of all symbols in the order of their timestamps; of equal ones in that of arrival.

    Parameters
    ----------
    within
        How much later than others a row may arrive: a row waits until one was seen whose
        timestamp is so much later, of any symbol.
    late
        What happens to rows that arrive later still: left out and counted ("drop"), an error
        ("raise"), or passed on as they come, out of order ("include").

    Returns
    -------
    The rows that came in, all columns as they were, in another order.

    Raises
    ------
    SchemaError
        symbol or timestamp is missing or of the wrong type, or a column is of a type that
        cannot be kept.
    LateRowError
        A row is late, and ``late="raise"``.

    Notes
    -----
    On ``advance`` rows come out once they are as old as `within`; ``finish`` brings the rest.
    Rows without a timestamp pass at once. What waits is bounded by the rows of the time
    `within`. The exchanges' clocks differ from those of arrival by up to some seconds, and
    Shanghai's otherwise than Shenzhen's: operators across symbols are better after this.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> frame = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH", "000001.SZ", "600000.SH"],
    ...         "timestamp": [1776754803000, 1776754800000, 1776754806000],
    ...         "last_price": [9.71, 11.0, 9.72],
    ...     }
    ... ).with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))
    >>> ops.reorder(within="5s").apply(frame)["last_price"].to_list()
    [11.0, 9.71, 9.72]
    """

    within: Duration = "5s"
    late: LatePolicy = "drop"

    def __post_init__(self) -> None:
        microseconds("within", self.within)
        check_late(self.late)

    @property
    def adds_columns(self) -> bool:
        """Rows come out in another order."""
        return False

    @property
    def across_symbols(self) -> bool:
        """A row waits for those of all symbols."""
        return True

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        return {"symbol": Kind.SYMBOL, "timestamp": Kind.TIME}

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Leave the columns as they are."""
        return schema

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """State: the rows that wait."""
        return _Reorder(self, schema, symbols)


class _Reorder(Core):
    """All rows up to the bound have come out; a row below it is late."""

    def __init__(self, op: reorder, schema: pl.Schema, symbols: Symbols) -> None:
        super().__init__()
        self._op = op
        self._symbols = symbols
        self._within_us = microseconds("within", op.within)
        self._kept = KeptRows(repr(op), schema)
        self._waiting: Records = np.zeros(0, _WAITING)
        self._bound_us = NEVER_US
        empty = {name: Column.of(pl.Series(name, [], kind)) for name, kind in schema.items()}
        self._no_rows = Batch(empty, 0, symbols)
        self.counts = {"late": 0}

    def push(self, batch: Batch) -> Batch:
        codes, times_us = batch.rows()
        is_timed = batch.columns["timestamp"].valid()
        if is_timed is None:
            is_timed = np.ones(batch.height, np.bool_)
        own_us = np.where(is_timed, times_us - self._within_us, NEVER_US)
        bounds_us = np.maximum.accumulate(np.maximum(own_us, self._bound_us))
        late = is_timed & (times_us < bounds_us)
        if late.any() and self._op.late == "raise":
            raise self._late_row(batch, int(np.argmax(late)), bounds_us)
        given: Records = np.zeros(batch.height, _WAITING)
        given["time_us"], given["slot"], given["code"] = times_us, -1, codes
        # What is ordered by the bound passes at once, after all that has come out.
        given["order_us"] = np.where(is_timed & ~late, times_us, bounds_us)
        rows = np.arange(batch.height)
        if self._op.late == "drop":
            self.counts["late"] += int(late.sum())
            given, rows = given[~late], rows[~late]
        rows = np.concatenate([np.full(len(self._waiting), -1), rows])
        self._waiting = np.concatenate([self._waiting, given])
        return self._release(int(bounds_us.max(initial=self._bound_us)), batch, rows)

    def advance(self, now_us: int) -> Batch | None:
        # Before the first row there is nothing that could be late.
        if self._bound_us == NEVER_US or now_us - self._within_us <= self._bound_us:
            return None
        return self._release(now_us - self._within_us)

    def finish(self) -> Batch | None:
        return self._release(2**63 - 1)

    def save(self) -> Mapping[str, Saved]:
        bound = np.array([self._bound_us], np.int64)
        slots = int(self._waiting["slot"].max(initial=-1)) + 1
        return {"waiting": self._waiting, "bound_us": bound, **self._kept.save(slots)}

    def load(self, state: State) -> None:
        self._waiting = state.array("waiting", _WAITING, None)
        self._bound_us = int(state.array("bound_us", np.int64, 1)[0])
        self._kept.load(state, int(self._waiting["slot"].max(initial=-1)) + 1)

    def _release(self, bound_us: int, batch: Batch | None = None, rows: I64 | None = None) -> Batch:
        """Let all rows up to a bound come out; `rows` are those waiting that are of the batch."""
        source = self._no_rows if batch is None else batch
        rows = np.full(len(self._waiting), -1) if rows is None else rows
        is_due = self._waiting["order_us"] <= bound_us
        due = np.flatnonzero(is_due)
        due = due[np.argsort(self._waiting["order_us"][due], kind="stable")]
        out = self._waiting[due]
        columns = self._kept.take(source, rows[due], out["slot"])
        self._keep(source, self._waiting[~is_due], rows[~is_due], out["slot"])
        self._bound_us = bound_us
        codes, times_us = cast("I32", frozen(out["code"])), cast("I64", frozen(out["time_us"]))
        return Batch(columns, len(due), self._symbols, codes, times_us)

    def _keep(self, batch: Batch, waiting: Records, rows: I64, let_go: I64) -> None:
        self._kept.forget(let_go[let_go >= 0])
        new = np.flatnonzero(waiting["slot"] < 0)
        is_free = np.ones(len(waiting), np.bool_)
        is_free[waiting["slot"][(waiting["slot"] >= 0) & (waiting["slot"] < len(waiting))]] = False
        waiting["slot"][new] = np.flatnonzero(is_free)[: len(new)]
        self._kept.keep(batch, rows[new], waiting["slot"][new])
        self._waiting = waiting

    def _late_row(self, batch: Batch, row: int, bounds_us: I64) -> LateRowError:
        symbol, time = (batch.columns[name].series(name)[row] for name in ("symbol", "timestamp"))
        passed = pl.Series([int(bounds_us[row])]).cast(pl.Datetime("us", "UTC"))[0]
        return LateRowError(
            f"{self._op!r}: a row of {symbol} at {time} is late: those up to {passed} have come"
            ' out. A longer `within` waits for it, late="drop" leaves it out, late="include"'
            " passes it on out of order"
        )
