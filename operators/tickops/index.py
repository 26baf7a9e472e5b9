"""Level of a basket of symbols."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
import polars as pl

from tickops._arrays import empty, frozen
from tickops._column import Column
from tickops._columns import check_number
from tickops._late import LatePolicy, check_late
from tickops._made_rows import made_schema
from tickops._members import OfMembers, check_symbol, priced
from tickops._operator import Core, Operator
from tickops._schema import Kind

if TYPE_CHECKING:
    from tickops._arrays import F64, I32, I64, Array, Records
    from tickops._batch import Batch
    from tickops._snapshot import State
    from tickops._symbols import Symbols

__all__ = ["index"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class index(Operator):
    """Level of a basket: base · Σ w·p / Σ w·p₀, at each row of a symbol in it.

    Parameters
    ----------
    weights
        Number of shares by symbol, above 0. Rows of other symbols are left out, and counted
        as "other".
    base
        Level that p₀ stands for.
    start_from
        What p₀ is: the prices at the first moment at which all are known ("first"), or the
        `prev_close` of each as it was then ("prev_close").
    column
        Price to take: above 0, else there is none.
    name
        Symbol of the rows that come out.
    late
        What happens to rows older than their symbol's newest: left out and counted ("drop"),
        an error ("raise"), or taken as at the symbol's newest time ("include").

    Returns
    -------
    A row for each row of a symbol in `weights` once all prices are known: symbol (`name`);
    timestamp, the newest of all so far; region (where the frame has it); index (Float64).

    Raises
    ------
    SchemaError
        A column is missing or of the wrong type.
    LateRowError
        A row is late, and ``late="raise"``.

    Notes
    -----
    A row without a price says nothing, and is counted as "null": the price before it stays,
    over night too, as that of a suspended share does. p₀ is fixed once and for all.
    Each row sums all w·p anew, in the order of the symbols' names and compensated, so that
    the level depends on the prices alone and not on how they came about: O(symbols) a row.
    The level is null where it is not finite.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> frame = pl.DataFrame(
    ...     {
    ...         "symbol": ["600036.SH", "601398.SH", "600036.SH"],
    ...         "timestamp": [1776754800000, 1776754801000, 1776754803000],
    ...         "last_price": [40.0, 7.0, 44.0],
    ...     }
    ... ).with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))
    >>> op = ops.index({"600036.SH": 3, "601398.SH": 40}, base=1000)
    >>> op.apply(frame)["index"].to_list()
    [1000.0, 1030.0]
    """

    weights: Mapping[str, float] = field(kw_only=False)
    base: float = 1000.0
    start_from: Literal["first", "prev_close"] = "first"
    column: str = "last_price"
    name: str = "index"
    late: LatePolicy = "drop"

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", _checked(self.weights))
        check_number("base", self.base, "a number above 0")
        if self.base <= 0:
            raise ValueError(f"base must be a number above 0, not {self.base!r}")
        if self.start_from not in ("first", "prev_close"):
            raise ValueError(f'start_from must be "first" or "prev_close", not {self.start_from!r}')
        if not isinstance(self.column, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"column must be the name of a column, not {self.column!r}")
        check_symbol("name", self.name)
        check_late(self.late)

    @property
    def adds_columns(self) -> bool:
        """Rows of the basket come out."""
        return False

    @property
    def across_symbols(self) -> bool:
        """It is of many symbols."""
        return True

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        needs = {"symbol": Kind.SYMBOL, "timestamp": Kind.TIME, self.column: Kind.NUMBER}
        return needs | ({"prev_close": Kind.NUMBER} if self.start_from == "prev_close" else {})

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Make the columns of the basket."""
        return made_schema(schema, {"index": pl.Float64()})

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """State: the last price of each symbol in the basket, and what it was worth at first."""
        return _Index(self, schema, symbols)


class _Index(OfMembers):
    def __init__(self, op: index, schema: pl.Schema, symbols: Symbols) -> None:
        from tickops._kernels import baskets as kernels

        super().__init__(op, schema, symbols, list(op.weights), op.name)
        self._kernels = kernels
        self._op = op
        self._weights = cast("F64", frozen(np.array(list(op.weights.values()), np.float64)))
        self._last: Records = np.zeros(len(op.weights), kernels.LAST)
        self._basket: Records = np.zeros(1, kernels.BASKET)
        self._basket["newest_us"] = -(2**63)

    def make(self, batch: Batch, places: I32, times_us: I64) -> Batch:
        prices = batch.columns[self._op.column].floats()
        known = priced(prices)
        self.counts["null"] += batch.height - int(known.sum())
        before = empty(np.float64)
        if self._op.start_from == "prev_close":
            before = frozen(batch.columns["prev_close"].floats()[known])
        at_us, levels = np.empty(batch.height, np.int64), np.empty(batch.height)
        count = self._kernels.index(
            cast("I32", frozen(places[known])),
            cast("I64", frozen(times_us[known])),
            cast("F64", frozen(prices[known])),
            before,
            self._weights,
            float(self._op.base),
            self._last,
            self._basket,
            at_us,
            levels,
        )
        return self.made(at_us[:count], {"index": Column.of_floats(levels[:count])})

    def save(self) -> Mapping[str, Array]:
        return {"last": self._last, "basket": self._basket, **super().save()}

    def load(self, state: State) -> None:
        super().load(state)
        self._last = state.array("last", self._kernels.LAST, len(self._op.weights))
        self._basket = state.array("basket", self._kernels.BASKET, 1)


def _checked(weights: Any) -> Mapping[str, float]:
    """Weights in the order of names."""
    if not isinstance(weights, Mapping):
        raise TypeError(f'weights must be as {{"600000.SH": 100}}, not {weights!r}')
    given = cast("Mapping[Any, Any]", weights)
    if not given:
        raise ValueError("weights must be of at least one symbol")
    for symbol, shares in given.items():
        check_symbol("each of weights", symbol)
        where = f"weights[{symbol!r}]"
        check_number(where, shares, "a number above 0")
        if not 0 < shares < math.inf:
            raise ValueError(f"{where} must be a number above 0, not {shares!r}")
    return MappingProxyType(dict(sorted(given.items())))
