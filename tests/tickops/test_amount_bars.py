"""`amount_bars`: amounts, also those that move without volume, and sums that stay exact."""

import polars as pl

import tickops as ops
from tests.oracles.frames import quote, quotes, traded


def test_closes_at_the_amount() -> None:
    amounts = [0.0, 900.0, 1000.0, 2500.0, 2600.0]
    rows = [quote(f"10:00:0{n}", n, amount=amount) for n, amount in enumerate(amounts)]
    out = ops.chain(ops.deltas(), ops.amount_bars(1000)).apply(quotes(rows))
    assert out.select("amount", "volume", "partial").rows() == [
        (1000.0, 2, False),
        (1500.0, 1, False),
        (100.0, 1, True),
    ]


def test_odd_lots_fill_a_bar_but_begin_none() -> None:
    """Volume in whole lots is floored: the amount moves alone."""
    volumes, amounts = [0, 0, 1, 1, 2], [0.0, 5000.0, 5900.0, 6000.0, 6001.0]
    rows = [
        quote(f"10:00:0{n}", volume, amount=amount)
        for n, (volume, amount) in enumerate(zip(volumes, amounts, strict=True))
    ]
    run = ops.chain(ops.deltas(), ops.amount_bars(1000)).start()
    out = pl.concat([run.push(quotes(rows)), run.finish()])
    assert out.select("amount", "volume", "partial").rows() == [
        (1000.0, 1, False),
        (1.0, 1, True),
    ]
    assert run.counts["amount_bars.outside"] == 1


def test_a_tenth_ten_times_is_one() -> None:
    """Added one by one in floats it is 0.9999999999999999, and the bar would stay open."""
    row = {"delta_volume": 1, "delta_amount": 0.1}
    frame = traded([quote(f"10:00:{n:02}", n) | row for n in range(10)])
    out = ops.amount_bars(1).apply(frame)
    assert out.select("amount", "rows", "partial").rows() == [(1.0, 10, False)]


def test_amounts_that_are_no_number_add_nothing() -> None:
    row = {"delta_volume": 1, "delta_amount": 600.0}
    others = [float("nan"), float("inf"), None]
    rows = [row, *({"delta_volume": 1, "delta_amount": other} for other in others), row]
    frame = traded([quote(f"10:00:{n:02}", n) | row for n, row in enumerate(rows)])
    out = ops.amount_bars(1000).apply(frame)
    assert out.select("amount", "volume", "rows").rows() == [(1200.0, 2, 5)]
