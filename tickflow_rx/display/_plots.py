"""Pictures of bars, signals and books, as Altair charts that a saved notebook keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from tickflow_rx.display._bars_spec import bars_spec
from tickflow_rx.display._book_spec import book_spec
from tickflow_rx.display._in_session import in_session
from tickflow_rx.display._need import need
from tickflow_rx.display._one_symbol import one_symbol
from tickflow_rx.display._signal_spec import signal_spec
from tickflow_rx.display._zones import exchange_seconds, exchange_zone
from tickops._schema import Kind, check

if TYPE_CHECKING:
    from tickflow_rx.display._picture import Picture
    from tickflow_rx.display._specs import Drawing
    from tickops._sessions import Sessions

__all__ = ["plot_bars", "plot_book", "plot_signal"]

_MOST_BARS: Final = 2_000
_MOST_ROWS: Final = 5_000
"""Altair refuses more."""
_PRICES: Final = ("last_price", "close", "mid")
_BAR: Final = {
    "start": Kind.TIME,
    "end": Kind.TIME,
    **dict.fromkeys(("open", "high", "low", "close", "volume"), Kind.NUMBER),
}
_BOOK: Final = {
    **dict.fromkeys(("bid_prices", "ask_prices"), Kind.PRICES),
    **dict.fromkeys(("bid_volumes", "ask_volumes"), Kind.VOLUMES),
}


def plot_bars(
    bars: pl.DataFrame, symbol: str | None = None, *, width: int = 720, height: int = 280
) -> Picture:
    """Draw bars as candles, with their VWAP as a line, and their volume below.

    Parameters
    ----------
    bars
        As `tickops.bars` and the other operators of bars give them. `vwap` need not be there.
    symbol
        Which, if there are several.
    width, height
        Of the candles, in pixels.

    Returns
    -------
    altair.VConcatChart
        With the data in it: see Notes.

    Raises
    ------
    ValueError
        There are no bars of that symbol, or several symbols, or more than 2,000 bars.
    tickops.SchemaError
        A column is missing.
    ModuleNotFoundError
        The extra `notebook` is not installed.

    Notes
    -----
    Times are the exchange's own. Pauses of more than 10 minutes (lunch, the night, a halt) take
    no room: a dashed line stands for each. Bars without a price are left out. Rising bars are
    red and falling ones green, as in China; of symbols in ``.US`` it is the other way round.

    A saved notebook keeps the chart as Vega-Lite and, where vl-convert-python is installed, as
    PNG too. Frames need no such help: Polars shows them as tables of its own.

    Examples
    --------
    >>> from datetime import datetime
    >>> import polars as pl
    >>> from tickflow_rx.display import plot_bars
    >>> bars = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH"] * 2,
    ...         "start": [datetime(2026, 4, 21, 1, 30), datetime(2026, 4, 21, 1, 31)],
    ...         "end": [datetime(2026, 4, 21, 1, 31), datetime(2026, 4, 21, 1, 32)],
    ...         "open": [9.70, 9.72],
    ...         "high": [9.72, 9.73],
    ...         "low": [9.69, 9.70],
    ...         "close": [9.72, 9.71],
    ...         "volume": [300, 200],
    ...     }
    ... ).with_columns(pl.col("start", "end").dt.replace_time_zone("UTC"))
    >>> plot_bars(bars).to_dict()["title"]["text"]
    '600000.SH'
    """
    need("plot_bars", "altair")
    frame, name = one_symbol("plot_bars", bars, symbol)
    check("plot_bars", frame.schema, _BAR)
    drawn = frame.drop_nulls(["open", "high", "low", "close"]).sort("start", maintain_order=True)
    if not 0 < drawn.height <= _MOST_BARS:
        raise ValueError(
            f"plot_bars draws from 1 to {_MOST_BARS:,} bars with prices, not {drawn.height:,}:"
            + (" make longer ones, or take a slice" if drawn.height else " none has any")
        )
    return _picture(bars_spec(drawn, name, width=width, height=height))


def plot_signal(
    frame: pl.DataFrame,
    columns: str | Sequence[str],
    symbol: str | None = None,
    *,
    price: str | None = None,
    sessions: Sessions = None,
    max_rows: int = 4_000,
    width: int = 720,
    height: int = 200,
) -> Picture:
    """Draw a price, and below it each signal, over the same time.

    Parameters
    ----------
    frame
        With `timestamp`; or with `end`, for bars.
    columns
        The signals: numbers or booleans.
    symbol
        Which, if there are several.
    price
        Column above; by default the first of last_price, close, mid that is there. Prices of 0
        are none.
    sessions
        Which rows are drawn: "CN", "HK" or "US", or pairs of local times, as for `tickops.bars`.
        Default: those of the symbol's exchange, so that the rows that come at lunch and after
        the close are left out. Opening auctions and closing prices are not.
    max_rows
        About so many rows are drawn at most, up to 5,000. Of more, the first, the last, the
        least and the greatest of each column in every so many rows are; the title says so.
    width, height
        Of the price, in pixels; a signal has half the height.

    Returns
    -------
    altair.VConcatChart
        With the data in it, as that of `plot_bars`.

    Raises
    ------
    ValueError
        There are no rows of that symbol in its sessions, or several symbols; no signal is named,
        or no price is found.
    tickops.SchemaError
        A column is missing, or has no numbers.
    ModuleNotFoundError
        The extra `notebook` is not installed.

    Notes
    -----
    Times are the exchange's own. Where the signal is null or NaN its line is broken, and at
    pauses too: more than 10 minutes, and more than five times the usual distance of rows. Pauses
    take no room.

    Examples
    --------
    >>> from datetime import datetime
    >>> import polars as pl
    >>> from tickflow_rx.display import plot_signal
    >>> frame = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH"] * 3,
    ...         "timestamp": [datetime(2026, 4, 21, 1, 30, second) for second in (0, 3, 6)],
    ...         "last_price": [9.70, 9.71, 9.70],
    ...         "imbalance": [None, 0.2, -0.1],
    ...     }
    ... ).with_columns(pl.col("timestamp").dt.replace_time_zone("UTC"))
    >>> len(plot_signal(frame, "imbalance").vconcat)
    2
    """
    need("plot_signal", "altair")
    names = [columns] if isinstance(columns, str) else list(columns)
    if not names:
        raise ValueError("plot_signal needs at least one column to draw")
    if not 100 <= max_rows <= _MOST_ROWS:
        raise ValueError(f"max_rows must be from 100 to {_MOST_ROWS:,}, not {max_rows}")
    given, name = one_symbol("plot_signal", frame, symbol)
    above = _price_of(given) if price is None else price
    time = "end" if "timestamp" not in given.columns and "end" in given.columns else "timestamp"
    flags = [of for of in names if given.schema.get(of) == pl.Boolean]
    rows = given.with_columns(pl.col(flags).cast(pl.Int8))
    needs = {time: Kind.TIME} | dict.fromkeys([above, *names], Kind.NUMBER)
    check("plot_signal", rows.schema, needs)
    rows = rows.drop_nulls(time).sort(time, maintain_order=True)
    seconds = exchange_seconds(rows[time], exchange_zone(name))
    inside = in_session(seconds, name, sessions)
    if not inside.any():
        raise ValueError(
            f"plot_signal has nothing to draw: of {rows.height:,} rows of {name!r} with a {time}"
            " none is in a session of its exchange (give others: sessions=…)"
        )
    drawing = signal_spec(
        rows.filter(inside),
        name,
        seconds.filter(inside),
        columns=[above, *names],
        most=max_rows,
        width=width,
        height=height,
    )
    return _picture(drawing)


def plot_book(
    depth: pl.DataFrame | Mapping[str, Any],
    symbol: str | None = None,
    *,
    width: int = 420,
) -> Picture:
    """Draw a book: what waits at each price, and how unequal the sides are.

    Parameters
    ----------
    depth
        A frame, whose last row of the symbol is drawn; or a row of one, as by
        ``frame.row(0, named=True)``.
    symbol
        Which, if there are several.
    width
        In pixels.

    Returns
    -------
    altair.VConcatChart
        With the data in it, as that of `plot_bars`. The title has the time at the exchange and
        the imbalance of all levels, as `tickops.imbalance` makes it.

    Raises
    ------
    ValueError
        There is no row of that symbol, several symbols, or no price on either side.
    tickops.SchemaError
        A column is missing.
    ModuleNotFoundError
        The extra `notebook` is not installed.

    Notes
    -----
    A price of 0 is no level, whatever its volume.

    Examples
    --------
    >>> from tickflow_rx.display import plot_book
    >>> book = {
    ...     "symbol": "600000.SH",
    ...     "bid_prices": [9.70, 9.69],
    ...     "ask_prices": [9.71, 9.72],
    ...     "bid_volumes": [300, 100],
    ...     "ask_volumes": [100, 300],
    ... }
    >>> plot_book(book).to_dict()["title"]["subtitle"]
    'imbalance 0.00'
    """
    need("plot_book", "altair")
    frame = pl.DataFrame([depth]) if isinstance(depth, Mapping) else depth
    rows, name = one_symbol("plot_book", frame, symbol)
    check("plot_book", rows.schema, _BOOK)
    return _picture(book_spec(rows[-1:], name, width=width))


def _picture(drawing: Drawing) -> Picture:
    from tickflow_rx.display._picture import picture

    return picture(drawing)


def _price_of(frame: pl.DataFrame) -> str:
    for name in _PRICES:
        if name in frame.columns:
            return name
    raise ValueError(
        f"plot_signal found no price among the columns {frame.columns}: say which is, price=…"
    )
