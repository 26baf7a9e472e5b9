"""Hypothesis strategy for frames of order books, with the quirks of real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickops.testing._books import BOOK_COLUMNS
from tickops.testing._draw import NULL_LEVEL, Rows, frames

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from hypothesis import strategies as st

__all__ = ["depth"]


def depth(
    *,
    levels: int = 5,
    symbols: int | Sequence[str] = 3,
    days: int = 2,
    regions: Sequence[str] = ("CN",),
    min_rows: int = 0,
    max_rows: int = 24,
    same_second: bool = True,
    boundaries: bool = True,
    off_session: bool = True,
    gaps: bool = True,
    blocks: bool = True,
    float_noise: bool = True,
    auctions: bool = True,
    limits: bool = True,
    thin: bool = True,
    empty_books: bool = True,
    hollow: bool = False,
    late: bool = False,
    nulls: bool = False,
) -> st.SearchStrategy[pl.DataFrame]:
    """Frames of order books shaped like the real ones.

    Parameters
    ----------
    levels
        Levels a side.
    symbols, days, regions, min_rows, max_rows
        As in `quotes`, like the switches that are not explained here.
    auctions
        Books of a call auction: best bid = best ask, and level 2 with price 0 but a volume.
    limits
        Books with one side empty.
    thin
        Books in which the further levels are absent.
    empty_books
        Books without any level.
    hollow
        Books with prices, but volume 0 at all of them.
    nulls
        Null instead of a whole side, or null at the last level.

    Returns
    -------
    SearchStrategy[polars.DataFrame]
        Columns symbol, timestamp, received, connection, region as in `quotes`, then
        bid_prices, ask_prices (Array of Float64), bid_volumes, ask_volumes (Array of Int64).

    Examples
    --------
    >>> import polars as pl
    >>> from hypothesis import given
    >>> @given(depth(levels=2, auctions=False))
    ... def best_bid_is_below_best_ask(frame):
    ...     bid, ask = (pl.col(side).arr.get(0) for side in ("bid_prices", "ask_prices"))
    ...     assert frame.filter(bid > 0, ask > 0, bid >= ask).is_empty()
    >>> best_bid_is_below_best_ask()
    """
    if levels < 1:
        raise ValueError(f"levels must be at least 1, not {levels}")
    quirks = [""] * 4 + ["noise"] * float_noise + ["reconnect"] * gaps + ["late"] * late
    quirks += [*BOOK_COLUMNS, NULL_LEVEL] * nulls
    rows = Rows(
        symbols=symbols,
        days=days,
        regions=regions,
        min_rows=min_rows,
        max_rows=max_rows,
        same_second=same_second,
        boundaries=boundaries,
        off_session=off_session,
        gaps=gaps,
        blocks=blocks,
    )
    shapes = [""] + ["auction"] * auctions + ["no_ask", "no_bid"] * limits + ["thin"] * thin
    shapes += ["empty"] * empty_books + ["hollow"] * hollow
    return frames(rows, quirks, quotes=False, levels=levels, shapes=shapes)
