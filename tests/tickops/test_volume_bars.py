"""`volume_bars`: the volume of each bar, from rows that nobody splits."""

import polars as pl
import pytest
from hypothesis import given

import tickops as ops
from tests import data
from tests.oracles import strategies
from tests.oracles.frames import quote, quotes


def volumes_of(*deltas: int, threshold: float) -> list[tuple[int, bool]]:
    rows, volume = [quote("10:00:00", 100)], 100
    for n, delta in enumerate(deltas, start=1):
        volume += delta
        rows.append(quote(f"10:00:{n:02}", volume))
    out = ops.chain(ops.deltas(), ops.volume_bars(threshold)).apply(quotes(rows))
    return [(volume, partial) for volume, partial in out.select("volume", "partial").rows()]


def test_reaching_is_enough() -> None:
    assert volumes_of(4, 6, 3, threshold=10) == [(10, False), (3, True)]


def test_each_bar_begins_at_nothing() -> None:
    """Not where the day's volume passes a multiple of the threshold: 7, 14, 21."""
    assert volumes_of(7, 7, 7, threshold=10) == [(14, False), (7, True)]


def test_a_row_is_not_split_and_what_is_over_is_not_carried() -> None:
    assert volumes_of(35, 9, 1, threshold=10) == [(35, False), (10, False)]


@strategies.EXAMPLES
@given(frame=strategies.quotes(with_nulls=False))
def test_volumes_are_those_of_the_rows_taken(frame: pl.DataFrame) -> None:
    """Pushed row by row, a bar that comes out is of the last rows of its symbol."""
    rows = ops.deltas().apply(frame)
    for mine in rows.partition_by("symbol"):
        deltas = mine["delta_volume"].fill_null(0).to_list()
        run = ops.volume_bars(20).start()
        outputs = [run.push(mine[n : n + 1]) for n in range(mine.height)]
        for n, bars in enumerate([*outputs, run.finish()]):
            for bar in bars.to_dicts():
                end = n if bar["partial"] else n + 1
                taken = deltas[end - bar["rows"] : end]
                assert len(taken) == bar["rows"]
                assert taken[0] > 0
                assert bar["volume"] == sum(taken)
                assert bar["partial"] == (sum(taken) < 20)
                assert sum(taken[:-1]) < 20


@pytest.mark.real_data
@pytest.mark.parametrize("name", data.SETS)
def test_bars_of_a_real_day_sum_to_its_volume(name: str) -> None:
    frame = data.quotes(name)
    if strategies.SMALL:
        frame = frame.filter(pl.col("symbol") == frame["symbol"][0])[:500]
    local = pl.col("timestamp").dt.convert_time_zone("Asia/Shanghai").dt.date()
    threshold = 100_000
    op = ops.chain(ops.deltas(unit=1), ops.volume_bars(threshold, unit=1))
    out = op.apply(frame)
    for (symbol, day), rows in frame.group_by("symbol", local.alias("day")):
        mine = out.filter(pl.col("symbol") == symbol, pl.col("trading_day") == day)
        assert mine["volume"].sum() == rows.sort("timestamp", maintain_order=True)["volume"][-1]
        assert not mine["partial"][:-1].any()
        full = mine.filter(~pl.col("partial"))
        assert full.height > 0
        assert (full["volume"] >= threshold).all()
        assert (mine["high"] <= rows["high"].max()).all()
        within = mine.filter(pl.col("vwap").is_not_null())
        assert (within["vwap"] <= rows["high"].max()).all()
