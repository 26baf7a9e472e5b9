"""Pieces of Vega-Lite that the pictures share."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tickflow_rx.display._market_axis import MarketAxis

__all__ = [
    "GREEN",
    "LINE",
    "RED",
    "Drawing",
    "Spec",
    "local_text",
    "pauses",
    "stacked",
    "time_axis",
]

Spec = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart as Vega-Lite, and the rows that it is of."""

    spec: Spec
    rows: pl.DataFrame


RED: Final = "#d9414e"
GREEN: Final = "#1f9d6b"
LINE: Final = "#3b6fb6"


def time_axis(axis: MarketAxis, field: str, *, labels: bool = True) -> Spec:
    """Channel x over the market's time."""
    ticks = axis.ticks
    text = json.dumps({f"{place:g}": lines for place, lines in ticks.items()})
    labelled = {"labelExpr": f"({text})[datum.value]", "labelOverlap": "greedy"}
    return {
        "field": field,
        "type": "quantitative",
        "title": None,
        "scale": {"domain": list(axis.domain), "nice": False, "zero": False},
        "axis": {
            "values": list(ticks),
            "grid": True,
            "gridOpacity": 0.4,
            **(labelled if labels else {"labels": False, "ticks": False, "domain": False}),
        },
    }


def local_text(seconds: pl.Series, form: str) -> pl.Series:
    """Local times, seconds since 1970, as text."""
    return pl.from_epoch((seconds * 1000).round().cast(pl.Int64), "ms").dt.to_string(form)


def pauses(axis: MarketAxis) -> Spec:
    """A dashed line for each pause of the market."""
    return {
        "data": {"values": [{"pause": place} for place in axis.pauses]},
        "mark": {"type": "rule", "strokeDash": [3, 3], "color": "#999"},
        "encoding": {"x": {"field": "pause", "type": "quantitative"}},
    }


def stacked(charts: Sequence[Spec], title: str, subtitle: str) -> Spec:
    """Charts of the same rows, one below the other, over the same time."""
    return {
        "title": {"text": title or "no symbol", "subtitle": subtitle, "anchor": "start"},
        "vconcat": list(charts),
        "spacing": 6,
        "resolve": {"scale": {"x": "shared"}},
        "config": {
            "view": {"stroke": "#ccc"},
            "axisY": {"minExtent": 56, "gridOpacity": 0.4},
            "title": {"subtitleColor": "#666"},
        },
    }
