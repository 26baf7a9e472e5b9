"""Where in its input a pipeline is."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, cast

import numpy as np
import polars as pl

from tickops._dtypes import Written, read_schema, write_schema
from tickops._schema import check_columns
from tickops.exceptions import OperatorError, SchemaError, SnapshotError

if TYPE_CHECKING:
    from tickops._arrays import Array

__all__ = ["Positions", "as_value", "read_type", "write_type"]


class Positions:
    """Follows a column that never decreases.

    Parameters
    ----------
    owner
        Who asks, for errors.
    column
        Which.
    value, dtype
        Where to begin: rows up to there are left out. None: with the first row.

    Attributes
    ----------
    value
        Physical value in the newest row; None before the first.
    dtype
        Type of the column; None before the first frame.
    """

    def __init__(
        self, owner: str, column: str, value: int | None = None, dtype: pl.DataType | None = None
    ) -> None:
        self.value = value
        self.dtype = dtype
        self._owner = owner
        self._column = column
        self._before: int | None = None
        self._skips = value is not None

    def new_rows(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Rows of the next frame that are past the beginning.

        Raises
        ------
        SchemaError
            The column is missing, of a type that is no position, or not as it was.
        OperatorError
            A position is null or below the one before, or its rows are split over two frames.
        """
        self._check_type(frame.schema)
        if not frame.height:
            return frame
        values = self._values(frame[self._column])
        self._check_order(values)
        last = int(values[-1])
        if self._skips:
            known = int((values <= self.value).sum())
            self._skips = known == frame.height
            frame = frame[known:]
        if frame.height:
            self.value = last
        self._before = last
        return frame

    def _check_type(self, schema: pl.Schema) -> None:
        check_columns(self._owner, schema, [self._column])
        dtype = schema[self._column]
        if self.dtype is None:
            if not _is_position(dtype):
                raise SchemaError(
                    f"{self._owner} needs column {self._column!r} to be Datetime or an integer"
                    f" type; it is {dtype}"
                )
            self.dtype = dtype
        elif dtype != self.dtype:
            raise SchemaError(f"column {self._column!r} was {self.dtype}, is {dtype}")

    def _values(self, column: pl.Series) -> Array:
        if column.null_count():
            raise OperatorError(
                f"{self._owner} needs a position in each row: {self._column!r} is null in row"
                f" {column.is_null().arg_max()} of a frame"
            )
        return column.to_physical().to_numpy()

    def _check_order(self, values: Array) -> None:
        falls = np.flatnonzero(values[1:] < values[:-1])
        first = int(values[0])
        if len(falls):
            raise self._goes_back(int(values[falls[0]]), int(values[falls[0] + 1]))
        if self._before is None or first > self._before:
            return
        if first < self._before:
            raise self._goes_back(self._before, first)
        raise OperatorError(
            f"{self._owner}: rows of {self._column!r} {self._shown(first)} stand in two frames;"
            " a checkpoint between them would lose the second: the source must keep rows of one"
            " position together"
        )

    def _goes_back(self, before: int, after: int) -> OperatorError:
        return OperatorError(
            f"{self._owner} needs {self._column!r} never to decrease: {self._shown(after)} comes"
            f" after {self._shown(before)}"
        )

    def _shown(self, value: int) -> str:
        return str(value if self.dtype is None else as_value(value, self.dtype))


def as_value(value: int, dtype: pl.DataType) -> datetime | int:
    """Position as a Python value.

    Raises
    ------
    SnapshotError
        It is none.
    """
    if not isinstance(dtype, pl.Datetime):
        return value
    try:
        return cast("datetime", pl.Series([value], dtype=pl.Int64).cast(dtype).item())
    except (OverflowError, TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise SnapshotError(f"{value} is no moment of type {dtype}: {error}") from None


def read_type(written: Written) -> pl.DataType:
    """Type of a position from a file.

    Raises
    ------
    SnapshotError
        It is none.
    """
    dtype = read_schema([["position", written]])["position"]
    if not _is_position(dtype):
        raise SnapshotError(f"a position cannot be {dtype}")
    return dtype


def write_type(dtype: pl.DataType) -> Written:
    """Type of a position as data."""
    return cast("Written", write_schema(pl.Schema({"position": dtype}))[0][1])


def _is_position(dtype: pl.DataType) -> bool:
    whole = dtype.is_integer() and not isinstance(dtype, pl.Int128 | pl.UInt128)
    return whole or isinstance(dtype, pl.Datetime)
