"""A trading day's timetable: which symbols show a row in which second, and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from tickflow_rx.server._simulation._state import MarketState
from tickflow_rx.server._simulation._universe import Bools, Ints, Universe


def _clock(hours: int, minutes: int, seconds: int = 0) -> int:
    return (hours * 60 + minutes) * 60 + seconds


FIRST_SECOND: Final = _clock(9, 10)
LAST_SECOND: Final = _clock(15, 40, 59)
_AUCTION: Final = _clock(9, 15)
_MATCH: Final = _clock(9, 25)
_OPEN: Final = _clock(9, 30)
_LUNCH: Final = _clock(11, 30)
_AFTERNOON: Final = _clock(13, 0)
_CLOSING: Final = _clock(14, 57)
_CLOSE: Final = _clock(15, 0)

_STEP: Final = 3
_SZ_AUCTION_STEP: Final = 9
_TWICE_A_SECOND: Final = 0.003


@dataclass(frozen=True, slots=True)
class Rows:
    """Symbols (by index) whose state is shown as of a second of the day.

    Attributes
    ----------
    second
        Since local midnight: the rows' timestamp.
    where
        Indices of the symbols.
    shanghai
        Whether they are Shanghai's: all are, or none.
    session
        The rows' ``session``; None in an auction, for which the protocol has no value.
    quiet
        Nothing trades: Shanghai's rows take seconds to arrive then.
    """

    second: int
    where: Ints
    shanghai: bool
    session: str | None
    quiet: bool = False


class TradingDay:
    """Moves a market's state through one day.

    Parameters
    ----------
    state
        The market before the opening; it changes while `rows` is iterated.
    rng
        Where the timetable's chance comes from.
    """

    def __init__(self, state: MarketState, rng: np.random.Generator) -> None:
        universe = state.universe
        self._state = state
        self._rng = rng
        self._universe: Universe = universe
        trades = ~universe.idle
        self._all = np.arange(len(universe))
        self._trading = np.flatnonzero(trades)
        self._shanghai = np.flatnonzero(universe.shanghai & trades)
        self._others = np.flatnonzero(~universe.shanghai & trades)
        self._shift: Ints = np.zeros(len(self._shanghai), np.int64)

    def rows(self) -> Iterator[Rows]:
        """Yield what is shown, in order of time; encode each before going on."""
        yield from self._minutes(FIRST_SECOND, _AUCTION, "pre_market")
        yield from self._auction(_AUCTION, _MATCH)
        yield from self._opening()
        yield from self._minutes(_MATCH + 4, _OPEN, "pre_market")
        yield from self._continuous(_OPEN, _LUNCH + 1)
        yield from self._shown(_LUNCH + _STEP, self._shanghai, "lunch_break", quiet=True)
        yield from self._minutes(_LUNCH + _STEP + 1, _AFTERNOON, "lunch_break")
        yield from self._continuous(_AFTERNOON, _CLOSING)
        yield from self._before_closing_auction()
        yield from self._auction(_CLOSING, _CLOSE)
        yield from self._closing()
        yield from self._minutes(_CLOSE + 4, LAST_SECOND, "closed")

    def _minutes(self, start: int, end: int, session: str) -> Iterator[Rows]:
        """About one row a minute of every symbol, with nothing new in it."""
        for second in range(start, end):
            due = self._universe.minute_second == second % 60
            yield from self._by_exchange(second, np.flatnonzero(due), session, quiet=True)

    def _auction(self, start: int, end: int) -> Iterator[Rows]:
        self._state.begin_auction()
        for second in range(start, end, _STEP):
            yield from self._auction_rows(second, self._some(self._shanghai, 0.75))
            if (second - start) % _SZ_AUCTION_STEP == 0:
                yield from self._auction_rows(second, self._some(self._others, 0.9))

    def _auction_rows(self, second: int, where: Ints) -> Iterator[Rows]:
        self._state.auction_step(where)
        yield from self._shown(second, where, None)

    def _opening(self) -> Iterator[Rows]:
        """The match at 09:25: Shenzhen at once or at :03, Shanghai a second later and again."""
        state, others = self._state, self._others
        # Thin symbols in even places find no match and open later.
        unmatched = self._universe.thin & (self._all % 2 == 0)
        at_once = others % 2 == 0
        yield from self._auction_rows(_MATCH, self._some(self._shanghai, 0.75))
        matching = np.flatnonzero(~unmatched & ~self._universe.idle)
        state.clear_books(np.flatnonzero(unmatched))
        state.auction_trade(matching)
        yield from self._shown(_MATCH, others[at_once], "pre_market")
        yield from self._shown(_MATCH + 1, self._shanghai, "pre_market")
        yield from self._shown(_MATCH + _STEP, self._shanghai, "pre_market")
        yield from self._shown(_MATCH + _STEP, others[~at_once], "pre_market")

    def _continuous(self, start: int, end: int) -> Iterator[Rows]:
        """Every 3 s: Shenzhen sharp, where something changed; Shanghai always, give or take 1 s."""
        self._shift[:] = 0
        for slot in range(start, end, _STEP):
            self._shift = self._next_shift(first=slot == start, last=slot + _STEP >= end)
            changed = self._changing(self._trading)
            self._state.step(changed)
            yield from self._shanghai_rows(slot - 1, self._shanghai[self._shift == -1])
            others = changed[~self._universe.shanghai[changed]]
            yield from self._shown(slot, others, "regular")
            yield from self._shanghai_rows(slot, self._shanghai[self._shift == 0])
            yield from self._shanghai_rows(slot + 1, self._shanghai[self._shift == 1])

    def _next_shift(self, *, first: bool, last: bool) -> Ints:
        if first:
            return np.zeros_like(self._shift)
        shift = self._rng.choice([-1, 0, 1], len(self._shift), p=[0.03, 0.94, 0.03])
        if last:
            shift = np.maximum(shift, 0)
        # From one end to the other would be a gap of 1 or 5 s.
        return np.where(shift * self._shift == -1, 0, shift)

    def _shanghai_rows(self, second: int, where: Ints) -> Iterator[Rows]:
        yield from self._shown(second, where, "regular")
        again = where[self._rng.random(len(where)) < _TWICE_A_SECOND]
        self._state.step(again, must_trade=True)
        yield from self._shown(second, again, "regular")

    def _before_closing_auction(self) -> Iterator[Rows]:
        """14:57:00: the last trades, and for a moment no book at all."""
        self._state.step(self._changing(self._trading))
        self._state.clear_books(self._trading)
        yield from self._shown(_CLOSING, self._others, None)
        yield from self._shown(_CLOSING, self._shanghai, None)

    def _closing(self) -> Iterator[Rows]:
        """The closing auction's whole volume, in a row at 15:00:02 or :03."""
        yield from self._auction_rows(_CLOSE, self._some(self._shanghai, 0.75))
        self._state.auction_trade(self._trading)
        yield from self._shown(_CLOSE + 2, self._shanghai, "closed")
        yield from self._shown(_CLOSE + _STEP, self._shanghai, "closed")
        yield from self._shown(_CLOSE + _STEP, self._others, "closed")

    def _some(self, where: Ints, share: float) -> Ints:
        """Those that get a new order in an auction."""
        chance = np.where(self._universe.thin[where], share / 3, share)
        return where[self._rng.random(len(where)) < chance]

    def _changing(self, where: Ints) -> Ints:
        return where[self._rng.random(len(where)) < self._universe.activity[where]]

    def _by_exchange(
        self, second: int, where: Ints, session: str, *, quiet: bool
    ) -> Iterator[Rows]:
        shanghai: Bools = self._universe.shanghai[where]
        yield from self._shown(second, where[shanghai], session, quiet=quiet)
        yield from self._shown(second, where[~shanghai], session, quiet=quiet)

    def _shown(
        self, second: int, where: Ints, session: str | None, *, quiet: bool = False
    ) -> Iterator[Rows]:
        if len(where):
            shanghai = bool(self._universe.shanghai[where[0]])
            yield Rows(second, where, shanghai, session, quiet)
