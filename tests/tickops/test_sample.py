"""`sample` against the rows of each interval, one by one."""

from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tickops as ops
from tests import data as real
from tests.oracles import strategies
from tests.oracles.arrivals import Arrival, arrivals
from tests.oracles.compare import assert_same, left_out
from tests.oracles.frames import MONDAY, QUOTES, TUESDAY, at, micros, quote, quotes
from tests.oracles.grid import grid_time
from tests.oracles.market import Row, rows_of, seconds
from tickops.exceptions import LateRowError, SchemaError
from tickops.testing import assert_identical

FEWER = settings(deadline=None, max_examples=8 if strategies.SMALL else 40)


def naive(rows: list[Row], every: timedelta, late: str) -> list[Row]:
    newest, out = dict[str, tuple[datetime, str, Row]](), list[Row]()
    for arrival in arrivals(rows, late):
        if not isinstance(arrival, Arrival):
            continue
        now = grid_time(arrival, every)
        before = newest.get(arrival.symbol)
        if before is not None and before[0] < now:
            out.append(before[2] | {"sampled_at": before[0]})
        newest[arrival.symbol] = now, arrival.symbol, arrival.row
    rest = sorted(newest.values(), key=lambda pending: pending[:2])
    return out + [row | {"sampled_at": time} for time, _, row in rest]


@FEWER
@given(data=st.data(), frame=strategies.quotes())
def test_equals_the_oracle(data: st.DataObject, frame: pl.DataFrame) -> None:
    every = data.draw(st.sampled_from(["3s", "1m", "7m", "5h", "24h"]))
    late: Any = data.draw(st.sampled_from(["drop", "include"]))
    run = ops.sample(every, late=late).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    expected = naive(rows_of(frame), seconds(every), late)
    assert_same(pl.concat([*parts, run.finish()]), expected)


def told(frame: pl.DataFrame) -> list[tuple[int, str]]:
    """Volumes, which tell rows apart, and local times of the grid."""
    zone = at("00:00:00").tzinfo
    return [
        (row["volume"], f"{row['sampled_at'].astimezone(zone):%H:%M:%S}")
        for row in frame.to_dicts()
    ]


class Run:
    def __init__(self, op: ops.sample | None = None) -> None:
        self.run = (op or ops.sample("1m")).start()

    def push(self, *rows: Row) -> list[tuple[int, str]]:
        return told(self.run.push(quotes(rows)))

    def advance(self, text: str, day: date = MONDAY) -> list[tuple[int, str]]:
        return told(self.run.advance(micros(text, day)))

    def finish(self) -> list[tuple[int, str]]:
        return told(self.run.finish())


def test_an_interval_is_open_on_the_left_and_closed_on_the_right() -> None:
    run = Run()
    assert run.push(quote("10:00:00", 1), quote("10:00:00.001", 2)) == [(1, "10:00:00")]
    assert run.push(quote("10:01:00", 3)) == []
    assert run.push(quote("10:01:00", 4), quote("10:01:01", 5)) == [(4, "10:01:00")]
    assert run.finish() == [(5, "10:02:00")]


def test_an_interval_without_rows_gives_none() -> None:
    run = Run()
    assert run.push(quote("10:00:30", 1), quote("10:05:30", 2)) == [(1, "10:01:00")]


def test_the_grid_counts_from_local_midnight() -> None:
    """Seven minutes do not divide the hour: from 00:00 on they meet 10:02, not 10:00."""
    run = Run(ops.sample("7m"))
    run.push(quote("10:00:01", 1), quote("10:02:01", 2))
    assert run.finish() == [(2, "10:09:00")]
    assert Run(ops.sample("7m")).push(quote("10:02:00", 1), quote("10:02:01", 2)) == [
        (1, "10:02:00")
    ]


def test_the_grid_begins_anew_at_midnight() -> None:
    run = Run(ops.sample("7h"))
    run.push(quote("23:00:00", 1))
    assert run.push(quote("05:00:00", 2, day=TUESDAY)) == [(1, "00:00:00")]
    assert run.finish() == [(2, "07:00:00")]


def test_comes_out_on_advance_after_its_grace() -> None:
    run = Run()
    run.push(quote("10:00:30", 1))
    assert run.advance("10:01:04") == []
    assert run.advance("10:01:05") == [(1, "10:01:00")]
    assert run.advance("10:09:00") == []
    assert run.finish() == []


def test_other_symbols_never_bring_it_out() -> None:
    run = Run()
    assert run.push(quote("10:00:30", 1), quote("10:05:00", 2, symbol="X")) == []


def test_advance_and_finish_go_by_time_and_then_by_name() -> None:
    rows = quote("10:00:30", 1, symbol="B"), quote("10:00:30", 2, symbol="A")
    rows += (quote("09:59:30", 3, symbol="C"),)
    expected = [(3, "10:00:00"), (2, "10:01:00"), (1, "10:01:00")]
    run = Run()
    run.push(*rows)
    assert run.advance("11:00:00") == expected
    run = Run()
    run.push(*rows)
    assert run.finish() == expected


def test_rows_of_an_interval_that_the_clock_has_closed_are_late() -> None:
    run = Run()
    run.push(quote("10:00:30", 1))
    run.advance("10:01:05")
    assert run.push(quote("10:00:40", 2), quote("10:01:01", 3)) == []
    assert left_out(run.run) == {"sample.late": 1}
    assert run.finish() == [(3, "10:02:00")]


def test_included_they_go_into_the_first_interval_that_is_open() -> None:
    run = Run(ops.sample("1m", late="include"))
    run.push(quote("10:00:30", 1))
    run.advance("10:03:05")
    assert run.push(quote("10:00:40", 2)) == []
    assert left_out(run.run) == {}
    assert run.advance("10:04:05") == [(2, "10:04:00")]


def test_late_rows_are_errors_where_asked_for() -> None:
    run = Run(ops.sample("1m", late="raise"))
    run.push(quote("10:00:30", 1))
    run.advance("10:01:05")
    with pytest.raises(LateRowError, match=r"600000\.SH"):
        run.push(quote("10:00:40", 2))
    with pytest.raises(LateRowError, match=r"600000\.SH"):
        Run(ops.sample("1m", late="raise")).push(quote("10:00:30"), quote("10:00:29"))


def test_the_clock_makes_no_first_row_late() -> None:
    run = Run()
    run.push(quote("10:00:30", 1, symbol="X"))
    run.advance("10:30:00")
    assert run.push(quote("10:00:40", 2)) == []
    assert run.advance("10:30:00") == [(2, "10:01:00")]


def test_columns_of_every_type_stay_as_they_were() -> None:
    frame = quotes([quote("10:00:30", 1), quote("10:02:30", 2)]).with_columns(
        pl.Series("book", [[9.0, None], [9.1, 9.2]], dtype=pl.Array(pl.Float64, 2)),
        pl.Series("name", ["浦发银行", None]),
        pl.Series("text", [["a"], []], dtype=pl.List(pl.String)),
        pl.Series("kind", ["x", None], dtype=pl.Categorical),
        pl.lit(None).alias("nothing"),
    )
    run = ops.sample("1m").start()
    run.push(frame[:1])
    again = ops.sample("1m").start(run.snapshot())
    out = pl.concat([again.push(frame[1:]), again.finish()])
    assert_identical(out.drop("sampled_at"), frame)


def test_rows_without_symbol_or_time_do_not_come_out() -> None:
    run = Run()
    rows = quote("10:00:30", 1, symbol=None), quote("10:00:30", 2, timestamp=None)
    assert run.push(*rows) == []
    assert run.finish() == []


def test_output_schema() -> None:
    op = ops.sample("1m")
    expected = pl.Schema({**QUOTES, "sampled_at": QUOTES["timestamp"]})
    assert op.output_schema(QUOTES) == expected
    assert op.apply(pl.DataFrame(schema=QUOTES)).schema == expected
    assert op.adds_columns is False


@pytest.mark.parametrize("column", ["symbol", "timestamp"])
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=column):
        ops.sample("1m").apply(quotes([quote("10:00:00")]).drop(column))


@pytest.mark.real_data
def test_equals_a_group_by_on_real_data() -> None:
    frame = real.quotes(real.LARGE)[: 300 if strategies.SMALL else None]
    frame = frame.filter(
        pl.col("timestamp") >= pl.col("timestamp").cum_max().over("symbol")  # late rows
    )
    end = (pl.col("timestamp") - pl.duration(milliseconds=1)).dt.truncate("1m").dt.offset_by("1m")
    last = frame.with_columns(sampled_at=end).unique(
        ["symbol", "sampled_at"], keep="last", maintain_order=True
    )
    order = [pl.col("symbol").cast(pl.String), "sampled_at"]
    assert_identical(ops.sample("1m").apply(frame).sort(order), last.sort(order))
