"""A book, as Vega-Lite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

import tickops as ops
from tickflow_rx.display._specs import GREEN, RED, Drawing, Spec, local_text, stacked
from tickflow_rx.display._zones import exchange_seconds, exchange_zone, rises_red

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["book_spec"]


def book_spec(row: pl.DataFrame, symbol: str, *, width: int) -> Drawing:
    """Volume by price: asks above, bids below.

    Raises
    ------
    ValueError
        There is no price on either side.
    """
    [book] = row.to_dicts()
    decimals = _decimals([*book["ask_prices"], *book["bid_prices"]])
    asks = _levels("ask", book["ask_prices"], book["ask_volumes"], decimals)
    bids = _levels("bid", book["bid_prices"], book["bid_volumes"], decimals)
    levels = [*reversed(asks), *bids]
    if not levels:
        raise ValueError(f"plot_book has nothing to draw: no price on either side of {symbol!r}")
    colours = [RED, GREEN] if rises_red(symbol) else [GREEN, RED]
    volume: Spec = {"field": "volume", "type": "quantitative"}
    room = {"scale": {"domain": [0, 1.12 * max(level["volume"] for level in levels)]}}
    colour = {
        "field": "side",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": ["bid", "ask"], "range": colours},
    }
    place = {
        "x": volume | room,
        "y": {"field": "level", "type": "ordinal", "sort": None, "title": None},
    }
    bars = {
        "mark": {"type": "bar", "opacity": 0.8},
        "encoding": place | {"color": colour},
    }
    texts = {
        "mark": {"type": "text", "align": "left", "dx": 4},
        "encoding": place | {"text": volume | {"format": ","}},
    }
    ladder = {"width": width, "height": {"step": 22}, "layer": [bars, texts]}
    return Drawing(stacked([ladder], symbol, _subtitle(row, symbol)), pl.DataFrame(levels))


def _levels(
    side: str, prices: Sequence[Any], volumes: Sequence[Any], decimals: int
) -> list[dict[str, Any]]:
    """Levels of a side, best first; without those that have no price."""
    return [
        {"level": f"{side} {k}   {price:.{decimals}f}", "side": side, "volume": volume}
        for k, (price, volume) in enumerate(zip(prices, volumes, strict=True), 1)
        if price
    ]


def _decimals(prices: Sequence[Any]) -> int:
    """How many decimals the prices have, at most 4: more are noise of floats."""
    texts = [f"{price or 0:.4f}".rstrip("0") for price in prices]
    return max(len(text.partition(".")[2]) for text in texts)


def _subtitle(row: pl.DataFrame, symbol: str) -> str:
    parts: list[str] = []
    if "timestamp" in row.columns and row["timestamp"].null_count() == 0:
        seconds = exchange_seconds(row["timestamp"], exchange_zone(symbol))
        parts.append(f"{local_text(seconds, '%Y-%m-%d %H:%M:%S')[0]} at the exchange")
    levels = len(row["bid_prices"][0])
    value = ops.imbalance(levels=levels).apply(row)["imbalance"][0]
    parts.append("imbalance not defined" if value is None else f"imbalance {value:.2f}")
    return ", ".join(parts)
