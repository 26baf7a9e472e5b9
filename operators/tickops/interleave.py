"""Frames of several channels as one stream."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from tickops._channels import CHANNEL
from tickops._column import nulled, row_index
from tickops.exceptions import SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tickops._arrays import I64, Array

__all__ = ["interleave"]

_LONG: Final = 1 << 16


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
    given = {name: frame for name, frame in frames.items() if frame.height}
    if len(given) > 1 and sum(frame.height for frame in given.values()) > _LONG:
        given = {"": _in_order(given, by, types[CHANNEL])}
    parts = [_widened(name, frame, types) for name, frame in given.items()]
    if not parts:
        return pl.DataFrame(schema=types)
    return parts[0] if len(parts) == 1 else pl.concat(parts).sort(by, maintain_order=True)


def _widened(channel: str, frame: pl.DataFrame, types: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Rows with all columns: a fraction of what concatenating with how="diagonal" takes."""
    own = {series.name: series for series in frame.get_columns()}
    if CHANNEL not in own:
        own[CHANNEL] = _one(CHANNEL, channel, types[CHANNEL]).new_from_index(0, frame.height)
    columns = [
        own[name] if name in own else _one(name, None, dtype).new_from_index(0, frame.height)
        for name, dtype in types.items()
    ]
    return pl.DataFrame(columns)


@lru_cache(maxsize=256)
def _one(name: str, value: str | None, dtype: pl.DataType) -> pl.Series:
    return pl.Series(name, [value], dtype=dtype)


def _in_order(frames: Mapping[str, pl.DataFrame], by: str, channel: pl.DataType) -> pl.DataFrame:
    """Long frames in order, column by column out of those that have it.

    Polars takes rows by numbers, some of them null, several times as fast as it makes frames with
    all columns, most of them null, and sorts those. For a few rows it takes thrice as long.
    """
    given = list(frames.values())
    heights = np.array([frame.height for frame in given])
    keys = pl.DataFrame({"key": pl.concat([frame[by] for frame in given])})
    order = keys.with_row_index().sort("key", maintain_order=True)["index"].to_numpy()
    number_of = np.repeat(np.arange(len(given), dtype=np.min_scalar_type(len(given))), heights)
    number_of = number_of[order]
    names: dict[tuple[int, ...], list[str]] = {}
    for name in dict.fromkeys(name for frame in given for name in frame.columns):
        having = tuple(k for k, frame in enumerate(given) if name in frame.columns)
        names.setdefault(having, []).append(name)
    columns = [pl.Series(CHANNEL, list(frames), dtype=channel)[row_index(number_of)]]
    for having, some in names.items():
        parts = pl.concat([given[k].select(some) for k in having], rechunk=True)
        rows = _rows_of(order, number_of, heights, having)
        columns += parts.select(pl.all().gather(rows)).get_columns()
    return pl.DataFrame(columns)


def _rows_of(order: Array, number_of: Array, heights: I64, having: Sequence[int]) -> pl.Series:
    """Numbers of rows within some of the frames, one after another; null for those of others."""
    own = np.zeros_like(heights)
    own[list(having)] = heights[list(having)]
    shifts = (np.cumsum(own) - own) - (np.cumsum(heights) - heights)
    rows = shifts[number_of]
    rows += order
    if own.all():
        return row_index(rows)
    has = (own > 0)[number_of]
    rows *= has
    return nulled(row_index(rows), has)


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
