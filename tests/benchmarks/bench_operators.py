"""Operators on whole days and on one live frame, against Polars, csp and streamz."""

from __future__ import annotations

import importlib
import warnings
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

import tickops as ops
from tests.benchmarks._days import SNAPSHOTS, SYMBOLS, day, irregular_day, with_deltas
from tests.benchmarks._measure import Result, against

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["run"]

_OVER = "symbol"


def run() -> list[Result]:
    """Lines of the table for operators."""
    rows = day()
    traded = with_deltas(rows)
    window = ops.vwap(window="5m")
    return [
        against(
            "per-symbol difference (deltas: with prices, reasons), whole day",
            "Polars diff().over()",
            lambda: ops.deltas().apply(rows),
            lambda: rows.with_columns(
                pl.col("volume", "amount").diff().over(_OVER).name.prefix("delta_")
            ),
            rows=rows.height,
            wanted=5,
        ),
        against(
            "per-symbol difference of one column (diff), whole day",
            "Polars diff().over()",
            lambda: ops.diff("amount").apply(rows),
            lambda: rows.with_columns(pl.col("amount").diff().over(_OVER).alias("x")),
            rows=rows.height,
            wanted=5,
        ),
        against(
            "rolling VWAP 5m, whole day",
            "Polars rolling_sum_by().over()",
            lambda: window.apply(traded),
            lambda: _polars_vwap(traded),
            rows=rows.height,
            wanted=5,
        ),
        against(
            "rolling VWAP 5m, whole day",
            "csp, numpy arrays",
            lambda: window.apply(traded),
            _csp_arrays(traded),
            rows=rows.height,
            wanted=1,
        ),
        _per_edge(window, irregular_day(traded)),
        _per_tick(window, traded.head(200_000)),
        against(
            "one-minute bars, whole day",
            "Polars group_by_dynamic",
            lambda: ops.bars("1m").apply(traded),
            lambda: _polars_bars(traded),
            rows=rows.height,
            wanted=2,
        ),
        _books_beside_quotes(rows.head(rows.height // 4)),
        _live_frame(rows),
        *(_statistic(statistic, rows) for statistic in ("std", "max", "median")),
    ]


def _statistic(statistic: str, rows: pl.DataFrame) -> Result:
    """One statistic over five minutes."""
    op = ops.rolling("5m", {"last_price": statistic})
    rolled: pl.Expr = getattr(pl.col("last_price"), f"rolling_{statistic}_by")("timestamp", "5m")
    return against(
        f"rolling {statistic} 5m, whole day",
        f"Polars rolling_{statistic}_by().over()",
        lambda: op.apply(rows),
        lambda: rows.with_columns(rolled.over(_OVER).alias("x")),
        rows=rows.height,
        wanted=5,
        repeat=3,
    )


def _polars_vwap(traded: pl.DataFrame) -> pl.DataFrame:
    def rolled(name: str) -> pl.Expr:
        return pl.col(name).rolling_sum_by("timestamp", "5m").over(_OVER)

    return traded.with_columns(vwap=rolled("delta_amount") / (rolled("delta_volume") * 100))


def _polars_bars(traded: pl.DataFrame) -> pl.DataFrame:
    price = pl.col("last_price")
    return traded.group_by_dynamic("timestamp", every="1m", group_by=_OVER).agg(
        price.first().alias("open"),
        price.max().alias("high"),
        price.min().alias("low"),
        price.last().alias("close"),
        pl.col("delta_volume").sum(),
        pl.col("delta_amount").sum(),
    )


def _csp_arrays(traded: pl.DataFrame) -> Callable[[], object]:
    """The sums of all symbols as one array a snapshot: for rows in step with each other."""
    csp: Any = importlib.import_module("csp")
    stats: Any = importlib.import_module("csp.stats")
    csp_typing: Any = importlib.import_module("csp.typing")
    array = csp_typing.Numpy1DArray[float]
    shape = (SNAPSHOTS, SYMBOLS)
    volume, amount = (
        list(traded[name].fill_null(0).cast(pl.Float64).to_numpy().reshape(shape))
        for name in ("delta_volume", "delta_amount")
    )
    times = traded["timestamp"][::SYMBOLS].dt.replace_time_zone(None).to_list()
    window = timedelta(minutes=5)

    def graph() -> None:
        bought = csp.curve(array, list(zip(times, amount, strict=True)))
        shares = csp.curve(array, list(zip(times, volume, strict=True)))
        vwap = stats.sum(bought, window) / (stats.sum(shares, window) * 100)
        csp.add_graph_output("vwap", vwap)  # of each snapshot, as `apply` gives it

    def step() -> object:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # csp remarks that arrays cannot be memoised
            return csp.run(graph, starttime=times[0], endtime=times[-1])

    return step


def _per_edge(window: ops.Operator, traded: pl.DataFrame) -> Result:
    """Each symbol at its own times: csp then needs an edge for each."""
    csp: Any = importlib.import_module("csp")
    stats: Any = importlib.import_module("csp.stats")
    some = traded.head(traded.height // 4)
    groups = some.with_columns(
        pl.col("timestamp").dt.replace_time_zone(None), pl.col("delta_volume").cast(pl.Float64)
    ).partition_by(_OVER)
    curves = [
        [
            list(zip(group["timestamp"].to_list(), group[name].fill_null(0).to_list(), strict=True))
            for name in ("delta_amount", "delta_volume")
        ]
        for group in groups
    ]
    start, end = min(c[0][0][0] for c in curves), max(c[0][-1][0] for c in curves)
    length = timedelta(minutes=5)

    def graph() -> None:
        for i, (amount, volume) in enumerate(curves):
            bought, shares = csp.curve(float, amount), csp.curve(float, volume)
            vwap = stats.sum(bought, length) / (stats.sum(shares, length) * 100)
            csp.add_graph_output(str(i), vwap, tick_count=1)

    return against(
        "rolling VWAP 5m, symbols irregular",
        "csp, an edge a symbol",
        lambda: window.apply(traded),
        lambda: csp.run(graph, starttime=start, endtime=end),
        rows=traded.height,
        their_rows=some.height,
        wanted=10,
        repeat=3,
    )


def _per_tick(window: ops.Operator, traded: pl.DataFrame) -> Result:
    """One row at a time through streamz: what a stream of ticks costs in Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # streamz imports parts of setuptools that are going
        streamz: Any = importlib.import_module("streamz")
    ticks = list(
        zip(
            traded["symbol"].cast(pl.String).to_list(),
            traded["timestamp"].dt.epoch("ms").to_list(),
            traded["delta_volume"].fill_null(0).to_list(),
            traded["delta_amount"].fill_null(0).to_list(),
            strict=True,
        )
    )

    def step() -> None:
        source = streamz.Stream()
        source.accumulate(_roll, start={}, returns_state=True).sink(_ignore)
        for tick in ticks:
            source.emit(tick)

    return against(
        "rolling VWAP 5m, row by row",
        "streamz accumulate",
        lambda: window.apply(traded),
        step,
        rows=traded.height,
        wanted=None,
        repeat=3,
    )


def _roll(state: dict[str, Any], tick: tuple[str, int, int, float]) -> tuple[Any, float | None]:
    symbol, t, volume, amount = tick
    kept = state.setdefault(symbol, [])
    kept.append((t, volume, amount))
    while kept[0][0] <= t - 300_000:
        kept.pop(0)
    shares = sum(row[1] for row in kept) * 100
    return state, sum(row[2] for row in kept) / shares if shares else None


def _ignore(_: object) -> None:
    pass


def _books_beside_quotes(quotes: pl.DataFrame) -> Result:
    """Each quote with the book that had come by then, both channels put in order first."""
    book = np.round(quotes["last_price"].to_numpy()[:, None] + np.arange(5) / 100, 2)
    sizes = np.broadcast_to(np.arange(1, 6), book.shape)
    came = quotes["timestamp"].cast(pl.Datetime("us", "UTC"))
    prices, volumes = pl.Array(pl.Float64, 5), pl.Array(pl.Int64, 5)
    books = quotes.select("symbol", "timestamp").with_columns(
        came.dt.offset_by("1ms").alias("received"),
        *(pl.Series(f"{side}_prices", book, prices) for side in ("bid", "ask")),
        *(pl.Series(f"{side}_volumes", sizes, volumes) for side in ("bid", "ask")),
    )
    quotes = quotes.with_columns(received=came)
    join = ops.asof("depth")

    def polars() -> pl.DataFrame:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Polars cannot tell whether groups are in order
            return quotes.join_asof(books, on="received", by="symbol")

    return against(
        "books beside quotes: interleave and asof, a quarter of a day",
        "Polars join_asof by symbol",
        lambda: join.apply(ops.interleave(quotes=quotes, depth=books)),
        polars,
        rows=quotes.height,
        wanted=None,
        repeat=3,
    )


def _live_frame(rows: pl.DataFrame) -> Result:
    """One snapshot of the market, the state of the 100 before it kept.

    Polars is given the snapshot and the one before it: less than it would need.
    """
    chain = ops.chain(ops.deltas(), ops.vwap(window="5m"), ops.bars("1m"))
    run = chain.start()
    snapshots = [rows.slice(i * SYMBOLS, SYMBOLS) for i in range(SNAPSHOTS)]
    for snapshot in snapshots[:100]:
        run.push(snapshot)
    rest = iter(snapshots[100:])
    two = rows.slice(0, 2 * SYMBOLS)

    def polars() -> pl.DataFrame:
        traded = two.with_columns(
            pl.col("volume", "amount").diff().over(_OVER).name.prefix("delta_")
        )
        return _polars_bars(_polars_vwap(traded))

    return against(
        "one live frame of 5,400 quotes through deltas, VWAP, bars",
        "Polars expressions with .over",
        lambda: [run.push(next(rest)) for _ in range(20)],
        polars,
        rows=20 * SYMBOLS,
        their_rows=SYMBOLS,
        wanted=50,
        repeat=15,
    )
