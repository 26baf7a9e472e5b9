"""Operators over long frames in several threads: each has the rows of some symbols.

By the one law a symbol's rows give the same alone as among others, so that nobody can tell, but
by the time it takes.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, as_completed
from threading import Event, _DummyThread, current_thread  # pyright: ignore[reportPrivateUsage]
from typing import TYPE_CHECKING, Final, cast

import numpy as np
import polars as pl

from tickops._arrays import frozen
from tickops._blocks import BLOCK_ROWS, Assembly, Source
from tickops._counts import check_count
from tickops._run import Run, bind, through
from tickops._stateless import Stateless
from tickops._symbols import Symbols

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tickops._arrays import I32
    from tickops._batch import Batch
    from tickops._operator import Operator

__all__ = ["Lanes", "begin", "can_divide"]

_FEWEST: Final = BLOCK_ROWS // 2
_SAMPLE: Final = 1 << 13


def begin(operator: Operator, frame: pl.DataFrame, threads: int | None) -> Run | Lanes:
    """Begin to run over frames such as this one, in so many threads if they are long.

    Lanes where rows are worth dividing; else a run whose steps go on side by side.

    Raises
    ------
    TypeError, ValueError
        `threads` is no count.
    """
    if threads is not None:
        check_count("threads", threads, "thread")
    count = _spare() if threads is None else threads
    is_frame = isinstance(frame, pl.DataFrame)  # pyright: ignore[reportUnnecessaryIsInstance]
    if count == 1 or not is_frame or frame.height <= BLOCK_ROWS:
        return operator.start()
    if can_divide(operator):
        bound = bind(operator, frame.schema, Symbols())
        steps = zip(operator.operators, bound.cores, strict=True)
        own = all(isinstance(core, Stateless) or "symbol" in step.needs for step, core in steps)
        if own and (not bound.by_symbol or any(core.heavy for core in bound.cores)):
            return Lanes(operator, frame.schema, min(count, frame.height // _FEWEST))
    return Run(operator, threads=count)


def _spare() -> int:
    """How many threads may work: in one of Polars' own only that, for others might wait for it."""
    of_polars = isinstance(current_thread(), _DummyThread)  # one that Python did not start
    return 1 if of_polars else pl.thread_pool_size()


def can_divide(operator: Operator) -> bool:
    """Whether its results are the same if each thread has the rows of some symbols."""
    return (
        operator.keeps_rows
        and not operator.across_symbols
        # Of several late rows it is the first of all that the error tells of.
        and all(getattr(step, "late", None) != "raise" for step in operator.operators)
    )


class Lanes:
    """Runs of an operator side by side, each of some of the symbols.

    Parameters
    ----------
    operator
        One that `can_divide`.
    schema
        Columns of the frames to come.
    count
        How many.

    Attributes
    ----------
    lanes
        The cores of each.
    """

    def __init__(self, operator: Operator, schema: pl.Schema, count: int) -> None:
        self._symbols = Symbols()
        self.lanes = [bind(operator, schema, self._symbols) for _ in range(count)]
        self._lane_of: I32 = np.zeros(0, np.int32)

    def push(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Take the next rows, in order of arrival; return what comes of them."""
        if not frame.height:
            return self.lanes[0].empty.clear()
        source = Source(frame, self._symbols, by_symbol=self.lanes[0].by_symbol)
        codes = source.codes(0, frame.height)
        if codes is not None:
            self._assign(codes)
        assembly = Assembly(frame)
        stop = Event()

        def work(lane: int) -> None:
            try:
                for part in self._parts(source, codes, lane, frame.height):
                    if stop.is_set():
                        return
                    assembly.add(part, through(self.lanes[lane].cores, part))
            except BaseException:  # the others need not go on
                stop.set()
                raise

        with ThreadPoolExecutor(len(self.lanes) - 1, "tickops-lane") as pool:
            others = [pool.submit(work, lane) for lane in range(1, len(self.lanes))]
            try:
                work(0)
                for other in as_completed(others):
                    other.result()
            finally:
                stop.set()
        return assembly.frame(self.lanes[0].empty)

    def finish(self) -> pl.DataFrame:
        """Nothing is open: an operator that keeps rows has none of its own."""
        return self.lanes[0].empty.clear()

    def _parts(self, source: Source, codes: I32 | None, lane: int, height: int) -> Iterator[Batch]:
        """Rows of a lane, about a block at a time."""
        count = len(self.lanes)
        if codes is None:  # no operator looks at symbols: any rows will do
            for start in range(lane * BLOCK_ROWS, height, count * BLOCK_ROWS):
                yield source.block(start, start + BLOCK_ROWS)
            return
        from tickops._kernels.lanes import select

        for start in range(0, height, count * BLOCK_ROWS):
            some = codes[start : start + count * BLOCK_ROWS]
            rows, own = np.empty(len(some) + 1, np.int64), np.empty(len(some) + 1, np.int32)
            found = select(some, self._lane_of, lane, start, rows, own)
            if found:
                yield source.some(rows[:found], cast("I32", frozen(own[:found])))

    def _assign(self, codes: I32) -> None:
        """Give new symbols to lanes, so that each lane has about as many rows of them."""
        known, symbols = max(len(self._lane_of) - 1, 0), len(self._symbols)
        rng = np.random.default_rng(0)
        seen = np.bincount(codes[rng.integers(0, len(codes), _SAMPLE)] + 1, minlength=symbols + 1)
        weights = seen[known + 1 :] + 1.0
        ends = np.cumsum(weights)
        lane_of = np.zeros(symbols + 1, np.int32)  # the last is of rows without a symbol
        lane_of[:known] = self._lane_of[:known]
        lane_of[known:symbols] = (ends - weights / 2) * len(self.lanes) / ends[-1:]
        self._lane_of = cast("I32", frozen(lane_of))
