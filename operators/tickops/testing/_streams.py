"""Streams to try operators on, and how to play one through a run."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

import polars as pl
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reactivex import Observable

__all__ = [
    "Event",
    "OperatorLike",
    "RunLike",
    "Stream",
    "counts",
    "cuts",
    "joined",
    "of_symbol",
    "play",
    "symbols_of",
]

Event: TypeAlias = "pl.DataFrame | int"
"""What a run is told: the next rows, or the time now (epoch microseconds UTC)."""

_MOST_FRAMES: Final = 64


class RunLike(Protocol):
    """The part of `tickops.Run` that the laws speak of."""

    def push(self, frame: pl.DataFrame, /) -> pl.DataFrame: ...
    def advance(self, now: int, /) -> pl.DataFrame: ...
    def finish(self) -> pl.DataFrame: ...
    def snapshot(self) -> bytes: ...


class OperatorLike(Protocol):
    """The part of `tickops.Operator` that the laws speak of."""

    def output_schema(self, schema: Mapping[str, Any], /) -> pl.Schema: ...
    def start(self, snapshot: bytes | None = None, /) -> RunLike: ...
    def apply(self, frame: pl.DataFrame, /) -> pl.DataFrame: ...
    def scan(self, lazy: pl.LazyFrame, /) -> Iterable[pl.DataFrame]: ...
    def __call__(self, source: Observable[pl.DataFrame], /) -> Observable[pl.DataFrame]: ...


@dataclass(frozen=True)
class Stream:
    """Rows in order of arrival, and when in between the time is told.

    Parameters
    ----------
    segments
        Rows before, between and after the moments: one more than there are moments.
    moments
        Times told (epoch microseconds UTC), never falling.
    """

    segments: tuple[pl.DataFrame, ...]
    moments: tuple[int, ...] = ()

    @property
    def frame(self) -> pl.DataFrame:
        """All rows."""
        return pl.concat(self.segments)

    @property
    def schema(self) -> pl.Schema:
        """Columns of the rows."""
        return self.segments[0].schema

    def script(self, pieces: Sequence[Sequence[pl.DataFrame]] | None = None) -> list[Event]:
        """Events of the stream; `pieces` has the frames into which each segment is cut."""
        if pieces is None:
            pieces = [[segment] for segment in self.segments]
        script: list[Event] = list(pieces[0])
        for moment, following in zip(self.moments, pieces[1:], strict=True):
            script += [moment, *following]
        return script

    def replaced(self, segments: Iterable[pl.DataFrame]) -> Stream:
        """Other rows between the same moments."""
        return Stream(tuple(segments), self.moments)


def play(run: RunLike, script: Iterable[Event], *, finish: bool = True) -> list[pl.DataFrame]:
    """Tell a run all events; return what each brought about, and at last what `finish` did."""
    outputs = [
        run.push(event) if isinstance(event, pl.DataFrame) else run.advance(event)
        for event in script
    ]
    return [*outputs, run.finish()] if finish else outputs


def joined(outputs: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Concatenate what a run gave; frames from before it knew its schema have no columns."""
    known = [frame for frame in outputs if frame.width]
    return pl.concat(known) if known else pl.DataFrame()


def counts(run: RunLike) -> dict[str, int]:
    """Rows that a run left out, by reason; empty for a run that does not count."""
    counted: Mapping[str, int] = getattr(run, "counts", {})
    return {reason: count for reason, count in counted.items() if count}


def symbols_of(frame: pl.DataFrame, symbol: str) -> list[str | None]:
    """Symbols in a column, in order of first appearance."""
    return frame[symbol].cast(pl.String).unique(maintain_order=True).to_list()


def of_symbol(frame: pl.DataFrame, symbol: str, name: str | None) -> pl.DataFrame:
    """Rows of one symbol; all of them where there is no such column."""
    if symbol not in frame.columns:
        return frame
    return frame.filter(pl.col(symbol).cast(pl.String).eq_missing(pl.lit(name, pl.String)))


def cuts(frame: pl.DataFrame, *, max_cuts: int = 6) -> st.SearchStrategy[list[pl.DataFrame]]:
    """Ways to cut a frame into frames.

    Parameters
    ----------
    frame
        Rows to cut.
    max_cuts
        Most cuts at drawn places; small frames are cut between every two rows too, large
        ones into many frames of one height.

    Returns
    -------
    SearchStrategy[list[polars.DataFrame]]
        Lists of frames, some of them maybe empty, that concatenate to `frame`. It shrinks
        to few cuts.

    Examples
    --------
    >>> import polars as pl
    >>> from hypothesis import given
    >>> frame = pl.DataFrame({"x": [1, 2, 3]})
    >>> @given(cuts(frame))
    ... def concatenates(frames):
    ...     assert pl.concat(frames).equals(frame)
    >>> concatenates()
    """
    places = st.lists(st.integers(0, frame.height), max_size=max_cuts).map(sorted)
    step = max(1, frame.height // _MOST_FRAMES)
    everywhere = st.just(list(range(step, frame.height, step)))
    # Many small frames tell little more than one cut at the right place, and cost much more.
    return st.one_of(places, places, places, everywhere).map(lambda at: _cut(frame, at))


def _cut(frame: pl.DataFrame, places: Sequence[int]) -> list[pl.DataFrame]:
    bounds = [0, *places, frame.height]
    return [frame[start:end] if start < end else frame.clear() for start, end in pairwise(bounds)]
