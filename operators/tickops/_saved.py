"""What cores save, and how it is divided and put together by symbol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np
import polars as pl

from tickops._column import row_index
from tickops.exceptions import SnapshotError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tickops._arrays import I64, Array

__all__ = ["Packed", "Saved", "Shared", "put_together", "taken_out"]


@dataclass(frozen=True, slots=True)
class Packed:
    """Rows of which a symbol has any number: those of a window, say.

    Parameters
    ----------
    values
        (rows, …) array, or column of any type, by symbol.
    codes
        (rows,) whose each is, never falling.
    """

    values: Array | pl.Series
    codes: Array


@dataclass(frozen=True, slots=True)
class Shared:
    """What all symbols share.

    Parameters
    ----------
    value
        The same in all snapshots that can be merged.
    name
        What it is, for people.
    """

    value: Array
    name: str


Saved: TypeAlias = "Array | Packed | Shared"
"""A plain array has a row for each symbol."""


def taken_out(saved: Saved, codes: I64, symbols: int) -> Saved:
    """What of it some of the symbols need, as numbered anew in the order of `codes`."""
    if isinstance(saved, Shared):
        return saved
    if not isinstance(saved, Packed):
        if len(saved) != symbols:
            raise AssertionError(f"an array of {len(saved)} is none by symbol: there are {symbols}")
        return saved[codes]
    place = np.full(symbols, -1)
    place[codes] = np.arange(len(codes))
    own = place[saved.codes]
    rows = np.flatnonzero(own >= 0)
    values = saved.values
    return Packed(values[row_index(rows) if isinstance(values, pl.Series) else rows], own[rows])


def put_together(operator: str, parts: Sequence[Saved], first_codes: Sequence[int]) -> Saved:
    """One of several parts, whose symbols are numbered from `first_codes` on.

    Raises
    ------
    SnapshotError
        They share something that is not the same.
    """
    first = parts[0]
    if isinstance(first, Shared):
        if any(not np.array_equal(cast("Shared", part).value, first.value) for part in parts):
            raise SnapshotError(
                f"{first.name} must be the same in all snapshots of {operator} that are merged:"
                " bring the runs to one point, run.advance(now) with one time, and take them again"
            )
        return first
    if not isinstance(first, Packed):
        return np.concatenate(cast("Sequence[Array]", parts))
    packed = cast("Sequence[Packed]", parts)
    values = [part.values for part in packed]
    codes = [part.codes + start for part, start in zip(packed, first_codes, strict=True)]
    return Packed(
        pl.concat(cast("list[pl.Series]", values))
        if isinstance(first.values, pl.Series)
        else np.concatenate(cast("list[Array]", values)),
        np.concatenate(codes),
    )
