"""Laws of how frames look: schemas and layouts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from hypothesis import strategies as st

from tickops._symbols import SYMBOL
from tickops.testing._compare import schema_difference
from tickops.testing._law import Law, LawBroken, require, require_same
from tickops.testing._streams import play

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tickops.testing._law import Case

__all__ = ["LAYOUT", "SCHEMA"]

_SYMBOLS: Final = (
    pl.String(),
    SYMBOL,
    pl.Categorical(),
    pl.Categorical(pl.Categories("tickops.testing.symbol", physical=pl.UInt16)),
)
_UNITS: Final = ("ms", "us", "ns")
_ZONES: Final = ("UTC", "Asia/Shanghai", "America/New_York", None)
_EXTRA: Final = ("extra number", "extra list")


def _predict(case: Case) -> None:
    operator, stream = case.operator, case.stream
    expected = operator.output_schema(stream.schema)
    _require_schema(operator.apply(stream.frame.clear()), expected, "apply(a frame of no rows)")
    _require_schema(operator.apply(stream.frame), expected, "apply(frame)")
    run = operator.start()
    for moment in stream.moments[:1]:
        require(not run.advance(moment).height, "advance() gives rows before any came in")
    empty = stream.frame.clear()
    script = [empty, *stream.script(), empty]
    for event, out in zip([*script, None], play(run, script), strict=True):
        what = "advance" if isinstance(event, int) else "finish" if event is None else "push"
        _require_schema(out, expected, f"{what}()")
        if event is empty:
            require(not out.height, "push() gives rows for a frame without rows")
    unused = operator.start().finish()
    require(not unused.height, "finish() gives rows where none came in")


def _require_schema(frame: pl.DataFrame, expected: pl.Schema, what: str) -> None:
    found = schema_difference(frame.schema, expected)
    require(found is None, f"{what} against output_schema(): {found}")


@dataclass(frozen=True)
class _Layout:
    """Another way to lay out the same rows."""

    symbol: pl.DataType | None
    region: pl.DataType | None
    unit: str | None
    zone: str | None
    extra: bool
    order: Sequence[str]
    memory: str

    def __str__(self) -> str:
        time = f"Datetime({self.unit}, {self.zone})" if self.unit else "as it was"
        return (
            f"symbol {self.symbol}, region {self.region or 'as it was'}, time {time},"
            f" {self.memory} memory, columns {list(self.order)}"
        )


def _layouts(case: Case) -> st.SearchStrategy[_Layout]:
    schema = case.stream.schema
    time = schema.get(case.timestamp)
    units: Sequence[str | None] = (None,)
    if isinstance(time, pl.Datetime):
        units = _UNITS[_UNITS.index(time.time_unit) :]
    region = [None, pl.String()] if "region" in schema else [None]
    columns = [*schema, *_EXTRA]
    return st.builds(
        _Layout,
        symbol=st.sampled_from(_SYMBOLS) if case.symbol in schema else st.none(),
        region=st.sampled_from(region),
        unit=st.sampled_from(units),
        zone=st.sampled_from(_ZONES),
        extra=st.booleans(),
        order=st.one_of(st.just(columns), st.permutations(columns)),
        memory=st.sampled_from(["whole", "chunked", "sliced"]),
    )


def _dress(case: Case) -> None:
    layout = case.data.draw(_layouts(case))
    stream = case.stream
    segments = [_laid_out(segment, layout, case) for segment in stream.segments]
    actual = case.played(stream.replaced(segments).script())
    schema = case.operator.output_schema(segments[0].schema)
    if actual.width:
        _require_schema(actual, schema, f"with {layout}")
    expected = case.whole()
    plain = _plain(expected)
    missing = [name for name in plain.columns if name not in actual.columns]
    if missing and actual.width:
        raise LawBroken(f"with {layout}: no column {missing[0]!r} comes out")
    require_same(
        _plain(actual.select(plain.columns)) if actual.width else actual, plain, f"with {layout}"
    )


def _laid_out(frame: pl.DataFrame, layout: _Layout, case: Case) -> pl.DataFrame:
    changes = list[pl.Expr]()
    if layout.symbol is not None:
        changes.append(pl.col(case.symbol).cast(pl.String).cast(layout.symbol))
    if layout.region is not None:
        changes.append(pl.col("region").cast(layout.region))
    if layout.unit is not None:
        changes.append(_timed(pl.col(case.timestamp), layout, case.stream.schema[case.timestamp]))
    dressed = frame.with_columns(
        *changes,
        (pl.int_range(pl.len()) % 100).cast(pl.Int8).alias(_EXTRA[0]),
        pl.lit([None, "x"], dtype=pl.List(pl.String)).alias(_EXTRA[1]),
    )
    columns = [name for name in layout.order if layout.extra or name not in _EXTRA]
    return _placed(dressed.select(columns), layout.memory)


def _timed(time: pl.Expr, layout: _Layout, dtype: Any) -> pl.Expr:
    aware = time if dtype.time_zone else time.dt.replace_time_zone("UTC")
    zoned = aware.dt.convert_time_zone(layout.zone or "UTC")
    local = zoned if layout.zone else zoned.dt.replace_time_zone(None)
    return local.dt.cast_time_unit(layout.unit)  # pyright: ignore[reportArgumentType]


def _placed(frame: pl.DataFrame, memory: str) -> pl.DataFrame:
    """Put rows into several chunks, or between others that must not be looked at."""
    if memory == "chunked" and frame.height > 1:
        middle = frame.height // 2
        return pl.concat([frame[:middle], frame[middle:]], rechunk=False)
    if memory == "sliced" and frame.height:
        nulls = pl.DataFrame({name: [None] for name in frame.columns}, schema=frame.schema)
        return pl.concat([frame[-1:], nulls, frame, nulls, frame[:1]], rechunk=True)[2:-2]
    return frame


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    """Lay rows out so that only their values matter."""
    changes = list[pl.Expr]()
    for name, dtype in frame.schema.items():
        column = pl.col(name)
        if isinstance(dtype, pl.Categorical):
            changes.append(column.cast(pl.String))
        elif isinstance(dtype, pl.Datetime):
            aware = column if dtype.time_zone else column.dt.replace_time_zone("UTC")
            changes.append(aware.dt.convert_time_zone("UTC").dt.cast_time_unit("us"))
    return frame.with_columns(changes)


SCHEMA = Law(
    "schema",
    "What comes out has the columns that output_schema says, also where no rows are.",
    _predict,
)
LAYOUT = Law(
    "layout",
    "Only values matter: not the type of the symbols, the unit and zone of time,"
    " other columns, their order, or how memory is cut.",
    _dress,
)
