"""Columns made by Polars expressions, a row at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from tickops._column import Column
from tickops._expressions import check_row_wise, describe
from tickops._operator import Core, Operator
from tickops._schema import check_columns
from tickops._stateless import Stateless
from tickops.exceptions import SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._batch import Batch
    from tickops._symbols import Symbols

__all__ = ["with_columns"]

_KEYS: Final = ("symbol", "timestamp", "region")


@dataclass(frozen=True, init=False, repr=False, eq=False)
class with_columns(Operator):
    """Add columns made by Polars expressions that look at one row at a time.

    Parameters
    ----------
    *expressions
        As in ``polars.DataFrame.with_columns``.
    **named
        Expressions by the name of the column that they make.

    Returns
    -------
    The input with the columns that the expressions make.

    Raises
    ------
    ValueError
        An expression looks at other rows (``shift``, ``cum_sum``, ``over``, a mean, …), which
        would depend on how the rows are cut into frames, or calls a Python function.
    SchemaError
        A column that an expression needs is missing or of the wrong type, or it would replace
        symbol, timestamp or region (do that before the first operator).

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> frame = pl.DataFrame({"bid": [9.0, 9.5], "ask": [10.0, 10.0]})
    >>> ops.with_columns(mid=(pl.col("bid") + pl.col("ask")) / 2).apply(frame)["mid"].to_list()
    [9.5, 9.75]
    >>> ops.with_columns(pl.col("bid").shift())
    Traceback (most recent call last):
    ...
    ValueError: with_columns takes expressions of one row at a time; ...
    """

    expressions: tuple[pl.Expr, ...]

    def __init__(self, *expressions: pl.Expr, **named: pl.Expr) -> None:
        given = (*expressions, *(value.alias(name) for name, value in named.items()))
        if not given:
            raise ValueError("with_columns needs at least one expression")
        for expression in given:
            if not isinstance(expression, pl.Expr):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise TypeError(f"with_columns takes polars expressions, not {expression!r}")
            check_row_wise("with_columns", expression)
        object.__setattr__(self, "expressions", given)

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Ask Polars."""
        for expression in self.expressions:
            check_columns("with_columns", schema, expression.meta.root_names())
        made = _select(self, pl.DataFrame(schema=schema)).schema
        for name in _KEYS:
            if name in made:
                raise SchemaError(
                    f"with_columns would replace {name!r}, which says whose the row is:"
                    " change it before the first operator"
                )
        return {**schema, **made}

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """No state: a row at a time."""
        made = _select(self, pl.DataFrame(schema=schema)).columns
        return Stateless(lambda batch: self._step(batch, made))

    def _step(self, batch: Batch, made: list[str]) -> Batch:
        out = batch.frame(self._needed()).with_columns(self.expressions)
        return batch.with_columns({name: Column.of(out[name]) for name in made})

    def _needed(self) -> list[str] | None:
        """Columns that the expressions look at; None for all."""
        if any(expression.meta.has_multiple_outputs() for expression in self.expressions):
            return None
        return [name for of in self.expressions for name in of.meta.root_names()] or None

    def __repr__(self) -> str:
        return f"with_columns({', '.join(map(describe, self.expressions))})"


def _select(operator: with_columns, frame: pl.DataFrame) -> pl.DataFrame:
    try:
        return frame.select(operator.expressions)
    except pl.exceptions.PolarsError as error:
        raise SchemaError(
            f"with_columns: {error} (the frame has {', '.join(map(repr, frame.columns))})"
        ) from error
