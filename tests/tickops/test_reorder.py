"""`reorder` against a list that is searched at every row."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tickops as ops
from tests import data as real
from tests.oracles import strategies
from tests.oracles.compare import assert_same, left_out
from tests.oracles.frames import QUOTES, micros, quote, quotes
from tests.oracles.market import Row, rows_of, seconds
from tickops.exceptions import LateRowError, SchemaError
from tickops.testing import assert_identical

FEWER = settings(deadline=None, max_examples=8 if strategies.SMALL else 40)


def naive(rows: list[Row], within: timedelta, late: str) -> tuple[list[Row], int]:
    waiting, out, dropped = list[Row](), list[Row](), 0
    newest: datetime = datetime.min.replace(tzinfo=UTC) + within
    for row in rows:
        time: datetime | None = row["timestamp"]
        if time is None:
            out.append(row)
            continue
        newest = max(time, newest)
        bound = newest - within
        if time < bound:
            if late == "drop":
                dropped += 1
            else:
                out.append(row)
            continue
        waiting.append(row)
        due = [one for one in waiting if one["timestamp"] <= bound]
        waiting = [one for one in waiting if one["timestamp"] > bound]
        out += sorted(due, key=lambda one: one["timestamp"])
    return out + sorted(waiting, key=lambda one: one["timestamp"]), dropped


@FEWER
@given(data=st.data(), frame=strategies.quotes())
def test_equals_the_oracle(data: st.DataObject, frame: pl.DataFrame) -> None:
    within = data.draw(st.sampled_from(["1ms", "3s", "30s", "2h"]))
    late: Any = data.draw(st.sampled_from(["drop", "include"]))
    untimed = data.draw(st.sets(st.integers(0, frame.height)))
    is_timed = pl.Series(
        [number not in untimed for number in range(frame.height)], dtype=pl.Boolean
    )
    frame = frame.with_columns(pl.when(is_timed).then(pl.col("timestamp")))
    run = ops.reorder(within=within, late=late).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    expected, dropped = naive(rows_of(frame), seconds(within), late)
    assert_same(pl.concat([*parts, run.finish()]), expected)
    assert left_out(run).get("reorder.late", 0) == dropped


class Run:
    """A run that answers with volumes, which tell rows apart."""

    def __init__(self, op: ops.reorder | None = None) -> None:
        self.run = (op or ops.reorder()).start()

    def push(self, *rows: Row) -> list[int]:
        return self.run.push(quotes(rows))["volume"].to_list()

    def advance(self, text: str) -> list[int]:
        out = self.run.advance(micros(text))
        return out["volume"].to_list() if out.width else []

    def finish(self) -> list[int]:
        return self.run.finish()["volume"].to_list()


def test_a_row_waits_for_one_that_is_so_much_later_of_any_symbol() -> None:
    run = Run()
    assert run.push(quote("10:00:00", 1), quote("10:00:04.999", 2, symbol="X")) == []
    assert run.push(quote("10:00:05", 3, symbol="X")) == [1]
    assert run.finish() == [2, 3]


def test_rows_come_out_in_the_order_of_time_over_all_symbols() -> None:
    run = Run()
    rows = quote("10:00:03", 1), quote("10:00:00", 2, symbol="X"), quote("10:00:02", 3, symbol="Y")
    assert run.push(*rows, quote("10:00:08", 4)) == [2, 3, 1]


def test_rows_of_one_time_stay_in_the_order_of_arrival() -> None:
    """Not in that of symbols: a sort that is not stable, or by both, would turn them."""
    run = Run()
    rows = [quote("10:00:00", n, symbol="ZYX"[n % 3]) for n in range(40)]
    assert run.push(*rows) == []
    assert run.push(quote("10:00:05", 99)) == list(range(40))


def test_what_waited_and_what_has_just_come_are_sorted_together() -> None:
    run = Run()
    assert run.push(quote("10:00:03", 1), quote("10:00:01", 2)) == []
    assert run.push(quote("10:00:02", 3), quote("10:00:08", 4)) == [2, 3, 1]


def test_a_row_as_old_as_what_came_out_last_is_not_late() -> None:
    run = Run()
    assert run.push(quote("10:00:00", 1), quote("10:00:05", 2)) == [1]
    assert run.push(quote("10:00:00", 3, symbol="X")) == [3]
    assert left_out(run.run) == {}


LATE = quote("10:00:05", 1), quote("09:59:59.999", 2)


def test_late_rows() -> None:
    run = Run()
    assert run.push(*LATE) == []
    assert left_out(run.run) == {"reorder.late": 1}
    assert Run(ops.reorder(late="include")).push(*LATE) == [2]
    with pytest.raises(LateRowError, match=r"600000\.SH at 2026-03-02 01:59:59.999.*within"):
        Run(ops.reorder(late="raise")).push(*LATE)


def test_advance_brings_what_is_old_enough_and_makes_older_rows_late() -> None:
    run = Run()
    run.push(quote("10:00:02", 1), quote("10:00:00", 2))
    assert run.advance("10:00:04") == []
    assert run.advance("10:00:06") == [2]
    assert run.push(quote("10:00:00", 3), quote("10:00:01", 4)) == [4]
    assert left_out(run.run) == {"reorder.late": 1}
    assert run.advance("10:00:07") == [1]


def test_advance_before_any_row_makes_none_late() -> None:
    run = Run()
    run.run.push(pl.DataFrame(schema=QUOTES))
    assert run.advance("10:00:30") == []
    run.push(quote("10:00:00", 1))
    assert left_out(run.run) == {}


def test_rows_without_symbol_are_ordered_and_without_time_pass_at_once() -> None:
    run = Run()
    rows = quote("10:00:03", 1), quote("10:00:01", 2, symbol=None), quote("10:00:00", 3)
    assert run.push(*rows, quote("10:00:00", 4, timestamp=None)) == [4]
    assert run.finish() == [3, 2, 1]


def test_what_waits_goes_through_a_snapshot_and_memory_is_used_again() -> None:
    count = 60 if strategies.SMALL else 400
    run, sizes = ops.reorder(within="60s").start(), list[int]()
    rows = [quote("10:00:00", n, timestamp=3000 * n - 4000 * (n % 2)) for n in range(count)]
    frame, found = quotes(rows), list[pl.DataFrame]()
    for start in range(0, count, 20):
        found.append(run.push(frame[start : start + 20]))
        sizes.append(len(run.snapshot()))
        run = ops.reorder(within="60s").start(run.snapshot())
    found.append(run.finish())
    assert_identical(pl.concat(found), frame.sort("timestamp", maintain_order=True))
    assert max(sizes) < 1.2 * sizes[1]


def test_the_operators_after_it_see_no_late_rows() -> None:
    rows = quote("10:00:03", 5), quote("10:00:00", 1), quote("10:00:06", 6)
    run = ops.chain(ops.reorder(), ops.deltas(late="raise")).start()
    out = pl.concat([run.push(quotes(rows)), run.finish()])
    assert out["delta_volume"].to_list() == [None, 4, 1]


def test_output_schema() -> None:
    op = ops.reorder()
    assert op.output_schema(QUOTES) == QUOTES
    assert op.apply(pl.DataFrame(schema=QUOTES)).schema == QUOTES
    assert op.adds_columns is False
    assert op.across_symbols is True


@pytest.mark.parametrize("column", ["symbol", "timestamp"])
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=column):
        ops.reorder().apply(quotes(LATE).drop(column))


@pytest.mark.real_data
def test_sorts_real_days() -> None:
    frame = real.quotes(real.LARGE)
    if strategies.SMALL:
        frame = frame.group_by("symbol", maintain_order=True).head(100)
    assert not frame["timestamp"].is_sorted()
    run = ops.reorder(within="8h").start()
    out = pl.concat([run.push(frame), run.finish()])
    assert left_out(run) == {}
    assert_identical(out, frame.sort("timestamp", maintain_order=True))
