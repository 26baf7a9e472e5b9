"""`resample` against looking up the newest row at every time of the grid."""

from collections import defaultdict
from datetime import date, timedelta
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
from tests.oracles.market import Row, in_utc, rows_of, seconds
from tickops.exceptions import LateRowError, SchemaError
from tickops.testing import assert_identical

FEWER = settings(deadline=None, max_examples=8 if strategies.SMALL else 40)
CN = [("09:30", "11:30"), ("13:00", "15:00")]


def naive(
    rows: list[Row],
    every: timedelta,
    names: list[str],
    *,
    hours: list[tuple[str, str]],
    max_age: timedelta | None,
    late: str,
) -> list[Row]:
    """All of a symbol's rows, then the next symbol's."""
    by_symbol = defaultdict[str, list[Arrival]](list)
    for arrival in arrivals(rows, late):
        assert isinstance(arrival, Arrival)
        by_symbol[arrival.symbol].append(arrival)
    out: list[Row] = []
    for symbol in sorted(by_symbol):
        own = by_symbol[symbol]
        for day in sorted({arrival.day for arrival in own}):
            of_day = [arrival for arrival in own if arrival.day == day]
            for time in grid(day, every, hours):
                past = [arrival for arrival in of_day if arrival.time <= time]
                ended = day == own[-1].day and time > grid_time(own[-1], every)
                if not past or ended:
                    continue
                stale = max_age is not None and time - past[-1].time > max_age
                values = {name: None if stale else past[-1].row[name] for name in names}
                region = {"region": "CN"} if "region" in own[0].row else {}
                out.append({"symbol": symbol, "timestamp": time} | region | values)
    return out


def grid(day: date, every: timedelta, hours: list[tuple[str, str]]) -> list[Any]:
    midnight = at("00:00:00", day)
    times = [midnight + step * every for step in range(timedelta(days=1) // every)]
    sessions = [(at(f"{opens}:00", day), at(f"{closes}:00", day)) for opens, closes in hours]
    return [
        in_utc(time) for time in times if any(opens <= time <= closes for opens, closes in sessions)
    ]


def by_symbol(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.sort(pl.col("symbol").cast(pl.String), maintain_order=True)


@FEWER
@given(data=st.data(), frame=strategies.quotes())
def test_equals_the_oracle(data: st.DataObject, frame: pl.DataFrame) -> None:
    every = data.draw(st.sampled_from(["7m", "30m", "5m"]))
    names = data.draw(st.sampled_from([["last_price"], ["volume", "amount", "high"]]))
    hours = data.draw(st.sampled_from([None, [("09:15", "15:07")]]))
    max_age = data.draw(st.sampled_from([None, "1m", "2h"]))
    late: Any = data.draw(st.sampled_from(["drop", "include"]))
    run = ops.resample(every, names, max_age=max_age, sessions=hours, late=late).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    expected = naive(
        rows_of(frame),
        seconds(every),
        names,
        hours=hours or CN,
        max_age=None if max_age is None else seconds(max_age),
        late=late,
    )
    assert_same(by_symbol(pl.concat([*parts, run.finish()])), expected)


class Run:
    """A run that answers with local times and volumes."""

    def __init__(self, op: ops.resample | None = None) -> None:
        self.run = (op or ops.resample("1m", "volume")).start()

    def push(self, *rows: Row) -> list[str]:
        return told(self.run.push(quotes(rows)))

    def advance(self, text: str, day: date = MONDAY) -> list[str]:
        return told(self.run.advance(micros(text, day)))

    def finish(self) -> list[str]:
        return told(self.run.finish())


def told(frame: pl.DataFrame) -> list[str]:
    zone = at("00:00:00").tzinfo
    rows = frame.to_dicts()
    return [f"{row['timestamp'].astimezone(zone):%H:%M} {row['volume']}" for row in rows]


def test_carries_the_newest_row_through_empty_intervals() -> None:
    run = Run()
    assert run.push(quote("10:00:30", 1), quote("10:03:30", 2)) == ["10:01 1", "10:02 1", "10:03 1"]
    assert run.finish() == ["10:04 2"]


def test_a_row_at_a_time_of_the_grid_is_for_that_time() -> None:
    run = Run()
    assert run.push(quote("10:00:30", 1), quote("10:01:00", 2)) == []
    assert run.push(quote("10:01:00", 3), quote("10:01:00.001", 4)) == ["10:01 3"]


def test_lunch_is_left_out_unless_sessions_say_otherwise() -> None:
    rows = quote("11:29:30", 1), quote("13:00:30", 2)
    assert Run().push(*rows) == ["11:30 1", "13:00 1"]
    op = ops.resample("30m", "volume", sessions=[("09:30", "15:00")])
    assert Run(op).push(*rows) == ["11:30 1", "12:00 1", "12:30 1", "13:00 1"]


def test_a_row_before_the_opening_is_carried_to_it() -> None:
    run = Run()
    assert run.push(quote("09:25:00", 1), quote("09:31:30", 2)) == ["09:30 1", "09:31 1"]


def test_never_over_night_and_the_next_day_brings_the_rest() -> None:
    run = Run()
    run.push(quote("14:57:30", 1))
    found = run.push(quote("09:31:30", 2, day=TUESDAY))
    assert found == ["14:58 1", "14:59 1", "15:00 1"]
    assert run.finish() == ["09:32 2"]


def test_finish_brings_no_more_than_the_next_time() -> None:
    run = Run()
    run.push(quote("14:00:30", 1))
    assert run.finish() == ["14:01 1"]
    run = Run()
    run.push(quote("15:00:30", 1), quote("12:00:30", 2, symbol="X"))
    assert run.finish() == []


def test_advance_brings_times_after_their_grace_until_the_close() -> None:
    run = Run()
    run.push(quote("14:57:30", 1))
    assert run.advance("14:58:04") == []
    assert run.advance("14:59:05") == ["14:58 1", "14:59 1"]
    assert run.advance("14:59:05") == []
    assert run.push(quote("14:59:30", 2)) == []
    assert run.advance("10:00:00", TUESDAY) == ["15:00 2"]
    assert run.finish() == []


def test_advance_goes_by_time_and_then_by_name() -> None:
    run = Run()
    run.push(quote("10:00:30", 1, symbol="B"), quote("10:00:30", 2, symbol="A"))
    assert run.advance("10:02:05") == ["10:01 2", "10:01 1", "10:02 2", "10:02 1"]


def test_a_row_that_the_clock_has_passed_counts_from_the_next_time_on() -> None:
    run = Run()
    run.push(quote("10:00:30", 1))
    run.advance("10:01:05")
    assert run.push(quote("10:00:40", 2), quote("10:02:30", 3)) == ["10:02 2"]
    assert left_out(run.run) == {}


def test_other_symbols_bring_nothing() -> None:
    run = Run()
    assert run.push(quote("10:00:30", 1), quote("10:05:00", 2, symbol="X")) == []


def test_is_null_where_the_row_is_too_old() -> None:
    run = Run(ops.resample("1m", "volume", max_age="90s"))
    found = run.push(quote("10:00:30", 1), quote("10:03:30", 2))
    assert found == ["10:01 1", "10:02 1", "10:03 None"]


def test_nulls_of_the_newest_row_stay() -> None:
    """Carrying each column's last value would mix rows."""
    run = Run()
    assert run.push(quote("10:00:30", 1), quote("10:00:40", None), quote("10:01:30", 3)) == [
        "10:01 None"
    ]


def test_each_market_has_its_own_hours() -> None:
    op = ops.resample("30m", "volume")
    rows = [quote("11:45:00", 1, region="HK", symbol="HK"), quote("11:45:00", 2, region="US")]
    rows += [quote("13:10:00", 1, region="HK", symbol="HK"), quote("13:10:00", 2, region="US")]
    out = op.apply(quotes([*rows, quote("10:00:00", 3, region="XX", symbol="X")]))
    found = [(row["symbol"][:2], row["region"], row["volume"]) for row in out.to_dicts()]
    hk, us = ("HK", "HK", 1), ("60", "US", 2)
    assert found == [hk, hk, us, us, us, hk, us]


def test_columns_of_every_type() -> None:
    frame = quotes([quote("10:00:30", 1), quote("10:02:30", 2)]).with_columns(
        pl.Series("book", [[9.0, None], [9.1, 9.2]], dtype=pl.Array(pl.Float64, 2)),
        pl.Series("kind", ["x", None], dtype=pl.Categorical),
    )
    run = ops.resample("1m", ["kind", "book"]).start()
    run.push(frame[:1])
    again = ops.resample("1m", ["kind", "book"]).start(run.snapshot())
    out = pl.concat([again.push(frame[1:]), again.finish()])
    assert_identical(out.select("kind", "book"), frame[[0, 0, 1]].select("kind", "book"))


LATE = quote("10:00:30", 1), quote("10:00:29", 2), quote("10:01:30", 3)


def test_late_rows() -> None:
    run = Run()
    assert run.push(*LATE) == ["10:01 1"]
    assert left_out(run.run) == {"resample.late": 1}
    assert Run(ops.resample("1m", "volume", late="include")).push(*LATE) == ["10:01 2"]
    with pytest.raises(LateRowError, match=r"600000\.SH"):
        Run(ops.resample("1m", "volume", late="raise")).push(*LATE)


def test_output_schema() -> None:
    op = ops.resample("1m", ["volume", "high"])
    names = ("symbol", "timestamp", "region", "volume", "high")
    expected = pl.Schema({name: QUOTES[name] for name in names})
    assert op.output_schema(QUOTES) == expected
    assert op.apply(pl.DataFrame(schema=QUOTES)).schema == expected
    assert op.adds_columns is False


@pytest.mark.parametrize("column", ["symbol", "timestamp", "high"])
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=column):
        ops.resample("1m", ["volume", "high"]).apply(quotes(LATE).drop(column))


@pytest.mark.real_data
def test_equals_a_join_on_real_data() -> None:
    frame = real.quotes(real.LARGE)[: 500 if strategies.SMALL else None]
    frame = frame.filter(pl.col("timestamp") >= pl.col("timestamp").cum_max().over("symbol"))
    found = by_symbol(ops.resample("1m", "last_price").apply(frame))
    newest = frame.unique(["symbol", "timestamp"], keep="last", maintain_order=True)
    day = pl.col("timestamp").dt.date().alias("day")
    expected = (
        found.select("symbol", "timestamp", day)
        .sort("timestamp", maintain_order=True)
        .join_asof(
            newest.select("symbol", "timestamp", "last_price", day).sort(
                "timestamp", maintain_order=True
            ),
            on="timestamp",
            by=["symbol", "day"],
        )
    )
    assert found.height > 0
    assert_identical(
        found.select("symbol", "timestamp", "last_price"), by_symbol(expected).drop("day")
    )
    if not strategies.SMALL:
        per_day = found.group_by("symbol", pl.col("timestamp").dt.date()).len()
        assert set(per_day["len"]) == {2 * 121}
