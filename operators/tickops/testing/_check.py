"""Try the laws on an operator."""

from __future__ import annotations

import logging
import math
import os
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

import polars as pl
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky, HypothesisException
from polars.exceptions import PanicException

from tickops.testing._depth import depth
from tickops.testing._draw import QUOTE_SCHEMA, book_schema
from tickops.testing._law import Case, Law, LawBroken
from tickops.testing._laws import LAWS
from tickops.testing._quotes import quotes
from tickops.testing._streams import Stream, play

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence

    from tickops.testing._streams import OperatorLike

    Source: TypeAlias = pl.DataFrame | Sequence[pl.DataFrame] | st.SearchStrategy[pl.DataFrame]

__all__ = ["check_operator"]

_EXAMPLES: Final = 20
_EXAMPLES_SMALL: Final = 6
_SECOND_US: Final = 1_000_000
_MINUTE_US: Final = 60 * _SECOND_US
# Seconds that the clock is ahead of the newest row, or past the minute after it.
_DELAYS: Final = (0, 1, 5, 60, 61, 600, -2)
_SHOWN_ROWS: Final = 30
# How long to look for a smaller input for which the law is broken.
_SHRINK_SECONDS: Final = 15.0
_NO_HEALTH_CHECKS: Final = cast("list[HealthCheck]", list(HealthCheck))


def check_operator(
    operator: OperatorLike,
    *,
    frames: Source | None = None,
    prepare: OperatorLike | None = None,
    laws: Iterable[Law] = LAWS,
    max_examples: int | None = None,
    symbol: str = "symbol",
    timestamp: str = "timestamp",
) -> None:
    """Try an operator against the laws that every operator must obey.

    Parameters
    ----------
    operator
        A `tickops.Operator`, or anything with its ``start``, ``apply``, ``scan``,
        ``output_schema`` and ``__call__``. Its traits choose laws: ``across_symbols``
        (exempt from laws symbols and shards), ``adds_columns`` (law order, which leaves out
        the columns named in ``replaces``, if it has that), and whether it has
        ``split_snapshot`` and ``merge_snapshots`` (law shards).
    frames
        Rows to try it on: a strategy, or frames, of which slices are tried too. By default
        `quotes` or `depth`, or both in one, whichever the operator takes, with
        corrections, late rows, nulls and NaN.
    prepare
        Applied to the rows first: ``prepare=deltas()`` for an operator that needs deltas.
        Law fusion also tries the two as one chain.
    laws
        Laws to try, by default all: `tickops.testing.LAWS`.
    max_examples
        Streams to try a law on. Default 20, or 6 where the environment has TICKOPS_SMALL=1.
    symbol, timestamp
        Columns with whose and when a row is.

    Raises
    ------
    AssertionError
        A law is broken; it says which, and shows the smallest input found for which it is,
        and the first row that differs.

    Notes
    -----
    The same streams are tried every time, so that a test passes or fails by the code alone;
    nothing is written to disk.

    Examples
    --------
    >>> import tickops as ops
    >>> from tickops.testing import LAWS, check_operator
    >>> check_operator(ops.vwap(window="5m"), prepare=ops.deltas(), max_examples=2)
    """
    if frames is None:
        source = _fitting(operator, prepare)
    elif isinstance(frames, st.SearchStrategy):
        source = frames
    else:
        source = _slices([frames] if isinstance(frames, pl.DataFrame) else list(frames))
    with _quiet():
        for law in laws:
            if law.applies(operator):
                trial = _Trial(law, operator, prepare, symbol, timestamp)
                trial.run(source, _examples(max_examples))


class _Enough(BaseException):
    """The search for a smaller input has taken long enough; no Exception ends it."""


class _Trial:
    """One law tried on one operator."""

    def __init__(
        self,
        law: Law,
        operator: OperatorLike,
        prepare: OperatorLike | None,
        symbol: str,
        timestamp: str,
    ) -> None:
        self.law, self.operator, self.prepare = law, operator, prepare
        self.symbol, self.timestamp = symbol, timestamp
        self.failure: tuple[Case, BaseException] | None = None
        self.give_up_at, self.gave_up = math.inf, False

    def run(self, source: st.SearchStrategy[pl.DataFrame], examples: int) -> None:
        """Try the law on so many streams."""
        limits = settings(
            max_examples=max(2, round(examples * self.law.share)),
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            report_multiple_bugs=False,
            suppress_health_check=_NO_HEALTH_CHECKS,
            print_blob=False,
        )
        streams = _streams(source, self.timestamp, moments=self.law.moments)
        try:
            limits(given(stream=streams, data=st.data())(self._try))()
        except (LawBroken, Flaky, _Enough) as error:
            message = self._message(sometimes=isinstance(error, Flaky) and not self.gave_up)
        else:
            return
        raised = self.failure[1] if self.failure else None
        raise AssertionError(message) from (None if isinstance(raised, LawBroken) else raised)

    def _try(self, stream: Stream, data: st.DataObject) -> None:
        if time.monotonic() >= self.give_up_at:
            self.gave_up = True
            raise _Enough
        prepared = stream if self.prepare is None else _prepared(self.prepare, stream)
        case = Case(
            self.operator, prepared, stream, data, self.prepare, self.symbol, self.timestamp
        )
        try:
            self.law.check(case)
        except HypothesisException:
            raise
        except (Exception, PanicException) as error:  # of Polars, which is no Exception
            self._note(case, error)
            if isinstance(error, LawBroken):
                raise
            raise LawBroken(f"it raises {type(error).__name__}: {error}") from error

    def _note(self, case: Case, error: BaseException) -> None:
        if self.failure is None:
            self.give_up_at = time.monotonic() + _SHRINK_SECONDS
        if self.failure is None or case.raw.frame.height <= self.failure[0].raw.frame.height:
            self.failure = case, error

    def _message(self, *, sometimes: bool) -> str:
        """Say what is broken, on the last case that failed: the smallest one found."""
        if self.failure is None:
            raise AssertionError("no case has failed")
        case, error = self.failure
        how = str(error) if isinstance(error, LawBroken) else f"{type(error).__name__}: {error}"
        lines = [f"law {self.law.name!r} is broken by {self.operator!r}", self.law.doc, how]
        if sometimes:
            lines.append("Not every time: the same rows gave the right answer when tried again.")
        lines.append(_shown("smallest input found", case.raw))
        if self.prepare is not None:
            lines.append(_shown(f"after {self.prepare!r}", case.stream))
        return "\n".join(lines)


@contextmanager
def _quiet() -> Generator[None]:
    """Keep the log free of what operators say of rows that they leave out."""
    logger = logging.getLogger("tickops")
    was_disabled, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = was_disabled


def _examples(asked: int | None) -> int:
    if asked is not None:
        return asked
    return _EXAMPLES_SMALL if os.environ.get("TICKOPS_SMALL", "0") not in ("", "0") else _EXAMPLES


def _fitting(
    operator: OperatorLike, prepare: OperatorLike | None
) -> st.SearchStrategy[pl.DataFrame]:
    """Choose the rows whose columns the operators take; the last choice raises what it may."""
    steps = [step for step in (prepare, operator) if step is not None]
    books = pl.Schema(book_schema(5))
    candidates: list[tuple[pl.Schema, Callable[[], st.SearchStrategy[pl.DataFrame]]]] = [
        (QUOTE_SCHEMA, lambda: quotes(corrections=True, late=True, nulls=True, nans=True)),
        (
            pl.Schema({**_without_quotes(), **books}),
            lambda: depth(hollow=True, late=True, nulls=True),
        ),
    ]
    for schema, strategy in candidates:
        if _takes(steps, schema):
            return strategy()
    return quotes(levels=5, corrections=True, late=True, nulls=True, nans=True)


def _without_quotes() -> dict[str, Any]:
    return {name: QUOTE_SCHEMA[name] for name in list(QUOTE_SCHEMA)[:5]}


def _takes(steps: Sequence[OperatorLike], schema: pl.Schema) -> bool:
    for step in steps:
        try:
            schema = step.output_schema(schema)
        except Exception:
            return False
    return True


def _slices(frames: Sequence[pl.DataFrame]) -> st.SearchStrategy[pl.DataFrame]:
    """Some rows of one of the frames, which are easier to look at, or the whole of it."""

    def some(frame: pl.DataFrame) -> st.SearchStrategy[pl.DataFrame]:
        places = st.tuples(st.integers(0, frame.height), st.integers(0, 200))
        return st.one_of(places.map(lambda place: frame.slice(*place)), st.just(frame))

    return st.sampled_from(frames).flatmap(some)


@st.composite
def _streams(
    draw: st.DrawFn,
    source: st.SearchStrategy[pl.DataFrame],
    timestamp: str,
    *,
    moments: bool,
) -> Stream:
    """Draw rows, and moments between them at which the time is told."""
    frame = draw(source)
    if not moments:
        return Stream((frame,))
    times = _times_us(frame, timestamp)
    places = sorted(draw(st.lists(st.integers(0, frame.height), max_size=4)))
    told = list[int]()
    for place in places:
        newest = max(times[:place], default=times[0] if times else 0)
        whole_minute = draw(st.booleans())
        delay = draw(st.sampled_from(_DELAYS)) * _SECOND_US
        since = newest - newest % _MINUTE_US + _MINUTE_US if whole_minute else newest
        told.append(max(since + delay, told[-1] if told else 0))
    bounds = [0, *places, frame.height]
    segments = tuple(frame[start:end] for start, end in pairwise(bounds))
    return Stream(segments, tuple(told))


def _times_us(frame: pl.DataFrame, timestamp: str) -> list[int]:
    """Time of each row; of rows that have none, their number."""
    if not isinstance(frame.schema.get(timestamp), pl.Datetime):
        return list(range(frame.height))
    return frame[timestamp].fill_null(strategy="forward").dt.epoch("us").fill_null(0).to_list()


def _prepared(prepare: OperatorLike, stream: Stream) -> Stream:
    """Let an operator run over a stream; what it gives at a moment comes before the moment."""
    run = prepare.start()
    outputs = play(run, stream.script())
    *outputs, last = outputs
    segments = outputs[::2]
    for number, closed in enumerate([*outputs[1::2], last]):
        if closed.height:
            segments[number] = pl.concat([segments[number], closed])
    return stream.replaced(segments)


def _shown(title: str, stream: Stream) -> str:
    """Print a stream: its rows, and where the time is told."""
    frame = stream.frame
    with pl.Config(tbl_rows=_SHOWN_ROWS, tbl_cols=-1, tbl_width_chars=240):
        lines = [f"{title}, {frame.height} rows:", str(frame)]
    for moment, place in zip(stream.moments, _places(stream), strict=True):
        when = datetime.fromtimestamp(moment / _SECOND_US, UTC)
        lines.append(f"time told after {place} rows: {moment} ({when.isoformat(' ')})")
    return "\n".join(lines)


def _places(stream: Stream) -> list[int]:
    heights = [segment.height for segment in stream.segments[:-1]]
    return list(accumulate(heights))
