"""How much more is bid than offered."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

import numpy as np
import polars as pl

from tickops._arrays import frozen
from tickops._book import BOOK, Book, check_levels
from tickops._column import Column
from tickops._counts import check_count
from tickops._operator import Core, Operator
from tickops._stateless import Stateless

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._arrays import F64
    from tickops._batch import Batch
    from tickops._schema import Kind
    from tickops._symbols import Symbols

__all__ = ["imbalance"]

Weights: TypeAlias = Literal["equal", "inverse"] | tuple[Literal["exp"], float]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class imbalance(Operator):
    """Depth imbalance: Σ w_k (q_b^k − q_a^k) / Σ w_k (q_b^k + q_a^k) over the best levels.

    Parameters
    ----------
    levels
        How many levels, from the best.
    weights
        Of level k = 1, 2, …: "equal" is 1, "inverse" is 1/k, ("exp", λ) is e^(−λk).

    Returns
    -------
    The input with `imbalance` (Float64, from −1, all offered, to 1, all bid).

    Raises
    ------
    SchemaError
        A book column is missing, of the wrong type, or has fewer levels.

    Notes
    -----
    Null where the best bid or the best ask is absent. A price of 0 means that there is no such
    level: its volume does not count (in a call auction level 2 has the unmatched volume at
    price 0).

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> depth = pl.DataFrame(
    ...     {
    ...         "bid_prices": [[9.9, 9.8], [9.9, 9.8]],
    ...         "ask_prices": [[10.0, 10.1], [0.0, 0.0]],
    ...         "bid_volumes": [[300, 300], [300, 300]],
    ...         "ask_volumes": [[100, 100], [0, 0]],
    ...     }
    ... )
    >>> ops.imbalance(levels=2).apply(depth)["imbalance"].to_list()
    [0.5, None]
    """

    levels: int = 5
    weights: Weights = "equal"

    def __post_init__(self) -> None:
        check_count("levels", self.levels)
        _weights(self.weights, self.levels)

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        return BOOK

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Add the column."""
        check_levels(repr(self), schema, self.levels)
        return {**schema, "imbalance": pl.Float64()}

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """No state: a row at a time."""
        weights = _weights(self.weights, self.levels)

        def step(batch: Batch) -> Batch:
            from tickops._kernels import book as kernels

            book = Book(batch, self.levels)
            result = np.empty(batch.height)
            kernels.imbalance(
                book.side("bid_prices"),
                book.side("ask_prices"),
                book.side("bid_volumes"),
                book.side("ask_volumes"),
                weights,
                result,
            )
            return batch.with_columns({"imbalance": Column.of_floats(result)})

        return Stateless(step)


def _weights(weights: object, levels: int) -> F64:
    match weights:
        case "equal":
            values = [1.0] * levels
        case "inverse":
            values = [1 / k for k in range(1, levels + 1)]
        case ("exp", int() | float() as rate) if math.isfinite(rate):
            values = [math.exp(-rate * k) for k in range(1, levels + 1)]
        case _:
            raise ValueError(
                f'weights must be "equal", "inverse" or ("exp", λ) with a finite λ, not {weights!r}'
            )
    return cast("F64", frozen(np.array(values)))
