"""Grids of time: multiples of a length from local midnight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import numpy as np

from tickops._arrays import frozen
from tickops._duration import Duration, microseconds

if TYPE_CHECKING:
    from tickops._arrays import I32, I64
    from tickops._symbols import Symbols

__all__ = ["NEVER_US", "check_every", "grid_times"]

NEVER_US: Final = -(2**63)
"""Before every time."""

_DAY_US: Final = 86_400_000_000


def check_every(every: Duration) -> int:
    """Length of a step in microseconds.

    Raises
    ------
    TypeError, ValueError
        It is no duration, or longer than a day.
    """
    us = microseconds("every", every)
    if us > _DAY_US:
        raise ValueError(f'every must be at most "1d", not {every!r}')
    return us


def grid_times(symbols: Symbols, codes: I32, times_us: I64, every_us: int) -> I64:
    """First time of the grid that is not before each row; at the latest the next midnight."""
    codes, times_us = cast("I32", frozen(codes)), cast("I64", frozen(times_us))
    passed = symbols.localise(codes, times_us).time_of_day_us
    steps = -(-passed // every_us)
    return times_us - passed + np.minimum(steps * every_us, _DAY_US)
