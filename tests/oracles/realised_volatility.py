"""Realised volatility: all returns of a window again for each row."""

import math
from datetime import timedelta
from itertools import pairwise

from tests.oracles.arrivals import Arrival, Placed, exact, within
from tests.oracles.by_symbol import by_symbol
from tests.oracles.market import Row


def realised_volatility(
    rows: list[Row],
    window: timedelta | int,
    *,
    column: str = "last_price",
    min_rows: int = 1,
    daily: bool = True,
    late: str = "drop",
) -> list[Row]:
    def answer(history: list[Arrival]) -> float | None:
        priced = [arrival for arrival in history if exact(arrival.row[column]) is not None]
        returns = [
            Placed(there, math.log(there.row[column] / here.row[column]))
            for here, there in pairwise(priced)
            if not daily or here.day == there.day
        ]
        found = [placed.value for placed in within(returns, history[-1], window)]
        return math.hypot(*found) if len(found) >= min_rows else None

    return by_symbol("realised_volatility", answer, rows, late)
