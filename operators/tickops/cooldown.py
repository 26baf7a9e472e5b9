"""Signals with a pause between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import polars as pl

from tickops._arrays import frozen
from tickops._column import Column
from tickops._duration import Duration, microseconds
from tickops._late import LatePolicy, check_late
from tickops._operator import Core, Operator
from tickops._per_symbol import PerSymbol
from tickops._schema import Kind, check_columns
from tickops.exceptions import SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._arrays import Bool
    from tickops._batch import Batch
    from tickops._per_symbol import Rows
    from tickops._symbols import Symbols

__all__ = ["cooldown"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class cooldown(Operator):
    """Let a signal of a symbol fire, then not again until some time has passed.

    Parameters
    ----------
    column
        The signal: a Boolean column, set where it is true, or an Enum column such as
        `crossing`, set where it is not null.
    time
        Duration such as "30s": at least so much lies between two rows that fire.
    late
        What happens to rows older than the symbol's newest: left out and counted ("drop"),
        an error ("raise"), or taken as at the symbol's newest time ("include").

    Returns
    -------
    The input with `{column}_fired` (Boolean): true where the signal is set and the symbol's
    last fired row was `time` or longer ago, or there was none.

    Raises
    ------
    SchemaError
        symbol, timestamp or the column is missing or of the wrong type.
    LateRowError
        A row is late, and ``late="raise"``.

    Notes
    -----
    False where the signal is null; null in rows without symbol or timestamp. What is set
    within the pause does not make it longer, and does not fire after it.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> frame = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH"] * 4,
    ...         "timestamp": [1776754800000, 1776754803000, 1776754806000, 1776754810000],
    ...         "alarm": [True, True, False, True],
    ...     }
    ... ).with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))
    >>> ops.cooldown("alarm", "10s").apply(frame)["alarm_fired"].to_list()
    [True, False, False, True]
    """

    column: str = field(kw_only=False)
    time: Duration = field(kw_only=False)
    late: LatePolicy = "drop"

    def __post_init__(self) -> None:
        if not isinstance(self.column, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"column must be the name of a column, not {self.column!r}")
        microseconds("time", self.time)
        check_late(self.late)

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without, besides the signal."""
        return {"symbol": Kind.SYMBOL, "timestamp": Kind.TIME}

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Add the column."""
        check_columns(repr(self), schema, [self.column])
        dtype = schema[self.column]
        if dtype != pl.Boolean and not isinstance(dtype, pl.Enum):
            raise SchemaError(
                f"{self!r} needs column {self.column!r} to be Boolean or Enum; it is {dtype}"
            )
        return {**schema, f"{self.column}_fired": pl.Boolean()}

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """State by symbol: when it fired last."""
        return _Cooldown(self, symbols)


class _Cooldown(PerSymbol):
    def __init__(self, op: cooldown, symbols: Symbols) -> None:
        from tickops._kernels import signals as kernels

        super().__init__(op, symbols, kernels.FIRED)
        self._kernels = kernels
        self._column = op.column
        self._time_us = microseconds("time", op.time)

    def add(self, batch: Batch, rows: Rows) -> Mapping[str, Column]:
        fired = np.empty(batch.height, np.bool_)
        is_set = _is_set(batch.columns[self._column])
        self._kernels.cooldown(rows.codes, rows.times_us, is_set, self._time_us, self.state, fired)
        made = Column.of_ints(fired, pl.Boolean(), rows.codes >= 0)
        return {f"{self._column}_fired": made}


def _is_set(signal: Column) -> Bool:
    values = signal.ints()
    valid = signal.valid()
    is_set = np.ones(len(values), np.bool_) if valid is None else valid
    if not isinstance(signal.dtype, pl.Enum):
        is_set = is_set & (values != 0)
    return cast("Bool", frozen(is_set))
