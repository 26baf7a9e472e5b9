"""Days of quotes made for measuring: plain numbers, no quirks, as large as asked for."""

from __future__ import annotations

import numpy as np
import polars as pl

import tickops as ops

__all__ = ["SNAPSHOTS", "SYMBOLS", "day", "irregular_day", "names", "with_deltas"]

SYMBOLS = 5_400
SNAPSHOTS = 1_200
_OPENS_MS = 1_776_735_000_000  # 2026-04-21 09:30 in Shanghai


def names(symbols: int = SYMBOLS) -> list[str]:
    """So many A-share symbols."""
    return [f"{600_000 + i:06d}.SH" for i in range(symbols)]


def day(symbols: int = SYMBOLS, snapshots: int = SNAPSHOTS, *, first: int = 0) -> pl.DataFrame:
    """Quotes of all symbols every 3 s, in order of time; `first` is the number of the first."""
    rng = np.random.default_rng(first + 1)
    shape = (snapshots, symbols)
    price = np.round(10 + np.cumsum(rng.normal(0, 0.01, shape), axis=0), 2)
    traded = rng.integers(0, 50, shape)
    times = _OPENS_MS + (first + np.arange(snapshots)) * 3_000
    symbol = pl.Series("symbol", names(symbols), dtype=ops.SYMBOL)
    return pl.DataFrame(
        {
            "symbol": pl.concat([symbol] * snapshots).rechunk(),
            "timestamp": pl.Series(np.repeat(times, symbols)).cast(pl.Datetime("ms", "UTC")),
            "last_price": price.ravel(),
            "high": np.maximum.accumulate(price, axis=0).ravel(),
            "low": np.minimum.accumulate(price, axis=0).ravel(),
            "volume": np.cumsum(traded, axis=0).ravel(),
            "amount": np.cumsum(traded * price * 100, axis=0).ravel(),
        }
    )


def irregular_day(rows: pl.DataFrame) -> pl.DataFrame:
    """The same rows with the symbols of each snapshot in another order, at their own times."""
    rng = np.random.default_rng(7)
    jitter = pl.Series(rng.integers(0, 3_000, rows.height)).cast(pl.Duration("ms"))
    return rows.with_columns(pl.col("timestamp") + jitter).sort("timestamp", maintain_order=True)


def with_deltas(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with what was traded, in one chunk."""
    return ops.deltas().apply(rows).rechunk()
