"""The newest row of each symbol."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from reactivex import operators as rx

from tickops._rx import Frames, clock_of
from tickops._schema import check_columns

if TYPE_CHECKING:
    from collections.abc import Callable

    from reactivex import Observable

__all__ = ["latest"]


def latest() -> Callable[[Observable[pl.DataFrame]], Frames]:
    """After each frame, the newest row of every symbol so far, in order of first appearance.

    Newest is by arrival: a late row counts as it comes. Costs O(symbols) a frame: sample the
    stream first where frames come faster than anyone looks.

    Returns
    -------
    A function from observable to observable, for ``pipe``.

    Examples
    --------
    >>> import polars as pl
    >>> import reactivex
    >>> from tickops.views import latest
    >>> a = pl.DataFrame({"symbol": ["600000.SH", "000001.SZ"], "last_price": [9.7, 11.0]})
    >>> b = pl.DataFrame({"symbol": ["600000.SH"], "last_price": [9.8]})
    >>> reactivex.of(a, b).pipe(latest()).run().rows()
    [('600000.SH', 9.8), ('000001.SZ', 11.0)]
    """

    def view(source: Observable[pl.DataFrame]) -> Frames:
        newest = source.pipe(rx.scan(_update), rx.map(_one_row_a_symbol))
        return Frames(lambda observer, _=None: newest.subscribe(observer), clock_of(source))

    return view


def _update(known: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    return _one_row_a_symbol(pl.concat([known, frame]))


def _one_row_a_symbol(frame: pl.DataFrame) -> pl.DataFrame:
    check_columns("latest", frame.schema, ["symbol"])
    return frame.group_by("symbol", maintain_order=True).last().select(frame.columns)
