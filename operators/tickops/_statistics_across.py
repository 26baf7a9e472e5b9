"""Statistics of some numbers, each against all: the same whatever order they come in."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from tickops._arrays import F64

__all__ = ["ACROSS", "across"]

ACROSS: Final = ("rank", "rank_pct", "zscore", "demean")
"""What can be asked for."""


def across(values: F64, statistic: str, ddof: int) -> F64:
    """Statistic of each of at least two finite numbers; NaN where it is not defined."""
    match statistic:
        case "rank":
            return _ranks(values)
        case "rank_pct":
            return _ranks(values) / len(values)
        case "demean":
            return _deviations(values)
        case _:
            return _zscores(_deviations(values), ddof)


def _ranks(values: F64) -> F64:
    """Ranks from 1, of equal values their average."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return ((2 * last - counts + 1) / 2)[inverse]


def _deviations(values: F64) -> F64:
    """Distance from the mean, corrected for what rounding the mean has taken; exact sums."""
    if values.min() == values.max():
        return np.zeros(len(values))
    try:
        distances = values - math.fsum(values.tolist()) / len(values)
        return distances - math.fsum(distances.tolist()) / len(values)
    except OverflowError:
        return np.full(len(values), np.nan)


def _zscores(deviations: F64, ddof: int) -> F64:
    """Deviations over the standard deviation, scaled so that no square is too large or small."""
    largest = np.abs(deviations).max()
    if not 0 < largest < np.inf or len(deviations) <= ddof:
        return np.full(len(deviations), np.nan)
    scaled = deviations / largest
    variance = math.fsum((scaled * scaled).tolist()) / (len(scaled) - ddof)
    return scaled / math.sqrt(variance)
