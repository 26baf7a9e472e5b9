"""A live order book."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

import tickops as ops
from tickflow_rx.display._mailbox import Mailbox
from tickflow_rx.display._message import Message
from tickflow_rx.display._need import need
from tickflow_rx.display._zones import exchange_zone, rises_red
from tickops import SchemaError

if TYPE_CHECKING:
    from reactivex import Observable, abc

    from tickflow_rx.display._widget import LiveWidget

__all__ = ["Levels", "book"]

_LEVELS: Final = 5
_SEEN: Final = ("bid_prices", "ask_prices", "bid_volumes", "ask_volumes")
_MEASURED: Final = ops.chain(ops.spread(), ops.imbalance(levels=_LEVELS))


def book(
    depth: Observable[pl.DataFrame],
    symbol: str,
    *,
    rate: float = 5,
    linger: float = 60,
    scheduler: abc.SchedulerBase | None = None,
) -> LiveWidget:
    """Show the five levels of a symbol's book as bars, with mid, spread and imbalance.

    Parameters
    ----------
    depth
        Frames of books, of any symbols, as a feed's ``depth``.
    symbol
        Which symbol, such as "600000.SH".
    rate
        Updates a second, at most.
    linger
        Seconds that the book stays subscribed while nobody can see it.
    scheduler
        For tests: its time counts. Default: a thread that all displays share.

    Returns
    -------
    LiveWidget
        The last line of a cell shows it; ``close()`` ends it.

    Raises
    ------
    ModuleNotFoundError
        The extra `notebook` is not installed.
    ValueError
        `rate` is not above 0, or `linger` is below it.

    Notes
    -----
    The imbalance is that of `tickops.imbalance` over five levels: +1 is all bids, −1 all asks. A
    level of price 0 is empty. Bids have the colour of rising prices: red, as terminals in China
    show them, and green for US symbols. An error of the stream, or a missing column, is shown in
    the widget.

    Examples
    --------
    >>> from reactivex import Subject
    >>> from tickflow_rx import display
    >>> with display.book(Subject(), "600000.SH") as shown:
    ...     shown.phase
    'waiting'
    """
    need("book", "anywidget")
    from tickflow_rx.display._ladder import LadderWidget
    from tickflow_rx.display._widget import Input, check_pace

    pace = check_pace(rate, linger, scheduler)
    content = Levels(symbol)
    return LadderWidget(
        symbol,
        [Input(depth, content.take)],
        content,
        pace,
        options={"levels": _LEVELS, "red_rises": rises_red(symbol)},
    )


class Levels:
    """The newest book of a symbol.

    Parameters
    ----------
    symbol
        Which.
    """

    periodic = False

    def __init__(self, symbol: str) -> None:
        self._symbol = symbol
        self._zone = exchange_zone(symbol)
        self._mailbox = Mailbox(lambda frame: frame.filter(pl.col("symbol") == symbol).tail(1))
        self._known: Message | None = None

    def take(self, frame: pl.DataFrame) -> None:
        """Take a frame of the stream."""
        missing = [name for name in ("symbol", "timestamp", *_SEEN) if name not in frame.columns]
        if missing:
            raise SchemaError(
                f"book needs the column {missing[0]!r}, as a feed's depth has it; there are "
                f"{', '.join(frame.columns)}"
            )
        self._mailbox.put(frame)

    def changes(self) -> Message | None:
        """The newest book, if there is a new one."""
        newest = self._mailbox.take()
        if newest is None or not newest.height:
            return None
        self._known = Message(self._content(newest))
        return self._known

    def everything(self) -> Message | None:
        """The newest book."""
        self.changes()
        return self._known

    def forget(self) -> None:
        """Begin anew."""
        self._mailbox.clear()
        self._known = None

    def _content(self, newest: pl.DataFrame) -> dict[str, Any]:
        seen = newest.select("symbol", "timestamp", *_SEEN)
        row = _MEASURED.apply(seen).row(0, named=True)
        bid = _levels(row["bid_prices"], row["bid_volumes"])
        ask = _levels(row["ask_prices"], row["ask_volumes"])
        time = newest["timestamp"].dt.convert_time_zone(self._zone)[0]
        return {
            "time": f"{time:%H:%M:%S}",
            "mid": row["mid"],
            "spread_bps": row["spread_bps"],
            "imbalance": row["imbalance"],
            "bid": bid,
            "ask": ask,
            "digits": _digits([level["price"] for level in bid + ask]),
        }


def _levels(prices: list[float], volumes: list[int]) -> list[dict[str, Any]]:
    """Levels that are not empty, the best first."""
    return [
        {"price": price, "volume": volume}
        for price, volume in zip(prices, volumes, strict=True)
        if price > 0
    ]


def _digits(prices: list[float]) -> int:
    """Decimals of prices: two, or three where funds have them."""
    return 3 if any(abs(100 * price - round(100 * price)) > 1e-6 for price in prices) else 2
