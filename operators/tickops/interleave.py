"""Frames of several channels as one stream."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import polars as pl

from tickops._channels import CHANNEL
from tickops.exceptions import SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["interleave"]


def interleave(*, by: str = "received", **frames: pl.DataFrame) -> pl.DataFrame:
    """Rows of several channels as one frame, in order of arrival: for `asof`, `combine_latest`.

    Parameters
    ----------
    by
        Column that orders the rows; of equal ones the channel named first comes first.
    **frames
        Frame of each channel, itself in that order, under the channel's name:
        ``quotes=quotes, depth=depth``. A frame without rows is fine: name all channels each
        time, in the same order, so that all frames of a run have the same columns.

    Returns
    -------
    polars.DataFrame
        All rows, with the columns of the first frame, then what the others have besides, then
        `channel` (Enum of the names). A column that a channel lacks is null in its rows.

    Raises
    ------
    TypeError
        No frame is given, or something that is none.
    SchemaError
        A frame lacks `by`, or has a column `channel`; or two have a column with different
        types.
    ValueError
        A frame is not in order, or has null in `by`.

    Examples
    --------
    >>> from datetime import datetime
    >>> import polars as pl
    >>> import tickops as ops
    >>> quotes = pl.DataFrame(
    ...     {
    ...         "received": [datetime(2026, 3, 2, 10), datetime(2026, 3, 2, 12)],
    ...         "last_price": [9.71, 9.72],
    ...     }
    ... )
    >>> depth = pl.DataFrame({"received": [datetime(2026, 3, 2, 11)], "bid_prices": [[9.7, 9.6]]})
    >>> rows = ops.interleave(quotes=quotes, depth=depth)
    >>> rows.drop("received").rows()
    [(9.71, None, 'quotes'), (None, [9.7, 9.6], 'depth'), (9.72, None, 'quotes')]
    """
    if not frames:
        raise TypeError("interleave needs a frame for each channel: quotes=…, depth=…")
    for name, frame in frames.items():
        if not isinstance(frame, pl.DataFrame):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"{name} must be a polars.DataFrame, not {type(frame).__name__}")
    _check_types(frames, by)
    for name, frame in frames.items():
        _check_order(name, frame[by])
    types = {name: dtype for frame in frames.values() for name, dtype in frame.schema.items()}
    types[CHANNEL] = pl.Enum(list(frames))
    parts = [_widened(name, frame, types) for name, frame in frames.items() if frame.height]
    if not parts:
        return pl.DataFrame(schema=types)
    return parts[0] if len(parts) == 1 else pl.concat(parts).sort(by, maintain_order=True)


def _widened(channel: str, frame: pl.DataFrame, types: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Rows with all columns: a fraction of what concatenating with how="diagonal" takes."""
    own = {series.name: series for series in frame.get_columns()}
    own[CHANNEL] = _one(CHANNEL, channel, types[CHANNEL]).new_from_index(0, frame.height)
    columns = [
        own[name] if name in own else _one(name, None, dtype).new_from_index(0, frame.height)
        for name, dtype in types.items()
    ]
    return pl.DataFrame(columns)


@lru_cache(maxsize=256)
def _one(name: str, value: str | None, dtype: pl.DataType) -> pl.Series:
    return pl.Series(name, [value], dtype=dtype)


def _check_types(frames: Mapping[str, pl.DataFrame], by: str) -> None:
    types: dict[str, tuple[str, pl.DataType]] = {}
    for name, frame in frames.items():
        if by not in frame.columns:
            raise SchemaError(f"interleave needs column {by!r}; {name} has {frame.columns}")
        if CHANNEL in frame.columns:
            raise SchemaError(f"interleave makes column {CHANNEL!r}; {name} has one already")
        for column, dtype in frame.schema.items():
            first, expected = types.setdefault(column, (name, dtype))
            if dtype != expected:
                raise SchemaError(
                    f"column {column!r} must be of one type in all channels:"
                    f" it is {expected} in {first}, {dtype} in {name}"
                )


def _check_order(name: str, order: pl.Series) -> None:
    if order.null_count():
        row = order.is_null().arg_max()
        raise ValueError(f"{name} must have no null in {order.name!r}: row {row} has")
    if not order.is_sorted():
        row = (order < order.shift()).arg_max() or 0
        raise ValueError(
            f"{name} must be in order of {order.name!r}: row {row} has {order[row]},"
            f" the row before {order[row - 1]}"
        )
