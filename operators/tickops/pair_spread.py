"""Price of one symbol against that of another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import polars as pl

from tickops._arrays import frozen
from tickops._column import Column
from tickops._columns import check_number
from tickops._duration import Duration, microseconds
from tickops._late import LatePolicy, check_late
from tickops._made_rows import made_schema
from tickops._members import OfMembers, check_symbol, priced
from tickops._operator import Core, Operator
from tickops._schema import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._arrays import F64, I32, I64, Array, Records
    from tickops._batch import Batch
    from tickops._snapshot import State
    from tickops._symbols import Symbols

__all__ = ["pair_spread"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class pair_spread(Operator):
    """Spread of a pair: price of a − hedge · price of b, at each row of either.

    Parameters
    ----------
    a, b
        Two symbols. Rows of all others are left out, and counted as "other".
    hedge
        Shares of `b` against one of `a`; with `log` the slope of log a on log b.
    column
        Price to take: above 0, else there is none.
    log
        log a − hedge · log b instead.
    max_age
        The two prices may be so far apart in time. Default: they are of one trading day.
    late
        What happens to rows older than their symbol's newest: left out and counted ("drop"),
        an error ("raise"), or taken as at the symbol's newest time ("include").

    Returns
    -------
    A row for each row of `a` or `b` once both prices are known: symbol ("a|b"); timestamp, of
    the later of the two; region (where the frame has it); price_a, price_b (Float64,
    currency); pair_spread (Float64, currency, or a logarithm).

    Raises
    ------
    SchemaError
        A column is missing or of the wrong type.
    LateRowError
        A row is late, and ``late="raise"``.

    Notes
    -----
    A row without a price says nothing, and is counted as "null": the price before it stays.
    By default nothing comes in the morning until both have a price of that day. A trading day
    is the local date of each symbol's own market: give `max_age` for pairs across oceans.
    The spread is null where it is not finite. The rows are those of one symbol, so that
    `rolling`, `ewm` or `crossing` can follow.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> frame = pl.DataFrame(
    ...     {
    ...         "symbol": ["600036.SH", "601398.SH", "600036.SH"],
    ...         "timestamp": [1776754800000, 1776754801000, 1776754803000],
    ...         "last_price": [40.0, 7.0, 40.5],
    ...     }
    ... ).with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))
    >>> op = ops.pair_spread("600036.SH", "601398.SH", hedge=5.0)
    >>> op.apply(frame).select("symbol", "price_a", "price_b", "pair_spread").rows()
    [('600036.SH|601398.SH', 40.0, 7.0, 5.0), ('600036.SH|601398.SH', 40.5, 7.0, 5.5)]
    """

    a: str = field(kw_only=False)
    b: str = field(kw_only=False)
    hedge: float = 1.0
    column: str = "last_price"
    log: bool = False
    max_age: Duration | None = None
    late: LatePolicy = "drop"

    def __post_init__(self) -> None:
        check_symbol("a", self.a)
        check_symbol("b", self.b)
        if self.a == self.b:
            raise ValueError(f"b must be another symbol than a, not {self.b!r}")
        check_number("hedge", self.hedge)
        if not isinstance(self.column, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"column must be the name of a column, not {self.column!r}")
        if not isinstance(self.log, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"log must be True or False, not {self.log!r}")
        if self.max_age is not None:
            microseconds("max_age", self.max_age, zero=True)
        check_late(self.late)

    @property
    def adds_columns(self) -> bool:
        """Rows of the pair come out."""
        return False

    @property
    def across_symbols(self) -> bool:
        """It is of two symbols."""
        return True

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        return {"symbol": Kind.SYMBOL, "timestamp": Kind.TIME, self.column: Kind.NUMBER}

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Make the columns of the pair."""
        names = ("price_a", "price_b", "pair_spread")
        return made_schema(schema, dict.fromkeys(names, pl.Float64()))

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """State: the last price of each of the two."""
        return _PairSpread(self, schema, symbols)


class _PairSpread(OfMembers):
    def __init__(self, op: pair_spread, schema: pl.Schema, symbols: Symbols) -> None:
        from tickops._kernels import baskets as kernels

        super().__init__(op, schema, symbols, (op.a, op.b), f"{op.a}|{op.b}")
        self._kernels = kernels
        self._op = op
        self._max_age_us = -1
        if op.max_age is not None:
            self._max_age_us = microseconds("max_age", op.max_age, zero=True)
        self._last: Records = np.zeros(2, kernels.LAST)

    def make(self, batch: Batch, places: I32, times_us: I64) -> Batch:
        prices = batch.columns[self._op.column].floats()
        known = priced(prices)
        self.counts["null"] += batch.height - int(known.sum())
        days = self.symbols.localise(batch.rows()[0], times_us).days
        at_us = np.empty(batch.height, np.int64)
        out = np.empty((3, batch.height))
        count = self._kernels.pair(
            cast("I32", frozen(places[known])),
            cast("I64", frozen(times_us[known])),
            cast("I32", frozen(days[known])),
            cast("F64", frozen(prices[known])),
            float(self._op.hedge),
            self._op.log,
            self._max_age_us,
            self._last,
            at_us,
            out,
        )
        names = ("price_a", "price_b", "pair_spread")
        columns = {name: Column.of_floats(out[k, :count]) for k, name in enumerate(names)}
        return self.made(at_us[:count], columns)

    def save(self) -> Mapping[str, Array]:
        return {"last": self._last, **super().save()}

    def load(self, state: State) -> None:
        super().load(state)
        self._last = state.array("last", self._kernels.LAST, 2)
