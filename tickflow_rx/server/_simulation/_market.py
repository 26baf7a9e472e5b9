"""A seeded A-share market that runs by itself."""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import count as count_from
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from tickflow_rx.server._simulation._day import Rows, TradingDay
from tickflow_rx.server._simulation._rows import RowEncoder
from tickflow_rx.server._simulation._state import MarketState
from tickflow_rx.server._simulation._universe import (
    Ints,
    Kind,
    Universe,
    check_symbols,
    make_symbols,
    make_universe,
)
from tickflow_rx.server._source import Batch, check_speed

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
_START: Final = date(2026, 3, 2)


@dataclass(frozen=True)
class SimulatedMarket:
    """Source of a made-up A-share market, the same for the same arguments.

    Rows have the rhythm and the quirks of real ones: prices 0 before the open; both call auctions
    with virtual-match books (bid1 = ask1, level 2 a volume without a price); Shanghai's first
    traded row with ``open`` still 0; about a row a minute from the match to 09:30, at lunch and
    after the close, until 15:40; in between every 3 s, Shanghai 2-4 s apart with two rows in some
    seconds, Shenzhen and Beijing sharp but only what changed; a moment without any book at
    14:57:00; the closing auction's whole volume at 15:00:02-03. Rows arrive 0.4 to 5 s after their
    timestamp, later in Shanghai than in Shenzhen while nothing trades, earlier otherwise.

    Parameters
    ----------
    symbols
        A-share symbols; by default `count` made-up ones of all boards.
    count
        How many, without `symbols`.
    seed
        Another seed is another market.
    start
        First trading day, from 09:10; or a moment in it (without a zone: Shanghai's time), which
        begins with the newest row of every symbol. The day before that moment is computed first:
        with the whole market some 10 s an hour.
    days
        How many weekdays; None for no end.
    kinds
        Kind by symbol, in place of the one its place in the list gives it: ``"active"``;
        ``"thin"``, with few trades and missing levels; ``"idle"``, halted all day; ``"limit_up"``
        and ``"limit_down"``, which reach the price limit, where one side of the book is empty.
        The first seven places are active, the first twenty have all kinds.
    speed
        Seconds of the market a second; None for as fast as the clients take it.
    wait_for_subscriber
        Whether time stands still until the first client has subscribed.

    Notes
    -----
    Volume is in lots of 100 shares, rounded down; some symbols trade odd lots once a thousand lots
    have traded. Some print amounts as whole yuan, some print prices with float noise
    (85.40999999999998).

    Examples
    --------
    A market without a server: wire messages, each with its time of arrival.

    >>> from datetime import datetime
    >>> from tickflow_rx.server import SimulatedMarket
    >>> market = SimulatedMarket(["600000.SH"], start=datetime(2026, 3, 2, 9, 24, 59))
    >>> time_ms, message = next(market.messages())
    >>> time_ms, message[:41]
    (1772414699000, b'{"op":"quotes","data":[{"symbol":"600000.')
    """

    symbols: Sequence[str] | None = None
    count: int = field(default=20, kw_only=True)
    seed: int = field(default=0, kw_only=True)
    start: date | datetime = field(default=_START, kw_only=True)
    days: int | None = field(default=1, kw_only=True)
    kinds: Mapping[str, Kind] = field(default_factory=dict[str, Kind], kw_only=True)
    speed: float | None = field(default=1.0, kw_only=True)
    wait_for_subscriber: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        check_speed(self.speed)
        if self.days is not None and self.days < 1:
            raise ValueError(f"days must be at least 1, or None for no end; got {self.days!r}")
        object.__setattr__(self, "symbols", self._listed())
        self._universe()

    def batches(self) -> Iterator[Batch]:
        """Yield quotes and depth of all symbols by time of arrival; quotes first."""
        universe = self._universe()
        prev_close = universe.prev_close
        for number, day in enumerate(self._trading_days()):
            # By day, so that a day's chance does not hang on how much the day before used.
            seeds = np.random.SeedSequence([self.seed, 1 + number]).spawn(3)
            chance, timetable, lags = map(np.random.default_rng, seeds)
            state = MarketState(universe, prev_close, chance)
            arrivals = _Arrivals(RowEncoder(universe, prev_close), day, self._start_ms(), lags)
            for rows in TradingDay(state, timetable).rows():
                yield from arrivals.show(state, rows)
            yield from arrivals.rest()
            prev_close = np.where(state.last > 0, state.last, prev_close)

    def messages(self, rows_per_message: int | None = None) -> Iterator[tuple[int, bytes]]:
        """Yield all wire messages, each with its time of arrival in epoch milliseconds."""
        for batch in self.batches():
            for message in batch.messages(rows_per_message):
                yield batch.time_ms, message

    def _listed(self) -> list[str]:
        return make_symbols(self.count) if self.symbols is None else check_symbols(self.symbols)

    def _universe(self) -> Universe:
        return make_universe(self._listed(), self.kinds, np.random.default_rng([self.seed, 0]))

    def _start_ms(self) -> int:
        return _epoch_ms(self.start) if isinstance(self.start, datetime) else 0

    def _trading_days(self) -> Iterator[date]:
        day = self.start
        if isinstance(day, datetime):
            day = (day.astimezone(SHANGHAI) if day.tzinfo else day).date()
        found = 0
        for ahead in count_from():
            if found == self.days:
                return
            if (later := day + timedelta(days=ahead)).weekday() < 5:
                found += 1
                yield later


class _Arrivals:
    """Puts a day's rows in order of arrival, which lags their timestamps by exchange.

    Parameters
    ----------
    encoder
        What prints the rows.
    day
        The trading day.
    start_ms
        Rows of before are not sent; the newest of each symbol is, at this moment.
    rng
        Where the lags come from.
    """

    def __init__(
        self, encoder: RowEncoder, day: date, start_ms: int, rng: np.random.Generator
    ) -> None:
        self._encoder = encoder
        self._midnight_ms = _epoch_ms(datetime.combine(day, time()))
        self._start_ms = start_ms
        self._started = False
        self._rng = rng
        self._newest_ms = {True: 0, False: 0}
        self._waiting: list[_Arrival] = []
        self._order = count_from()

    def show(self, state: MarketState, rows: Rows) -> Iterator[Batch]:
        """Take rows by ascending timestamp; yield what has arrived before them."""
        time_ms = self._midnight_ms + rows.second * 1000
        # The lag is drawn for rows that are not sent too: the others do not depend on the start.
        arrival_ms = self._arrival_ms(time_ms, rows)
        if time_ms < self._start_ms:
            self._encoder.show(state, rows, time_ms)
            return
        yield from self._start()
        while self._waiting and self._waiting[0].time_ms <= time_ms:
            yield heapq.heappop(self._waiting).batch
        self._encoder.show(state, rows, time_ms)
        for batch in self._batches(arrival_ms, rows.where):
            heapq.heappush(self._waiting, _Arrival(arrival_ms, next(self._order), batch))

    def rest(self) -> Iterator[Batch]:
        """Yield what is still under way at the end of the day."""
        yield from self._start()
        while self._waiting:
            yield heapq.heappop(self._waiting).batch

    def _start(self) -> Iterator[Batch]:
        if not self._started:
            self._started = True
            yield from self._batches(self._start_ms, self._encoder.shown())

    def _arrival_ms(self, time_ms: int, rows: Rows) -> int:
        if not rows.shanghai:
            lag = self._rng.integers(1030, 1180)
        elif rows.quiet:
            lag = self._rng.integers(1800, 5100)
        else:
            lag = self._rng.integers(400, 700)
        # An exchange's rows come in order, whatever the lag.
        self._newest_ms[rows.shanghai] = max(time_ms + int(lag), self._newest_ms[rows.shanghai])
        return self._newest_ms[rows.shanghai]

    def _batches(self, time_ms: int, where: Ints) -> Iterator[Batch]:
        if len(where):
            symbols = self._encoder.symbols(where)
            yield Batch(time_ms, "quotes", symbols, self._encoder.quotes(where))
            yield Batch(time_ms, "depth", symbols, self._encoder.depth(where))


@dataclass(frozen=True, slots=True, order=True)
class _Arrival:
    time_ms: int
    order: int
    batch: Batch = field(compare=False)


def _epoch_ms(moment: datetime) -> int:
    local = moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)
    return round(local.timestamp() * 1000)
