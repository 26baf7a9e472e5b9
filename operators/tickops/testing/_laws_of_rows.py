"""Laws of what comes out for which rows, however they come in."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Final

import polars as pl
from hypothesis import strategies as st

from tickops.testing._law import Law, LawBroken, require, require_same, told
from tickops.testing._streams import counts, joined, of_symbol, play, symbols_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tickops.testing._law import Case
    from tickops.testing._streams import OperatorLike

__all__ = ["BATCH", "CHUNKS", "CLOCK", "ORDER", "SYMBOLS", "TIME"]

_ROW: Final = "row number"
# Hypothesis draws a permutation row by row, and not of thousands.
_MOST_DRAWN: Final = 256


def _cut(case: Case) -> None:
    run = case.operator.start()
    expected = joined(play(run, case.stream.script()))
    script = case.cut()
    cut_run = case.operator.start()
    actual = joined(play(cut_run, script))
    how = f"in the cut {told(script)}"
    require_same(actual, expected, how)
    require(
        counts(cut_run) == counts(run),
        f"{how}: counts are {counts(cut_run)}, uncut {counts(run)}",
    )


def _batch(case: Case) -> None:
    expected, frame = case.whole(), case.stream.frame
    require_same(case.operator.apply(frame), expected, "apply(frame) against push and finish")
    scanned = joined(list(case.operator.scan(frame.lazy())))
    require_same(scanned, expected, "scan(lazy) against push and finish")


def _refine(case: Case) -> None:
    expected = case.whole()
    script: list[pl.DataFrame | int] = [case.stream.segments[0]]
    before = None
    for moment, segment in zip(case.stream.moments, case.stream.segments[1:], strict=True):
        earliest = moment - 120_000_000 if before is None else before
        script += sorted(case.data.draw(st.lists(st.integers(earliest, moment), max_size=3)))
        script += [moment, moment, segment]
        before = moment
    actual = case.played(script)
    moments = [event for event in script if isinstance(event, int)]
    how = f"time told at {moments} instead of {list(case.stream.moments)}"
    if getattr(case.operator, "across_symbols", False) or case.symbol not in expected.columns:
        require(actual.height == expected.height, f"{how}: {actual.height} rows come out")
        return
    for name in symbols_of(expected, case.symbol):
        require_same(
            of_symbol(actual, case.symbol, name), of_symbol(expected, case.symbol, name), how
        )


def _interleave(case: Case) -> None:
    expected = case.whole()
    if case.symbol not in case.stream.schema:
        return
    if expected.height and case.symbol not in expected.columns:
        raise LawBroken(
            f"no column {case.symbol!r} comes out, so that nobody can tell whose the rows are;"
            " an operator across symbols says so: across_symbols = True"
        )
    orders = [_shuffled(segment, case) for segment in case.stream.segments]
    shuffled = case.stream.replaced(
        segment[order] for segment, order in zip(case.stream.segments, orders, strict=True)
    )
    actual = case.played(shuffled.script())
    require(
        actual.height == expected.height,
        f"rows in the order {_shown(orders)}: {actual.height} rows come out, not {expected.height}",
    )
    for name in symbols_of(case.stream.frame, case.symbol):
        own = of_symbol(expected, case.symbol, name)
        other = of_symbol(actual, case.symbol, name)
        require_same(other, own, f"{name} when the rows come in the order {_shown(orders)}")
        alone = case.stream.replaced(
            of_symbol(segment, case.symbol, name) for segment in case.stream.segments
        )
        sharded = case.played(alone.script())
        require_same(sharded, own, f"{name} when only its rows come")


def _keep(case: Case) -> None:
    numbers, start = list[pl.DataFrame](), 0
    for segment in case.stream.segments:
        numbers.append(segment.with_row_index(_ROW, start))
        start += segment.height
    stream = case.stream.replaced(numbers)
    run = case.operator.start()
    out = joined(play(run, stream.script()))
    replaced: Sequence[str] = getattr(case.operator, "replaces", ())
    kept = [name for name in stream.schema if name not in replaced]
    require(
        [name for name in out.columns if name in kept] == kept,
        f"columns {kept} come out as {out.columns}",
    )
    rows = out[_ROW].cast(pl.Int64)
    require(bool((rows.diff().drop_nulls() > 0).all()), f"rows come out as {rows.to_list()}")
    left_out = stream.frame.height - out.height
    require(
        left_out <= sum(counts(run).values()),
        f"{left_out} rows are left out, but only {counts(run)} are counted",
    )
    require_same(
        out.select(kept), stream.frame[rows.to_list()].select(kept), "the columns that came in"
    )


def _shuffled(segment: pl.DataFrame, case: Case) -> list[int]:
    """Draw an order of rows that keeps the order within each symbol."""
    names = segment[case.symbol].cast(pl.String).to_list()
    places: dict[str | None, list[int]] = {}
    for place, name in enumerate(names):
        places.setdefault(name, []).append(place)
    if len(places) < 2:
        return list(range(len(names)))
    turns = _turns(names, case)
    upcoming = {name: iter(own) for name, own in places.items()}
    return [next(upcoming[name]) for name in turns]


def _turns(names: list[str | None], case: Case) -> list[str | None]:
    if len(names) <= _MOST_DRAWN:
        return case.data.draw(st.permutations(names))
    turns = list(names)
    Random(case.data.draw(st.integers(0, 2**32))).shuffle(turns)
    return turns


def _shown(orders: list[list[int]]) -> str:
    text = str(orders)
    return text if len(text) < 500 else f"{text[:500]} …"


def _by_symbol(operator: OperatorLike) -> bool:
    return not getattr(operator, "across_symbols", False)


def _adds_columns(operator: OperatorLike) -> bool:
    return getattr(operator, "adds_columns", False)


CHUNKS = Law(
    "chunks",
    "However rows are cut into frames, the same comes out (finish included).",
    _cut,
    moments=False,
)
TIME = Law(
    "time",
    "With the time told between rows, the same comes out however the rows are cut.",
    _cut,
)
CLOCK = Law(
    "clock",
    "How often the time is told does not matter, only how late it is.",
    _refine,
)
BATCH = Law(
    "batch",
    "apply and scan give what push and finish give.",
    _batch,
    moments=False,
)
SYMBOLS = Law(
    "symbols",
    "A symbol's rows come out the same whatever other symbols' rows come in between, or none.",
    _interleave,
    applies=_by_symbol,
)
ORDER = Law(
    "order",
    "An operator that adds columns keeps the others, and rows and their order"
    " (what it leaves out it counts).",
    _keep,
    applies=_adds_columns,
)
