"""`imbalance` against exact fractions."""

import math
from typing import Literal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tickops as ops
from tests.oracles import imbalance as oracle
from tests.oracles import strategies
from tests.oracles.compare import assert_same
from tests.oracles.frames import DEPTH, book
from tests.oracles.market import rows_of
from tickops.exceptions import SchemaError

Weights = Literal["equal", "inverse"] | tuple[Literal["exp"], float]
WEIGHTS: list[Weights] = ["equal", "inverse", ("exp", 0.5), ("exp", 0.0)]

TWO_LEVELS = book([(10.0, 300), (9.99, 100)], [(10.02, 100), (10.03, 200)])


def imbalance_of(
    frame: pl.DataFrame, *, levels: int = 5, weights: Weights = "equal"
) -> float | None:
    out = ops.imbalance(levels=levels, weights=weights).apply(frame)
    return out["imbalance"].item()


@pytest.mark.parametrize("weights", WEIGHTS)
@strategies.EXAMPLES
@given(data=st.data(), frame=strategies.depth())
def test_equals_the_oracle(data: st.DataObject, frame: pl.DataFrame, weights: Weights) -> None:
    levels = data.draw(st.integers(1, 5))
    run = ops.imbalance(levels=levels, weights=weights).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    expected = oracle.imbalance(rows_of(frame), levels=levels, weights=weights)
    assert_same(pl.concat(parts), expected)


def test_levels() -> None:
    assert imbalance_of(TWO_LEVELS, levels=1) == 0.5
    assert imbalance_of(TWO_LEVELS, levels=2) == pytest.approx(100 / 700)
    assert imbalance_of(TWO_LEVELS) == pytest.approx(100 / 700)


def test_inverse_weights() -> None:
    """Level k counts 1/k."""
    expected = (200 + (100 - 200) / 2) / (400 + 300 / 2)
    assert imbalance_of(TWO_LEVELS, weights="inverse") == pytest.approx(expected)


def test_exponential_weights() -> None:
    """Level k counts e^{−λk}."""
    one, two = math.exp(-0.5), math.exp(-1.0)
    expected = (200 * one - 100 * two) / (400 * one + 300 * two)
    assert imbalance_of(TWO_LEVELS, weights=("exp", 0.5)) == pytest.approx(expected)


def test_exponential_weights_of_a_large_rate_do_not_vanish() -> None:
    """e^{−λk} is 0 in floats from λ = 746 on, but only the ratios of weights count."""
    found = imbalance_of(TWO_LEVELS, weights=("exp", 800.0))
    assert found is None or found == pytest.approx(0.5)


def test_lies_between_minus_1_and_1() -> None:
    assert imbalance_of(book([(10.0, 9)], [(10.02, 0)])) == 1.0
    assert imbalance_of(book([(10.0, 0)], [(10.02, 9)])) == -1.0


def test_unmatched_volume_of_an_auction_is_no_level() -> None:
    """Level 2 has volume but price 0: it is none, whatever the volume."""
    assert imbalance_of(book([(10.0, 500), (0.0, 120)], [(10.0, 500)])) == 0.0


def test_levels_that_are_missing_count_nothing() -> None:
    frame = book([(10.0, 300)], [(10.02, 100), (10.03, 200)])
    assert imbalance_of(frame) == 0.0


@pytest.mark.parametrize("absent", [[], [(0.0, 0)], [(0.0, 300)]])
def test_absent_side_gives_null_whatever_its_volume(absent: list[tuple[float, int]]) -> None:
    assert imbalance_of(book([(10.0, 5)], absent)) is None
    assert imbalance_of(book(absent, [(10.0, 5)])) is None


def test_no_volume_gives_null() -> None:
    assert imbalance_of(book([(10.0, 0)], [(10.02, 0)])) is None


def test_keeps_rows_order_and_columns() -> None:
    frame = pl.concat([TWO_LEVELS, book([], []), TWO_LEVELS])
    assert ops.imbalance().apply(frame).select(DEPTH.names()).equals(frame)


def test_output_schema() -> None:
    expected = pl.Schema({**DEPTH, "imbalance": pl.Float64()})
    assert ops.imbalance().output_schema(DEPTH) == expected
    assert ops.imbalance().apply(book([], []).clear()).schema == expected


@pytest.mark.parametrize("column", ["bid_prices", "ask_prices", "bid_volumes", "ask_volumes"])
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=column):
        ops.imbalance().apply(book([], []).drop(column))


@pytest.mark.parametrize("levels", [0, -1])
def test_refuses_levels_below_1(levels: int) -> None:
    with pytest.raises(ValueError, match="levels"):
        ops.imbalance(levels=levels)


def test_says_so_where_the_book_has_fewer_levels() -> None:
    with pytest.raises((ValueError, SchemaError), match="6"):
        ops.imbalance(levels=6).apply(TWO_LEVELS)


@pytest.mark.parametrize("weights", ["linear", ("exp", float("nan")), ("exp",), ("power", 1.0)])
def test_refuses_weights_that_it_does_not_know(weights: Weights) -> None:
    with pytest.raises((ValueError, TypeError), match="weights"):
        ops.imbalance(weights=weights)
