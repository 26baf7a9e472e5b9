"""`realised_volatility` against all returns of a window again."""

import math
from typing import Literal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tickops as ops
from tests import data
from tests.oracles import realised_volatility as oracle
from tests.oracles import strategies
from tests.oracles.compare import assert_same, left_out
from tests.oracles.frames import QUOTES, TUESDAY, quote, quotes
from tests.oracles.market import Row, rows_of, seconds
from tickops import testing
from tickops.exceptions import LateRowError, SchemaError

Policy = Literal["drop", "include"]

FEWER = settings(deadline=None, max_examples=10 if strategies.SMALL else 50)
FRAMES = st.one_of(
    strategies.quotes(max_size=30),
    testing.quotes(
        symbols=4, days=3, regions=("CN", "HK", "US", "XX"), late=True, nans=True, min_rows=12
    ),
)
E = math.e


def volatility_of(*rows: Row, op: ops.realised_volatility | None = None) -> list[float | None]:
    op = op or ops.realised_volatility("1h")
    return op.apply(quotes(rows))["realised_volatility"].to_list()


def prices(*values: float | None) -> list[Row]:
    return [quote(f"10:00:{3 * n:02}", last=value) for n, value in enumerate(values)]


@FEWER
@given(
    data=st.data(),
    frame=FRAMES,
    window=st.sampled_from(["3s", "5m", "30h", 1, 2, 6]),
    min_rows=st.sampled_from([1, 3]),
    daily=st.booleans(),
    late=st.sampled_from(["drop", "include"]),
)
def test_equals_the_oracle(
    data: st.DataObject,
    frame: pl.DataFrame,
    window: str | int,
    min_rows: int,
    daily: bool,
    late: Policy,
) -> None:
    run = ops.realised_volatility(window, min_rows=min_rows, daily=daily, late=late).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    width = seconds(window) if isinstance(window, str) else window
    expected = oracle.realised_volatility(
        rows_of(frame), width, min_rows=min_rows, daily=daily, late=late
    )
    assert_same(pl.concat(parts), expected)
    assert left_out(run).get("realised_volatility.late", 0) == frame.height - len(expected)


def test_is_the_root_of_the_sum_of_squares() -> None:
    """Log returns 3, −4: 5. Not their standard deviation, not the root of the mean square."""
    assert volatility_of(*prices(1.0, E**3, 1 / E)) == [
        None,
        pytest.approx(3.0),
        pytest.approx(5.0),
    ]


def test_returns_are_of_logs() -> None:
    assert volatility_of(*prices(1.0, 2.0))[1] == pytest.approx(math.log(2))


def test_a_trend_is_volatility_too() -> None:
    """No mean is subtracted."""
    assert volatility_of(*prices(1.0, E, E**2, E**3))[-1] == pytest.approx(math.sqrt(3))


def test_prices_that_stay_have_none() -> None:
    assert volatility_of(*prices(9.0, 9.0, 9.0)) == [None, 0.0, 0.0]


@pytest.mark.parametrize("nothing", [None, 0.0])
def test_a_row_without_price_is_stepped_over(nothing: float | None) -> None:
    assert volatility_of(*prices(1.0, nothing, E)) == [None, None, pytest.approx(1.0)]


def test_there_is_no_return_over_night_unless_asked_for() -> None:
    rows = [*prices(1.0, E), quote("09:30:00", last=E**4, day=TUESDAY)]
    assert volatility_of(*rows, op=ops.realised_volatility(9))[-1] == pytest.approx(1.0)
    op = ops.realised_volatility(9, daily=False)
    assert volatility_of(*rows, op=op)[-1] == pytest.approx(math.sqrt(10))


def test_a_window_of_rows_is_of_rows() -> None:
    """A row without price counts among the last two."""
    op = ops.realised_volatility(2)
    found = volatility_of(*prices(1.0, E, None, E**3), op=op)
    assert found == [None, *map(pytest.approx, [1.0, 1.0, 2.0])]


@pytest.mark.parametrize(("window", "expected"), [("6s", 2.0), ("7s", math.sqrt(5))])
def test_a_window_of_time_is_open_on_the_left(window: str, expected: float) -> None:
    found = volatility_of(*prices(1.0, E, E, E**3), op=ops.realised_volatility(window))
    assert found[-1] == pytest.approx(expected)


def test_is_null_with_fewer_returns_than_asked_for() -> None:
    op = ops.realised_volatility("1h", min_rows=2)
    assert volatility_of(*prices(1.0, E, E), op=op) == [None, None, pytest.approx(1.0)]


def test_another_column() -> None:
    rows = [row | {"open": value} for row, value in zip(prices(9, 9), (1.0, E), strict=True)]
    op = ops.realised_volatility("1h", column="open")
    assert volatility_of(*rows, op=op) == [None, pytest.approx(1.0)]


def test_stays_exact_when_a_large_return_has_left_the_window() -> None:
    values = [1.0, 1e250, 1.0, 1.0, 1.00001, 1.0]
    found = volatility_of(*prices(*values), op=ops.realised_volatility(3))
    expected = math.sqrt(2) * math.log(1.00001)
    assert found[-1] == pytest.approx(expected, rel=1e-9)


LATE = *prices(1.0, E), quote("10:00:01", last=E**3)


def test_late_row_is_dropped_and_counted() -> None:
    run = ops.realised_volatility("1h").start()
    found = run.push(quotes(LATE))["realised_volatility"].to_list()
    assert found == [None, pytest.approx(1.0)]
    assert left_out(run) == {"realised_volatility.late": 1}


def test_late_row_is_included_as_at_the_newest_time() -> None:
    op = ops.realised_volatility("1s", late="include")
    assert volatility_of(*LATE, op=op)[-1] == pytest.approx(math.sqrt(5))


def test_late_row_is_an_error() -> None:
    with pytest.raises(LateRowError, match=r"600000\.SH"):
        ops.realised_volatility("1h", late="raise").apply(quotes(LATE))


@pytest.mark.parametrize("broken", [{"symbol": None}, {"timestamp": None}])
def test_row_without_symbol_or_time_changes_nothing(broken: Row) -> None:
    rows = prices(1.0, 5.0, E)
    assert volatility_of(rows[0], rows[1] | broken, rows[2]) == [None, None, pytest.approx(1.0)]


def test_symbols_do_not_mix() -> None:
    rows = prices(1.0, 5.0, E)
    other = rows[1] | {"symbol": "000001.SZ"}
    assert volatility_of(rows[0], other, rows[2]) == [None, None, pytest.approx(1.0)]


def test_output_schema() -> None:
    expected = pl.Schema({**QUOTES, "realised_volatility": pl.Float64()})
    assert ops.realised_volatility("5m").output_schema(QUOTES) == expected
    assert ops.realised_volatility(5).apply(quotes([])).schema == expected


def test_missing_column_is_named() -> None:
    for column in ("symbol", "timestamp", "last_price"):
        with pytest.raises(SchemaError, match=column):
            ops.realised_volatility("5m").apply(quotes(LATE).drop(column))


@pytest.mark.real_data
def test_equals_polars_on_a_real_day() -> None:
    frame = data.quotes(data.SZ5).filter(pl.col("last_price") > 0)
    frame = frame.filter(pl.col("symbol") == pl.col("symbol").first())
    frame = frame[: 200 if strategies.SMALL else None]
    square = pl.col("last_price").log().diff().fill_null(0.0) ** 2
    expected = frame.select(square.rolling_sum_by("timestamp", "5m").sqrt())["last_price"].to_list()
    found = ops.realised_volatility("5m").apply(frame)["realised_volatility"].to_list()
    assert found[1:] == pytest.approx(expected[1:], rel=1e-6, abs=1e-12)
    assert max(expected) > 0.001
