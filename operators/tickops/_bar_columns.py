"""Bars as columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import polars as pl

from tickops._column import Column
from tickops._made_rows import region_columns, region_schema, time_column

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tickops._arrays import F64, Bool, Records
    from tickops._symbols import Symbols

__all__ = ["STATISTICS", "bar_columns", "bar_schema"]

STATISTICS: Final = ("first", "last", "min", "max", "mean", "sum", "count")
"""What `aggregate` can ask for."""

# Where the kernel keeps what each statistic needs.
_FIRST, _LAST, _MIN, _MAX, _SUM, _REST, _COUNT = range(7)
_PRICES: Final = ("open", "high", "low", "close")


def bar_schema(
    schema: pl.Schema,
    aggregate: Mapping[str, Sequence[str]],
    more: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Columns of bars made from rows of `schema`, `more` of them before `region`."""
    time = schema["timestamp"]
    return {
        "symbol": schema["symbol"],
        "trading_day": pl.Date(),
        "start": time,
        "end": time,
        **dict.fromkeys(_PRICES, pl.Float64()),
        "volume": pl.Int64(),
        "amount": pl.Float64(),
        "vwap": pl.Float64(),
        "rows": pl.Int64(),
        "partial": pl.Boolean(),
        "gap": pl.Boolean(),
        **{
            f"{name}_{statistic}": pl.Int64() if statistic == "count" else pl.Float64()
            for name, statistics in aggregate.items()
            for statistic in statistics
        },
        **(more or {}),
        **region_schema(schema),
    }


def bar_columns(
    schema: pl.Schema,
    symbols: Symbols,
    out: Records,
    totals: F64,
    aggregate: Mapping[str, Sequence[str]],
    more: Mapping[str, Column] | None = None,
) -> dict[str, Column]:
    """Columns of the bars that a kernel wrote, in the order of `bar_schema`."""
    time = cast("pl.Datetime", schema["timestamp"])
    columns = {
        "symbol": Column.of(symbols.series(out["code"], schema["symbol"])),
        "trading_day": Column.of_ints(out["day"], pl.Date()),
        "start": time_column(out["start"], time),
        "end": time_column(out["end"], time),
        **{name: Column.of_floats(out[name]) for name in _PRICES},
        "volume": Column.of_ints(out["volume"], pl.Int64()),
        "amount": Column.of_floats(out["amount"]),
        "vwap": Column.of_floats(out["vwap"]),
        "rows": Column.of_ints(out["rows"], pl.Int64()),
        "partial": Column.of_ints(out["partial"] != 0, pl.Boolean()),
        "gap": Column.of_ints(out["gap"] != 0, pl.Boolean()),
    }
    for k, (name, statistics) in enumerate(aggregate.items()):
        for statistic in statistics:
            columns[f"{name}_{statistic}"] = _statistic(statistic, totals[:, k])
    return {**columns, **(more or {}), **region_columns(schema, symbols, out["code"])}


def _statistic(statistic: str, totals: F64) -> Column:
    count = totals[:, _COUNT]
    none: Bool = count == 0
    match statistic:
        case "count":
            return Column.of_ints(count.astype(np.int64), pl.Int64())
        case "sum":
            return Column.of_floats(totals[:, _SUM] + totals[:, _REST])
        case "mean":
            values = (totals[:, _SUM] + totals[:, _REST]) / np.where(none, 1, count)
        case _:
            at = {"first": _FIRST, "last": _LAST, "min": _MIN, "max": _MAX}[statistic]
            values = totals[:, at].copy()
    values[none] = np.nan
    return Column.of_floats(values)
