"""The bars of a day: which rows each takes, what it is called, when it is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import time
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast

import numpy as np

from tickops._arrays import frozen
from tickops._duration import Duration, microseconds
from tickops._markets import MARKETS

if TYPE_CHECKING:
    from tickops._arrays import Array, Records

__all__ = [
    "BAR",
    "BarTable",
    "Grid",
    "Profile",
    "Sessions",
    "Span",
    "bar_table",
    "check_sessions",
    "parse_sessions",
    "read_every",
]

Profile: TypeAlias = Literal["tdx", "split_auction", "dolphindb"]
Sessions: TypeAlias = str | Sequence[tuple[str, str]] | None
"""A market's ("CN", "HK", "US"), or local opening and closing times, or None: by region."""

BAR: Final = np.dtype(
    [
        ("take_from", np.int64),
        ("take_to", np.int64),
        ("start", np.int64),
        ("end", np.int64),
        ("due", np.int64),
        ("whole_by", np.int64),
    ]
)
"""A bar of the day, in microseconds since local midnight.

It takes the rows in [take_from, take_to), is called [start, end), closes when the clock shows
`due`, and is partial if the symbol's first row of the day came later than `whole_by`.
"""

_S: Final = 1_000_000
_M: Final = 60 * _S
_DAY: Final = 24 * 60 * _M


@dataclass(frozen=True, slots=True)
class _Session:
    """Trading from `opens` to `closes`, microseconds since local midnight.

    The first bar takes what the opening auction brings: rows from `auction` on; `matched` is
    when it trades. The last bar takes rows up to `rows_until` and the grace after it.
    """

    opens: int
    closes: int
    rows_until: int
    auction: int
    matched: int


def _at(hours: int, minutes: int) -> int:
    return (hours * 60 + minutes) * _M


def _session(
    opens: int,
    closes: int,
    *,
    auction: int | None = None,
    matched: int | None = None,
    rows_until: int | None = None,
) -> _Session:
    return _Session(
        opens,
        closes,
        closes if rows_until is None else rows_until,
        opens if auction is None else auction,
        opens if matched is None else matched,
    )


_REGULAR: Final = {
    "CN": (
        _session(_at(9, 30), _at(11, 30), auction=_at(9, 15), matched=_at(9, 25)),
        _session(_at(13, 0), _at(15, 0)),
    ),
    "HK": (
        _session(_at(9, 30), _at(12, 0), auction=_at(9, 0), matched=_at(9, 20)),
        _session(_at(13, 0), _at(16, 0), rows_until=_at(16, 10)),
    ),
    "US": (_session(_at(9, 30), _at(16, 0)),),
}


@dataclass(frozen=True, slots=True)
class Span:
    """What a bar spans: microseconds, at most to the session's end, or all of a session or day."""

    us: int
    whole: Literal["session", "day"] | None = None


def read_every(every: Duration) -> Span:
    """Length of bars.

    Raises
    ------
    TypeError
        It is neither a string nor a timedelta.
    ValueError
        It is no duration, or longer than a day.
    """
    if every == "session":
        return Span(_DAY, "session")
    us = microseconds("every", every)
    if us > _DAY:
        raise ValueError(
            f'every must be at most "1d", a bar a trading day, or "session", not {every!r}'
        )
    return Span(us, "day" if us == _DAY else None)


@dataclass(frozen=True, slots=True)
class Grid:
    """How bars are laid out: graces in microseconds."""

    every: Span
    profile: Profile
    closed_right: bool
    grace: int
    session_grace: int


@dataclass(frozen=True, slots=True)
class BarTable:
    """Bars of a day by market: those of market m are ``bars[bounds[m]:bounds[m + 1]]``."""

    bounds: Array
    bars: Records


def check_sessions(sessions: Sessions) -> Sessions:
    """Sessions that nobody can change any more; raises what `parse_sessions` does."""
    given = sessions
    if given is not None and not isinstance(given, str):
        given = cast("Sessions", tuple(map(tuple, given)))
    parse_sessions(given)
    return given


def parse_sessions(sessions: Sessions) -> tuple[_Session, ...] | None:
    """Sessions for all markets, or None for each market's own.

    Raises
    ------
    ValueError
        Unknown market, times that are none, or sessions that overlap or are out of order.
    """
    if sessions is None:
        return None
    if isinstance(sessions, str):
        if sessions not in _REGULAR:
            raise ValueError(
                f'sessions must be "CN", "HK", "US" or pairs of local times, not {sessions!r}'
            )
        return _REGULAR[sessions]
    parsed = tuple(_session(*_times(pair)) for pair in sessions)
    if not parsed:
        raise ValueError("sessions must have at least one pair of local times")
    for before, after in pairwise(parsed):
        if after.opens < before.closes:
            raise ValueError(f"sessions must be in order and apart, not {sessions!r}")
    return parsed


def bar_table(grid: Grid, sessions: Sessions) -> BarTable:
    """Bars of a day of each market of ``MARKETS``; none where the sessions are not known.

    The profile is for A-share sessions; others are laid out as by "tdx".
    """
    return _table(grid, parse_sessions(sessions))


# A run needs it at its start; laying out a day of minutes takes 8 ms.
@lru_cache(maxsize=32)
def _table(grid: Grid, given: tuple[_Session, ...] | None) -> BarTable:
    bounds, rows = [0], list[tuple[int, ...]]()
    for market in MARKETS:
        of_market = _REGULAR.get(market.region, ()) if given is None else given
        bars = _bars(grid, of_market, grid.profile if of_market is _REGULAR["CN"] else "tdx")
        rows += [(b.take_from, b.take_to, b.start, b.end, b.due, b.whole_by) for b in bars]
        bounds.append(len(rows))
    return BarTable(frozen(np.array(bounds, np.int64)), frozen(np.array(rows, BAR)))


@dataclass(frozen=True, slots=True)
class _Bar:
    take_from: int
    take_to: int
    start: int
    end: int
    due: int
    whole_by: int


def _bars(grid: Grid, sessions: Sequence[_Session], profile: Profile) -> list[_Bar]:
    if grid.every.whole == "day":
        return _of_day(grid, sessions)
    bars: list[_Bar] = []
    for session in sessions:
        if grid.every.whole:
            bars += _regular(grid, session, split=False)
        elif profile == "dolphindb":
            bars += _dolphindb(grid, session)
        else:
            bars += _regular(grid, session, split=profile == "split_auction")
    for i, (before, after) in enumerate(pairwise(bars)):
        # A session's grace ends where the next one begins to take rows.
        bars[i] = replace(before, take_to=min(before.take_to, after.take_from))
    return _closed_right(bars) if grid.closed_right else bars


def _of_day(grid: Grid, sessions: Sequence[_Session]) -> list[_Bar]:
    """One bar from the first session's opening to the last one's close; none without sessions."""
    bars = [bar for session in sessions for bar in _regular(grid, session, split=False)]
    if not bars:
        return []
    first, last = bars[0], bars[-1]
    return [replace(last, take_from=first.take_from, start=first.start, whole_by=first.whole_by)]


def _regular(grid: Grid, session: _Session, *, split: bool) -> list[_Bar]:
    """From the opening on, the auction in the first bar or in one of its own."""
    bars: list[_Bar] = []
    every = grid.every.us
    auction, matched = session.auction, session.matched
    if split and auction < session.opens:
        due = session.opens + grid.grace
        bars.append(_Bar(auction, session.opens, auction, session.opens, due, matched))
        auction = matched = session.opens
    for start in range(session.opens, session.closes, every):
        end = min(start + every, session.closes)
        bars.append(_Bar(start, end, start, end, end + grid.grace, start))
    first = len(bars) - len(range(session.opens, session.closes, every))
    bars[first] = replace(bars[first], take_from=auction, whole_by=matched)
    last = session.rows_until + grid.session_grace
    bars[-1] = replace(bars[-1], take_to=last, due=last)
    return bars


def _dolphindb(grid: Grid, session: _Session) -> list[_Bar]:
    """Minutes called by their start; the minute of the closing price is one of its own.

    In the closing auction there are no bars of 14:58 and 14:59: the one of 15:00 takes all.
    """
    bars = [
        _Bar(start, start + _M, start, start + _M, start + _M + grid.grace, start)
        for start in range(session.opens, session.closes, _M)
    ]
    closing = session.closes
    if session.matched < session.opens:
        bars[0] = replace(bars[0], take_from=session.matched, whole_by=session.matched)
    else:
        del bars[-2:]
        closing = bars[-1].end
    last = session.rows_until + grid.session_grace
    start, end = session.closes, session.closes + _M
    return [*bars, _Bar(closing, last, start, end, last, start)]


def _closed_right(bars: list[_Bar]) -> list[_Bar]:
    """Bars that take (start, end]: where two touch, the row on the edge is the earlier one's."""
    if not bars:
        return bars
    touches = [before.take_to == after.take_from for before, after in pairwise(bars)]
    return [
        replace(bar, take_from=bar.take_from + before, take_to=bar.take_to + after)
        for bar, before, after in zip(bars, [False, *touches], [*touches, False], strict=True)
    ]


def _times(pair: Any) -> tuple[int, int]:
    try:
        opens, closes = (time.fromisoformat(text) for text in pair)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f'sessions must be pairs of local times such as ("09:30", "11:30"), not {pair!r}'
        ) from error
    if opens.tzinfo is not None or closes.tzinfo is not None or opens >= closes:
        raise ValueError(
            f"each of sessions must open before it closes, in local time, not {pair!r}"
        )
    first, last = (
        (t.hour * 3600 + t.minute * 60 + t.second) * _S + t.microsecond for t in (opens, closes)
    )
    return first, last
