"""Rows by symbol."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from tickops._arrays import I32

__all__ = ["grouped"]


def grouped(frame: pl.DataFrame, codes: I32) -> Iterator[tuple[int, pl.DataFrame]]:
    """Rows of a frame by code, in order of first appearance; rows with a code below 0 left out.

    Costs a sort of the rows, then a slice for each code that is there.
    """
    order = np.argsort(codes, kind="stable")
    order = order[np.searchsorted(codes[order], 0) :]
    if not len(order):
        return
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    ends = np.append(starts[1:], len(order))
    in_order = frame[cast("list[int]", order)]
    for k in np.argsort(order[starts], kind="stable").tolist():
        start, end = int(starts[k]), int(ends[k])
        yield int(codes[order[start]]), in_order.slice(start, end - start)
