"""How much of a trading day's session time has passed."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, cast

import numpy as np

from tickops._arrays import frozen
from tickops._markets import MARKETS
from tickops._sessions import parse_sessions

if TYPE_CHECKING:
    from tickops._arrays import I32, I64
    from tickops._batch import Batch
    from tickops._markets import LocalTime
    from tickops._per_symbol import Rows
    from tickops._sessions import Sessions
    from tickops._symbols import Symbols

__all__ = ["SessionClock", "local_time"]


class SessionClock:
    """A clock that runs in sessions only: not before the opening, at lunch or after the close.

    Parameters
    ----------
    sessions
        As operators take them; None for those of each symbol's region (none, where that is
        not known: the clock stands).
    symbols
        Of the run.
    """

    def __init__(self, sessions: Sessions, symbols: Symbols) -> None:
        from tickops._kernels import session_clock as kernels

        self._kernels = kernels
        self._symbols = symbols
        given = parse_sessions(sessions)
        bounds, hours = [0], list[tuple[int, int]]()
        for market in MARKETS:
            own = parse_sessions(market.region) if market.region else ()
            of_market = own if given is None else given
            hours += [(session.opens, session.closes) for session in of_market or ()]
            bounds.append(len(hours))
        self._bounds = cast("I64", frozen(np.array(bounds, np.int64)))
        self._hours = cast("I64", frozen(np.array(hours, np.int64).reshape(-1, 2)))
        widths = [sum(b - a for a, b in hours[i:j]) for i, j in pairwise(bounds)]
        self._lengths = np.array(widths, np.int64)

    def lengths_us(self) -> I64:
        """Session time of a whole day, by symbol."""
        return cast("I64", frozen(self._lengths[self._symbols.markets]))

    def passed_us(self, codes: I32, local: LocalTime) -> I64:
        """Session time since the day began, of each row."""
        passed = np.empty(len(codes), np.int64)
        self._kernels.passed(
            codes, local.time_of_day_us, self._symbols.markets, self._bounds, self._hours, passed
        )
        return cast("I64", frozen(passed))


def local_time(batch: Batch, rows: Rows) -> LocalTime:
    """Local time of each row; of a late one that is taken, that of the symbol's newest row."""
    if rows.times_us is batch.times_us:
        return batch.local()
    return batch.symbols.localise(rows.codes, rows.times_us)
