"""Candles of bars, as Vega-Lite."""

from __future__ import annotations

from typing import Final

import polars as pl

from tickflow_rx.display._market_axis import MarketAxis
from tickflow_rx.display._specs import (
    GREEN,
    LINE,
    RED,
    Drawing,
    Spec,
    local_text,
    pauses,
    stacked,
    time_axis,
)
from tickflow_rx.display._zones import exchange_seconds, exchange_zone, rises_red

__all__ = ["bars_spec"]

_FREE: Final = 0.12
"""Part of a bar's width that is left free on each side of its candle."""
_VALUES: Final = ("open", "high", "low", "close", "volume")


def bars_spec(bars: pl.DataFrame, symbol: str, *, width: int, height: int) -> Drawing:
    """Candles and VWAP above, volume below.

    Parameters
    ----------
    bars
        In order, all with prices.
    symbol
        Whose.
    width, height
        Of the candles, in pixels.
    """
    zone = exchange_zone(symbol)
    starts, ends = (exchange_seconds(bars[name], zone) for name in ("start", "end"))
    axis = MarketAxis(starts, ends)
    values = [*_VALUES, *(["vwap"] if "vwap" in bars.columns else [])]
    rows = _rows(bars.select(values), axis, starts, ends)
    colours = [RED, GREEN] if rises_red(symbol) else [GREEN, RED]
    colour: Spec = {"field": "move", "type": "nominal", "legend": None}
    colour["scale"] = {"domain": ["up", "down"], "range": colours}
    tooltip: list[Spec] = [{"field": name} for name in ("from", "to")]
    tooltip += [_number(name) for name in values]
    above = [pauses(axis), _wicks(colour), _candles(axis, colour, tooltip)]
    below = [pauses(axis), _volumes(axis, colour, tooltip)]
    subtitle = f"{rows['from'][0]} to {rows['to'][-1]} at the exchange, {rows.height:,} bars"
    if "vwap" in values:
        above.append(_vwap())
        subtitle += ", line: VWAP"
    charts: list[Spec] = [
        {"width": width, "height": height, "layer": above},
        {"width": width, "height": height // 4, "layer": below},
    ]
    return Drawing(stacked(charts, symbol, subtitle), rows)


def _wicks(colour: Spec) -> Spec:
    low, high = _number("low"), {"field": "high"}
    return {
        "mark": "rule",
        "encoding": {"x": _number("middle"), "y": low, "y2": high, "color": colour},
    }


def _candles(axis: MarketAxis, colour: Spec, tooltip: list[Spec]) -> Spec:
    return {
        # The stroke is all that is seen of a bar that closes where it opened.
        "mark": {"type": "rect", "strokeWidth": 1},
        "encoding": {
            "x": time_axis(axis, "left", labels=False),
            "x2": {"field": "right"},
            "y": _number("open") | {"title": "price", "scale": {"zero": False}},
            "y2": {"field": "close"},
            "fill": colour,
            "stroke": colour,
            "tooltip": tooltip,
        },
    }


def _vwap() -> Spec:
    return {
        "mark": {"type": "line", "color": LINE, "strokeWidth": 1.2},
        "encoding": {
            "x": _number("middle"),
            "y": _number("vwap"),
            "detail": {"field": "stretch", "type": "nominal"},
        },
    }


def _volumes(axis: MarketAxis, colour: Spec, tooltip: list[Spec]) -> Spec:
    return {
        "mark": "rect",
        "encoding": {
            "x": time_axis(axis, "left"),
            "x2": {"field": "right"},
            "y": _number("volume") | {"axis": {"format": "~s", "tickCount": 3}},
            "y2": {"datum": 0},
            "color": colour,
            "tooltip": tooltip,
        },
    }


def _number(field: str) -> Spec:
    return {"field": field, "type": "quantitative"}


def _rows(
    values: pl.DataFrame, axis: MarketAxis, starts: pl.Series, ends: pl.Series
) -> pl.DataFrame:
    left, right = pl.Series("left", axis.starts), pl.Series("right", axis.ends)
    free = (right - left) * _FREE
    return values.with_columns(
        pl.col(pl.Float64).fill_nan(None),
        move=pl.when(pl.col("close") >= pl.col("open"))
        .then(pl.lit("up"))
        .otherwise(pl.lit("down")),
        left=left + free,
        middle=(left + right) / 2,
        right=right - free,
        stretch=pl.Series(axis.stretches, dtype=pl.Int64),
        **{"from": local_text(starts, "%Y-%m-%d %H:%M"), "to": local_text(ends, "%Y-%m-%d %H:%M")},
    )
