"""Operators in plain Python, row by row: right ones, to break one law at a time."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import polars as pl
from reactivex import Observable
from reactivex.disposable import CompositeDisposable

from tickops import Frames

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from reactivex import abc

    from tickops.testing import OperatorLike

Row = dict[str, Any]
State = dict[str, Any]

MINUTE_US = 60_000_000


class Simple(ABC):
    """An operator whose state is a dict and whose rows are dicts."""

    adds_columns = False
    across_symbols = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    @abstractmethod
    def output_schema(self, schema: Mapping[str, Any], /) -> pl.Schema: ...

    @abstractmethod
    def step(self, state: State, row: Row) -> list[Row]:
        """Rows that an input row brings about."""

    def due(self, state: State, now: int) -> list[Row]:
        """Rows that are due by `now`."""
        return []

    def end(self, state: State) -> list[Row]:
        """Rows that are still open."""
        return []

    def new_state(self) -> State:
        return {}

    def start(self, snapshot: bytes | None = None, /) -> Run:
        return Run(self, snapshot)

    def split_snapshot(self, snapshot: bytes, groups: Iterable[Iterable[str]], /) -> list[bytes]:
        """Divide the state by its keys, which are symbols."""
        state, schema = json.loads(snapshot)
        whole = [{name: state[name] for name in group if name in state} for group in groups]
        return [json.dumps([part, schema]).encode() for part in whole]

    def merge_snapshots(self, snapshots: Iterable[bytes], /) -> bytes:
        parts = [json.loads(snapshot) for snapshot in snapshots]
        state: State = {}
        for part, _ in parts:
            state |= part
        return json.dumps([state, max(schema for _, schema in parts)]).encode()

    def apply(self, frame: pl.DataFrame, /) -> pl.DataFrame:
        run = self.start()
        return pl.concat([run.push(frame), run.finish()])

    def scan(self, lazy: pl.LazyFrame, /) -> Iterator[pl.DataFrame]:
        run = self.start()
        yield run.push(lazy.collect())
        yield run.finish()

    def __call__(self, source: Observable[pl.DataFrame], /) -> Observable[pl.DataFrame]:
        return piped(self, source)


class Run:
    """A run of a simple operator."""

    def __init__(self, operator: Simple, snapshot: bytes | None = None) -> None:
        self.operator = operator
        self.schema: pl.Schema | None = None
        self.state = operator.new_state() if snapshot is None else self.load(snapshot)
        self.counts: dict[str, int] = {}

    def push(self, frame: pl.DataFrame, /) -> pl.DataFrame:
        self.schema = self.operator.output_schema(frame.schema)
        return self.frame([out for row in rows_of(frame) for out in self.step(row)])

    def step(self, row: Row) -> list[Row]:
        return self.operator.step(self.state, row)

    def advance(self, now: int, /) -> pl.DataFrame:
        return self.frame(self.operator.due(self.state, now))

    def finish(self) -> pl.DataFrame:
        return self.frame(self.operator.end(self.state))

    def snapshot(self) -> bytes:
        schema = "" if self.schema is None else pl.DataFrame(schema=self.schema).serialize().hex()
        return json.dumps([self.state, schema]).encode()

    def load(self, snapshot: bytes) -> State:
        state, schema = json.loads(snapshot)
        if schema:
            self.schema = pl.DataFrame.deserialize(bytes.fromhex(schema)).schema
        return state

    def frame(self, rows: list[Row]) -> pl.DataFrame:
        if self.schema is None:
            return pl.DataFrame()
        columns = {name: [row[name] for row in rows] for name in self.schema}
        return pl.DataFrame(columns, schema=self.schema)


def rows_of(frame: pl.DataFrame) -> list[Row]:
    """Rows with symbols as text, and with times as epoch microseconds in `time_us`."""
    times = pl.col("^timestamp$").dt.epoch("us").alias("time_us")
    return frame.with_columns(pl.col("symbol").cast(pl.String), times).to_dicts()


def piped(operator: OperatorLike, source: Observable[pl.DataFrame]) -> Observable[pl.DataFrame]:
    """Put a run between a source and each observer."""
    clock = source.clock if isinstance(source, Frames) else None

    def subscribe(
        observer: abc.ObserverBase[pl.DataFrame], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        run = operator.start()

        def complete() -> None:
            observer.on_next(run.finish())
            observer.on_completed()

        subscription = source.subscribe(
            lambda frame: observer.on_next(run.push(frame)), observer.on_error, complete
        )
        ticks = clock and clock.subscribe(lambda now: observer.on_next(run.advance(now)))
        return both(subscription, ticks)

    return Frames(subscribe, clock)


def both(first: abc.DisposableBase, second: abc.DisposableBase | None) -> abc.DisposableBase:
    return CompositeDisposable(*(one for one in (first, second) if one is not None))


class Totals(Simple):
    """Adds the number of a symbol's rows so far, and the sum of their prices."""

    adds_columns = True

    def output_schema(self, schema: Mapping[str, Any], /) -> pl.Schema:
        return pl.Schema({**schema, "number": pl.Int64(), "total": pl.Float64()})

    def step(self, state: State, row: Row) -> list[Row]:
        seen = state.setdefault(row["symbol"], {"number": 0, "total": 0.0})
        seen["number"] += 1
        seen["total"] += row["last_price"]
        return [row | seen]


class Minutes(Simple):
    """Gives a row for each minute of a symbol, once a later row, the time or the end closes it."""

    def output_schema(self, schema: Mapping[str, Any], /) -> pl.Schema:
        return pl.Schema(
            {
                "symbol": schema["symbol"],
                "minute": pl.Int64(),
                "rows": pl.Int64(),
                "high": pl.Float64(),
            }
        )

    def step(self, state: State, row: Row) -> list[Row]:
        minute, name = row["time_us"] // MINUTE_US, row["symbol"]
        closed: list[Row] = []
        if name in state and state[name]["minute"] < minute:
            closed = [state.pop(name)]
        group = state.setdefault(
            name, {"symbol": name, "minute": minute, "rows": 0, "high": row["last_price"]}
        )
        group["rows"] += 1
        group["high"] = max(group["high"], row["last_price"])
        return closed

    def due(self, state: State, now: int) -> list[Row]:
        names = [name for name in sorted(state) if (state[name]["minute"] + 1) * MINUTE_US <= now]
        return [state.pop(name) for name in names]

    def end(self, state: State) -> list[Row]:
        return [state[name] for name in sorted(state)]


class Highest(Simple):
    """Adds a symbol's highest `high` so far, to rows of Minutes."""

    adds_columns = True

    def output_schema(self, schema: Mapping[str, Any], /) -> pl.Schema:
        return pl.Schema({**schema, "highest": pl.Float64()})

    def step(self, state: State, row: Row) -> list[Row]:
        state[row["symbol"]] = max(state.get(row["symbol"], row["high"]), row["high"])
        return [row | {"highest": state[row["symbol"]]}]


class Chain(Simple):
    """Operators one after another."""

    def __init__(self, *operators: Simple) -> None:
        self.operators = operators

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.operators))})"

    def output_schema(self, schema: Mapping[str, Any], /) -> pl.Schema:
        for operator in self.operators:
            schema = operator.output_schema(schema)
        return pl.Schema(schema)

    def step(self, state: State, row: Row) -> list[Row]:
        raise NotImplementedError("a chain has no state of its own")

    def start(self, snapshot: bytes | None = None, /) -> ChainRun:
        return ChainRun(self.operators, snapshot)

    def split_snapshot(self, snapshot: bytes, groups: Iterable[Iterable[str]], /) -> list[bytes]:
        named = [list(group) for group in groups]
        split = [
            operator.split_snapshot(one.encode(), named)
            for operator, one in zip(self.operators, json.loads(snapshot), strict=True)
        ]
        return [_of_chain(part) for part in zip(*split, strict=True)]

    def merge_snapshots(self, snapshots: Iterable[bytes], /) -> bytes:
        parts = zip(*(json.loads(snapshot) for snapshot in snapshots), strict=True)
        return _of_chain(
            operator.merge_snapshots([one.encode() for one in part])
            for operator, part in zip(self.operators, parts, strict=True)
        )


def _of_chain(snapshots: Iterable[bytes]) -> bytes:
    return json.dumps([snapshot.decode() for snapshot in snapshots]).encode()


class ChainRun(Run):
    """Runs one after another."""

    def __init__(self, operators: Sequence[Simple], snapshot: bytes | None = None) -> None:
        self.counts = {}
        saved = json.loads(snapshot) if snapshot else [None] * len(operators)
        self.runs = [
            operator.start(None if one is None else one.encode())
            for operator, one in zip(operators, saved, strict=True)
        ]

    def push(self, frame: pl.DataFrame, /) -> pl.DataFrame:
        for run in self.runs:
            frame = run.push(frame)
        return frame

    def advance(self, now: int, /) -> pl.DataFrame:
        return self._flush(lambda run: run.advance(now))

    def finish(self) -> pl.DataFrame:
        return self._flush(lambda run: run.finish())

    def snapshot(self) -> bytes:
        return _of_chain(run.snapshot() for run in self.runs)

    def _flush(self, step: Callable[[Run], pl.DataFrame]) -> pl.DataFrame:
        out = step(self.runs[0])
        for run in self.runs[1:]:
            out = pl.concat([run.push(out), step(run)]) if out.width else step(run)
        return out
