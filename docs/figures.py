"""Pictures of operators, drawn from what they give on a simulated market."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from html import escape
from itertools import cycle
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import polars as pl

import tickops as ops
from docs.plots import MINUTES, PLOTS, START, SYMBOLS
from docs.svg import Candle, Panel, Series, picture
from tickflow_rx.decoding import Batch, Decoder
from tickflow_rx.server import SimulatedMarket

if TYPE_CHECKING:
    from docs.plots import Plot

__all__ = ["figure", "market"]

_SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
_GREY: Final = "#888888"
_COLOURS: Final = ("#1f77b4", "#ff7f0e", "#9467bd", "#2ca02c")
_PRICE_HEIGHT: Final = 130
_BELOW_HEIGHT: Final = 90


@cache
def figure(name: str) -> str:
    """The picture of an operator with its caption, as HTML."""
    plot = PLOTS[name]
    rows = market().filter(pl.col("symbol").cast(pl.String).is_in(plot.symbols))
    rows = rows.filter(pl.col("timestamp") < START + timedelta(minutes=plot.minutes))
    given = pl.concat([_day_before(plot), rows]) if plot.day_before else rows
    out = plot.then.apply(plot.operator.apply(plot.prepare.apply(given)))
    out = out.filter(pl.col(plot.time) >= START) if plot.day_before else out
    own = pl.col("symbol").cast(pl.String) == plot.symbols[0]
    if len(plot.symbols) > 1 and out.filter(own).height:
        out = out.filter(own)
    drawn = _drawn(plot, rows.filter(own), out)
    return f'<figure style="width:100%" data-search-exclude>{drawn}{_caption(plot)}</figure>'


@cache
def market() -> pl.DataFrame:
    """Half an hour of three simulated shares, quotes and books interleaved."""
    end_ms = int(START.timestamp() * 1000) + MINUTES * 60_000
    simulated = SimulatedMarket(SYMBOLS, start=START, speed=None)
    texts, received_us = list[bytes](), list[int]()
    for time_ms, message in simulated.messages():
        if time_ms >= end_ms:
            break
        texts.append(message)
        received_us.append(1000 * time_ms)
    (batch,) = Decoder().decode(texts, received_us, connection=1)
    assert isinstance(batch, Batch)
    assert batch.quotes is not None
    assert batch.depth is not None
    rows = ops.interleave(quotes=batch.quotes, depth=batch.depth)
    return rows.filter(pl.col("timestamp") >= START)


def _day_before(plot: Plot) -> pl.DataFrame:
    rows = market().filter(pl.col("symbol").cast(pl.String) == plot.day_before)
    return rows.with_columns(
        pl.lit(plot.symbols[0]).cast(ops.SYMBOL).alias("symbol"),
        pl.col("timestamp", "received").dt.offset_by("-1d"),
    )


def _drawn(plot: Plot, rows: pl.DataFrame, out: pl.DataFrame) -> str:
    quotes = rows.filter(pl.col("channel") == "quotes")
    price = Series(_seconds(quotes["timestamp"]), quotes["last_price"].to_list(), _GREY)
    colours = iter(cycle(_COLOURS))
    over = [_series(plot, out, name, next(colours)) for name in plot.over]
    panels = [Panel(_PRICE_HEIGHT, [price, *over], _candles(out) if plot.candles else ())]
    if plot.below:
        below = [_series(plot, out, name, next(colours)) for name in plot.below]
        panels.append(Panel(_BELOW_HEIGHT, below))
    begin, end = START, START + timedelta(minutes=plot.minutes)
    left, right = (f"{time.astimezone(_SHANGHAI):%H:%M}" for time in (begin, end))
    return picture(panels, (begin.timestamp(), end.timestamp()), (left, right))


def _series(plot: Plot, out: pl.DataFrame, name: str, colour: str) -> Series:
    marked = name in plot.below or name == plot.over[-1]
    mark = plot.mark if marked and out[name].dtype != pl.Boolean else "line"
    return Series(_seconds(out[plot.time]), out[name].cast(pl.Float64).to_list(), colour, mark)


def _candles(out: pl.DataFrame) -> list[Candle]:
    spans = zip(_seconds(out["start"]), _seconds(out["end"]), strict=True)
    prices = out.select("open", "high", "low", "close").rows()
    return [Candle(*span, *row) for span, row in zip(spans, prices, strict=True)]


def _seconds(times: pl.Series) -> list[float]:
    return (times.dt.epoch("ms") / 1000).to_list()


def _caption(plot: Plot) -> str:
    names = [("last_price", _GREY), *zip((*plot.over, *plot.below), cycle(_COLOURS), strict=False)]
    legend = [
        f'<span style="color:{colour}">■</span> <code>{name}</code>' for name, colour in names
    ]
    if plot.candles:
        legend.append("bars: red up, green down")
    call = plot.call or repr(plot.operator)
    return f"<figcaption><code>{escape(call)}</code><br/>{' '.join(legend)}</figcaption>"
