"""Hypothesis strategy for frames of quotes, with the quirks of real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickops.testing._books import SHAPES
from tickops.testing._draw import NAN, Rows, frames

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from hypothesis import strategies as st

__all__ = ["quotes"]


def quotes(
    *,
    symbols: int | Sequence[str] = 3,
    days: int = 2,
    regions: Sequence[str] = ("CN",),
    min_rows: int = 0,
    max_rows: int = 24,
    levels: int = 0,
    zeros: bool = True,
    odd_lots: bool = True,
    same_second: bool = True,
    boundaries: bool = True,
    off_session: bool = True,
    gaps: bool = True,
    blocks: bool = True,
    float_noise: bool = True,
    spikes: bool = True,
    corrections: bool = False,
    late: bool = False,
    nulls: bool = False,
    nans: bool = False,
) -> st.SearchStrategy[pl.DataFrame]:
    """Frames of quotes shaped like the real ones.

    By default they are what a healthy feed sends: within a symbol and day, counters never
    fall, times never go back, high and low contain the last price. The last three keywords
    add what is wrong at times.

    Parameters
    ----------
    symbols
        How many symbols, or which: a region follows from a suffix such as ``.HK``.
    days
        Most trading days that a frame crosses; each restarts the counters.
    regions
        Regions that the symbols are of, in turn; of an unknown one the zone is UTC.
    min_rows, max_rows
        Bounds of the frame's height.
    levels
        With more than 0, also the columns of `depth` with so many levels.
    zeros
        Before the day's first trade last, open, high and low are 0, and Shanghai's first
        traded row still has open 0.
    odd_lots
        Trades smaller than a unit of volume: amount moves, volume does not.
    same_second
        Several rows of a symbol with the same timestamp.
    boundaries
        Rows exactly on, and 1 ms before, minutes and the market's phases.
    off_session
        Rows in the auctions, at lunch and after the close.
    gaps
        Changes of connection, and silences beside the market's own.
    blocks
        In some frames one symbol's rows follow another's, as in a file of whole days.
    float_noise
        Prices such as 85.40999999999998.
    spikes
        A high and low that no row's last price shows.
    corrections
        Counters that go back within a day.
    late
        Rows that come again after newer ones.
    nulls
        Nulls in volume or amount.
    nans
        NaN for last_price or amount.

    Returns
    -------
    SearchStrategy[polars.DataFrame]
        Columns symbol (`tickops.SYMBOL`), timestamp (Datetime ms UTC), received (Datetime us
        UTC), connection (UInt32), region (Categorical), last_price, prev_close, open, high,
        low (Float64), volume (Int64, the feed's unit), amount (Float64). It shrinks to few
        rows that trade plainly.

    Examples
    --------
    >>> import polars as pl
    >>> from hypothesis import given
    >>> @given(quotes(symbols=["600000.SH"], max_rows=5))
    ... def counters_never_fall_within_a_day(frame):
    ...     day = pl.col("timestamp").dt.convert_time_zone("Asia/Shanghai").dt.date()
    ...     falls = (pl.col("volume").diff().over(day) < 0).any()
    ...     assert not frame.select(falls).item()
    >>> counters_never_fall_within_a_day()
    """
    quirks = [""] * 4
    quirks += ["noise"] * float_noise + ["spike"] * spikes + ["reconnect"] * gaps
    quirks += ["correction"] * corrections + ["late"] * late
    quirks += ["volume", "amount"] * nulls + [f"{NAN}last_price", f"{NAN}amount"] * nans
    rows = Rows(
        symbols=symbols,
        days=days,
        regions=regions,
        min_rows=min_rows,
        max_rows=max_rows,
        zeros=zeros,
        odd_lots=odd_lots,
        same_second=same_second,
        boundaries=boundaries,
        off_session=off_session,
        gaps=gaps,
        blocks=blocks,
    )
    return frames(rows, quirks, quotes=True, levels=levels, shapes=SHAPES)
