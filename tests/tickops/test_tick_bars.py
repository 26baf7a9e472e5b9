"""`tick_bars`: rows that traded are counted, others are not."""

import tickops as ops
from tests.oracles.frames import at, quote, quotes


def test_closes_with_its_last_row_that_traded() -> None:
    volumes = [100, 101, 101, 150, 151, 151, 152, 153]
    rows = [quote(f"10:00:0{n}", volume) for n, volume in enumerate(volumes)]
    out = ops.chain(ops.deltas(), ops.tick_bars(3)).apply(quotes(rows))
    assert out.select("volume", "rows", "partial").rows() == [(51, 4, False), (2, 2, True)]
    assert out["start"].to_list() == [at("10:00:01"), at("10:00:06")]


def test_a_correction_is_no_tick() -> None:
    volumes = [100, 110, 105, 106]
    rows = [quote(f"10:00:0{n}", volume) for n, volume in enumerate(volumes)]
    out = ops.chain(ops.deltas(), ops.tick_bars(2)).apply(quotes(rows))
    assert out.select("volume", "rows", "partial").rows() == [(6, 3, False)]
