"""Rows that operators make themselves: whose they are, when, and of which region."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import polars as pl

from tickops._arrays import frozen
from tickops._batch import Batch
from tickops._column import Column
from tickops._markets import MARKETS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._arrays import I32, I64, Array
    from tickops._symbols import Symbols

__all__ = [
    "made_batch",
    "made_schema",
    "name_ranks",
    "region_columns",
    "region_schema",
    "time_column",
]

_REGIONS: Final = [market.region or None for market in MARKETS]


def made_schema(schema: pl.Schema, columns: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of rows made from rows of `schema`, `region` among them where it is there."""
    own = {name: schema[name] for name in ("symbol", "timestamp")}
    return {**own, **region_schema(schema), **columns}


def made_batch(
    schema: pl.Schema, symbols: Symbols, codes: Array, times_us: I64, columns: Mapping[str, Column]
) -> Batch:
    """Rows of these symbols at these times, in the order of `made_schema`."""
    own = {
        "symbol": Column.of(symbols.series(codes, schema["symbol"])),
        "timestamp": time_column(times_us, schema["timestamp"]),
        **region_columns(schema, symbols, codes),
    }
    codes, times_us = cast("I32", frozen(codes)), cast("I64", frozen(times_us))
    return Batch({**own, **columns}, len(codes), symbols, codes, times_us)


def region_schema(schema: pl.Schema) -> dict[str, Any]:
    """`region` of rows made from rows of `schema`, if these have it.

    Without it the operators of another run would take the symbols for A-shares.
    """
    return {"region": schema["region"]} if "region" in schema else {}


def region_columns(schema: pl.Schema, symbols: Symbols, codes: Array) -> dict[str, Column]:
    """Region of these symbols, null where it is no market, as in `region_schema`."""
    if "region" not in schema:
        return {}
    return {"region": Column.of(_regions(schema["region"])[symbols.markets[codes]])}


@cache
def _regions(dtype: pl.DataType) -> pl.Series:
    """Region of market m at place m; to make it takes as long as to take thousands from it."""
    return pl.Series("", _REGIONS, dtype=pl.String).cast(dtype, strict=False)


def time_column(times_us: I64, dtype: pl.DataType) -> Column:
    """Epoch microseconds as a Datetime column of any unit."""
    match cast("pl.Datetime", dtype).time_unit:
        case "us":
            ticks = times_us
        case "ms":
            ticks = times_us // 1_000
        case _:
            ticks = times_us * 1_000
    return Column.of_ints(ticks, dtype)


def name_ranks(symbols: Symbols) -> I64:
    """Place of each symbol in the order of names, which no chain and no snapshot changes."""
    count = len(symbols)
    ranks = np.empty(count, np.int64)
    ranks[sorted(range(count), key=symbols.names.__getitem__)] = np.arange(count)
    return ranks
