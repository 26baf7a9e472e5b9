"""`cumulative` against exact fractions and Polars."""

import math
from fractions import Fraction
from itertools import accumulate
from random import Random
from typing import Literal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tickops as ops
from tests.oracles import rows as oracle
from tests.oracles import strategies
from tests.oracles.compare import assert_same, left_out
from tests.oracles.frames import QUOTES, TUESDAY, at, quote, quotes
from tests.oracles.market import Row, rows_of
from tickops.exceptions import LateRowError, SchemaError

Statistic = Literal["sum", "min", "max", "count"]
STATISTICS: list[Statistic] = ["sum", "min", "max", "count"]
LATENESS: st.SearchStrategy[Literal["drop", "include"]] = st.sampled_from(["drop", "include"])
LATE = quote("10:00:00", last=1.0), quote("10:00:06", last=2.0), quote("10:00:03", last=5.0)


def sums(*rows: Row, op: ops.cumulative | None = None) -> list[float | int | None]:
    return (op or ops.cumulative("last_price")).apply(quotes(rows)).to_series(-1).to_list()


@oracle.EXAMPLES
@given(data=st.data(), frame=strategies.quotes())
def test_equals_the_oracle(data: st.DataObject, frame: pl.DataFrame) -> None:
    statistic, late = data.draw(st.sampled_from(STATISTICS)), data.draw(LATENESS)
    daily = data.draw(st.booleans())
    expected = oracle.walk(
        rows_of(frame),
        [f"amount_cumulative_{statistic}"],
        lambda seen: oracle.so_far(oracle.of_day(seen, daily=daily), "amount", statistic),
        late=late,
    )
    run = ops.cumulative("amount", statistic=statistic, daily=daily, late=late).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    assert_same(pl.concat(parts), expected.rows)
    assert run.counts.get("cumulative.late", 0) == expected.late


@oracle.EXAMPLES
@given(frame=strategies.quotes())
def test_equals_polars_filled_forward(frame: pl.DataFrame) -> None:
    out = ops.cumulative(["amount", "volume"], statistic="max", daily=False).apply(frame)
    most = pl.col("amount", "volume").cast(pl.Float64).cum_max().forward_fill().over("symbol")
    expected = out.select(most.name.suffix("_cumulative_max"))
    assert out.select(expected.columns).equals(expected)


@pytest.mark.parametrize(
    ("statistic", "values"),
    [
        ("sum", [None, 3.0, 3.0, 2.0, 6.0]),
        ("min", [None, 3.0, 3.0, -1.0, -1.0]),
        ("max", [None, 3.0, 3.0, 3.0, 4.0]),
        ("count", [None, 1, 1, 2, 3]),
    ],
)
def test_statistics(statistic: Statistic, values: list[float | int | None]) -> None:
    prices = [None, 3.0, None, -1.0, 4.0]
    rows = [quote(f"10:00:0{n}", last=price) for n, price in enumerate(prices)]
    assert sums(*rows, op=ops.cumulative("last_price", statistic=statistic)) == values


@pytest.mark.parametrize("nothing", [None, math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("statistic", STATISTICS)
def test_what_is_no_number_does_not_count(statistic: Statistic, nothing: float | None) -> None:
    rows = quote("10:00:00", last=1.0), quote("10:00:03", last=nothing)
    assert sums(*rows, op=ops.cumulative("last_price", statistic=statistic)) == [1, 1]


@pytest.mark.parametrize(("daily", "values"), [(True, [1.0, None, 2.0]), (False, [1.0, 1.0, 3.0])])
def test_days(daily: bool, values: list[float | None]) -> None:
    rows = [
        quote("14:00:00", last=1.0),
        quote("09:15:00", last=None, day=TUESDAY),
        quote("09:30:00", last=2.0, day=TUESDAY),
    ]
    assert sums(*rows, op=ops.cumulative("last_price", daily=daily)) == values


def test_a_new_day_knows_nothing_of_what_the_old_one_rounded() -> None:
    rows = quote("14:00:00", last=1e17), quote("14:00:03", last=0.1)
    assert sums(*rows, quote("09:30:00", last=5.0, day=TUESDAY))[-1] == 5.0


def test_is_of_the_symbol() -> None:
    other = quote("10:00:01", last=99.0, symbol="000001.SZ")
    rows = quote("10:00:00", last=1.0), other, quote("10:00:03", last=3.0)
    assert sums(*rows) == [1.0, 99.0, 4.0]


def test_sums_of_mixed_magnitude_are_exact() -> None:
    random, count = Random(7), 300 if strategies.SMALL else 20_000
    values = [random.choice([1, 1, -1]) * 10 ** random.uniform(-8, 12) for _ in range(count)]
    frame = pl.DataFrame({"symbol": "600000.SH", "timestamp": at("10:00:00"), "x": values})
    found = ops.cumulative("x").apply(frame)["x_cumulative_sum"].to_list()
    exact = [float(total) for total in accumulate(map(Fraction, values))]
    assert found == pytest.approx(exact, rel=1e-15)


def test_small_values_survive_beside_large_ones_that_cancel() -> None:
    """A plain sum, such as that of Polars, has lost the 0.1 when the large ones are gone."""
    values = [1e17, 0.1, 0.1, 0.1, -1e17]
    assert list(accumulate(values))[-1] == 0.0
    rows = [quote(f"10:00:0{n}", last=value) for n, value in enumerate(values)]
    assert sums(*rows)[-1] == pytest.approx(0.3, rel=1e-12)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of kernels that run uncompiled
def test_a_sum_too_large_for_a_float_is_null() -> None:
    rows = [quote(f"10:00:0{n}", last=1e308) for n in range(3)]
    assert sums(*rows) == [1e308, None, None]


def test_late_row_is_dropped_included_or_an_error() -> None:
    run = ops.cumulative("last_price").start()
    assert run.push(quotes(LATE)).to_series(-1).to_list() == [1.0, 3.0]
    assert left_out(run) == {"cumulative.late": 1}
    assert sums(*LATE, op=ops.cumulative("last_price", late="include")) == [1.0, 3.0, 8.0]
    with pytest.raises(LateRowError, match=r"600000\.SH"):
        ops.cumulative("last_price", late="raise").apply(quotes(LATE))


@pytest.mark.parametrize("broken", [{"symbol": None}, {"timestamp": None}])
@pytest.mark.parametrize("statistic", ["sum", "count"])
def test_row_without_symbol_or_time_is_kept_and_does_not_count(
    statistic: Statistic, broken: Row
) -> None:
    rows = quote("10:00:00", last=1.0), quote("10:00:03", last=9.0) | broken
    op = ops.cumulative("last_price", statistic=statistic)
    assert sums(*rows, quote("10:00:06", last=1.0), op=op) == [1, None, 2]


@pytest.mark.parametrize("statistic", STATISTICS)
def test_output_schema(statistic: Statistic) -> None:
    kind = pl.Int64() if statistic == "count" else pl.Float64()
    expected = pl.Schema({**QUOTES, f"volume_cumulative_{statistic}": kind})
    op = ops.cumulative("volume", statistic=statistic)
    assert op.output_schema(QUOTES) == expected
    out = op.apply(quotes(LATE[:2]))
    assert out.schema == expected
    assert out.select(QUOTES.names()).equals(quotes(LATE[:2]))


@pytest.mark.parametrize("column", ["symbol", "timestamp", "high"])
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=column):
        ops.cumulative("high").apply(quotes(LATE).drop(column))
