"""Rolling statistics against libraries made for streams: csp, river, talipp; and pandas."""

from __future__ import annotations

import importlib
import warnings
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

import tickops as ops
from tests.benchmarks._days import day
from tests.benchmarks._measure import Result, against

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["run"]

_ROWS = 100
_SPAN = 100


def run() -> list[Result]:
    """Lines of the table for the library of operators."""
    rows = day(540)
    some = rows.head(200_000)
    mean = ops.rolling(_ROWS, {"last_price": "mean"})
    std = ops.rolling(_ROWS, {"last_price": "std"})
    ewm = ops.ewm("last_price", span=_SPAN)
    stats: Any = importlib.import_module("river.stats")
    utils: Any = importlib.import_module("river.utils")
    talipp: Any = importlib.import_module("talipp.indicators")
    return [
        _per_tick("rolling mean of 100 rows", "talipp SMA", mean, some, lambda: talipp.SMA(_ROWS)),
        _per_tick(
            "rolling std of 100 rows", "talipp StdDev", std, some, lambda: talipp.StdDev(_ROWS)
        ),
        _per_tick("ewm mean", "talipp EMA", ewm, some, lambda: talipp.EMA(_SPAN)),
        _per_update(
            "rolling mean of 100 rows",
            "river utils.Rolling(Mean)",
            mean,
            some,
            lambda: utils.Rolling(stats.Mean(), _ROWS),
        ),
        _per_update("ewm mean", "river EWMean", ewm, some, lambda: stats.EWMean(2 / (_SPAN + 1))),
        _pandas("ewm mean", "pandas groupby().ewm().mean()", ewm, rows),
        *(_csp(statistic, rows) for statistic in ("mean", "stddev", "max", "median")),
    ]


def _per_tick(
    what: str, peer: str, op: ops.Operator, rows: pl.DataFrame, make: Callable[[], Any]
) -> Result:
    """An indicator of talipp for each symbol, told one value at a time."""
    ticks = list(rows.select(pl.col("symbol").cast(pl.String), "last_price").iter_rows())

    def step() -> None:
        indicators: dict[str, Any] = {}
        for symbol, price in ticks:
            if symbol not in indicators:
                indicators[symbol] = make()
            indicators[symbol].add(price)

    return _against(f"{what}, row by row", peer, op, rows, step)


def _per_update(
    what: str, peer: str, op: ops.Operator, rows: pl.DataFrame, make: Callable[[], Any]
) -> Result:
    """A statistic of river for each symbol, updated and asked one value at a time."""
    ticks = list(rows.select(pl.col("symbol").cast(pl.String), "last_price").iter_rows())

    def step() -> None:
        statistics: dict[str, Any] = {}
        for symbol, price in ticks:
            if symbol not in statistics:
                statistics[symbol] = make()
            statistics[symbol].update(price)
            statistics[symbol].get()

    return _against(f"{what}, row by row", peer, op, rows, step)


def _pandas(what: str, peer: str, op: ops.Operator, rows: pl.DataFrame) -> Result:
    pandas: Any = importlib.import_module("pandas")
    frame = pandas.DataFrame(
        {
            "symbol": rows["symbol"].cast(pl.String).to_list(),
            "last_price": rows["last_price"].to_numpy(),
        }
    )
    frame["symbol"] = frame["symbol"].astype("category")
    grouped = frame.groupby("symbol", observed=True)["last_price"]
    return _against(
        f"{what}, whole day of 540 symbols",
        peer,
        op,
        rows,
        lambda: grouped.ewm(span=_SPAN).mean(),
    )


def _csp(statistic: str, rows: pl.DataFrame) -> Result:
    """An edge for each symbol, five minutes, of the same rows."""
    csp: Any = importlib.import_module("csp")
    stats: Any = importlib.import_module("csp.stats")
    ours = {"stddev": "std"}.get(statistic, statistic)
    plain = rows.with_columns(pl.col("timestamp").dt.replace_time_zone(None))
    curves = [
        list(zip(group["timestamp"].to_list(), group["last_price"].to_list(), strict=True))
        for group in plain.partition_by("symbol")
    ]
    start, end = curves[0][0][0], curves[0][-1][0]
    statistic_of: Any = getattr(stats, statistic)

    def graph() -> None:
        for i, curve in enumerate(curves):
            rolled = statistic_of(csp.curve(float, curve), timedelta(minutes=5))
            csp.add_graph_output(str(i), rolled, tick_count=1)

    def step() -> object:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # csp remarks on what it cannot memoise
            return csp.run(graph, starttime=start, endtime=end)

    return _against(
        f"rolling {ours} 5m, whole day of 540 symbols",
        "csp, an edge a symbol",
        ops.rolling("5m", {"last_price": ours}),
        rows,
        step,
        wanted=10,
    )


def _against(
    what: str,
    peer: str,
    op: ops.Operator,
    rows: pl.DataFrame,
    theirs: Callable[[], object],
    wanted: float | None = None,
) -> Result:
    return against(
        what,
        peer,
        lambda: op.apply(rows),
        theirs,
        rows=rows.height,
        wanted=wanted,
        repeat=3,
    )
