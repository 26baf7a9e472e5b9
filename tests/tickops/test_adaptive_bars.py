"""`imbalance_bars` and `runs_bars` with thresholds that follow expectations."""

from typing import Any, Literal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tickops as ops
from tests import data
from tests.oracles import flow_bars as oracle
from tests.oracles import strategies
from tests.oracles.adaptive_bars import Adaptive
from tests.oracles.compare import assert_same
from tests.oracles.frames import MONDAY, TUESDAY, quote, traded
from tests.oracles.market import Row, rows_of

Of = Literal["tick", "volume", "amount"]
Kind = type[ops.imbalance_bars] | type[ops.runs_bars]
SUMS = 1e-6
"""Sums of amounts that cancel are as exact as the amounts are."""

FEW = settings(strategies.EXAMPLES, max_examples=10 if strategies.SMALL else 30)


@st.composite
def walks(draw: st.DrawFn) -> pl.DataFrame:
    """Rows of two symbols that mostly trade, over two days."""
    moves = draw(
        st.lists(
            st.tuples(
                st.sampled_from(["600000.SH", "600000.SH", "000001.SZ"]),
                st.sampled_from([-1, -1, 0, 1, 1, 1]),
                st.sampled_from([0, 1, 2, 5, 40]),
            ),
            max_size=40,
        )
    )
    turn = draw(st.integers(0, 60))
    prices = {"600000.SH": 1000, "000001.SZ": 2000}
    rows: list[Row] = []
    for number, (symbol, move, volume) in enumerate(moves):
        prices[symbol] += move
        price = prices[symbol] / 100
        row = quote(
            f"10:{number // 20:02}:{3 * (number % 20):02}",
            0,
            price,
            symbol=symbol,
            day=MONDAY if number < turn else TUESDAY,
        )
        rows.append(row | {"delta_volume": volume, "delta_amount": price * 100 * volume})
    return traded(rows) if rows else traded([]).with_columns(delta_volume=0, delta_amount=0.0)


@FEW
@given(draws=st.data(), frame=walks())
def test_equals_the_oracle(draws: st.DataObject, frame: pl.DataFrame) -> None:
    of: Of = draws.draw(st.sampled_from(["tick", "volume", "amount"]))
    runs, daily = draws.draw(st.booleans()), draws.draw(st.booleans())
    expected, span = draws.draw(st.integers(1, 6)), draws.draw(st.sampled_from([1, 3, 20]))
    bounds = draws.draw(st.sampled_from([(0.1, 10), (1, 1), (0.5, 2)]))
    kind: Kind = ops.runs_bars if runs else ops.imbalance_bars
    op = kind(
        of,
        threshold="adaptive",
        expected_ticks=expected,
        span=span,
        bounds=bounds,
        daily=daily,
    )
    run = op.start()
    out = pl.concat([*map(run.push, draws.draw(strategies.cuts(frame))), run.finish()])
    naive = Adaptive(of, runs, expected, span, bounds)
    assert_same(out, oracle.flow_bars(rows_of(frame), naive, daily=daily).bars, absolute=SUMS)


@FEW
@given(frame=strategies.markets(), runs=st.booleans())
def test_equals_the_oracle_in_all_markets(frame: pl.DataFrame, runs: bool) -> None:
    rows = ops.deltas().apply(frame)
    kind: Kind = ops.runs_bars if runs else ops.imbalance_bars
    out = kind("volume", threshold="adaptive", expected_ticks=2, daily=False).apply(rows)
    answer = oracle.flow_bars(rows_of(rows), Adaptive("volume", runs, 2), daily=False)
    assert_same(out, answer.bars, absolute=SUMS)


def lengths(
    kind: Kind,
    sides: list[int],
    volumes: list[int] | None = None,
    *,
    of: Of = "tick",
    days: list[int] | None = None,
    **others: Any,
) -> list[int]:
    """Rows of each bar that rows of these sides make."""
    volumes = volumes or [1] * len(sides)
    rows = [
        quote("10:00:00", 0, 10.0, day=TUESDAY if days and days[n] else MONDAY)
        | {"delta_volume": volume, "delta_amount": 1000.0 * volume}
        for n, volume in enumerate(volumes)
    ]
    frame = traded(rows).with_columns(trade_side=pl.Series(sides))
    return kind(of, threshold="adaptive", **others).apply(frame)["rows"].to_list()


def test_the_first_bar_has_as_many_rows_as_expected() -> None:
    assert lengths(ops.imbalance_bars, [1, -1, 1, -1], expected_ticks=3)[0] == 3
    assert lengths(ops.runs_bars, [1] * 9, expected_ticks=4)[0] == 4


def test_an_imbalance_as_expected_takes_as_long_as_expected() -> None:
    """Of 4 rows 3 are bought: 4 · |3/4 − 1/4| = 2."""
    sides = [1, 1, -1, 1] * 3
    assert lengths(ops.imbalance_bars, sides, expected_ticks=4, span=1e9) == [4, 2, 4, 2]


def test_a_threshold_does_not_follow_the_rows_of_its_own_bar() -> None:
    """The first bar expects 2 · |1 + 1|; large buys that come then fill it, not raise it."""
    found = lengths(
        ops.imbalance_bars, [1] * 5, [2, 2, 3, 3, 50], of="volume", expected_ticks=2, span=1
    )
    assert found == [2, 2, 1]


def test_a_longer_bar_raises_the_next_threshold() -> None:
    """Half the way from 2 rows to 6, with a mean flow of 0.56: 2.2; of 2 rows 1.1, of 6 3.4."""
    sides = [1, 1, *[1, -1] * 2, 1, 1, *[1] * 3]
    assert lengths(ops.imbalance_bars, sides, expected_ticks=2, span=3) == [2, 6, 3]


def test_runs_are_of_one_side_each() -> None:
    """Of 4 rows 2 are bought: 4 · max(1/2, 1/2) = 2 of one side, which no net flow reaches."""
    sides = [1, -1] * 6
    options: dict[str, Any] = {"expected_ticks": 4, "span": 1e9, "bounds": (0.25, 100)}
    assert lengths(ops.runs_bars, sides, **options) == [4, 3, 3, 2]


def test_runs_expect_what_flows_with_a_row_not_with_a_row_of_the_side() -> None:
    """P · E[v|buy] = 1/4 · 8 = 2 and 3/4 · 1: 8 expected of 4 rows, not 32."""
    sides, volumes = [1, -1, -1, -1] * 2, [8, 1, 1, 1] * 2
    found = lengths(
        ops.runs_bars, sides, volumes, of="volume", expected_ticks=4, span=1e9, bounds=(0.25, 9)
    )
    assert found == [4, 1, 3]


def test_bounds_keep_bars_from_vanishing() -> None:
    """Buys and sales in balance: a threshold of 0, which the first row reaches."""
    sides = [1, -1] * 6
    options: dict[str, Any] = {"expected_ticks": 4, "span": 1e9}
    assert lengths(ops.imbalance_bars, sides, **options, bounds=(0.5, 2)) == [4, 2, 2, 2, 2]
    assert lengths(ops.imbalance_bars, sides, **options) == [4, *[1] * 8]


def test_bounds_keep_bars_from_never_closing() -> None:
    """All bought, then in turn: no net flow of 4 ever comes."""
    sides = [1] * 4 + [1, -1] * 12
    options: dict[str, Any] = {"expected_ticks": 4, "span": 1e9}
    assert lengths(ops.imbalance_bars, sides, **options, bounds=(0.5, 2)) == [4, 8, 8, 8]
    assert lengths(ops.imbalance_bars, sides, **options) == [4, 24]


def test_a_bar_cut_by_a_day_is_not_what_is_expected_of_bars() -> None:
    sides, days = [1] * 12, [0] * 5 + [1] * 7
    assert lengths(ops.imbalance_bars, sides, days=days, expected_ticks=4) == [4, 1, 4, 3]


def test_a_first_bar_cut_by_a_day_is_made_anew() -> None:
    sides, days = [1] * 9, [0] * 3 + [1] * 6
    assert lengths(ops.imbalance_bars, sides, days=days, expected_ticks=4) == [3, 4, 2]
    assert lengths(ops.imbalance_bars, sides, days=days, expected_ticks=4, daily=False) == [4, 4, 1]


def test_symbols_have_their_own_expectations() -> None:
    one = [quote("10:00:00", 0, symbol="600000.SH"), quote("10:00:00", 0, symbol="000001.SZ")]
    rows = [
        row | {"delta_volume": volume, "delta_amount": 1.0}
        for volume in (1, 1, 1, 1)
        for row, volume in zip(one, (volume, 90 * volume), strict=True)
    ]
    frame = traded(rows).with_columns(trade_side=1)
    op = ops.imbalance_bars("volume", threshold="adaptive", expected_ticks=2)
    bars = op.apply(frame).sort("symbol", maintain_order=True)
    assert bars["rows"].to_list() == [2, 2, 2, 2]


def test_parameters_show() -> None:
    op = ops.runs_bars("tick", threshold="adaptive", expected_ticks=50)
    assert repr(op) == "runs_bars('tick', threshold='adaptive', expected_ticks=50)"
    assert op != ops.runs_bars("tick", threshold="adaptive", expected_ticks=50, span=5)


@pytest.mark.real_data
@pytest.mark.parametrize("kind", [ops.imbalance_bars, ops.runs_bars])
def test_real_days_make_bars_within_bounds(kind: Kind) -> None:
    frame = data.quotes(data.LARGE)
    frame = frame.filter(pl.col("symbol") == frame["symbol"][0])[:4000]
    rows = ops.deltas(unit=1).apply(frame)
    op = kind("volume", threshold="adaptive", expected_ticks=40, unit=1, bounds=(0.25, 4))
    whole = op.apply(rows).filter(~pl.col("partial"))
    assert whole.height > 20
    assert whole["rows"].min() >= 10  # pyright: ignore[reportOperatorIssue, reportOptionalOperand]
