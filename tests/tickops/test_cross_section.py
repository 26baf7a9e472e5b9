"""`cross_section` against exact fractions over all rows so far."""

import math
from collections.abc import Callable
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tickops as ops
from tests.oracles import strategies
from tests.oracles.arrivals import Arrival, arrivals
from tests.oracles.compare import assert_same, left_out
from tests.oracles.frames import MONDAY, QUOTES, TUESDAY, at, micros, quote, quotes
from tests.oracles.grid import grid_time
from tests.oracles.market import Row, rows_of, seconds
from tickops.exceptions import LateRowError, SchemaError

FEWER = settings(deadline=None, max_examples=8 if strategies.SMALL else 40)
STATISTICS = {"amount": ["rank", "rank_pct"], "last_price": ["zscore", "demean"]}
GROUPS = {"600000.SH": "x", "000001.SZ": "x", "300750.SZ": "y"}


def across(values: list[float], name: str, ddof: int) -> list[float | None]:
    exact = [Fraction(value) for value in values]
    count, mean = len(exact), sum(exact) / len(exact)
    ranks = [
        sum(other < value for other in exact) + Fraction(exact.count(value) + 1, 2)
        for value in exact
    ]
    variance = sum((value - mean) ** 2 for value in exact) / (count - ddof) if count > 1 else 0
    of: dict[str, Callable[[int], float | None]] = {
        "rank": lambda k: float(ranks[k]),
        "rank_pct": lambda k: float(ranks[k] / count),
        "demean": lambda k: float(exact[k] - mean),
        "zscore": lambda k: float(exact[k] - mean) / math.sqrt(variance) if variance else None,
    }
    return [of[name](k) if count > 1 else None for k in range(count)]


def section(
    time: datetime,
    past: list[Arrival],
    group_of: Callable[[Arrival], Any],
    max_age: timedelta | None,
    ddof: int,
) -> list[Row]:
    """All symbols at a time, from the rows that had arrived."""
    newest = {arrival.symbol: arrival for arrival in past if arrival.time <= time}
    day = (time - timedelta(microseconds=1)).astimezone(at("00:00:00").tzinfo).date()
    alive = [
        arrival
        for _, arrival in sorted(newest.items())
        if group_of(arrival) is not None
        and (arrival.day >= day if max_age is None else time - arrival.time <= max_age)
    ]
    rows: list[Row] = []
    for arrival in alive:
        region = {"region": "CN"} if "region" in arrival.row else {}
        row: Row = {"symbol": arrival.symbol, "timestamp": time} | region
        peers = [other for other in alive if group_of(other) == group_of(arrival)]
        for column, names in STATISTICS.items():
            known = [other for other in peers if other.row[column] is not None]
            values = [float(other.row[column]) for other in known]
            for name in names:
                own = across(values, name, ddof)[known.index(arrival)] if arrival in known else None
                row[f"{column}_{name}"] = own
        rows.append(row)
    return rows


def naive(
    rows: list[Row],
    every: timedelta,
    grace: timedelta,
    *,
    late: str,
    **how: Any,
) -> list[Row]:
    past, waiting, out = list[Arrival](), set[datetime](), list[Row]()
    newest: datetime | None = None
    for arrival in arrivals(rows, late):
        assert isinstance(arrival, Arrival)
        newest = arrival.time if newest is None else max(newest, arrival.time)
        for time in sorted(waiting):
            if newest > time + grace:
                out += section(time, past, **how)
                waiting.remove(time)
        time = grid_time(arrival, every)
        if not newest > time + grace:
            waiting.add(time)
        past.append(arrival)
    for time in sorted(waiting):
        out += section(time, past, **how)
    return out


@FEWER
@given(data=st.data(), frame=strategies.quotes())
def test_equals_the_oracle(data: st.DataObject, frame: pl.DataFrame) -> None:
    every = data.draw(st.sampled_from(["3s", "1m", "7m", "5h"]))
    grace = data.draw(st.sampled_from(["0s", "5s", "10m"]))
    max_age = data.draw(st.sampled_from([None, "30s", "30h"]))
    groups: Any = data.draw(st.sampled_from([None, GROUPS, "volume"]))
    ddof, late = data.draw(st.sampled_from([0, 1])), data.draw(st.sampled_from(["drop", "include"]))

    def group_of(arrival: Arrival) -> Any:
        if groups is None:
            return 0
        return GROUPS[arrival.symbol] if groups is GROUPS else arrival.row[groups]

    op = ops.cross_section(
        every,
        STATISTICS,
        groups=groups,
        max_age=max_age,
        ddof=ddof,
        grace=grace,
        late=late,  # pyright: ignore[reportArgumentType]
    )
    run = op.start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    expected = naive(
        rows_of(frame),
        seconds(every),
        seconds(grace),
        late=late,
        group_of=group_of,
        max_age=None if max_age is None else seconds(max_age),
        ddof=ddof,
    )
    assert_same(pl.concat([*parts, run.finish()]), expected, absolute=1e-9)


A, B, C, D = "A.SH", "B.SH", "C.SZ", "D.SZ"
RANK = ops.cross_section("1m", {"volume": "rank"})


def row(text: str, symbol: str, value: int | None, **others: Any) -> Row:
    return quote(text, value, symbol=symbol, **others)


def values(op: ops.Operator, *rows: Row, column: str = "volume_rank") -> dict[str, Any]:
    out = op.apply(quotes(rows))
    return dict(zip(out["symbol"].to_list(), out[column].to_list(), strict=True))


class Run:
    """A run that answers with local times, symbols and ranks."""

    def __init__(self, op: ops.cross_section = RANK) -> None:
        self.run = op.start()

    def push(self, *rows: Row) -> list[str]:
        return told(self.run.push(quotes(rows)))

    def advance(self, text: str, day: date = MONDAY) -> list[str]:
        return told(self.run.advance(micros(text, day)))

    def finish(self) -> list[str]:
        return told(self.run.finish())


def told(frame: pl.DataFrame) -> list[str]:
    zone = at("00:00:00").tzinfo
    return [
        f"{one['timestamp'].astimezone(zone):%H:%M} {one['symbol'][0]} {one['volume_rank']}"
        for one in frame.to_dicts()
    ]


FOUR = [row("10:00:30", name, value) for name, value in [(D, 5), (C, 9), (B, 5), (A, 1)]]


def test_ranks_from_the_smallest_and_ties_share() -> None:
    assert values(RANK, *FOUR) == {A: 1.0, B: 2.5, C: 4.0, D: 2.5}
    pct = ops.cross_section("1m", {"volume": "rank_pct"})
    found = values(pct, *FOUR, column="volume_rank_pct")
    assert found == {A: 0.25, B: 0.625, C: 1.0, D: 0.625}


def test_z_scores_divide_by_the_deviation_of_the_sample_unless_told() -> None:
    """Of −2, 0, 2: the variance is 8/2 of a sample, 8/3 of a population."""
    rows = [row("10:00:30", name, value) for name, value in [(A, 4), (B, 6), (C, 8)]]
    sample = ops.cross_section("1m", {"volume": ["zscore", "demean"]})
    population = ops.cross_section("1m", {"volume": "zscore"}, ddof=0)
    assert values(sample, *rows, column="volume_zscore") == {A: -1.0, B: 0.0, C: 1.0}
    assert values(sample, *rows, column="volume_demean") == {A: -2.0, B: 0.0, C: 2.0}
    found = values(population, *rows, column="volume_zscore")
    assert found[C] == pytest.approx(2 / math.sqrt(8 / 3))


@pytest.mark.parametrize("price", [0.1, 1e-300, 9.71, 1e308])
def test_equal_values_have_no_z_score(price: float) -> None:
    """Three times 0.1 is not 0.3, and the deviation from the mean would be noise."""
    rows = [row("10:00:30", name, 1, last=price) for name in (A, B, C)]
    op = ops.cross_section("1m", {"last_price": ["zscore", "demean"]})
    assert set(values(op, *rows, column="last_price_zscore").values()) == {None}
    assert set(values(op, *rows, column="last_price_demean").values()) == {0.0}


def test_large_and_small_values_keep_their_scores() -> None:
    for scale in (1e-200, 1.0, 1e200):
        rows = [row("10:00:30", name, 1, last=scale * k) for k, name in enumerate((A, B, C))]
        op = ops.cross_section("1m", {"last_price": "zscore"})
        found = values(op, *rows, column="last_price_zscore")
        assert list(found.values()) == pytest.approx([-1, 0, 1])


def test_what_is_too_large_is_null() -> None:
    rows = [row("10:00:30", name, 1, last=price) for name, price in [(A, 1.7e308), (B, 1.6e308)]]
    op = ops.cross_section("1m", {"last_price": ["demean", "rank"]})
    assert values(op, *rows, column="last_price_demean") == {A: None, B: None}
    assert values(op, *rows, column="last_price_rank") == {A: 2.0, B: 1.0}


def test_one_symbol_alone_has_none() -> None:
    assert values(RANK, row("10:00:30", A, 1)) == {A: None}


@pytest.mark.parametrize("nothing", [None, math.nan, math.inf])
def test_null_nan_and_infinity_do_not_count(nothing: float | None) -> None:
    rows = [row("10:00:30", A, 1, last=1.0), row("10:00:30", B, 1, last=2.0)]
    op = ops.cross_section("1m", {"last_price": "rank"})
    found = values(op, *rows, row("10:00:30", C, 1, last=nothing), column="last_price_rank")
    assert found == {A: 1.0, B: 2.0, C: None}


def test_groups_by_symbol_leave_others_out() -> None:
    op = ops.cross_section("1m", {"volume": "rank"}, groups={A: "x", B: "y", C: "x"})
    assert values(op, *FOUR) == {A: 1.0, B: None, C: 2.0}


def test_groups_by_a_column_follow_the_newest_row() -> None:
    frame = quotes([*FOUR, row("10:00:40", A, 7)])
    kinds = pl.Series("kind", ["x", "y", "x", "x", "y"], dtype=pl.Categorical)
    op = ops.cross_section("1m", {"volume": "rank"}, groups="kind")
    found = op.apply(frame.with_columns(kinds)).select("symbol", "volume_rank").rows()
    assert found == [(A, 1.0), (B, 1.5), (C, 2.0), (D, 1.5)]
    assert op.apply(frame.with_columns(pl.lit(None, pl.String).alias("kind"))).is_empty()


def test_a_row_at_the_time_counts_and_one_after_it_does_not() -> None:
    run = Run()
    run.push(row("10:00:30", A, 1), row("10:01:00", B, 2), row("10:01:00.001", B, 0))
    found = run.push(row("10:01:05.001", A, 3))
    assert found == ["10:01 A 1.0", "10:01 B 2.0"]
    assert run.finish() == ["10:02 A 2.0", "10:02 B 1.0"]


def test_waits_for_the_grace_since_one_exchange_is_slower() -> None:
    run = Run()
    assert run.push(row("10:00:30", A, 1), row("10:01:05", A, 5)) == []
    assert run.push(row("10:00:59", B, 2)) == []
    assert run.push(row("10:01:05.001", A, 5)) == ["10:01 A 1.0", "10:01 B 2.0"]


def test_a_row_that_comes_after_it_counts_from_the_next_on() -> None:
    run = Run()
    assert run.push(row("10:00:30", A, 1), row("10:01:06", A, 5)) == ["10:01 A None"]
    assert run.push(row("10:00:59", B, 2)) == []
    assert run.finish() == ["10:02 A 2.0", "10:02 B 1.0"]
    assert left_out(run.run) == {}


def test_advance_brings_it_after_its_grace() -> None:
    run = Run()
    run.push(*FOUR[2:])
    assert run.advance("10:01:04") == []
    assert run.advance("10:01:05") == ["10:01 A 1.0", "10:01 B 2.0"]
    assert run.advance("10:30:00") == []
    assert run.push(row("10:00:59", A, 9), row("10:30:01", C, 7)) == []
    assert run.finish() == ["10:31 A 3.0", "10:31 B 1.0", "10:31 C 2.0"]


def test_times_without_rows_of_any_symbol_do_not_come_out() -> None:
    run = Run()
    found = run.push(*FOUR[2:], row("10:05:30", A, 9))
    assert found == ["10:01 A 1.0", "10:01 B 2.0"]
    assert run.finish() == ["10:06 A 2.0", "10:06 B 1.0"]


def test_symbols_of_yesterday_or_too_old_are_left_out() -> None:
    rows = [row("14:59:30", A, 1), row("09:30:30", B, 2, day=TUESDAY)]
    run = Run()
    assert run.push(*rows) == ["15:00 A None"]
    assert run.finish() == ["09:31 B None"]
    run = Run(ops.cross_section("1m", {"volume": "rank"}, max_age="2m"))
    run.push(row("10:00:00", A, 1), row("10:01:30", B, 2))
    assert run.push(row("10:02:30", B, 2)) == ["10:02 A 1.0", "10:02 B 2.0"]
    assert run.finish() == ["10:03 B None"]


LATE = row("10:00:30", A, 1), row("10:00:30", B, 2), row("10:00:29", A, 3)


def test_late_rows() -> None:
    run = Run()
    run.push(*LATE)
    assert run.finish() == ["10:01 A 1.0", "10:01 B 2.0"]
    assert left_out(run.run) == {"cross_section.late": 1}
    assert values(ops.cross_section("1m", {"volume": "rank"}, late="include"), *LATE)[A] == 2.0
    with pytest.raises(LateRowError, match=r"A\.SH"):
        values(ops.cross_section("1m", {"volume": "rank"}, late="raise"), *LATE)


def test_symbol_blocks_need_reorder() -> None:
    """Each symbol's day after the other's: they never meet, unless put in the order of time."""
    blocks = [row("10:00:30", A, 1), row("14:00:30", A, 1), row("10:00:30", B, 2)]
    assert values(RANK, *blocks) == {A: 1.0, B: 2.0}
    run = Run()
    assert run.push(*blocks) == ["10:01 A None"]
    chain = ops.chain(ops.reorder(within="8h"), RANK)
    found = told(chain.apply(quotes(blocks)))
    assert found[:2] == ["10:01 A 1.0", "10:01 B 2.0"]


def test_output_schema() -> None:
    op = ops.cross_section("1m", STATISTICS)
    own = {name: QUOTES[name] for name in ("symbol", "timestamp", "region")}
    names = ("amount_rank", "amount_rank_pct", "last_price_zscore", "last_price_demean")
    expected = pl.Schema({**own, **dict.fromkeys(names, pl.Float64())})
    assert op.output_schema(QUOTES) == expected
    assert op.apply(pl.DataFrame(schema=QUOTES)).schema == expected
    assert op.adds_columns is False
    assert op.across_symbols is True


@pytest.mark.parametrize("column", ["symbol", "timestamp", "volume", "region"])
def test_missing_column_is_named(column: str) -> None:
    op = ops.cross_section("1m", {"volume": "rank"}, groups="region")
    with pytest.raises(SchemaError, match=column):
        op.apply(quotes(LATE).drop(column))


def test_groups_by_numbers_that_are_not_whole_are_refused() -> None:
    op = ops.cross_section("1m", {"volume": "rank"}, groups="last_price")
    with pytest.raises(SchemaError, match=r"last_price.*Float64"):
        op.apply(quotes(LATE))
