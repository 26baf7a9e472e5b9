"""Order flow imbalance of one step, from the definition in Cont, Kukanov and Stoikov."""

from datetime import date
from decimal import Decimal
from typing import Literal

from tests.oracles.market import Row, region_of, trading_day

Mistake = Literal["", "strict", "overnight", "noise", "ask sign"]
"""What a wrong one gets wrong; the oracle makes none."""


def ofi(rows: list[Row], *, levels: int = 1, mistake: Mistake = "") -> list[Row]:
    """Of rows that are in order within each symbol."""
    before: dict[str, tuple[date, Row]] = {}
    found: list[Row] = []
    for row in rows:
        day = trading_day(row["timestamp"], region_of(row))
        past = before.get(row["symbol"])
        before[row["symbol"]] = (day, row)
        flows: list[float | None] = [None] * levels
        if past and (past[0] == day or mistake == "overnight"):
            flows = [_flow(past[1], row, level, mistake) for level in range(levels)]
        value = flows[0] if levels == 1 else flows
        found.append(row | {"ofi": None if all(flow is None for flow in flows) else value})
    return found


def _flow(before: Row, now: Row, level: int, mistake: Mistake) -> float | None:
    new_bid, new_ask = _level(now, "bid", level, mistake), _level(now, "ask", level, mistake)
    old_bid, old_ask = _level(before, "bid", level, mistake), _level(before, "ask", level, mistake)
    if new_bid is None or new_ask is None or old_bid is None or old_ask is None:
        return None
    bid_up = new_bid[0] > old_bid[0] if mistake == "strict" else new_bid[0] >= old_bid[0]
    bid_down = new_bid[0] < old_bid[0] if mistake == "strict" else new_bid[0] <= old_bid[0]
    ask_up = new_ask[0] > old_ask[0] if mistake == "strict" else new_ask[0] >= old_ask[0]
    ask_down = new_ask[0] < old_ask[0] if mistake == "strict" else new_ask[0] <= old_ask[0]
    demand = bid_up * new_bid[1] - bid_down * old_bid[1]
    supply = ask_down * new_ask[1] - ask_up * old_ask[1]
    return float(demand + supply if mistake == "ask sign" else demand - supply)


def _level(row: Row, side: str, level: int, mistake: Mistake) -> tuple[Decimal, int] | None:
    """Price, without float noise, and volume; none where the price is 0, null or NaN."""
    prices, volumes = row[f"{side}_prices"], row[f"{side}_volumes"]
    if prices is None or prices[level] is None or not prices[level] > 0:
        return None
    exact = Decimal(prices[level])
    price = exact if mistake == "noise" else round(exact, 4)
    return price, 0 if volumes is None else volumes[level] or 0
