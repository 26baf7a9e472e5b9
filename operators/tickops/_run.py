"""One stateful run of an operator or a chain."""

from __future__ import annotations

import threading
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from tickops._ahead import ahead
from tickops._blocks import BLOCK_ROWS, Assembly, Source
from tickops._snapshot import CoreMemory, Memory, Snapshot, decode, encode
from tickops._symbols import Symbols
from tickops.exceptions import OperatorError, SchemaError, SnapshotError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from tickops._batch import Batch
    from tickops._operator import Core, Operator

__all__ = ["Bound", "Run", "bind", "difference", "epoch_us", "through"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Bound:
    """Cores that know what their frames look like."""

    schema: pl.Schema
    names: list[str]
    dtypes: list[pl.DataType]
    output: pl.Schema
    cores: tuple[Core, ...]
    by_symbol: bool

    @cached_property
    def empty(self) -> pl.DataFrame:
        """What comes out when nothing does."""
        return pl.DataFrame(schema=self.output)


class Run:
    """A run: rows go in, rows come out, and what was seen is remembered.

    Made by ``op.start()``. One caller at a time; what raises in the middle ends the run
    (a `SchemaError` comes before anything changes, and the run goes on).

    Parameters
    ----------
    operator
        What to run.
    snapshot
        From `snapshot`, to go on from there.
    schema
        Columns of the frames to come, if known.
    threads
        More than 1: the steps of a long frame, and reading it, go on side by side.
    """

    def __init__(
        self,
        operator: Operator,
        *,
        snapshot: bytes | None = None,
        schema: pl.Schema | None = None,
        threads: int = 1,
    ) -> None:
        self.operator = operator
        self._threads = threads
        self._names = [repr(step) for step in operator.operators]
        self._symbols = Symbols()
        self._bound: Bound | None = None
        self._ended: str | None = None
        self._busy = threading.Lock()
        if snapshot is not None:
            self._restore(decode(snapshot, self._names), schema)
        elif schema is not None:
            self._bound = self._bind(schema)

    @property
    def counts(self) -> dict[str, int]:
        """Rows left out so far, by operator and reason: ``{"deltas.late": 3}``."""
        total: dict[str, int] = {}
        for step, core in zip(self.operator.operators, self._cores(), strict=False):
            for reason, count in core.counts.items():
                key = f"{type(step).__name__}.{reason}"
                total[key] = total.get(key, 0) + count
        return total

    def push(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Take the next rows, in order of arrival.

        Returns
        -------
        polars.DataFrame
            What they bring about; maybe empty, always of ``output_schema``.

        Raises
        ------
        SchemaError
            A column is missing, of the wrong type, or not as in the frames before.
        LateRowError
            A row is late and the operator was made with ``late="raise"``.
        """
        if not isinstance(frame, pl.DataFrame):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"a run takes a polars.DataFrame, not {type(frame).__name__}")
        with self._alone():
            bound = self._bound
            if bound is None:
                bound = self._bound = self._bind(frame.schema)
            elif frame.columns != bound.names or frame.dtypes != bound.dtypes:
                raise SchemaError(difference(bound.schema, frame.schema))
            if not frame.height:
                return bound.empty.clear()
            with self._ends_on_error():
                if frame.height > BLOCK_ROWS:
                    return self._push_blocks(frame, bound)
                source = Source(frame, self._symbols, by_symbol=bound.by_symbol)
                out = through(bound.cores, source.whole())
                return bound.empty.clear() if out is None else out.frame()

    def advance(self, now: int | datetime) -> pl.DataFrame:
        """Say what time it is: what is due by then closes.

        Parameters
        ----------
        now
            Epoch microseconds UTC, or an aware datetime.

        Returns
        -------
        polars.DataFrame
            What is due; empty, without columns if the run has seen no frame.
        """
        now_us = epoch_us(now)
        with self._alone(), self._ends_on_error():
            return self._flush(lambda core: core.advance(now_us))

    def finish(self) -> pl.DataFrame:
        """Say that no rows will come: what is open comes out, and the run ends.

        Returns
        -------
        polars.DataFrame
            What was open; empty, without columns if the run has seen no frame.
        """
        with self._alone():
            with self._ends_on_error():
                out = self._flush(lambda core: core.finish())
            self._ended = "it was finished"
            return out

    def snapshot(self) -> bytes:
        """Everything the run knows, by symbol name: ``op.start(snapshot)`` goes on from it."""
        known = self.memory()
        return encode(known.schema, known.symbols, known.markets, known.cores)

    def memory(self) -> Memory:
        """What `snapshot` writes, for those who divide and merge snapshots."""
        with self._alone():
            schema = None if self._bound is None else self._bound.schema
            cores = [
                CoreMemory(name, core.counts, core.save())
                for name, core in zip(self._names, self._cores(), strict=False)
            ] or [CoreMemory(name, {}, {}) for name in self._names]
            return Memory(schema, self._symbols.names, self._symbols.markets.tolist(), cores)

    def _push_blocks(self, frame: pl.DataFrame, bound: Bound) -> pl.DataFrame:
        """Push a long frame; by the one law it may be cut."""
        assembly = Assembly(frame) if self.operator.keeps_rows else None
        frames: list[pl.DataFrame] = []
        source = Source(frame, self._symbols, by_symbol=bound.by_symbol)
        parts = _parts(source, frame.height)
        for step in (None, *bound.cores):
            parts = parts if step is None else _pushed(step, parts)
            if self._threads > 1:
                parts = ahead(parts, "tickops-step")
        with closing(parts):
            for block, out in parts:
                if assembly is not None:
                    assembly.add(block, out)
                elif out is not None:
                    frames.append(out.frame())
        if assembly is not None:
            return assembly.frame(bound.empty)
        return pl.concat(frames, rechunk=True) if frames else bound.empty.clear()

    def _cores(self) -> tuple[Core, ...]:
        return () if self._bound is None else self._bound.cores

    def _bind(self, schema: pl.Schema) -> Bound:
        return bind(self.operator, schema, self._symbols)

    def _restore(self, saved: Snapshot, schema: pl.Schema | None) -> None:
        if saved.schema is None:
            self._bound = None if schema is None else self._bind(schema)
            return
        if schema is not None and schema != saved.schema:
            raise SnapshotError(difference(saved.schema, schema))
        self._symbols.add(saved.symbols, saved.markets)
        try:
            self._bound = self._bind(saved.schema)
        except SchemaError as error:
            raise SnapshotError(f"the snapshot is of frames that do not fit: {error}") from error
        for core, state in zip(self._bound.cores, saved.states, strict=True):
            core.load(state)
            core.counts.update(state.counts)

    def _flush(self, step: Callable[[Core], Batch | None]) -> pl.DataFrame:
        """Ask each core in turn for what is due, and push it through those after it."""
        bound = self._bound
        if bound is None:
            return pl.DataFrame()
        pending: list[Batch] = []
        for core in bound.cores:
            pending = [core.push(batch) for batch in pending if batch.height]
            due = step(core)
            if due is not None and due.height:
                pending.append(due)
        frames = [batch.frame() for batch in pending if batch.height]
        return pl.concat(frames) if frames else bound.empty.clear()

    @contextmanager
    def _alone(self) -> Generator[None]:
        if not self._busy.acquire(blocking=False):
            raise OperatorError(
                "a run has one caller at a time: another thread is in this one"
                " (or a callback calls back into it)"
            )
        try:
            if self._ended is not None:
                raise OperatorError(f"this run is over: {self._ended}; start another")
            yield
        finally:
            self._busy.release()

    @contextmanager
    def _ends_on_error(self) -> Generator[None]:
        try:
            yield
        except BaseException as error:
            self._ended = f"it raised {type(error).__name__}"
            raise


def bind(operator: Operator, schema: pl.Schema, symbols: Symbols) -> Bound:
    """Make the cores of an operator for frames of `schema`."""
    cores: list[Core] = []
    by_symbol = False
    current = schema
    for step in operator.operators:
        following = step.output_schema(current)
        by_symbol = by_symbol or "symbol" in step.needs
        cores.append(step.core(current, symbols))
        current = following
    return Bound(
        schema,
        list(schema),
        list(schema.values()),
        current,
        tuple(cores),
        by_symbol and "symbol" in schema,
    )


def _parts(source: Source, height: int) -> Generator[tuple[Batch, Batch | None]]:
    """Blocks of a frame, each twice: as it is, and to go through cores."""
    for start in range(0, height, BLOCK_ROWS):
        block = source.block(start, start + BLOCK_ROWS)
        yield block, block


def _pushed(
    core: Core, parts: Iterable[tuple[Batch, Batch | None]]
) -> Generator[tuple[Batch, Batch | None]]:
    """Push what became of each block through one core more."""
    for block, given in parts:
        out = None if given is None else core.push(given)
        yield block, out if out is not None and out.height else None


def through(cores: Iterable[Core], batch: Batch) -> Batch | None:
    """Push a batch through all cores; None if nothing comes out."""
    for core in cores:
        batch = core.push(batch)
        if not batch.height:
            return None
    return batch


def epoch_us(now: int | datetime) -> int:
    """Epoch microseconds of a moment, given as such or as an aware datetime."""
    if isinstance(now, datetime):
        if now.tzinfo is None:
            raise ValueError(f"now must have a time zone: {now!r} does not say which it is in")
        return (now - _EPOCH) // timedelta(microseconds=1)
    return int(now)


def difference(before: pl.Schema, now: pl.Schema) -> str:
    """Say in what the columns of a frame differ from those of the frames before."""
    parts = [f"{name!r} ({dtype}) is missing" for name, dtype in before.items() if name not in now]
    parts += [f"{name!r} ({dtype}) is new" for name, dtype in now.items() if name not in before]
    parts += [
        f"{name!r} was {dtype}, is {now[name]}"
        for name, dtype in before.items()
        if name in now and now[name] != dtype
    ]
    if not parts:
        parts = [f"their order was {list(before)}, is {list(now)}"]
    return "the columns of a run's frames must stay the same: " + "; ".join(parts)
