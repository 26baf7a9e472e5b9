"""Real market data for tests, where it is present: never part of the project."""

from pathlib import Path

import polars as pl
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data"
LARGE = "cn_600519SH_000333SZ_20230201-03"
"""Two large A-shares, three days, in order of arrival; volumes in shares in the Parquet."""
SZ5 = "cn_SZ5_20220601"
"""Five SZ shares, one day, in symbol blocks; volumes in shares in the Parquet."""

SETS = (LARGE, SZ5)


def path(name: str, kind: str) -> Path:
    """File of a set (``quotes.parquet``, ``depth.parquet``, ``wire.jsonl.gz``), or skip."""
    file = FOLDER / f"{name}.{kind}"
    if not file.exists():
        pytest.skip(f"no real market data here: {file.name} is absent")
    return file


def quotes(name: str) -> pl.DataFrame:
    """Quotes of a set as the feed would type them; volume in shares."""
    return _typed(pl.read_parquet(path(name, "quotes.parquet")))


def depth(name: str) -> pl.DataFrame:
    """Five-level books of a set; volumes in shares, nulls as 0."""
    frame = _typed(pl.read_parquet(path(name, "depth.parquet")))
    prices = pl.col("bid_prices", "ask_prices").list.eval(pl.element().fill_null(0.0))
    volumes = pl.col("bid_volumes", "ask_volumes").list.eval(pl.element().fill_null(0))
    return frame.with_columns(prices.list.to_array(5), volumes.list.to_array(5))


def _typed(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))
