"""Realised spread: for each trade, look ahead for the row that settles it."""

from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction

from tests.oracles.arrivals import Arrival, arrivals, exact
from tests.oracles.market import Row


@dataclass
class Answer:
    rows: list[Row] = field(default_factory=list[Row])
    open: int = 0


def realised_spread(rows: list[Row], after: timedelta, *, late: str = "drop") -> Answer:
    answer = Answer()
    taken = [arrival for arrival in arrivals(rows, late) if isinstance(arrival, Arrival)]
    settled = list[tuple[int, int, Row]]()
    for place, trade in enumerate(taken):
        row = trade.row
        price, mid = exact(row["delta_price"]), exact(row["mid"])
        if price is None or mid is None or not row["trade_side"]:
            continue
        at = _settled(taken, place, trade, after)
        if at is None:
            answer.open += 1
            continue
        mid_after = _mid_at(taken[: at + 1], trade, after)
        spread = 2 * row["trade_side"] * (price - mid_after)
        settled.append((at, place, _row(trade, mid_after, spread, spread / mid * 10_000)))
    answer.rows = [row for _, _, row in sorted(settled, key=lambda found: found[:2])]
    return answer


def _settled(taken: list[Arrival], place: int, trade: Arrival, after: timedelta) -> int | None:
    """Which row comes when the time has passed; none where that is on another day."""
    for at, arrival in enumerate(taken[place + 1 :], place + 1):
        if arrival.symbol == trade.symbol and arrival.time >= trade.time + after:
            return at if arrival.day == trade.day else None
    return None


def _mid_at(until: list[Arrival], trade: Arrival, after: timedelta) -> Fraction:
    mids = [
        mid
        for arrival in until
        if arrival.symbol == trade.symbol and arrival.day == trade.day
        if arrival.time <= trade.time + after and (mid := exact(arrival.row["mid"]))
    ]
    return mids[-1]


def _row(trade: Arrival, mid_after: Fraction, spread: Fraction, bps: Fraction) -> Row:
    row = trade.row
    return {
        "symbol": row["symbol"],
        "timestamp": trade.time,
        **({"region": row["region"]} if "region" in row else {}),
        "delta_price": row["delta_price"],
        "trade_side": row["trade_side"],
        "mid": row["mid"],
        "mid_after": float(mid_after),
        "realised_spread": float(spread),
        "realised_spread_bps": float(bps),
    }
