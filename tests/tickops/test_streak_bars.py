"""`streak_bars`: buys that no sale interrupts, or sales."""

import math
from collections.abc import Sequence
from typing import Any, Literal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tickops as ops
from tests import data
from tests.oracles import flow_bars as oracle
from tests.oracles import strategies
from tests.oracles.compare import assert_same
from tests.oracles.frames import DELTAS, QUOTES, TUESDAY, quote, traded
from tests.oracles.market import Row, rows_of
from tickops.exceptions import SchemaError

Of = Literal["tick", "volume", "amount"]
SUMS = 1e-6
"""Sums of amounts that cancel are as exact as the amounts are."""


def streak(of: Of, threshold: float) -> oracle.Reached:
    """Of the rows since the last one of the other side."""

    def reached(rows: list[oracle.Taken]) -> bool:
        sided = [taken for taken in rows if taken.side != 0]
        newest: list[float] = []
        for taken in reversed(sided):
            if taken.side * sided[-1].side < 0:
                break
            newest.append({"tick": 1, "volume": taken.volume, "amount": taken.amount}[of])
        return math.fsum(newest) >= threshold

    return reached


@settings(strategies.EXAMPLES, max_examples=10 if strategies.SMALL else 40)
@given(draws=st.data(), frame=strategies.quotes(max_size=30))
def test_equals_the_oracle(draws: st.DataObject, frame: pl.DataFrame) -> None:
    thresholds: list[tuple[Of, float]] = [("tick", 2), ("volume", 4), ("amount", 9000.0)]
    of, threshold = draws.draw(st.sampled_from(thresholds))
    daily = draws.draw(st.booleans())
    rows = ops.deltas(late="include").apply(frame)
    sides = [draws.draw(st.sampled_from([1, 1, -1, 0, None])) for _ in range(rows.height)]
    if draws.draw(st.booleans()):
        rows = rows.with_columns(trade_side=pl.Series(sides, dtype=pl.Int64))
    run = ops.streak_bars(of, threshold=threshold, daily=daily).start()
    out = pl.concat([*map(run.push, draws.draw(strategies.cuts(rows))), run.finish()])
    expected = oracle.flow_bars(rows_of(rows), streak(of, threshold), daily=daily)
    assert_same(out, expected.bars, absolute=SUMS)


@pytest.mark.real_data
def test_equals_the_oracle_on_a_real_day() -> None:
    frame = data.quotes(data.LARGE)
    frame = frame.filter(pl.col("symbol") == frame["symbol"][0])[:600]
    rows = ops.deltas(unit=1).apply(frame)
    answer = oracle.flow_bars(rows_of(rows), streak("volume", 3000), unit=1)
    assert len(answer.bars) > 5
    out = ops.streak_bars("volume", threshold=3000, unit=1).apply(rows)
    assert_same(out, answer.bars, absolute=1e-4)


def bars_of(
    sides: Sequence[int | None],
    of: Of = "tick",
    *,
    threshold: float,
    volumes: list[int] | None = None,
    day_of: int = 99,
) -> list[tuple[Any, ...]]:
    """Rows of each bar, and whether it is partial."""
    rows: list[Row] = [
        quote(f"10:00:{n:02}", 0) | {"delta_volume": volume, "delta_amount": 1000.0 * volume}
        for n, volume in enumerate(volumes or [1] * len(sides))
    ]
    for row in rows[day_of:]:
        row["timestamp"] = row["timestamp"].replace(day=TUESDAY.day)
    frame = traded(rows).with_columns(trade_side=pl.Series(sides, dtype=pl.Int64))
    out = ops.streak_bars(of, threshold=threshold).apply(frame)
    return out.select("rows", "partial").rows()


def test_a_sale_interrupts_buys() -> None:
    """As runs of López de Prado they would reach 3 with the fifth row."""
    assert bars_of([1, 1, -1, 1, 1, 1], threshold=3) == [(6, False)]
    assert bars_of([1, -1] * 5, threshold=2) == [(10, True)]


def test_a_buy_interrupts_sales() -> None:
    assert bars_of([-1, -1, 1, -1, -1, -1], threshold=3) == [(6, False)]


@pytest.mark.parametrize("neither", [0, None])
def test_a_row_of_neither_side_interrupts_nothing(neither: int | None) -> None:
    assert bars_of([1, neither, 1], threshold=2) == [(3, False)]


def test_a_new_bar_begins_anew() -> None:
    assert bars_of([1, 1, 1, 1, 1], threshold=2) == [(2, False), (2, False), (1, True)]


def test_a_new_day_begins_anew() -> None:
    assert bars_of([1, 1, 1, 1], threshold=3, day_of=2) == [(2, True), (2, True)]


@pytest.mark.parametrize(("of", "scale"), [("volume", 1), ("amount", 1000)])
def test_what_flows(of: Of, scale: int) -> None:
    sides, volumes = [1, 1, -1, 1], [3, 4, 6, 7]
    assert bars_of(sides, of, threshold=7 * scale, volumes=volumes) == [(2, False), (2, False)]
    assert bars_of(sides, of, threshold=8 * scale, volumes=volumes) == [(4, True)]


def test_the_tick_rule_where_there_are_no_sides() -> None:
    prices = [10.0, 10.1, 10.1, 10.0, 9.9, 9.9]
    rows = [
        quote(f"10:00:{n:02}", 0, price) | {"delta_volume": 1, "delta_amount": 1000.0}
        for n, price in enumerate(prices)
    ]
    out = ops.streak_bars("tick", threshold=3).apply(traded(rows))
    assert out.select("rows", "close", "partial").rows() == [(6, 9.9, False)]


def test_output_schema_is_that_of_runs_bars() -> None:
    before = pl.Schema({**QUOTES, **DELTAS})
    expected = ops.runs_bars("tick", threshold=2).output_schema(before)
    assert ops.streak_bars("tick", threshold=2).output_schema(before) == expected
    assert ops.streak_bars("tick", threshold=2).apply(pl.DataFrame(schema=before)).is_empty()


def test_missing_column_is_named() -> None:
    rows = [quote("10:00:00", 1) | {"delta_volume": 1, "delta_amount": 1.0}]
    with pytest.raises(SchemaError, match=r"delta_volume.*deltas"):
        ops.streak_bars("tick", threshold=2).apply(traded(rows).drop("delta_volume"))
