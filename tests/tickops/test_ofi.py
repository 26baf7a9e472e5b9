"""`ofi` against the definition, row by row; wrong ones must be told apart."""

import math
from datetime import date
from typing import get_args

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tickops as ops
from tests import data as real
from tests.oracles import ofi as oracle
from tests.oracles import strategies
from tests.oracles.compare import assert_same, differences
from tests.oracles.frames import DEPTH, MONDAY, TUESDAY, at, book
from tests.oracles.market import rows_of
from tickops import testing
from tickops.exceptions import LateRowError, SchemaError

Levels = list[tuple[float, int]]
MISTAKES = [mistake for mistake in get_args(oracle.Mistake) if mistake]
MARKETS = testing.depth(symbols=4, regions=("CN", "US", "XX"), hollow=True, nulls=True)


def seen(
    text: str, bids: Levels, asks: Levels, *, day: date = MONDAY, symbol: str = "600000.SH"
) -> pl.DataFrame:
    now = pl.lit(at(text, day)).cast(DEPTH["timestamp"]).alias("timestamp")
    return book(bids, asks).with_columns(now, pl.lit(symbol).alias("symbol"))


def ofi_of(*rows: pl.DataFrame, levels: int = 1) -> list[object]:
    return ops.ofi(levels=levels).apply(pl.concat(rows))["ofi"].to_list()


def step(before: tuple[Levels, Levels], now: tuple[Levels, Levels]) -> object:
    return ofi_of(seen("10:00:00", *before), seen("10:00:03", *now))[1]


QUIRKS = pl.concat(
    [
        seen("10:00:00", [(85.41, 300)], [(85.43, 200)]),
        seen("10:00:03", [(85.40999999999998, 350)], [(85.43, 150)]),
        seen("10:00:06", [(85.42, 20)], [(85.43, 150)]),
        seen("10:00:00", [(85.42, 40)], [(85.43, 100)], day=TUESDAY),
    ]
)


@strategies.EXAMPLES
@given(data=st.data(), frame=st.one_of(strategies.depth(), MARKETS))
def test_equals_the_oracle(data: st.DataObject, frame: pl.DataFrame) -> None:
    levels = data.draw(st.integers(1, 5))
    run = ops.ofi(levels=levels).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    assert_same(pl.concat(parts), oracle.ofi(rows_of(frame), levels=levels))


@strategies.EXAMPLES
@given(frame=testing.depth(symbols=2, late=True))
def test_late_rows_are_left_out_as_if_they_had_not_come(frame: pl.DataFrame) -> None:
    newest = pl.col("timestamp").cum_max().over("symbol")
    in_order = frame.filter(pl.col("timestamp") >= newest)
    run = ops.ofi().start()
    assert_same(run.push(frame), oracle.ofi(rows_of(in_order)))
    assert run.counts == {"ofi.late": frame.height - in_order.height}


def test_quirks_equal_the_oracle() -> None:
    assert_same(ops.ofi().apply(QUIRKS), oracle.ofi(rows_of(QUIRKS)))
    assert ops.ofi().apply(QUIRKS)["ofi"].to_list() == [None, 100.0, 20.0, None]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_ofi_is_told_apart(mistake: oracle.Mistake) -> None:
    """Strict inequalities; a step over the night; float noise as a move; asks as bids."""
    wrong = oracle.ofi(rows_of(QUIRKS), mistake=mistake)
    assert differences(ops.ofi().apply(QUIRKS), wrong)


@pytest.mark.parametrize(
    ("bids", "asks", "expected"),
    [
        ([(10.0, 300)], [(10.02, 200)], 0),  # nothing happened
        ([(10.0, 340)], [(10.02, 200)], 40),  # more is bid
        ([(10.0, 250)], [(10.02, 200)], -50),
        ([(10.0, 300)], [(10.02, 260)], -60),  # more is offered
        ([(10.0, 300)], [(10.02, 130)], 70),
        ([(10.01, 20)], [(10.02, 200)], 20),  # a better bid: all of it is new
        ([(9.99, 500)], [(10.02, 200)], -300),  # the bid is gone
        ([(10.0, 300)], [(10.01, 30)], -30),  # a better ask
        ([(10.0, 300)], [(10.03, 900)], 200),  # the ask is gone
        ([(10.01, 20)], [(10.03, 900)], 220),
    ],
)
def test_steps(bids: Levels, asks: Levels, expected: float) -> None:
    assert step(([(10.0, 300)], [(10.02, 200)]), (bids, asks)) == expected


@pytest.mark.parametrize("absent", [[], [(0.0, 300)], [(math.nan, 300)]])
def test_an_absent_side_gives_null_then_and_after(absent: Levels) -> None:
    one, other = [(10.0, 300)], [(10.02, 200)]
    rows = [seen("10:00:00", one, other), seen("10:00:03", one, absent)]
    rows += [seen("10:00:06", one, other), seen("10:00:09", [(10.0, 310)], other)]
    assert ofi_of(*rows) == [None, None, None, 10.0]


def test_a_null_book_gives_null_then_and_after() -> None:
    frame = pl.concat([seen(f"10:00:0{i}", [(10.0, i)], [(10.1, 5)]) for i in range(1, 5)])
    second = pl.int_range(pl.len()) == 1
    names = ["bid_prices", "ask_prices", "bid_volumes", "ask_volumes"]
    frame = frame.with_columns(pl.when(~second).then(pl.col(names)))
    assert ops.ofi().apply(frame)["ofi"].to_list() == [None, None, None, 1.0]


def test_symbols_do_not_mix() -> None:
    rows = [
        seen("10:00:00", [(10.0, 1)], [(10.1, 1)]),
        seen("10:00:00", [(20.0, 7)], [(20.1, 7)], symbol="000001.SZ"),
        seen("10:00:03", [(10.0, 3)], [(10.1, 1)]),
        seen("10:00:03", [(20.0, 7)], [(20.1, 2)], symbol="000001.SZ"),
    ]
    assert ofi_of(*rows) == [None, None, 2.0, 5.0]


def test_a_vector_of_levels() -> None:
    """Null where a level is absent; all of it on the first row, and where no level is there."""
    rows = [
        seen("10:00:00", [(10.0, 1), (9.9, 5)], [(10.1, 1), (10.2, 1)]),
        seen("10:00:03", [(10.0, 3), (9.9, 4)], [(10.1, 1), (10.2, 1)]),
        seen("10:00:06", [(10.0, 3)], [(10.1, 2), (10.2, 1)]),
        seen("10:00:09", [], [(10.1, 2), (10.2, 1)]),
    ]
    assert ofi_of(*rows, levels=2) == [None, [2.0, -1.0], [-1.0, None], None]


def test_included_late_rows_are_taken_as_they_come() -> None:
    """Also one of the day before: it begins no day, and neither does the row after it."""
    rows = [
        seen("10:00:00", [(10.0, 1)], [(10.1, 1)], day=TUESDAY),
        seen("10:00:00", [(10.0, 4)], [(10.1, 1)], day=MONDAY),
        seen("10:00:03", [(10.0, 6)], [(10.1, 1)], day=TUESDAY),
    ]
    out = ops.ofi(late="include").apply(pl.concat(rows))
    assert out["ofi"].to_list() == [None, 3.0, 2.0]
    with pytest.raises(LateRowError, match=r"600000\.SH"):
        ops.ofi(late="raise").apply(pl.concat(rows))


def test_output_schema() -> None:
    one = pl.Schema({**DEPTH, "ofi": pl.Float64()})
    three = pl.Schema({**DEPTH, "ofi": pl.Array(pl.Float64(), 3)})
    for op, expected in ((ops.ofi(), one), (ops.ofi(levels=3), three)):
        assert op.output_schema(DEPTH) == expected
        assert op.apply(QUIRKS.clear()).schema == op.apply(QUIRKS).schema == expected


@pytest.mark.parametrize("column", list(DEPTH))
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=column):
        ops.ofi().apply(QUIRKS.drop(column))


def test_says_so_where_the_book_has_fewer_levels() -> None:
    with pytest.raises(SchemaError, match="6"):
        ops.ofi(levels=6).apply(QUIRKS)


@pytest.mark.real_data
@pytest.mark.parametrize("levels", [1, 5])
def test_of_real_books(levels: int) -> None:
    frame = real.depth(real.LARGE)[: 300 if strategies.SMALL else 3_000]
    out = ops.ofi(levels=levels).apply(frame)
    assert_same(out, oracle.ofi(rows_of(frame), levels=levels))
    strict = oracle.ofi(rows_of(frame), levels=levels, mistake="strict")
    assert strategies.SMALL or differences(out, strict)
