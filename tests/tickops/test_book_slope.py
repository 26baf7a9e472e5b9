"""`book_slope` against exact fractions and logarithms."""

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tickops as ops
from tests import data as real
from tests.oracles import book_depth as oracle
from tests.oracles import strategies
from tests.oracles.compare import assert_same
from tests.oracles.frames import DEPTH, book
from tests.oracles.market import Unit, rows_of
from tickops import testing
from tickops.exceptions import SchemaError

ADDED = ("bid_slope", "ask_slope", "book_slope")
UNITS: list[Unit] = [None, 1, {"600000.SH": 7}]
MARKETS = testing.depth(symbols=4, regions=("CN", "HK", "XX"), hollow=True, late=True, nulls=True)


def slopes_of(
    frame: pl.DataFrame, *, levels: int = 5, unit: Unit = None
) -> tuple[float | None, ...]:
    return ops.book_slope(levels=levels, unit=unit).apply(frame).select(ADDED).row(0)


@strategies.EXAMPLES
@given(data=st.data(), frame=st.one_of(strategies.depth(), MARKETS))
def test_equals_the_oracle(data: st.DataObject, frame: pl.DataFrame) -> None:
    levels, unit = data.draw(st.integers(1, 5)), data.draw(st.sampled_from(UNITS))
    run = ops.book_slope(levels=levels, unit=unit).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    assert_same(pl.concat(parts), oracle.book_slope(rows_of(frame), levels=levels, unit=unit))


def test_of_one_level() -> None:
    """Logarithm of the shares at the best price, over its distance from the mid."""
    bid, ask, both = slopes_of(book([(9.0, 2)], [(11.0, 5)]))
    assert bid == pytest.approx(math.log(200) / 0.1)
    assert ask == pytest.approx(math.log(500) / 0.1)
    assert both == pytest.approx((math.log(200) + math.log(500)) / 0.2)


def test_of_two_levels() -> None:
    """The mid is 10; the second step is seen from the first level, and depth is cumulated."""
    frame = book([(9.0, 2), (8.1, 8)], [(11.0, 5)])
    first, second = math.log(200) / 0.1, (math.log(1000) / math.log(200) - 1) / 0.1
    assert slopes_of(frame)[0] == pytest.approx((first + second) / 2)
    assert slopes_of(frame, levels=1)[0] == pytest.approx(first)
    not_cumulated = (math.log(800) / math.log(200) - 1) / 0.1
    assert slopes_of(frame)[0] != pytest.approx((first + not_cumulated) / 2)


def test_depth_is_in_shares() -> None:
    frame = book([(9.0, 2)], [(11.0, 5)])
    assert slopes_of(frame, unit=1)[0] == pytest.approx(math.log(2) / 0.1)


def test_a_locked_book_has_no_slope_not_even_with_float_noise() -> None:
    assert slopes_of(book([(85.41, 5)], [(85.41, 5)])) == (None,) * 3
    assert slopes_of(book([(85.40999999999998, 5)], [(85.41, 5)])) == (None,) * 3


def test_two_levels_of_one_price_have_no_slope() -> None:
    frame = book([(9.0, 2), (9.0, 8)], [(11.0, 5)])
    assert slopes_of(frame) == (None, pytest.approx(math.log(500) / 0.1), None)


def test_a_side_ends_before_its_first_absent_level() -> None:
    one = slopes_of(book([(9.0, 2)], [(11.0, 5)]))
    assert slopes_of(book([(9.0, 2), (0.0, 9), (8.0, 9)], [(11.0, 5)])) == one


@pytest.mark.parametrize("absent", [[], [(0.0, 300)], [(0.0, 0), (9.0, 5)]])
def test_absent_side_gives_null(absent: list[tuple[float, int]]) -> None:
    assert slopes_of(book([(10.0, 5)], absent)) == (None,) * 3


@pytest.mark.parametrize("volume", [0, 1])
def test_depth_without_a_positive_logarithm_gives_null(volume: int) -> None:
    frame = book([(9.0, volume), (8.0, 5)], [(11.0, 5)])
    bid, ask, both = slopes_of(frame, unit=1)
    assert (bid, both) == (None, None)
    assert ask is not None


def test_a_small_level_behind_a_large_one_keeps_its_digits() -> None:
    frame = book([(9.0, 10**12), (8.1, 1)], [(11.0, 5)])
    two, one = slopes_of(frame, unit=1)[0], slopes_of(frame, levels=1, unit=1)[0]
    assert two is not None
    assert one is not None
    assert two == pytest.approx((one + 1e-12 / math.log(10**12) / 0.1) / 2, rel=1e-12)


def test_output_schema() -> None:
    expected = pl.Schema({**DEPTH, **dict.fromkeys(ADDED, pl.Float64())})
    assert ops.book_slope().output_schema(DEPTH) == expected
    assert ops.book_slope().apply(book([], []).clear()).schema == expected


@pytest.mark.parametrize("column", list(DEPTH))
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=column):
        ops.book_slope().apply(book([], []).drop(column))


@pytest.mark.real_data
def test_of_real_books() -> None:
    frame = real.depth(real.SZ5)[:: 200 if strategies.SMALL else 20]
    out = ops.book_slope(unit=1).apply(frame)
    assert_same(out, oracle.book_slope(rows_of(frame), unit=1))
    assert 0 < out["book_slope"].null_count() < out.height
