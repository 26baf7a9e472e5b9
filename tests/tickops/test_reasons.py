"""Reasons of an Enum of one's own: the words count, not their numbers."""

import polars as pl
import pytest
from hypothesis import given, settings

import tickops as ops
from tests.oracles.strategies import SMALL
from tickops.testing import assert_identical, quotes

OTHER = pl.Enum(["odd lot", *reversed(ops.REASON.categories.to_list()), "mine"])
ROWS = quotes(corrections=True, nulls=True)


@pytest.mark.parametrize(
    "op",
    [
        ops.vwap(),
        ops.volume_ratio(min_days=1),
        ops.bars("1m"),
        ops.tick_bars(2),
        ops.renko_bars(0.01),
    ],
    ids=repr,
)
def test_the_words_count(op: ops.Operator) -> None:
    @settings(max_examples=5 if SMALL else 20, deadline=None, derandomize=True, database=None)
    @given(frame=ROWS)
    def check(frame: pl.DataFrame) -> None:
        rows = ops.deltas(gap_after="3s").apply(frame)
        other = rows.with_columns(pl.col("reason").cast(pl.String).cast(OTHER))
        drops = [name for name in ("reason",) if name in op.output_schema(rows.schema)]
        assert_identical(op.apply(other).drop(drops), op.apply(rows).drop(drops))

    check()


def test_words_that_deltas_has_not_are_no_reasons() -> None:
    row = {
        "symbol": ["600000.SH"],
        "timestamp": pl.Series([1772416803000]).cast(pl.Datetime("ms", "UTC")),
        "volume": [100],
        "amount": [110_000.0],
        "delta_volume": pl.Series([None], dtype=pl.Int64),
        "delta_amount": pl.Series([None], dtype=pl.Float64),
    }
    for reason, vwap in (("first", 11.0), ("mine", None), (None, None)):
        rows = pl.DataFrame({**row, "reason": pl.Series([reason], dtype=OTHER)})
        assert ops.vwap().apply(rows)["vwap"].to_list() == [vwap]
