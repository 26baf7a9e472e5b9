"""`depth_value` against exact fractions."""

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

ADDED = ("bid_value", "ask_value")
UNITS: list[Unit] = [None, 1, {"600000.SH": 7}]
MARKETS = testing.depth(symbols=4, regions=("CN", "HK", "XX"), hollow=True, late=True, nulls=True)


def values_of(frame: pl.DataFrame, *, levels: int = 5, unit: Unit = None) -> tuple[object, ...]:
    return ops.depth_value(levels=levels, unit=unit).apply(frame).select(ADDED).row(0)


@strategies.EXAMPLES
@given(data=st.data(), frame=st.one_of(strategies.depth(), MARKETS))
def test_equals_the_oracle(data: st.DataObject, frame: pl.DataFrame) -> None:
    levels, unit = data.draw(st.integers(1, 5)), data.draw(st.sampled_from(UNITS))
    run = ops.depth_value(levels=levels, unit=unit).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    expected = oracle.depth_value(rows_of(frame), levels=levels, unit=unit)
    assert_same(pl.concat(parts), expected)


def test_values() -> None:
    frame = book([(10.0, 3), (9.5, 2)], [(10.5, 4)])
    assert values_of(frame, levels=1) == (3_000.0, 4_200.0)
    assert values_of(frame) == (4_900.0, 4_200.0)
    assert values_of(frame, unit=1) == (49.0, 42.0)
    assert values_of(frame, unit={"600000.SH": 10}) == (490.0, 420.0)


def test_a_side_without_levels_is_null_and_the_other_is_not() -> None:
    assert values_of(book([(10.0, 1)], [])) == (1_000.0, None)
    assert values_of(book([(0.0, 80)], [(10.0, 1)])) == (None, 1_000.0)
    assert values_of(book([(0.0, 80), (9.0, 1)], []), levels=1) == (None, None)


def test_unmatched_volume_of_an_auction_has_no_value() -> None:
    assert values_of(book([(10.0, 5), (0.0, 120)], [(10.0, 5)])) == (5_000.0, 5_000.0)


def test_a_level_without_volume_is_worth_nothing() -> None:
    assert values_of(book([(10.0, 0)], [])) == (0.0, None)


@pytest.mark.parametrize("column", ["symbol", "timestamp"])
def test_no_symbol_or_time_gives_null(column: str) -> None:
    frame = book([(10.0, 5)], [(10.1, 5)]).with_columns(pl.lit(None, DEPTH[column]).alias(column))
    assert values_of(frame) == (None, None)


def test_output_schema() -> None:
    expected = pl.Schema({**DEPTH, **dict.fromkeys(ADDED, pl.Float64())})
    assert ops.depth_value().output_schema(DEPTH) == expected
    assert ops.depth_value().apply(book([], []).clear()).schema == expected


@pytest.mark.parametrize("column", [name for name in DEPTH if name != "received"])
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=column):
        ops.depth_value().apply(book([], []).drop(column))


def test_says_so_where_the_book_has_fewer_levels() -> None:
    with pytest.raises(SchemaError, match="6"):
        ops.depth_value(levels=6).apply(book([], []))


@pytest.mark.real_data
def test_of_real_books_equals_polars() -> None:
    frame = real.depth(real.LARGE)
    out = ops.depth_value(unit=1).apply(frame)
    for side in ("bid", "ask"):
        levels = [
            pl.col(f"{side}_prices").arr.get(k) * pl.col(f"{side}_volumes").arr.get(k)
            for k in range(5)
        ]
        naive = frame.select(pl.sum_horizontal(levels)).to_series()
        found = out[f"{side}_value"]
        assert ((found.fill_null(0.0) - naive).abs() <= 1e-9 * naive).all()
        assert found.null_count() == (naive == 0).sum() > 0
