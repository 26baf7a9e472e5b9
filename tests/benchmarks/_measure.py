"""Measuring two ways of doing the same, in turn, in one run."""

from __future__ import annotations

import gc
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Result", "against", "median_time"]


@dataclass(frozen=True, slots=True)
class Result:
    """A line of the table.

    Parameters
    ----------
    what, peer
        What is measured, and what it is held against.
    ours, theirs
        As they are shown: times or rates.
    ratio
        How many times as fast ours is; None where there is no peer.
    wanted
        The ratio to reach; None where the line only informs.
    """

    what: str
    peer: str
    ours: str
    theirs: str
    ratio: float | None
    wanted: float | None

    @property
    def reached(self) -> bool | None:
        """Whether the wanted ratio is reached; None if none is wanted."""
        if self.wanted is None or self.ratio is None:
            return None
        return self.ratio >= self.wanted


def against(
    what: str,
    peer: str,
    ours: Callable[[], object],
    theirs: Callable[[], object],
    *,
    rows: int,
    their_rows: int | None = None,
    wanted: float | None,
    repeat: int = 5,
) -> Result:
    """Run both in turn, and compare the median rates; each once before, to warm up."""
    ours()
    theirs()
    our_times, their_times = list[float](), list[float]()
    for _ in range(repeat):
        our_times.append(_timed(ours))
        their_times.append(_timed(theirs))
    our_rate = rows / statistics.median(our_times)
    their_rate = (rows if their_rows is None else their_rows) / statistics.median(their_times)
    return Result(what, peer, _rate(our_rate), _rate(their_rate), our_rate / their_rate, wanted)


def median_time(step: Callable[[], object], repeat: int = 5) -> float:
    """Median seconds of a step, after one run to warm up."""
    step()
    return statistics.median(_timed(step) for _ in range(repeat))


def _timed(step: Callable[[], object]) -> float:
    gc.collect()
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def _rate(rows_a_second: float) -> str:
    if rows_a_second >= 1e6:
        return f"{rows_a_second / 1e6:.1f} M rows/s"
    return f"{rows_a_second / 1e3:.1f} k rows/s"
