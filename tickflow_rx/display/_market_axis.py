"""A time axis of charts on which the market's pauses take no room."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["MarketAxis"]

_PAUSE_S: Final = 600
_TICKS: Final = 12
_STEPS_S: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
_DAYS_WITH_TIMES: Final = 6


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Time without a pause, in seconds; `shift` leads from time to a place on the axis."""

    first: float
    last: float
    shift: int


class MarketAxis:
    """Places, in seconds, for what is drawn; a pause is as wide as a hundredth of the rest.

    A pause is longer than 10 minutes, and than five times the usual distance: lunch, nights,
    and whenever nothing came.

    Parameters
    ----------
    starts, ends
        When each of the things drawn begins and ends, seconds of local time, rising.
    """

    def __init__(self, starts: pl.Series, ends: pl.Series) -> None:
        self._starts: Floats = starts.to_numpy()
        self._ends: Floats = ends.to_numpy()
        gaps = self._starts[1:] - self._ends[:-1]
        usual = float(np.median(gaps)) if len(gaps) and (starts == ends).all() else 0.0
        cuts = np.flatnonzero(gaps > max(_PAUSE_S, 5 * usual))
        firsts = self._starts[np.append(0, cuts + 1)]
        lasts = self._ends[np.append(cuts, len(self._ends) - 1)]
        self._room = max(1, round(float((lasts - firsts).sum()) / 100))
        self._stretches: list[_Stretch] = []
        shift = int(firsts[0])
        for k, (first, last) in enumerate(zip(firsts.tolist(), lasts.tolist(), strict=True)):
            if k:
                shift += int(first - self._stretches[-1].last) - self._room
            self._stretches.append(_Stretch(first, last, shift))
        self._numbers = np.searchsorted(cuts, np.arange(len(self._starts)))

    @property
    def stretches(self) -> list[int]:
        """Number of the stretch that each thing is in: lines end where it changes."""
        return self._numbers.tolist()

    @property
    def starts(self) -> list[float]:
        """Place at which each thing begins."""
        return self._places(self._starts)

    @property
    def ends(self) -> list[float]:
        """Place at which each thing ends."""
        return self._places(self._ends)

    @property
    def pauses(self) -> list[float]:
        """Middle of each pause."""
        return [s.first - s.shift - self._room / 2 for s in self._stretches[1:]]

    @property
    def domain(self) -> tuple[float, float]:
        """From the first place to the last."""
        first, last = self._stretches[0], self._stretches[-1]
        return first.first - first.shift, max(last.last - last.shift, 1)

    @property
    def ticks(self) -> dict[float, list[str]]:
        """Lines of text by place: local times, with the date if there are several; or dates."""
        days: dict[str, float] = {}
        for stretch in self._stretches:
            days.setdefault(f"{_at(stretch.first):%Y-%m-%d}", stretch.first - stretch.shift)
        if len(days) > _DAYS_WITH_TIMES:
            shown = list(days.items())[:: math.ceil(len(days) / _TICKS)]
            return {place: [day] for day, place in shown}
        ticks: dict[float, list[str]] = {}
        day = None
        for place, time in self._times():
            ticks[place] = [f"{time:%H:%M:%S}".removesuffix(":00")]
            if len(days) > 1 and time.date() != day:
                day = time.date()
                ticks[place].append(f"{day:%m-%d}")
        return ticks

    def _times(self) -> Iterator[tuple[int, datetime]]:
        """Place and time of each tick."""
        total = sum(stretch.last - stretch.first for stretch in self._stretches)
        step = next((step for step in _STEPS_S if total / step <= _TICKS), _STEPS_S[-1])
        for stretch in self._stretches:
            for time in range(math.ceil(stretch.first / step) * step, int(stretch.last) + 1, step):
                yield time - stretch.shift, _at(time)

    def _places(self, times: Floats) -> list[float]:
        shifts = np.array([s.shift for s in self._stretches])
        return (times - shifts[self._numbers]).tolist()


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
