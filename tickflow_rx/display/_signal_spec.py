"""A price and signals over the same time, as Vega-Lite."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import polars as pl

from tickflow_rx.display._market_axis import MarketAxis
from tickflow_rx.display._specs import (
    LINE,
    Drawing,
    Spec,
    local_text,
    pauses,
    stacked,
    time_axis,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["signal_spec"]


def signal_spec(
    rows: pl.DataFrame,
    symbol: str,
    seconds: pl.Series,
    *,
    columns: Sequence[str],
    most: int,
    width: int,
    height: int,
) -> Drawing:
    """A price above, a chart for each signal below.

    Parameters
    ----------
    rows
        In order of time.
    symbol
        Whose.
    seconds
        Local time of each row.
    columns
        The price, then the signals.
    most
        Of more rows some are left out.
    width, height
        Of the chart of the price, in pixels.
    """
    axis = MarketAxis(seconds, seconds)
    # Fields have names of their own: in those of columns may be what Vega-Lite takes for a path.
    fields = [f"y{k}" for k in range(len(columns))]
    values = {
        field: pl.col(name).cast(pl.Float64) for field, name in zip(fields, columns, strict=True)
    }
    every = rows.select(
        at=local_text(seconds, "%Y-%m-%d %H:%M:%S"),
        place=pl.Series(axis.starts, dtype=pl.Float64),
        stretch=pl.Series(axis.stretches, dtype=pl.Int64),
        **{field: pl.when(value.is_finite()).then(value) for field, value in values.items()},
    ).with_columns(pl.when(pl.col("y0") != 0).then("y0"))
    drawn = _thinned(every, fields, most)
    tooltip: list[Spec] = [{"field": "at", "title": "time"}]
    for field, name in zip(fields, columns, strict=True):
        tooltip.append({"field": field, "title": name, "type": "quantitative"})
    last = len(columns) - 1
    charts = [
        {
            "width": width,
            "height": height // 2 if k else height,
            "layer": [
                pauses(axis),
                *([_zero()] if k else []),
                _line(fields[k], name, tooltip, time_axis(axis, "place", labels=k == last)),
            ],
        }
        for k, name in enumerate(columns)
    ]
    subtitle = f"{every['at'][0]} to {every['at'][-1]} at the exchange, {every.height:,} rows"
    if drawn.height < every.height:
        subtitle += f", of which {drawn.height:,} are drawn: the least and the greatest too"
    return Drawing(stacked(charts, symbol, subtitle), drawn)


def _thinned(rows: pl.DataFrame, fields: Sequence[str], most: int) -> pl.DataFrame:
    """Of each so many rows the first, the last, and those with the least and greatest values."""
    if rows.height <= most:
        return rows
    count = math.ceil(rows.height * (2 + 2 * len(fields)) / most)
    row = pl.col("row")
    kept = (
        rows.with_row_index("row")
        .group_by(row // count)
        .agg(
            row.first().alias("first"),
            row.last().alias("last"),
            *(row.get(pl.col(field).arg_min()).alias(f"least {field}") for field in fields),
            *(row.get(pl.col(field).arg_max()).alias(f"most {field}") for field in fields),
        )
        .drop("row")
    )
    return rows[pl.concat(kept.get_columns()).drop_nulls().unique().sort()]


def _line(field: str, name: str, tooltip: Sequence[Spec], x: Spec) -> Spec:
    colour = "#333" if field == "y0" else LINE
    number: Spec = {"field": field, "type": "quantitative", "title": name}
    return {
        "mark": {
            "type": "line",
            "interpolate": "step-after",
            "strokeWidth": 1.2,
            "color": colour,
        },
        "encoding": {
            "x": x,
            "y": number | {"scale": {"zero": False}},
            "detail": {"field": "stretch", "type": "nominal"},
            "tooltip": list(tooltip),
        },
    }


def _zero() -> Spec:
    return {"mark": {"type": "rule", "color": "#bbb"}, "encoding": {"y": {"datum": 0}}}
