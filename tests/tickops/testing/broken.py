"""Operators that break one law each."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from reactivex import never
from reactivex import operators as rx

from tests.tickops.testing.simple import (
    Chain,
    ChainRun,
    Highest,
    Minutes,
    Row,
    Run,
    State,
    Totals,
    piped,
    rows_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reactivex import Observable


class WrongType(Totals):
    """schema: says that a column is Float32 and gives Float64."""

    def output_schema(self, schema: Mapping[str, Any], /) -> pl.Schema:
        return pl.Schema({**super().output_schema(schema), "total": pl.Float32()})

    def start(self, snapshot: bytes | None = None, /) -> Run:
        return Run(Totals(), snapshot)


class RowsFromNothing(Minutes):
    """schema: gives a row for a frame without rows."""

    def start(self, snapshot: bytes | None = None, /) -> Run:
        class Eager(Run):
            def push(self, frame: pl.DataFrame, /) -> pl.DataFrame:
                out = super().push(frame)
                return out if frame.height else out.clear(1)

        return Eager(self, snapshot)


class SameBuffer(Totals):
    """memory: writes all its output to the same array."""

    def start(self, snapshot: bytes | None = None, /) -> Run:
        class Frugal(Run):
            buffer = np.zeros(1_000)

            def push(self, frame: pl.DataFrame, /) -> pl.DataFrame:
                out = super().push(frame)
                self.buffer[: out.height] = out["total"]
                return out.with_columns(pl.Series("total", self.buffer[: out.height]))

        return Frugal(self, snapshot)


class WritesToInput(Totals):
    """memory: writes to the frame that it is given."""

    def start(self, snapshot: bytes | None = None, /) -> Run:
        class Rude(Run):
            def push(self, frame: pl.DataFrame, /) -> pl.DataFrame:
                out = super().push(frame)
                if frame.height and not frame["high"].null_count():
                    address = frame["high"].to_numpy().__array_interface__["data"][0]
                    ctypes.memset(address, 1, 8)
                return out

        return Rude(self, snapshot)


class OneState(Totals):
    """runs: all runs that are not over have the same state."""

    def __init__(self) -> None:
        self.state: State = {}

    def new_state(self) -> State:
        return self.state

    def end(self, state: State) -> list[Row]:
        state.clear()
        return []


class NoState(Totals):
    """chunks: begins anew with every frame."""

    def start(self, snapshot: bytes | None = None, /) -> Run:
        class Forgetful(Run):
            def push(self, frame: pl.DataFrame, /) -> pl.DataFrame:
                self.state = {}
                return super().push(frame)

        return Forgetful(self, snapshot)


class UncountedCuts(Totals):
    """chunks: gives the right rows, but counts frames."""

    def start(self, snapshot: bytes | None = None, /) -> Run:
        class Counting(Run):
            def push(self, frame: pl.DataFrame, /) -> pl.DataFrame:
                self.counts["frames"] = self.counts.get("frames", 0) + 1
                return super().push(frame)

        return Counting(self, snapshot)


class NeverEnds(Minutes):
    """batch: `apply` leaves out what is open at the end."""

    def apply(self, frame: pl.DataFrame, /) -> pl.DataFrame:
        return self.start().push(frame)


class ScansBackwards(Totals):
    """batch: `scan` reads the rows in another order."""

    def scan(self, lazy: pl.LazyFrame, /) -> Any:
        return super().scan(lazy.reverse())


class LastFrameOnly(Minutes):
    """time: closes only symbols of the frame before."""

    def start(self, snapshot: bytes | None = None, /) -> Run:
        class Narrow(Run):
            last: frozenset[str] = frozenset()

            def push(self, frame: pl.DataFrame, /) -> pl.DataFrame:
                self.last = frozenset(row["symbol"] for row in rows_of(frame))
                return super().push(frame)

            def advance(self, now: int, /) -> pl.DataFrame:
                state = {name: self.state[name] for name in self.last if name in self.state}
                out = self.frame(self.operator.due(state, now))
                self.state = {
                    name: group
                    for name, group in self.state.items()
                    if name in state or name not in self.last
                }
                return out

        return Narrow(self, snapshot)


class Heartbeat(Minutes):
    """clock: gives a row whenever the time is told."""

    def due(self, state: State, now: int) -> list[Row]:
        return [dict(group) for group in state.values()]


class LeavesOut(Totals):
    """order: leaves rows out and does not count them."""

    def step(self, state: State, row: Row) -> list[Row]:
        return [out for out in super().step(state, row) if out["number"] != 2]


class ChangesColumn(Totals):
    """order: changes a column that it says it keeps."""

    def step(self, state: State, row: Row) -> list[Row]:
        return [out | {"high": -out["high"]} for out in super().step(state, row)]


class OneTotal(Totals):
    """symbols: one total of all symbols."""

    def step(self, state: State, row: Row) -> list[Row]:
        together = super().step(state, row | {"symbol": "all"})
        return [out | {"symbol": row["symbol"]} for out in together]


class NoSymbol(Minutes):
    """symbols: nobody can tell whose its rows are."""

    def output_schema(self, schema: Mapping[str, Any], /) -> pl.Schema:
        kept = super().output_schema(schema)
        del kept["symbol"]
        return kept


class ForgetsTotal(Totals):
    """snapshot: the sum is not in it."""

    def start(self, snapshot: bytes | None = None, /) -> Run:
        run = Run(self, snapshot)
        for seen in run.state.values():
            seen["total"] = 0.0
        return run


class TakesAway(Minutes):
    """snapshot: a run loses what it has written down."""

    def start(self, snapshot: bytes | None = None, /) -> Run:
        class Generous(Run):
            def snapshot(self) -> bytes:
                written = super().snapshot()
                self.state = {}
                return written

        return Generous(self, snapshot)


class SplitsInTwo(Totals):
    """shards: every part is told of all symbols, and counts them from there."""

    def split_snapshot(self, snapshot: bytes, groups: Iterable[Iterable[str]], /) -> list[bytes]:
        return [snapshot for _ in groups]


class LosesOnMerge(Totals):
    """shards: of several snapshots only one counts."""

    def merge_snapshots(self, snapshots: Iterable[bytes], /) -> bytes:
        return next(iter(snapshots))


class InOrderOfArrival(Minutes):
    """shards: what comes out at the end is in an order that parts do not know."""

    def end(self, state: State) -> list[Row]:
        return list(state.values())


class RemembersAll(Totals):
    """state: keeps every price."""

    def step(self, state: State, row: Row) -> list[Row]:
        out = super().step(state, row)
        state[row["symbol"]].setdefault("prices", []).append(row["last_price"])
        return [{name: value for name, value in out[0].items() if name != "prices"}]


class Milliseconds(Minutes):
    """layout: takes it that time is in milliseconds."""

    def start(self, snapshot: bytes | None = None, /) -> Run:
        class Hasty(Run):
            def push(self, frame: pl.DataFrame, /) -> pl.DataFrame:
                ticks = pl.col("timestamp").to_physical() % 10**13
                assumed = ticks.cast(pl.Datetime("ms", "UTC"))
                return super().push(frame.with_columns(assumed))

        return Hasty(self, snapshot)


class OneSubscription(Totals):
    """observable: all observers get what one run gives."""

    def __call__(self, source: Observable[pl.DataFrame], /) -> Observable[pl.DataFrame]:
        run = self.start()

        class Shared(Totals):
            def start(self, snapshot: bytes | None = None, /) -> Run:
                return run

        return piped(Shared(), source)


class NeverCompletes(Totals):
    """observable: swallows the end."""

    def __call__(self, source: Observable[pl.DataFrame], /) -> Observable[pl.DataFrame]:
        return super().__call__(source).pipe(rx.concat(never()))


class LosesTheLast(Chain):
    """fusion: what the first operator gives at the end does not reach the second."""

    def start(self, snapshot: bytes | None = None, /) -> ChainRun:
        class Hurried(ChainRun):
            def finish(self) -> pl.DataFrame:
                return self.runs[-1].finish()

        return Hurried(self.operators, snapshot)


class Raises(Totals):
    """every law: cannot take an empty frame after others."""

    def start(self, snapshot: bytes | None = None, /) -> Run:
        class Fragile(Run):
            def push(self, frame: pl.DataFrame, /) -> pl.DataFrame:
                if self.state and not frame.height:
                    raise RuntimeError("what shall I do with this?")
                return super().push(frame)

        return Fragile(self, snapshot)


BROKEN = {
    "schema": [WrongType(), RowsFromNothing()],
    "memory": [SameBuffer(), WritesToInput()],
    "runs": [OneState()],
    "chunks": [NoState(), UncountedCuts()],
    "batch": [NeverEnds(), ScansBackwards()],
    "time": [LastFrameOnly()],
    "clock": [Heartbeat()],
    "order": [LeavesOut(), ChangesColumn()],
    "symbols": [OneTotal(), NoSymbol()],
    "snapshot": [ForgetsTotal(), TakesAway()],
    "shards": [SplitsInTwo(), LosesOnMerge(), InOrderOfArrival()],
    "state": [RemembersAll()],
    "layout": [Milliseconds()],
    "observable": [OneSubscription(), NeverCompletes()],
    "fusion": [LosesTheLast(Minutes(), Highest())],
}
"""By law, operators that break it."""

ALSO = {
    "WrongType": {"layout"},
    "RowsFromNothing": {"chunks", "time", "symbols"},
    "SameBuffer": {"chunks", "time", "symbols", "snapshot"},
    "WritesToInput": set(BROKEN),
    "OneState": {"snapshot", "observable"},
    "NoState": {"time"},
    "UncountedCuts": {"time", "snapshot", "shards"},
    "OneTotal": {"shards"},
    "NoSymbol": {"shards"},
    "LastFrameOnly": {"snapshot"},
}
"""By operator, other laws that cannot hold either where that one does not."""
