"""`vamp` against exact fractions."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tickops as ops
from tests import data as real
from tests.oracles import book_depth as oracle
from tests.oracles import strategies
from tests.oracles.compare import assert_same, differences
from tests.oracles.frames import DEPTH, book
from tests.oracles.market import rows_of
from tickops import testing
from tickops.exceptions import SchemaError

TWO_LEVELS = book([(10.0, 300), (9.9, 100)], [(10.2, 100), (10.4, 300)])


def vamp_of(frame: pl.DataFrame, levels: int = 1) -> float | None:
    return ops.vamp(levels=levels).apply(frame)["vamp"].item()


@strategies.EXAMPLES
@given(data=st.data(), frame=st.one_of(strategies.depth(), testing.depth(hollow=True, nulls=True)))
def test_equals_the_oracle(data: st.DataObject, frame: pl.DataFrame) -> None:
    levels = data.draw(st.integers(1, 5))
    run = ops.vamp(levels=levels).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    assert_same(pl.concat(parts), oracle.vamp(rows_of(frame), levels=levels))


@strategies.EXAMPLES
@given(frame=strategies.depth())
def test_of_one_level_is_the_weighted_mid(frame: pl.DataFrame) -> None:
    mids = ops.weighted_mid().apply(frame)["weighted_mid"]
    assert ops.vamp().apply(frame)["vamp"].equals(mids, null_equal=True)


def test_levels() -> None:
    assert vamp_of(TWO_LEVELS) == pytest.approx((10.0 * 100 + 10.2 * 300) / 400)
    two = (10.0 * 100 + 10.2 * 300 + 9.9 * 300 + 10.4 * 100) / 800
    assert vamp_of(TWO_LEVELS, 2) == vamp_of(TWO_LEVELS, 5) == pytest.approx(two)


def test_a_price_is_not_weighted_with_its_own_volume() -> None:
    """The known mistake Σ(P_b·Q_b + P_a·Q_a)/ΣQ leans to the side with more volume."""
    found = vamp_of(book([(10.0, 300)], [(10.2, 100)]))
    assert found == pytest.approx(10.15)
    assert found != pytest.approx((10.0 * 300 + 10.2 * 100) / 400)


def test_a_level_of_one_side_does_not_count() -> None:
    assert vamp_of(book([(10.0, 5), (9.9, 800)], [(10.2, 5)]), 2) == pytest.approx(10.1)
    unmatched = book([(10.0, 500), (0.0, 120)], [(10.0, 500)])
    assert vamp_of(unmatched, 5) == 10.0


@pytest.mark.parametrize("absent", [[], [(0.0, 0)], [(0.0, 300), (9.0, 5)]])
def test_absent_best_price_gives_null(absent: list[tuple[float, int]]) -> None:
    assert vamp_of(book([(10.0, 5), (9.9, 5)], absent), 2) is None
    assert vamp_of(book(absent, [(10.0, 5), (10.1, 5)]), 2) is None


def test_no_volume_gives_null() -> None:
    assert vamp_of(book([(10.0, 0)], [(10.02, 0)]), 5) is None


def test_output_schema() -> None:
    expected = pl.Schema({**DEPTH, "vamp": pl.Float64()})
    assert ops.vamp().output_schema(DEPTH) == expected
    assert ops.vamp().apply(book([], []).clear()).schema == expected


@pytest.mark.parametrize("column", ["bid_prices", "ask_prices", "bid_volumes", "ask_volumes"])
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=column):
        ops.vamp().apply(book([], []).drop(column))


def test_says_so_where_the_book_has_fewer_levels() -> None:
    with pytest.raises(SchemaError, match="6"):
        ops.vamp(levels=6).apply(TWO_LEVELS)


@pytest.mark.real_data
def test_of_real_books() -> None:
    frame = real.depth(real.SZ5)[:: 200 if strategies.SMALL else 20]
    out = ops.vamp(levels=5).apply(frame)
    assert_same(out, oracle.vamp(rows_of(frame), levels=5))
    assert differences(out, oracle.vamp(rows_of(frame), levels=4))
