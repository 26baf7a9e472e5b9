"""A live candle chart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from tickflow_rx.display._mailbox import Mailbox
from tickflow_rx.display._message import Message
from tickflow_rx.display._need import need
from tickflow_rx.display._zones import exchange_seconds, exchange_zone, rises_red
from tickops import SchemaError

if TYPE_CHECKING:
    from reactivex import Observable, abc

    from tickflow_rx.display._widget import LiveWidget

__all__ = ["Bars", "candles"]

_PRICES: Final = ("open", "high", "low", "close")
_SENT: Final = ("time", *_PRICES, "volume", "vwap")


def candles(
    bars: Observable[pl.DataFrame],
    symbol: str,
    *,
    vwap: str = "vwap",
    rows: int = 1_000,
    rate: float = 5,
    linger: float = 600,
    scheduler: abc.SchedulerBase | None = None,
) -> LiveWidget:
    """Show bars of a symbol as candlesticks, with their volume and a line of VWAP.

    Parameters
    ----------
    bars
        Frames of bars, of any symbols: with `symbol`, `end`, `open`, `high`, `low`, `close`,
        `volume` and the column that `vwap` names.
    symbol
        Which symbol, such as "600000.SH".
    vwap
        Column of the line. ``bars`` gives `vwap`, that of each bar. For the VWAP of the day:
        ``ops.vwap(), ops.bars("1m", aggregate={"vwap": ["last"]})`` gives `vwap_last`.
    rows
        How many bars are kept, the last ones.
    rate
        Updates a second, at most.
    linger
        Seconds that the chart stays subscribed while nobody can see it. After that bars are
        missing until it is seen again; ``math.inf``: it stays subscribed until it is closed.
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
        `rows` or `rate` is not above 0, or `linger` is below it.

    Notes
    -----
    A bar stands at its end, in the exchange's time; of several with one end the last counts.
    Rising prices are red and falling ones green, as terminals in China show them, and the other
    way round for US symbols. A bar without prices is a blank. An error of the stream, or a
    missing column, is shown in the widget.

    As every subscriber, the chart has a run of the operators of its own. Where `bars` are of many
    symbols, let all share one: ``bars = bars.pipe(reactivex.operators.share())``.

    The chart is TradingView's Lightweight Charts (Apache-2.0), which comes with this package;
    the logo in it is the attribution that its licence asks for.

    Examples
    --------
    >>> import tickops as ops
    >>> from reactivex import Subject
    >>> from tickflow_rx import display
    >>> quotes = Subject()
    >>> bars = quotes.pipe(ops.deltas(), ops.bars("1m"))
    >>> with display.candles(bars, "600000.SH") as chart:
    ...     chart.phase
    'waiting'
    """
    need("candles", "anywidget")
    from tickflow_rx.display._chart import ChartWidget
    from tickflow_rx.display._widget import Input, check_pace, static

    pace = check_pace(rate, linger, scheduler)
    if rows < 1:
        raise ValueError(f"rows must be at least 1, not {rows}")
    content = Bars(symbol, vwap, rows)
    return ChartWidget(
        symbol,
        [Input(bars, content.take)],
        content,
        pace,
        options={"red_rises": rises_red(symbol), "rows": rows},
        library=static("lightweight-charts.standalone.production.mjs"),
    )


class Bars:
    """The last bars of a symbol.

    Parameters
    ----------
    symbol, vwap, rows
        See `candles`.
    """

    periodic = False

    def __init__(self, symbol: str, vwap: str, rows: int) -> None:
        self._symbol = symbol
        self._zone = exchange_zone(symbol)
        self._vwap = vwap
        self._rows = rows
        self._mailbox = Mailbox(lambda frame: frame.filter(pl.col("symbol") == symbol).tail(rows))
        self._known: pl.DataFrame | None = None

    def take(self, frame: pl.DataFrame) -> None:
        """Take a frame of the stream."""
        needed = ("symbol", "end", *_PRICES, "volume", self._vwap)
        missing = [name for name in needed if name not in frame.columns]
        if missing:
            raise SchemaError(
                f"candles needs the column {missing[0]!r}, as tickops.bars makes it; there are "
                f"{', '.join(frame.columns)}"
            )
        self._mailbox.put(frame)

    def changes(self) -> Message | None:
        """Bars that are new; all, where one of them is not the last."""
        rows = self._mailbox.take()
        if rows is None or not rows.height:
            return None
        new = _distinct(self._sent(rows))
        known = self._known
        if known is None or new["time"][0] < known["time"][-1]:
            return self._keep(new if known is None else _distinct(pl.concat([known, new])))
        self._keep(_distinct(pl.concat([known, new])))
        return _message(new, whole=False)

    def everything(self) -> Message | None:
        """All bars."""
        self.changes()
        return None if self._known is None else _message(self._known, whole=True)

    def forget(self) -> None:
        """Forget what waits. The bars that are there stay true."""
        self._mailbox.clear()

    def _keep(self, bars: pl.DataFrame) -> Message:
        self._known = bars.tail(self._rows)
        return _message(self._known, whole=True)

    def _sent(self, rows: pl.DataFrame) -> pl.DataFrame:
        time = exchange_seconds(rows["end"], self._zone)
        values = rows.select(*_PRICES, "volume", vwap=self._vwap)
        return values.with_columns(time=time).select(pl.col(*_SENT).cast(pl.Float64))


def _distinct(bars: pl.DataFrame) -> pl.DataFrame:
    """Bars in the order of time, of equal ones the last: what the chart accepts."""
    return bars.unique("time", keep="last", maintain_order=True).sort("time")


def _message(bars: pl.DataFrame, *, whole: bool) -> Message:
    """Columns as float64, nulls as NaN."""
    buffers = [bars[name].fill_null(float("nan")).to_numpy().tobytes() for name in _SENT]
    return Message({"columns": list(_SENT), "whole": whole}, buffers)
