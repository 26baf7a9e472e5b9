"""A live table."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from tickflow_rx.display._arrow import arrow_bytes, form_of
from tickflow_rx.display._mailbox import Mailbox
from tickflow_rx.display._message import Message
from tickflow_rx.display._need import need
from tickflow_rx.display._zones import exchange_zone
from tickops import SchemaError

if TYPE_CHECKING:
    from reactivex import Observable, abc

    from tickflow_rx.display._widget import LiveWidget

__all__ = ["LastRows", "NewestRows", "show"]

_ROWS: Final = 200
_NUMBER: Final = {"minimumFractionDigits": 2, "maximumFractionDigits": 4}
_TIME: Final = {
    "format": "custom",
    "hour12": False,
    **dict.fromkeys(("month", "day", "hour", "minute", "second"), "2-digit"),
    "year": "numeric",
}


def show(
    observable: Observable[pl.DataFrame],
    *,
    by: str | None = "symbol",
    rows: int | None = None,
    title: str = "",
    rate: float = 5,
    linger: float = 60,
    scheduler: abc.SchedulerBase | None = None,
) -> LiveWidget:
    """Show frames as a live table: the newest row of each symbol, or the last rows.

    Parameters
    ----------
    observable
        Of frames: a feed's quotes or books, bars, what your operators make of them.
    by
        Column that tells rows apart: of each of its values the newest row is shown. None: the
        last rows are shown, the newest on top.
    rows
        How many last rows, where `by` is None; 200 by default.
    title
        What stands above it.
    rate
        Updates a second, at most.
    linger
        Seconds that the table stays subscribed while nobody can see it. After that it begins
        anew when it is seen again; ``math.inf``: it stays subscribed until it is closed.
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
        `rows` or `rate` is not above 0, `linger` is below it, or `rows` is given with `by`.

    Notes
    -----
    Times are the exchange's, by the suffix of the first symbol. Prices of five levels are five
    columns; a duration is in seconds; lists, bytes and objects are left out, and it says so. The
    button at the upper right opens Perspective's settings: columns, order, filters, charts. Its
    map charts alone would load anything from the network.

    An error of the stream, or a missing column, is shown in the widget. Until a front end has
    said that it shows the widget, it is followed as if somebody looked; one that is made and
    never shown is followed until it is closed.

    Examples
    --------
    >>> import polars as pl
    >>> from reactivex import Subject
    >>> from tickflow_rx import display
    >>> frames = Subject()
    >>> with display.show(frames) as table:
    ...     frames.on_next(pl.DataFrame({"symbol": ["600000.SH"], "last_price": [9.72]}))
    ...     table.phase
    'waiting'
    """
    need("show", "anywidget", "perspective")
    from tickflow_rx.display._table import TableWidget, perspective_file
    from tickflow_rx.display._widget import Input, check_pace

    pace = check_pace(rate, linger, scheduler)
    if by is not None and rows is not None:
        raise ValueError(f"rows={rows} is for by=None; the table by {by!r} has a row for each")
    if rows is not None and rows < 1:
        raise ValueError(f"rows must be at least 1, not {rows}")
    content = LastRows(rows or _ROWS) if by is None else NewestRows(by)
    heading = title or (f"last {rows or _ROWS} rows" if by is None else f"newest row by {by}")
    library = perspective_file("perspective-anywidget.js")
    return TableWidget(heading, [Input(observable, content.take)], content, pace, library=library)


class NewestRows:
    """The newest row of each value of a column.

    Parameters
    ----------
    by
        The column.
    """

    periodic = False

    def __init__(self, by: str) -> None:
        self._by = by
        self._mailbox = Mailbox(self._newest)
        self._known: pl.DataFrame | None = None

    def take(self, frame: pl.DataFrame) -> None:
        """Take a frame of the stream."""
        if self._by not in frame.columns:
            raise SchemaError(
                f"show has no column {self._by!r} to tell rows apart; there are "
                f"{', '.join(frame.columns)}. by=None shows the last rows"
            )
        self._mailbox.put(frame)

    def changes(self) -> Message | None:
        """Rows that are new."""
        rows = self._mailbox.take()
        if rows is None:
            return None
        if self._known is None:  # of what was known before it was forgotten, nothing may stay
            self._known = rows
            return self._message(rows, whole=True)
        self._known = self._newest(pl.concat([self._known, rows]))
        return self._message(rows)

    def everything(self) -> Message | None:
        """All rows."""
        self.changes()
        return None if self._known is None else self._message(self._known, whole=True)

    def forget(self) -> None:
        """Begin anew."""
        self._mailbox.clear()
        self._known = None

    def _newest(self, frame: pl.DataFrame) -> pl.DataFrame:
        return frame.unique(self._by, keep="last", maintain_order=True)

    def _message(self, rows: pl.DataFrame, *, whole: bool = False) -> Message:
        return _table_message(rows, index=self._by, whole=whole)


class LastRows:
    """The last rows, the newest on top.

    Parameters
    ----------
    rows
        How many.
    """

    periodic = False

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._mailbox = Mailbox(lambda frame: frame.tail(rows))
        self._frames: deque[pl.DataFrame] = deque()

    def take(self, frame: pl.DataFrame) -> None:
        """Take a frame of the stream."""
        self._mailbox.put(frame)

    def changes(self) -> Message | None:
        """The last rows, if there are new ones."""
        rows = self._mailbox.take()
        if rows is None:
            return None
        self._frames.append(rows)
        last = pl.concat(self._frames).tail(self._rows)
        self._frames = deque([last])
        return self._message(last)

    def everything(self) -> Message | None:
        """The last rows."""
        return self.changes() or (self._message(self._frames[0]) if self._frames else None)

    def forget(self) -> None:
        """Begin anew."""
        self._mailbox.clear()
        self._frames.clear()

    def _message(self, last: pl.DataFrame) -> Message:
        return _table_message(last.reverse(), index=None, whole=True)


def _table_message(rows: pl.DataFrame, *, index: str | None, whole: bool) -> Message:
    left_out = form_of(rows).left_out
    content = {
        "index": index,
        "whole": whole,
        "columns": _columns_config(rows),
        "note": f"without {', '.join(left_out)}: no values that a table can show"
        if left_out
        else "",
    }
    return Message(content, [arrow_bytes(rows)])


def _columns_config(rows: pl.DataFrame) -> dict[str, Any]:
    """How columns are written: prices of funds need three decimals, times are the exchange's."""
    symbol = rows["symbol"][0] if "symbol" in rows.columns and rows.height else ""
    zone = exchange_zone(str(symbol or ""))
    config: dict[str, Any] = {}
    for name, kind in rows.schema.items():
        if isinstance(kind, pl.Datetime):
            fraction = {} if kind.time_unit == "ms" else {"fractionalSecondDigits": 3}
            config[name] = {"date_format": {**_TIME, **fraction, "timeZone": zone}}
        elif kind.is_float():
            config[name] = {"number_format": _NUMBER}
    return config
