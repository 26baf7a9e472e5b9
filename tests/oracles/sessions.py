"""Which bars a trading day has, and which rows each of them takes."""

from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from tests.oracles.market import ZONES

Hours = tuple[str, str]

HOURS: dict[str, list[Hours]] = {
    "CN": [("09:30", "11:30"), ("13:00", "15:00")],
    "HK": [("09:30", "12:00"), ("13:00", "16:00")],
    "US": [("09:30", "16:00")],
}


@dataclass(frozen=True)
class Grace:
    """How long a bar waits for its rows after its end."""

    bar: timedelta = timedelta(seconds=5)
    session: timedelta = timedelta(seconds=60)


@dataclass(frozen=True)
class Slot:
    """One bar of a day, in UTC: its name [start, end), and the times of the rows it takes."""

    start: datetime
    end: datetime
    takes_from: datetime
    takes_until: datetime
    due: datetime
    complete_from: datetime
    """A first row of the day later than this makes the bar partial."""

    def takes(self, moment: datetime) -> bool:
        return self.takes_from <= moment < self.takes_until

    def passed_by(self, moment: datetime) -> bool:
        """Whether a row of this time says that no more rows of the bar will come."""
        return moment >= self.takes_until


def find(slots: list[Slot], moment: datetime) -> int | None:
    """Which slot takes a row of this time."""
    index = bisect_right(slots, moment, key=lambda slot: slot.takes_until)
    return index if index < len(slots) and slots[index].takes(moment) else None


@dataclass(frozen=True)
class Calendar:
    """Bars of one length in the sessions of each region."""

    every: timedelta
    profile: str = "tdx"
    grace: Grace = Grace()
    sessions: str | list[Hours] | None = None
    closed: str = "left"

    def slots(self, region: str, day: date) -> list[Slot]:
        """All bars of a day, in order; none of a market nobody knows."""
        slots = self._slots(region, day)
        return slots if self.closed == "left" else _closed_right(slots)

    def _slots(self, region: str, day: date) -> list[Slot]:
        clock = _Clock(region, day)
        kind = region if self.sessions is None else self.sessions
        hours = HOURS.get(kind, []) if isinstance(kind, str) else kind
        sessions = [self._session(clock.at(first), clock.at(last)) for first, last in hours]
        for session, following in pairwise(sessions):
            session[-1] = _cut(session[-1], following[0].start)
        slots = [slot for session in sessions for slot in session]
        if kind == "HK":
            return self._hong_kong(slots, clock)
        return self._by_profile(slots, clock) if kind == "CN" else slots

    def _by_profile(self, slots: list[Slot], clock: "_Clock") -> list[Slot]:
        if self.profile == "split_auction":
            return self._split(slots, clock)
        if self.profile == "dolphindb":
            return self._dolphindb(slots, clock)
        return self._tdx(slots, clock)

    def _session(self, begin: datetime, finish: datetime) -> list[Slot]:
        """A session cut into bars; the last one waits longer."""
        slots: list[Slot] = []
        start = begin
        while start < finish:
            end = min(start + self.every, finish)
            slots.append(Slot(start, end, start, end, end + self.grace.bar, start))
            start = end
        until = finish + self.grace.session
        slots[-1] = replace(slots[-1], takes_until=until, due=until)
        return slots

    def _hong_kong(self, slots: list[Slot], clock: "_Clock") -> list[Slot]:
        """Both auctions count: 09:00, matched at 09:20, and the closing one to 16:10."""
        until = clock.at("16:10") + self.grace.session
        first = replace(slots[0], takes_from=clock.at("09:00"), complete_from=clock.at("09:20"))
        return [first, *slots[1:-1], replace(slots[-1], takes_until=until, due=until)]

    def _tdx(self, slots: list[Slot], clock: "_Clock") -> list[Slot]:
        first = replace(slots[0], takes_from=clock.at("09:15"), complete_from=clock.at("09:25"))
        return [first, *slots[1:]]

    def _split(self, slots: list[Slot], clock: "_Clock") -> list[Slot]:
        start, end = clock.at("09:15"), clock.at("09:30")
        auction = Slot(start, end, start, end, end + self.grace.bar, clock.at("09:25"))
        return [auction, *slots]

    def _dolphindb(self, slots: list[Slot], clock: "_Clock") -> list[Slot]:
        opening = clock.at("09:25")
        first = replace(slots[0], takes_from=opening, complete_from=opening)
        noon, close = clock.at("11:30"), clock.at("15:00")
        morning = [self._plain(slot) for slot in slots[1:] if slot.end <= noon]
        afternoon = [slot for slot in slots if noon < slot.end <= clock.at("14:58")]
        return [
            first,
            *morning,
            self._closing(noon, noon),
            *afternoon,
            self._closing(close, clock.at("14:58")),
        ]

    def _plain(self, slot: Slot) -> Slot:
        return replace(slot, takes_until=slot.end, due=slot.end + self.grace.bar)

    def _closing(self, at: datetime, takes_from: datetime) -> Slot:
        """The minute after a session's end: named after it, and gone when its grace has passed."""
        until = at + self.grace.session
        return Slot(at, at + timedelta(minutes=1), takes_from, until, until, at)


def _cut(slot: Slot, begin: datetime) -> Slot:
    """The rows of the next session are its own, however long this one waits."""
    return replace(slot, takes_until=min(slot.takes_until, begin))


def _closed_right(slots: list[Slot]) -> list[Slot]:
    """Rows at the edge of two bars go to the first; those at other edges stay where they were."""
    moment = timedelta(microseconds=1)
    moved = list(slots)
    for index, (left, right) in enumerate(pairwise(slots)):
        if left.takes_until == right.takes_from:
            until = left.takes_until + moment
            moved[index] = replace(moved[index], takes_until=until)
            moved[index + 1] = replace(moved[index + 1], takes_from=until)
    return moved


@dataclass(frozen=True)
class _Clock:
    """Local clock of a market on one day."""

    region: str
    day: date

    def at(self, text: str) -> datetime:
        local = datetime.combine(self.day, time.fromisoformat(text), ZONES.get(self.region, UTC))
        return local.astimezone(UTC)
