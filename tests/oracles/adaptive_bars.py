"""When bars close whose threshold follows expectations, from all that a symbol has shown."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from tests.oracles.flow_bars import Taken

ALMOST = 1 - Fraction(1, 10**9)
"""A flow that equals a threshold but for rounding has reached it."""


@dataclass
class _Past:
    """What a symbol has shown."""

    bar: Taken | None = None
    """First row of the bar that is open."""
    goal: Fraction | None = None
    whole: list[int] = field(default_factory=list[int])
    """Rows that traded in each bar that was not cut."""
    first: list[Fraction] = field(default_factory=list[Fraction])
    """Signed flow of each row of the first of them that traded."""
    later: list[Fraction] = field(default_factory=list[Fraction])
    """The same of the rows since."""


@dataclass
class Adaptive:
    """Says of the rows of a bar whether they fill it; a run has one of its own."""

    of: str
    runs: bool
    expected: int
    span: int = 20
    bounds: tuple[float, float] = (0.1, 10)
    _symbols: dict[str, _Past] = field(default_factory=dict[str, _Past])

    def __call__(self, rows: list[Taken]) -> bool:
        past = self._symbols.setdefault(rows[0].row["symbol"], _Past())
        if past.bar is not rows[0]:
            past.bar, past.goal = rows[0], self._goal(past)
        if past.whole and rows[-1].trades:
            past.later.append(self._signed(rows[-1]))
        trades = [taken for taken in rows if taken.trades]
        full = self._is_full(trades, past.goal)
        if full:
            if not past.whole:
                past.first = [self._signed(taken) for taken in trades]
            past.whole.append(len(trades))
        return full

    def _is_full(self, trades: list[Taken], goal: Fraction | None) -> bool:
        least, most = (Fraction(bound) * self.expected for bound in self.bounds)
        if goal is None:
            return len(trades) >= self.expected
        if len(trades) + 1 > most:
            return True
        flows = [self._signed(taken) for taken in trades]
        buys = sum((flow for flow in flows if flow > 0), Fraction())
        sales = -sum((flow for flow in flows if flow < 0), Fraction())
        flow = max(buys, sales) if self.runs else abs(buys - sales)
        return len(trades) >= least and flow >= goal * ALMOST

    def _goal(self, past: _Past) -> Fraction | None:
        if not past.whole:
            return None
        length = _mean(Fraction(past.whole[0]), past.whole[1:], self.span)
        if not self.runs:
            return length * abs(self._mean_flow(past, past.first, past.later))
        buys = self._mean_flow(past, *(_positive(part) for part in (past.first, past.later)))
        sales = self._mean_flow(past, *(_negative(part) for part in (past.first, past.later)))
        return length * max(buys, sales)

    def _mean_flow(self, past: _Past, first: list[Fraction], later: list[Fraction]) -> Fraction:
        start = sum(first, Fraction()) / len(first)
        return _mean(start, later, self.span * self.expected)

    def _signed(self, taken: Taken) -> Fraction:
        flow = {"tick": 1, "volume": taken.volume, "amount": taken.amount}[self.of]
        return taken.side * Fraction(flow)


def _positive(flows: list[Fraction]) -> list[Fraction]:
    return [max(flow, Fraction()) for flow in flows]


def _negative(flows: list[Fraction]) -> list[Fraction]:
    return [max(-flow, Fraction()) for flow in flows]


def _mean(start: Fraction, values: Sequence[Fraction | int], span: int) -> Fraction:
    """Weight 2 / (span + 1) for the newest, a like share of the rest for each before it."""
    alpha, count = Fraction(2, span + 1), len(values)
    weights = [alpha * (1 - alpha) ** (count - 1 - place) for place in range(count)]
    weighted = sum((w * v for w, v in zip(weights, values, strict=True)), Fraction())
    return (1 - alpha) ** count * start + weighted
