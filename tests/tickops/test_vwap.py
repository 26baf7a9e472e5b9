"""`vwap` against plain Python and Polars: since the day began, over a time, over rows."""

from collections.abc import Callable, Hashable
from datetime import date, datetime, timedelta
from typing import Any, Literal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tickops as ops
from tests.oracles import deltas, strategies
from tests.oracles import vwap as oracle
from tests.oracles.compare import assert_same, differences, left_out
from tests.oracles.frames import DELTAS, QUOTES, TUESDAY, quote, quotes, traded
from tests.oracles.market import Row, rows_of, seconds
from tickops.exceptions import LateRowError, SchemaError

Policy = Literal["drop", "include"]
SUMS = 1e-8
"""Sums of amounts that cancel are as exact as the amounts are: of 10 million yuan, 2e-9."""
RATIO = pl.when(pl.col("delta_volume") > 0).then(pl.col("delta_amount") / pl.col("delta_volume"))


def trade(text: str, traded: int | None, paid: float | None, **others: Any) -> Row:
    """A row with its difference, as `deltas` gives it."""
    reason = "trade" if traded is not None else None
    delta: Row = {"delta_volume": traded, "delta_amount": paid, "delta_price": None}
    return quote(text, **others) | delta | {"reason": others.get("reason", reason)}


def vwap_of(*rows: Row, op: ops.vwap | None = None) -> list[float | None]:
    return (op or ops.vwap()).apply(traded(rows))["vwap"].to_list()


def differenced(frame: pl.DataFrame, late: str) -> pl.DataFrame:
    """A frame of snapshots with the oracle's differences."""
    rows = deltas.deltas(rows_of(frame), late=late).rows
    return pl.DataFrame(rows, schema=pl.Schema({**frame.schema, **DELTAS}))


@pytest.mark.parametrize("late", ["drop", "include"])
@pytest.mark.parametrize("window", [None, "3s", "1m", "2h", 1, 4])
@strategies.EXAMPLES
@given(data=st.data(), quotes=strategies.quotes())
def test_equals_the_oracle(
    data: st.DataObject, quotes: pl.DataFrame, window: str | int | None, late: Policy
) -> None:
    frame = differenced(quotes, "include")
    unit = data.draw(st.sampled_from([None, 1, {"600000.SH": 200}]))
    width = seconds(window) if isinstance(window, str) else window
    expected = oracle.vwap(rows_of(frame), window=width, unit=unit, late=late)
    run = ops.vwap(window, unit=unit, late=late).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    assert_same(pl.concat(parts), expected.rows, absolute=SUMS)
    assert run.counts.get("vwap.late", 0) == expected.late


@strategies.EXAMPLES
@given(quotes=strategies.quotes(with_nulls=False))
def test_a_window_of_time_equals_polars(quotes: pl.DataFrame) -> None:
    frame = differenced(quotes, "drop").with_columns(pl.col("delta_volume").fill_null(0))
    for rows in ops.vwap("1m", unit=1).apply(frame).partition_by("symbol"):
        sums = pl.col("delta_volume", "delta_amount").rolling_sum_by("timestamp", window_size="1m")
        both = rows.select("timestamp", "vwap", naive=rows.select(sums).select(RATIO).to_series())
        # Polars gives all rows of one timestamp the sum of them all; ours have not come yet.
        last = both.filter(pl.col("timestamp").is_last_distinct())
        assert_same(last.select("vwap"), last.select(vwap="naive").to_dicts(), absolute=SUMS)


def test_null_before_the_first_trade() -> None:
    rows = trade("09:30:00", None, None), trade("09:30:03", 0, 0.0), trade("09:30:06", 2, 2000.0)
    assert vwap_of(*rows) == [None, None, 10.0]


def test_since_the_day_began() -> None:
    rows = trade("09:30:00", 1, 1000.0), trade("10:00:00", 3, 3060.0), trade("14:00:00", 0, 0.0)
    assert vwap_of(*rows) == [10.0, 10.15, 10.15]


def test_begins_anew_each_day() -> None:
    rows = trade("14:00:00", 1, 1000.0), trade("09:25:00", 3, 3300.0, day=TUESDAY)
    assert vwap_of(*rows) == [10.0, 11.0]


def test_is_null_on_a_new_day_before_its_first_trade() -> None:
    rows = trade("14:00:00", 1, 1000.0), trade("09:15:00", 0, 0.0, day=TUESDAY)
    assert vwap_of(*rows) == [10.0, None]


@pytest.mark.parametrize("region", ["CN", "HK", "US", "XX"])
def test_the_day_is_the_local_date(region: str) -> None:
    rows = [
        trade("23:59:58", 1, 1000.0, region=region),
        trade("23:59:59", 1, 1100.0, region=region),
        trade("00:00:01", 1, 1200.0, region=region, day=TUESDAY),
    ]
    assert vwap_of(*rows, op=ops.vwap(unit=100)) == [10.0, 10.5, 12.0]


def test_the_same_day_of_another_month_is_another_day() -> None:
    rows = trade("14:00:00", 1, 1000.0), trade("14:00:00", 3, 3300.0, day=date(2026, 4, 2))
    assert vwap_of(*rows) == [10.0, 11.0]


def test_a_symbol_first_seen_at_noon_has_the_days_vwap() -> None:
    first = trade("11:00:00", None, None, amount=110_000.0, volume=100, reason="first")
    assert vwap_of(first, trade("11:00:03", 100, 90_000.0)) == [11.0, 10.0]


def test_the_days_vwap_begins_with_the_first_row_though_an_incomplete_one_came_before() -> None:
    broken = trade("11:00:00", None, None, volume=None)
    first = trade("11:00:03", None, None, amount=110_000.0, volume=100, reason="first")
    assert vwap_of(broken, first, trade("11:00:06", 100, 90_000.0)) == [None, 11.0, 10.0]


def test_a_first_row_without_cumulative_columns_is_no_trade() -> None:
    rows = [trade("11:00:00", None, None, reason="first"), trade("11:00:03", 1, 900.0)]
    frame = traded(rows).drop("volume", "amount")
    assert ops.vwap().apply(frame)["vwap"].to_list() == [None, 9.0]


def test_a_window_does_not_count_what_traded_before_the_first_row() -> None:
    first = trade("11:00:00", None, None, amount=110_000.0, volume=100, reason="first")
    assert vwap_of(first, trade("11:00:03", 1, 900.0), op=ops.vwap("5m")) == [None, 9.0]


@pytest.mark.parametrize(("second", "value"), [("10:04:59.999", 10.5), ("10:05:00", 11.0)])
def test_a_window_is_open_on_the_left(second: str, value: float) -> None:
    """The rows in (t − window, t]: one exactly a window ago has left it."""
    rows = trade("10:00:00", 1, 1000.0), trade(second, 1, 1100.0)
    assert vwap_of(*rows, op=ops.vwap("5m")) == [10.0, value]


def test_a_window_is_null_when_nothing_in_it_traded() -> None:
    rows = trade("10:00:00", 1, 1000.0), trade("10:01:00", 0, 0.0), trade("10:05:01", 0, 0.0)
    assert vwap_of(*rows, op=ops.vwap("5m")) == [10.0, 10.0, None]


def test_a_window_reaches_back_over_midnight() -> None:
    rows = [
        trade("15:59:58", 1, 1000.0, region="US"),
        trade("09:30:00", 3, 3400.0, day=TUESDAY, region="US"),
    ]
    assert vwap_of(*rows, op=ops.vwap("24h", unit=100)) == [10.0, 11.0]


def test_a_window_may_be_a_timedelta() -> None:
    rows = trade("10:00:00", 1, 1000.0), trade("10:05:00", 1, 1100.0)
    assert vwap_of(*rows, op=ops.vwap(timedelta(minutes=5))) == [10.0, 11.0]


def test_a_window_of_rows() -> None:
    rows = [trade(f"10:00:0{n}", 1, amount) for n, amount in enumerate([1000.0, 1100.0, 1400.0])]
    assert vwap_of(*rows, op=ops.vwap(2)) == [10.0, 10.5, 12.5]


def test_a_window_of_rows_counts_rows_that_did_not_trade() -> None:
    rows = trade("10:00:00", 1, 1000.0), trade("10:00:03", 0, 0.0), trade("10:00:06", None, None)
    assert vwap_of(*rows, op=ops.vwap(2)) == [10.0, 10.0, None]


def test_a_window_of_rows_is_of_one_symbol() -> None:
    other = trade("10:00:01", 1, 9999.0, symbol="000001.SZ")
    rows = trade("10:00:00", 1, 1000.0), other, trade("10:00:03", 1, 1200.0)
    assert vwap_of(*rows, op=ops.vwap(2)) == [10.0, 99.99, 11.0]


def test_symbols_do_not_mix() -> None:
    other = trade("10:00:01", 1, 9900.0, symbol="000001.SZ")
    assert vwap_of(trade("10:00:00", 1, 1000.0), other, trade("10:00:03", 1, 1200.0))[2] == 11.0


@pytest.mark.parametrize(
    ("region", "unit", "value"),
    [
        ("CN", None, 10.0),
        ("HK", None, 1000.0),
        ("US", None, 1000.0),
        ("CN", 1, 1000.0),
        ("CN", {"600000.SH": 50}, 20.0),
        ("CN", {"000001.SZ": 50}, 10.0),
    ],
)
def test_unit(region: str, unit: int | dict[str, int] | None, value: float) -> None:
    rows = [trade("10:00:00", 1, 1000.0, region=region)]
    assert vwap_of(*rows, op=ops.vwap(unit=unit)) == [value]


def test_correction_takes_back() -> None:
    rows = trade("10:00:00", 3, 3600.0), trade("10:00:03", -1, -1600.0), trade("10:00:06", -2, 0.0)
    assert vwap_of(*rows) == [12.0, 10.0, None]


LATE = trade("10:00:00", 1, 1000.0), trade("10:00:06", 1, 1100.0), trade("10:00:03", 1, 1200.0)


def test_late_row_is_dropped_and_counted() -> None:
    run = ops.vwap().start()
    assert run.push(traded(LATE))["vwap"].to_list() == [10.0, 10.5]
    assert left_out(run) == {"vwap.late": 1}


def test_late_row_is_an_error() -> None:
    with pytest.raises(LateRowError, match=r"600000\.SH"):
        ops.vwap(late="raise").apply(traded(LATE))


def test_late_row_is_included_as_at_the_newest_time() -> None:
    rows = *LATE, trade("10:00:08", 1, 1400.0), trade("10:00:09", 0, 0.0)
    found = vwap_of(*rows, op=ops.vwap("3s", late="include"))
    assert found == [10.0, 11.0, 11.5, pytest.approx(37 / 3), 14.0]


def test_late_row_of_an_earlier_day_is_of_the_current_day() -> None:
    rows = [
        trade("14:00:00", 1, 1000.0),
        trade("09:30:00", 1, 1100.0, day=TUESDAY),
        trade("14:00:03", 1, 1200.0),
    ]
    assert vwap_of(*rows, op=ops.vwap(late="include")) == [10.0, 11.0, 11.5]


@pytest.mark.parametrize("broken", [{"symbol": None}, {"timestamp": None}])
def test_row_without_symbol_or_time_is_kept_and_changes_nothing(broken: Row) -> None:
    rows = [trade("10:00:00", 1, 1000.0), trade("10:00:03", 5, 9e9) | broken]
    assert vwap_of(*rows, trade("10:00:06", 1, 1100.0)) == [10.0, None, 10.5]


def test_stays_exact_when_large_amounts_leave_a_window() -> None:
    """A sum kept by adding and subtracting floats forgets the small amounts beside large ones."""
    large = [trade("10:00:00", 10**9, 1e17 + 1.0), trade("10:00:01", 1, 1000.1)]
    rows = [*large, trade("10:05:00", 0, 0.0), trade("10:05:00.500", 0, 0.0)]
    assert vwap_of(*rows, op=ops.vwap("5m"))[-1] == pytest.approx(10.001, rel=1e-9)


def test_keeps_rows_order_and_columns() -> None:
    frame = traded([*LATE[:2], trade("10:00:01", 5, 1.0, symbol="000001.SZ")])
    assert ops.vwap().apply(frame).drop("vwap").equals(frame)


def test_output_schema() -> None:
    before = pl.Schema({**QUOTES, **DELTAS})
    expected = pl.Schema({**before, "vwap": pl.Float64()})
    assert ops.vwap().output_schema(before) == expected
    assert ops.vwap().apply(pl.DataFrame(schema=before)).schema == expected


@pytest.mark.parametrize("column", ["delta_volume", "delta_amount"])
def test_missing_column_is_named_with_the_operator_that_makes_it(column: str) -> None:
    with pytest.raises(SchemaError, match=column) as caught:
        ops.vwap().apply(traded(LATE).drop(column))
    assert "deltas" in str(caught.value).replace(column, "")


@pytest.mark.parametrize("window", [0, -1, "0s", "-5m", "soon"])
def test_refuses_windows_that_cannot_be_right(window: str | int) -> None:
    with pytest.raises(ValueError, match="window"):
        ops.vwap(window)


def vwap_by(day: Callable[[datetime], Hashable]) -> Callable[[list[Row]], list[Row]]:
    """A VWAP of one symbol whose sums begin anew whenever what it takes for the day changes."""

    def mistaken(rows: list[Row]) -> list[Row]:
        out, sums = list[Row](), dict[Hashable, tuple[int, float]]()
        for row in rows:
            key = day(row["timestamp"])
            volume, amount = sums.get(key, (0, 0.0))
            is_first = row["reason"] == "first"
            volume += row["volume"] if is_first else row["delta_volume"]
            amount += row["amount"] if is_first else row["delta_amount"]
            sums = {key: (volume, amount)}
            out.append(row | {"vwap": amount / (volume * 100) if volume > 0 else None})
        return out

    return mistaken


def counts_the_first_row_as_a_trade(rows: list[Row]) -> list[Row]:
    """A third: in a window the day so far is what traded between no row and the first."""
    filled = [
        row | {"delta_volume": row["volume"], "delta_amount": row["amount"]}
        if row["reason"] == "first"
        else row
        for row in rows
    ]
    return oracle.vwap(filled, window=timedelta(minutes=5)).rows


def wrong_lines(wrong: list[Row], right: list[Row]) -> set[str]:
    """Rows and columns in which an implementation is found out."""
    frame = pl.DataFrame([{"vwap": row["vwap"]} for row in wrong], schema={"vwap": pl.Float64})
    expected = [{"vwap": row["vwap"]} for row in right]
    return {line.split(":")[0] for line in differences(frame, expected)}


def never(moment: datetime) -> Hashable:
    return "always the same"


def day_of_the_month(moment: datetime) -> Hashable:
    return moment.day


def every_86_microseconds(moment: datetime) -> Hashable:
    return round(moment.timestamp() * 1_000_000) // 86


def local_date(moment: datetime) -> Hashable:
    return (moment + timedelta(hours=8)).date()


@pytest.mark.parametrize(
    ("day", "found_out"),
    [
        (never, {"row 2, vwap", "row 3, vwap"}),
        (day_of_the_month, {"row 3, vwap"}),
        (every_86_microseconds, {"row 1, vwap"}),
        (local_date, set[str]()),
    ],
)
def test_oracle_catches_sums_that_begin_anew_at_wrong_times(
    day: Callable[[datetime], Hashable], found_out: set[str]
) -> None:
    april = date(2026, 4, 3)
    frame = quotes(
        [
            quote("14:00:00", 100),
            quote("14:00:03", 110, amount=112_000.0),
            quote("09:30:00", 30, day=TUESDAY, amount=33_000.0),
            quote("09:30:00", 30, day=april, amount=36_000.0),
        ]
    )
    rows = rows_of(differenced(frame, "drop"))
    assert april.day == TUESDAY.day
    assert wrong_lines(vwap_by(day)(rows), oracle.vwap(rows).rows) == found_out


def test_oracle_catches_a_first_row_that_counts_as_trade() -> None:
    frame = quotes([quote("14:00:00", 100), quote("14:00:03", 110, amount=111_000.0)])
    rows = rows_of(differenced(frame, "drop"))
    right = oracle.vwap(rows, window=timedelta(minutes=5)).rows
    wrong = wrong_lines(counts_the_first_row_as_a_trade(rows), right)
    assert wrong == {"row 0, vwap", "row 1, vwap"}
