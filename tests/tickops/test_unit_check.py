"""`unit_check` against exact fractions, and on volumes whose unit is known."""

import logging
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tickops as ops
from tests.oracles import strategies
from tests.oracles import trades as oracle
from tests.oracles.compare import assert_same
from tests.oracles.frames import QUOTES, quote
from tests.oracles.frames import quotes as frame_of
from tests.oracles.market import Row, rows_of
from tests.tickops.test_real_data import Source, every_source, quotes
from tickops.exceptions import SchemaError
from tickops.testing import quotes as any_quotes


def row(volume: int | None, amount: float | None, low: float, high: float, **others: Any) -> Row:
    return quote("10:00:00", volume, amount=amount, low=low, high=high, **others)


def fits(*rows: Row, op: ops.unit_check | None = None) -> list[int | None]:
    return (op or ops.unit_check()).apply(frame_of(rows))["unit_fits"].to_list()


@strategies.EXAMPLES
@given(data=st.data(), frame=any_quotes(corrections=True, nulls=True, regions=("CN", "HK", "XX")))
def test_equals_the_oracle(data: st.DataObject, frame: pl.DataFrame) -> None:
    rows = frame.drop("received", "connection", "region")
    run = ops.unit_check().start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(rows))]
    expected = [row | {"unit_fits": oracle.unit_fits(row)} for row in rows_of(rows)]
    assert_same(pl.concat(parts), expected)


@pytest.mark.parametrize("unit", [1, 10, 100, 1000])
def test_finds_the_unit(unit: int) -> None:
    assert fits(row(7, 7 * unit * 10.05, 10.0, 10.1)) == [unit]


def test_none_fits() -> None:
    assert fits(row(700, 700 * 50 * 10.05, 10.0, 10.1)) == [None]


def test_volume_cut_to_whole_lots_fits() -> None:
    """299 shares are 2 lots: amount / (volume · 100) is half as much again as the high."""
    assert fits(row(2, 299 * 10.0, 10.0, 10.0)) == [100]
    assert fits(row(2, 301 * 10.0, 10.0, 10.0)) == [None]


def test_amount_cut_to_whole_yuan_fits() -> None:
    """All was traded at 10.01, and 0.99 yuan of the amount are not shown."""
    assert fits(row(100, 1000.0, 10.01, 10.01)) == [1]
    assert fits(row(100, 999.9, 10.01, 10.01)) == [None]


@pytest.mark.parametrize(
    "nothing",
    [
        row(0, 0.0, 0.0, 0.0),
        row(0, 50.0, 10.0, 10.0),
        row(None, 1000.0, 10.0, 10.0),
        row(100, None, 10.0, 10.0),
        row(100, 1000.0, 0.0, 0.0),
        row(-100, -1000.0, 10.0, 10.0),
    ],
)
def test_null_before_anything_traded(nothing: Row) -> None:
    assert fits(nothing) == [None]


def test_a_row_without_symbol_is_looked_at_all_the_same() -> None:
    assert fits(row(7, 70.0, 10.0, 10.0, symbol=None)) == [1]


IN_SHARES = row(700, 7000.0, 10.0, 10.0)


def warnings_of(
    caplog: pytest.LogCaptureFixture, *rows: Row, op: ops.unit_check | None = None
) -> list[str]:
    with caplog.at_level(logging.WARNING, logger="tickops"):
        fits(*rows, op=op)
    return [record.getMessage() for record in caplog.records]


def test_warns_once_of_each_symbol(caplog: pytest.LogCaptureFixture) -> None:
    rows = [IN_SHARES, IN_SHARES, IN_SHARES | {"symbol": "000001.SZ"}, IN_SHARES]
    told = warnings_of(caplog, *rows)
    assert len(told) == 2
    assert "600000.SH" in told[0]
    assert "units of 100 shares" in told[0]
    assert "fit 1;" in told[0]
    assert "000001.SZ" in told[1]


def test_warns_once_however_rows_are_cut(caplog: pytest.LogCaptureFixture) -> None:
    run = ops.unit_check().start()
    for _ in range(3):
        run.push(frame_of([IN_SHARES]))
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    ("rows", "unit"),
    [
        ([IN_SHARES], 1),
        ([IN_SHARES], {"600000.SH": 1}),
        ([row(7, 7000.0, 10.0, 10.0)], None),
        ([row(7, 7000.0 * 2, 10.0, 10.0)], 200),
        ([row(0, 0.0, 0.0, 0.0)], None),
        ([row(700, 700 * 50 * 10.05, 10.0, 10.1)], None),
    ],
)
def test_says_nothing_where_the_unit_fits_or_none_does(
    rows: list[Row], unit: Any, caplog: pytest.LogCaptureFixture
) -> None:
    assert not warnings_of(caplog, *rows, op=ops.unit_check(unit=unit))


def test_what_was_told_is_no_part_of_a_snapshot(caplog: pytest.LogCaptureFixture) -> None:
    told, untold = ops.unit_check().start(), ops.unit_check().start()
    told.push(frame_of([IN_SHARES]))
    untold.push(frame_of([row(0, 0.0, 0.0, 0.0)]))
    assert told.snapshot() == untold.snapshot()
    assert len(caplog.records) == 1


def test_output_schema() -> None:
    expected = pl.Schema({**QUOTES, "unit_fits": pl.Int64()})
    assert ops.unit_check().output_schema(QUOTES) == expected
    assert ops.unit_check().apply(frame_of([]).clear()).schema == expected


@pytest.mark.parametrize("column", ["symbol", "volume", "amount", "low", "high"])
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=column):
        ops.unit_check().apply(frame_of([IN_SHARES]).drop(column))


@pytest.mark.real_data
@every_source
def test_finds_the_unit_of_real_volumes(source: Source, caplog: pytest.LogCaptureFixture) -> None:
    """Of every row that traded, and no row is warned of where the right unit is in use."""
    out = ops.unit_check(unit=source.unit).apply(quotes(source))
    traded = out.filter(pl.col("volume") > 0, pl.col("low") > 0)
    assert traded["unit_fits"].to_list() == [source.unit] * traded.height
    assert traded.height
    assert not caplog.records
