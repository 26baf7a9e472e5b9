"""`weighted_mid` against exact fractions."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tickops as ops
from tests.oracles import strategies
from tests.oracles import weighted_mid as oracle
from tests.oracles.compare import assert_same
from tests.oracles.frames import DEPTH, book
from tests.oracles.market import rows_of
from tickops.exceptions import SchemaError


def weighted_mid_of(frame: pl.DataFrame) -> float | None:
    return ops.weighted_mid().apply(frame)["weighted_mid"].item()


@strategies.EXAMPLES
@given(data=st.data(), frame=strategies.depth())
def test_equals_the_oracle(data: st.DataObject, frame: pl.DataFrame) -> None:
    run = ops.weighted_mid().start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    assert_same(pl.concat(parts), oracle.weighted_mid(rows_of(frame)))


def test_leans_to_the_side_with_less_volume() -> None:
    """Three times as much is bid as offered: the ask is the likelier next price."""
    assert weighted_mid_of(book([(10.0, 300)], [(10.04, 100)])) == pytest.approx(10.03)


def test_equal_sizes_give_the_mid() -> None:
    assert weighted_mid_of(book([(10.0, 7)], [(10.02, 7)])) == pytest.approx(10.01)


def test_call_auction_gives_the_virtual_match() -> None:
    assert weighted_mid_of(book([(10.0, 500), (0.0, 120)], [(10.0, 500)])) == 10.0


@pytest.mark.parametrize("absent", [[], [(0.0, 0)], [(0.0, 300)]])
def test_absent_side_gives_null_whatever_its_volume(absent: list[tuple[float, int]]) -> None:
    assert weighted_mid_of(book([(10.0, 5)], absent)) is None
    assert weighted_mid_of(book(absent, [(10.0, 5)])) is None


def test_no_volume_on_both_sides_gives_null() -> None:
    assert weighted_mid_of(book([(10.0, 0)], [(10.02, 0)])) is None


def test_no_volume_on_one_side_gives_that_sides_price() -> None:
    """All volume is on the other side, so its weight is the whole."""
    assert weighted_mid_of(book([(10.0, 0)], [(10.02, 9)])) == 10.0


def test_keeps_rows_order_and_columns() -> None:
    frame = pl.concat([book([(10.0, 5)], [(10.02, 5)]), book([], []), book([(9.0, 1)], [(9.1, 2)])])
    assert ops.weighted_mid().apply(frame).select(DEPTH.names()).equals(frame)


def test_output_schema() -> None:
    expected = pl.Schema({**DEPTH, "weighted_mid": pl.Float64()})
    assert ops.weighted_mid().output_schema(DEPTH) == expected
    assert ops.weighted_mid().apply(book([], []).clear()).schema == expected


@pytest.mark.parametrize("column", ["bid_prices", "ask_prices", "bid_volumes", "ask_volumes"])
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=column):
        ops.weighted_mid().apply(book([], []).drop(column))
