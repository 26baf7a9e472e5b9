"""Rows for which a Polars expression is true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from tickops._expressions import check_row_wise, describe
from tickops._operator import Core, Operator
from tickops._schema import check_columns
from tickops._stateless import Stateless
from tickops.exceptions import SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._batch import Batch
    from tickops._symbols import Symbols

__all__ = ["filter"]


@dataclass(frozen=True, repr=False, eq=False)
class filter(Operator):  # noqa: A001
    """Keep the rows for which a Polars expression of one row at a time is true.

    Parameters
    ----------
    predicate
        Boolean expression; where it is null the row is left out, as in Polars.

    Returns
    -------
    The input with fewer rows, in order.

    Raises
    ------
    ValueError
        The expression looks at other rows, or calls a Python function.
    SchemaError
        A column that it needs is missing, or its value is no Boolean.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> frame = pl.DataFrame({"last_price": [0.0, 9.7, None]})
    >>> ops.filter(pl.col("last_price") > 0).apply(frame)["last_price"].to_list()
    [9.7]
    """

    predicate: pl.Expr

    def __post_init__(self) -> None:
        if not isinstance(self.predicate, pl.Expr):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"filter takes a polars expression, not {self.predicate!r}")
        check_row_wise("filter", self.predicate)

    @property
    def adds_columns(self) -> bool:
        """Rows are left out."""
        return False

    @property
    def keeps_rows(self) -> bool:
        """All that it does."""
        return True

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Leave the columns as they are."""
        check_columns("filter", schema, self.predicate.meta.root_names())
        frame = pl.DataFrame(schema=schema)
        try:
            made = frame.select(self.predicate.alias("keep")).schema["keep"]
        except pl.exceptions.PolarsError as error:
            raise SchemaError(
                f"filter: {error} (the frame has {', '.join(map(repr, frame.columns))})"
            ) from error
        if made != pl.Boolean:
            raise SchemaError(f"filter needs a Boolean expression; {self.predicate} gives {made}")
        return schema

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """No state: a row at a time."""
        return Stateless(self._step)

    def _step(self, batch: Batch) -> Batch:
        names = [name for name in self.predicate.meta.root_names() if name in batch.columns]
        frame = batch.frame(names or None)
        keep = frame.with_columns(self.predicate.alias("keep"))["keep"].fill_null(value=False)
        return batch.where(keep.to_numpy())

    def __repr__(self) -> str:
        return f"filter({describe(self.predicate)})"
