"""What goes through a replay: rows with the raw frames they came in, and single moments."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from tickflow_rx._queue import RawFrame, Tick
    from tickflow_rx.events import Event
    from tickops._arrays import I64

__all__ = ["Block", "Moment", "Rows", "received_of"]


@dataclass(frozen=True, slots=True)
class Moment:
    """A tick of the clock or an event, at its time in epoch microseconds."""

    time_us: int
    what: Tick | Event

    @property
    def first_us(self) -> int:
        """Its time."""
        return self.time_us

    @property
    def last_us(self) -> int:
        """Its time."""
        return self.time_us

    def split(self, until_us: int) -> tuple[Moment, None]:
        """It cannot be split."""
        return self, None


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows that follow each other, in order of `received`; whole socket frames.

    Parameters
    ----------
    quotes, depth
        Rows of each channel; None where there are none.
    raw
        The frames that they came in, where the recording has them.
    """

    quotes: pl.DataFrame | None
    depth: pl.DataFrame | None
    raw: Sequence[RawFrame] = ()

    @property
    def first_us(self) -> int:
        """When the first of it was received."""
        return min(start for start, _ in self._spans())

    @property
    def last_us(self) -> int:
        """When the last of it was received."""
        return max(end for _, end in self._spans())

    def split(self, until_us: int) -> tuple[Rows, Rows | None]:
        """What was received up to a time, which must not be before the first of it; the rest."""
        if self.last_us <= until_us:
            return self, None
        quotes, more_quotes = _split(self.quotes, until_us)
        depth, more_depth = _split(self.depth, until_us)
        at = bisect_right(self.raw, until_us, key=lambda frame: frame.received_us)
        return (
            Rows(quotes, depth, self.raw[:at]),
            Rows(more_quotes, more_depth, self.raw[at:]),
        )

    def _spans(self) -> list[tuple[int, int]]:
        spans = [
            (int(received[0]), int(received[-1]))
            for frame in (self.quotes, self.depth)
            if frame is not None and len(received := received_of(frame))
        ]
        if self.raw:
            spans.append((self.raw[0].received_us, self.raw[-1].received_us))
        return spans


Block: TypeAlias = Rows | Moment


def received_of(frame: pl.DataFrame) -> I64:
    """When each row was received, epoch microseconds."""
    return frame["received"].to_numpy().view(np.int64)  # to_physical takes 200 times as long


def _split(
    frame: pl.DataFrame | None, until_us: int
) -> tuple[pl.DataFrame | None, pl.DataFrame | None]:
    if frame is None:
        return None, None
    at = int(received_of(frame).searchsorted(until_us, side="right"))
    return (frame[:at] if at else None), (frame[at:] if at < frame.height else None)
