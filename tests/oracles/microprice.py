"""Stoikov's table in exact fractions, its sum taken term by term."""

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from tests.oracles.market import Row, region_of, trading_day


@dataclass(frozen=True)
class State:
    """Bucket of imbalance, spread in ticks."""

    bucket: int
    ticks: int


Matrix = dict[State, dict[State, Fraction]]
Vector = dict[State, Fraction]


def table(
    rows: list[Row], buckets: int, spreads: int, tick: str, terms: int = 400
) -> list[list[float]]:
    """G¹ + B·G¹ + B²·G¹ + … by spread and bucket."""
    steps = _steps(rows, buckets, spreads, Fraction(tick))
    steps += [
        (_mirrored(here, buckets), _mirrored(there, buckets), -moved)
        for here, there, moved in steps
    ]
    states = [State(bucket, ticks) for ticks in range(1, spreads + 1) for bucket in range(buckets)]
    seen = Counter(here for here, _, _ in steps)
    stay = Counter((here, there) for here, there, moved in steps if not moved)
    move = Counter((here, there) for here, there, moved in steps if moved)
    drift = {
        state: sum((moved for here, _, moved in steps if here == state), Fraction(0)) / seen[state]
        for state in states
    }
    rest = {x: {y: (x == y) - Fraction(stay[x, y], seen[x]) for y in states} for x in states}
    first = _solved(rest, drift)
    columns = {y: _solved(rest, {x: Fraction(move[x, y], seen[x]) for x in states}) for y in states}
    total = {state: float(value) for state, value in first.items()}
    term = dict(total)
    chain = {x: {y: float(columns[y][x]) for y in states} for x in states}
    for _ in range(terms):
        term = {x: sum(chain[x][y] * term[y] for y in states) for x in states}
        total = {x: total[x] + term[x] for x in states}
    return [[total[State(b, t)] for b in range(buckets)] for t in range(1, spreads + 1)]


def state_of(row: Row, buckets: int, spreads: int, tick: Fraction) -> State | None:
    bid, ask = (Fraction(str(row[side][0] or 0)) for side in ("bid_prices", "ask_prices"))
    bids, asks = row["bid_volumes"][0], row["ask_volumes"][0]
    ticks = round((ask - bid) / tick)
    if not bid or not ask or not bids + asks or not 1 <= ticks <= spreads:
        return None
    # Counted from the side with less volume, so that mirrored books are in mirrored buckets.
    share = Fraction(min(bids, asks), bids + asks) * buckets
    low = share.numerator // share.denominator
    return State(low if bids < asks else buckets - 1 - low, ticks)


def _steps(
    rows: list[Row], buckets: int, spreads: int, tick: Fraction
) -> list[tuple[State, State, Fraction]]:
    steps = list[tuple[State, State, Fraction]]()
    for symbol in {row["symbol"]: None for row in rows}:
        own = [row for row in rows if row["symbol"] == symbol]
        for here, there in pairwise(own):
            days = {trading_day(row["timestamp"], region_of(row)) for row in (here, there)}
            before, after = (state_of(row, buckets, spreads, tick) for row in (here, there))
            if len(days) == 1 and before and after and here["timestamp"] <= there["timestamp"]:
                steps.append((before, after, _mid(there) - _mid(here)))
    return steps


def _mid(row: Row) -> Fraction:
    return (Fraction(str(row["bid_prices"][0])) + Fraction(str(row["ask_prices"][0]))) / 2


def _mirrored(state: State, buckets: int) -> State:
    return State(buckets - 1 - state.bucket, state.ticks)


def _solved(matrix: Matrix, right: Vector) -> Vector:
    """Gauss and Jordan, exactly."""
    left, found = {x: dict(row) for x, row in matrix.items()}, dict(right)
    for x in left:
        pivot = left[x][x]
        left[x] = {y: value / pivot for y, value in left[x].items()}
        found[x] /= pivot
        for z in left:
            factor = left[z][x]
            if z != x and factor:
                left[z] = {y: value - factor * left[x][y] for y, value in left[z].items()}
                found[z] -= factor * found[x]
    return found
