"""Views: one stream a symbol, the newest row a symbol, a clock for frames without one."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
import reactivex
from hypothesis import given
from hypothesis import strategies as st
from reactivex.scheduler import VirtualTimeScheduler
from reactivex.subject import Subject

import tickops as ops
from tests.oracles import strategies
from tests.oracles.frames import at, quote, quotes
from tickops.exceptions import SchemaError
from tickops.views import SymbolFrames, clocked, latest, split_by_symbol

A, B = "600000.SH", "000001.SZ"


def two(number: int) -> pl.DataFrame:
    """A frame with two rows of one symbol and one of another."""
    rows = [
        quote("10:00:00", number, symbol=A),
        quote("10:00:00", number + 1, symbol=B),
        quote("10:00:03", number + 2, symbol=A),
    ]
    return quotes(rows)


class Collector:
    """Subscribes to each symbol as it comes and keeps its frames."""

    def __init__(self) -> None:
        self.frames: dict[str, list[pl.DataFrame]] = {}
        self.ended: list[str] = []
        self.errors: dict[str, Exception] = {}

    def __call__(self, one: SymbolFrames) -> None:
        kept = self.frames.setdefault(one.key, [])
        one.subscribe(
            on_next=kept.append,
            on_error=lambda error: self.errors.update({one.key: error}),
            on_completed=lambda: self.ended.append(one.key),
        )


@strategies.EXAMPLES
@given(data=st.data(), frame=strategies.quotes())
def test_split_keeps_each_symbols_rows_in_order(data: st.DataObject, frame: pl.DataFrame) -> None:
    collector = Collector()
    reactivex.from_iterable(data.draw(strategies.cuts(frame))).pipe(split_by_symbol()).subscribe(
        collector
    )
    names = frame["symbol"].cast(pl.String).unique(maintain_order=True).to_list()
    assert list(collector.frames) == names
    for name, frames in collector.frames.items():
        assert pl.concat(frames).equals(frame.filter(pl.col("symbol").cast(pl.String) == name))
        assert not any(part.is_empty() for part in frames)
    assert sorted(collector.ended) == sorted(names)


def test_split_gives_a_symbol_once_and_its_first_frame_at_once() -> None:
    source, collector = Subject[pl.DataFrame](), Collector()
    source.pipe(split_by_symbol()).subscribe(collector)
    source.on_next(two(1))
    assert {name: len(frames) for name, frames in collector.frames.items()} == {A: 1, B: 1}
    source.on_next(two(5))
    assert collector.frames[A][1]["volume"].to_list() == [5, 7]
    assert collector.frames[B][1]["volume"].to_list() == [6]


def test_split_does_not_emit_for_a_symbol_without_rows() -> None:
    source, collector = Subject[pl.DataFrame](), Collector()
    source.pipe(split_by_symbol()).subscribe(collector)
    source.on_next(two(1))
    source.on_next(two(5).filter(pl.col("symbol") == A))
    source.on_next(two(9).clear())
    assert [len(collector.frames[name]) for name in (A, B)] == [2, 1]


def test_split_isolates_an_observer_that_raises() -> None:
    source, kept = Subject[pl.DataFrame](), list[pl.DataFrame]()
    errors: list[Exception] = []

    def explode(frame: pl.DataFrame) -> None:
        raise ArithmeticError

    def watch(one: SymbolFrames) -> None:
        if one.key == A:
            one.subscribe(explode, on_error=errors.append)
        else:
            one.subscribe(kept.append)

    source.pipe(split_by_symbol()).subscribe(watch)
    source.on_next(two(1))
    source.on_next(two(5))
    assert len(kept) == 2
    assert [type(error) for error in errors] == [ArithmeticError]


def test_split_passes_errors_on_to_every_symbol() -> None:
    source, collector, errors = Subject[pl.DataFrame](), Collector(), list[Exception]()
    source.pipe(split_by_symbol()).subscribe(collector, on_error=errors.append)
    source.on_next(two(1))
    failure = OSError("gone")
    source.on_error(failure)
    assert errors == [failure]
    assert collector.errors == {A: failure, B: failure}


def test_split_leaves_out_rows_without_a_symbol() -> None:
    collector = Collector()
    frame = quotes([quote("10:00:00", 1, symbol=None), quote("10:00:00", 2)])
    reactivex.of(frame).pipe(split_by_symbol()).subscribe(collector)
    assert [part["volume"].to_list() for part in collector.frames[A]] == [[2]]
    assert list(collector.frames) == [A]


def test_split_streams_take_operators() -> None:
    found: dict[str, list[int | None]] = {}

    def watch(one: SymbolFrames) -> None:
        def keep(frame: pl.DataFrame) -> None:
            found.setdefault(one.key, []).extend(frame["delta_volume"].to_list())

        one.pipe(ops.deltas()).subscribe(keep)

    later = two(5).with_columns(pl.col("timestamp").dt.offset_by("6s"))
    reactivex.of(two(1), later).pipe(split_by_symbol()).subscribe(watch)
    assert found == {A: [None, 2, 2, 2], B: [None, 4]}


@strategies.EXAMPLES
@given(data=st.data(), frame=strategies.quotes(with_nulls=False))
def test_latest_is_the_last_row_of_each_symbol_so_far(
    data: st.DataObject, frame: pl.DataFrame
) -> None:
    parts = data.draw(strategies.cuts(frame))
    seen: list[pl.DataFrame] = []
    reactivex.from_iterable(parts).pipe(latest()).subscribe(seen.append)
    last: dict[str, tuple[object, ...]] = {}
    expected: list[list[tuple[object, ...]]] = []
    for part in parts:
        last |= {str(row["symbol"]): tuple(row.values()) for row in part.to_dicts()}
        expected.append(list(last.values()))
    assert [view.rows() for view in seen] == expected
    assert all(view.schema == frame.schema for view in seen)


def test_latest_counts_by_arrival() -> None:
    rows = quote("10:00:03", 2), quote("10:00:00", 1)
    seen = reactivex.of(quotes(rows)).pipe(latest()).run()
    assert seen["volume"].to_list() == [1]


@pytest.mark.parametrize("view", [split_by_symbol, latest])
def test_missing_symbol_is_named(view: Callable[[], Callable[..., object]]) -> None:
    errors: list[Exception] = []
    source: reactivex.Observable[pl.DataFrame] = reactivex.of(two(1).drop("symbol"))
    made = view()(source)
    assert isinstance(made, reactivex.Observable)
    made.subscribe(on_error=errors.append)  # pyright: ignore[reportUnknownMemberType]
    (error,) = errors
    assert isinstance(error, SchemaError)
    assert "symbol" in str(error)


def test_clocked_closes_bars_of_an_idle_symbol() -> None:
    """Virtual time: nothing sleeps."""
    scheduler = VirtualTimeScheduler(initial_clock=datetime_to_seconds("10:00:00"))
    source, closed = Subject[pl.DataFrame](), list[tuple[datetime, pl.DataFrame]]()
    source.pipe(clocked(scheduler), ops.deltas(), ops.bars("1m")).subscribe(
        lambda bars: closed.append((scheduler.now, bars)) if bars.height else None
    )
    source.on_next(quotes([quote("10:00:00", 1), quote("10:00:30", 2)]))
    scheduler.advance_to(datetime_to_seconds("10:01:04"))
    assert closed == []
    scheduler.advance_to(datetime_to_seconds("10:01:10"))
    ((moment, bars),) = closed
    assert moment.replace(tzinfo=UTC) - at("10:01:05") < timedelta(seconds=1)
    assert bars["volume"].to_list() == [1]


def datetime_to_seconds(text: str) -> float:
    return at(text).timestamp()
