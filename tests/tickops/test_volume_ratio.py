"""`volume_ratio` against days summed up one by one."""

from datetime import date, timedelta
from typing import Literal

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tickops as ops
from tests import data
from tests.oracles import strategies
from tests.oracles import volume_ratio as oracle
from tests.oracles.compare import assert_same, left_out
from tests.oracles.frames import DELTAS, MONDAY, QUOTES, quote, traded
from tests.oracles.market import Row, rows_of
from tests.oracles.sided import priced
from tickops import testing
from tickops._kernels.volume_ratio import STATE
from tickops._snapshot import decode, encode
from tickops.exceptions import LateRowError, SchemaError, SnapshotError

Policy = Literal["drop", "include"]

FEWER = settings(deadline=None, max_examples=10 if strategies.SMALL else 50)
BEFORE = pl.Schema({**QUOTES, **DELTAS})
FRAMES = testing.quotes(
    symbols=3, days=5, regions=("CN", "HK", "XX"), late=True, nulls=True, min_rows=15, max_rows=40
)


def row(day: int, text: str, delta: int | None, volume: int | None = None, **others: object) -> Row:
    """A row of a day (from 0), and what it traded; a `first` one with what traded before it."""
    given = quote(text, volume, day=MONDAY + timedelta(days=day))
    reason = "trade" if volume is None else "first"
    return priced(given, delta_volume=delta, delta_amount=0.0, reason=reason, **others)


def ratio_of(*rows: Row, op: ops.volume_ratio | None = None) -> list[float | None]:
    return (op or ops.volume_ratio(1)).apply(traded(rows))["volume_ratio"].to_list()


@FEWER
@given(
    data=st.data(),
    quotes=FRAMES,
    days=st.sampled_from([(1, None), (2, None), (2, 1), (5, 2)]),
    based=st.booleans(),
    late=st.sampled_from(["drop", "include"]),
)
def test_equals_the_oracle(
    data: st.DataObject,
    quotes: pl.DataFrame,
    days: tuple[int, int | None],
    based: bool,
    late: Policy,
) -> None:
    frame = ops.deltas(late="include").apply(quotes)
    frame = frame if based else frame.drop("reason")
    run = ops.volume_ratio(days[0], min_days=days[1], late=late).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    expected = oracle.volume_ratio(rows_of(frame), *days, late=late)
    assert_same(pl.concat(parts), expected)
    assert left_out(run).get("volume_ratio.late", 0) == frame.height - len(expected)


MONDAYS = row(0, "09:25:00", None, 100), row(0, "14:00:00", 2300)
"""2400 in all: 10 a minute."""


def test_is_volume_a_minute_against_that_of_the_day_before() -> None:
    """600 in the first half hour are 20 a minute; nothing more by 10:30, 10 a minute."""
    rows = *MONDAYS, row(1, "10:00:00", 600), row(1, "10:30:00", 0)
    assert ratio_of(*rows) == [None, None, 2.0, 1.0]


def test_the_mean_is_over_the_last_days() -> None:
    """240, 480 and 960: the last two have a mean of 3 a minute, all three one of 7/3."""
    rows = [row(0, "09:25:00", None, 240), row(1, "14:00:00", 480), row(2, "14:00:00", 960)]
    today = row(3, "09:40:00", 90)
    found = ratio_of(*rows, today, op=ops.volume_ratio(2))
    assert found == [None, None, pytest.approx(960 / 180 / 1.5), 3.0]
    assert ratio_of(*rows, today, op=ops.volume_ratio(3))[-1] == pytest.approx(9 / (7 / 3))


def test_is_null_until_so_many_days_were_seen() -> None:
    rows = [row(0, "09:25:00", None, 240), row(1, "14:00:00", 240), row(2, "10:00:00", 30)]
    today = row(3, "10:00:00", 30)
    found = [value is None for value in ratio_of(*rows, today, op=ops.volume_ratio(3))]
    assert found == [True, True, True, False]
    fewer = ops.volume_ratio(3, min_days=2)
    assert ratio_of(*rows, op=fewer)[1:] == [None, 1.0]
    assert ratio_of(*rows, op=ops.volume_ratio())[1:] == [None, None]


def test_lunch_and_after_hours_are_no_minutes() -> None:
    """A day's 1200 by 11:30, 120 minutes; 2400 by 15:00, 240."""
    times = ["11:30:00", "12:15:00", "13:00:00", "15:00:00", "15:30:00"]
    deltas = [1200, 0, 0, 1200, 0]
    found = ratio_of(*MONDAYS, *map(row, [1] * 5, times, deltas))
    assert found[2:] == [1.0] * 5


def test_minutes_are_counted_with_their_fractions() -> None:
    """3 seconds at 10 a minute make half a lot; 5 are 10 times as much."""
    assert ratio_of(*MONDAYS, row(1, "09:30:03", 5))[-1] == pytest.approx(10.0)


def test_is_null_before_the_opening_and_the_auction_counts() -> None:
    rows = *MONDAYS, row(1, "09:25:00", 300), row(1, "09:30:00", 0), row(1, "10:00:00", 0)
    assert ratio_of(*rows)[2:] == [None, None, 1.0]


def test_what_traded_before_the_first_row_belongs_to_its_day() -> None:
    """First seen at 14:00 with 2100 behind it: all 2400 of Monday, not 300, are known."""
    monday = row(0, "14:00:00", None, 2100), row(0, "14:30:00", 300)
    assert ratio_of(*monday, row(1, "10:00:00", 300))[-1] == 1.0


def test_a_first_day_not_wholly_known_does_not_count() -> None:
    monday = row(0, "14:00:00", None), row(0, "14:30:00", 300)
    later = row(1, "10:00:00", 300), row(2, "10:00:00", 60)
    assert ratio_of(*monday, *later) == [None, None, None, pytest.approx(60 / 30 / (300 / 240))]


def test_days_without_trade_are_left_out() -> None:
    """A suspension, and a stray row at the weekend, are no days of volume 0."""
    rows = *MONDAYS, row(1, "10:00:00", 0), row(5, "10:00:00", None), row(7, "10:00:00", 300)
    assert ratio_of(*rows)[-1] == 1.0


def test_nothing_traded_today_is_nothing() -> None:
    assert ratio_of(*MONDAYS, row(1, "10:00:00", None))[-1] == 0.0


def test_markets_have_their_own_minutes() -> None:
    """Of 330 in Hong Kong, half an hour is a larger part than of 390 in New York."""
    for region, whole in (("CN", 240), ("HK", 330), ("US", 390)):
        rows = [
            priced(
                quote("10:00:00", volume, region=region, day=date(2026, 6, 1 + day)),
                delta_volume=delta,
                reason=reason,
            )
            for day, volume, delta, reason in ((0, whole, None, "first"), (1, 0, 60, "new_day"))
        ]
        assert ratio_of(*rows)[-1] == pytest.approx(2.0), region


def test_other_sessions() -> None:
    op = ops.volume_ratio(1, sessions=[("09:00", "10:00"), ("14:00", "15:00")])
    assert ratio_of(*MONDAYS, row(1, "09:30:00", 600), op=op)[-1] == 1.0


LATE = *MONDAYS, row(1, "10:00:00", 300), row(1, "09:50:00", 300)


def test_late_row_is_dropped_and_counted() -> None:
    run = ops.volume_ratio(1).start()
    assert run.push(traded(LATE))["volume_ratio"].to_list() == [None, None, 1.0]
    assert left_out(run) == {"volume_ratio.late": 1}


def test_late_row_is_included_as_at_the_newest_time() -> None:
    op = ops.volume_ratio(1, late="include")
    assert ratio_of(*LATE, op=op)[-1] == 2.0
    yesterday = row(0, "14:30:00", 300)
    assert ratio_of(*LATE[:-1], yesterday, op=op)[-1] == 2.0


def test_late_row_is_an_error() -> None:
    with pytest.raises(LateRowError, match=r"600000\.SH"):
        ops.volume_ratio(late="raise").apply(traded(LATE))


@pytest.mark.parametrize("broken", [{"symbol": None}, {"timestamp": None}])
def test_row_without_symbol_or_time_changes_nothing(broken: Row) -> None:
    rows = *MONDAYS, row(1, "10:00:00", 900) | broken, row(1, "10:00:00", 300)
    assert ratio_of(*rows)[2:] == [None, 1.0]


def test_symbols_do_not_mix() -> None:
    other = row(1, "10:00:00", 900, symbol="000001.SZ")
    assert ratio_of(*MONDAYS, other, row(1, "10:00:00", 300))[2:] == [None, 1.0]


@pytest.mark.parametrize(("field", "value"), [("place", -1), ("place", 2), ("count", 3)])
def test_a_snapshot_with_a_ring_that_does_not_fit_is_refused(field: str, value: int) -> None:
    op = ops.volume_ratio(2)
    run = op.start()
    run.push(traded(LATE))
    saved = decode(run.snapshot(), [repr(op)])
    state = saved.states[0]
    records = state.array("state", STATE, 1)
    records[field] = value
    ring, newest = state.array("past", np.int64, 1, 2), state.array("newest_us", np.int64, 1)
    arrays = {"state": records, "past": ring, "newest_us": newest}
    forged = encode(saved.schema, saved.symbols, saved.markets, [(repr(op), {}, arrays)])
    with pytest.raises(SnapshotError, match="damaged"):
        op.start(forged)


def test_output_schema() -> None:
    expected = pl.Schema({**BEFORE, "volume_ratio": pl.Float64()})
    assert ops.volume_ratio().output_schema(BEFORE) == expected
    assert ops.volume_ratio().apply(pl.DataFrame(schema=BEFORE)).schema == expected


def test_missing_column_is_named() -> None:
    for column in ("symbol", "timestamp", "delta_volume"):
        with pytest.raises(SchemaError, match=column):
            ops.volume_ratio().apply(pl.DataFrame(schema=BEFORE).drop(column))


@pytest.mark.real_data
@pytest.mark.skipif(strategies.SMALL, reason="whole days are no small data")
def test_the_close_of_a_real_day_is_against_the_one_before() -> None:
    """Cumulative counters tell the same: volume of the third day by the mean of two."""
    quotes = data.quotes(data.LARGE)
    frame = ops.chain(ops.deltas(unit=1), ops.volume_ratio(2)).apply(quotes)
    day = pl.col("timestamp").dt.convert_time_zone("Asia/Shanghai").dt.date()
    ends = frame.with_columns(day=day).group_by("symbol", "day", maintain_order=True).last()
    for (_,), days in ends.group_by("symbol", maintain_order=True):
        first, second, third = days["volume"]
        assert days["volume_ratio"].to_list() == [
            *[None, None],
            pytest.approx(third / ((first + second) / 2), rel=1e-12),
        ]
