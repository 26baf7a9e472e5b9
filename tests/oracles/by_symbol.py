"""Columns that follow from all rows that a symbol has shown so far."""

from collections import defaultdict
from collections.abc import Callable

from tests.oracles.arrivals import Arrival, arrivals
from tests.oracles.market import Row

Answer = Callable[[list[Arrival]], float | None]


def by_symbol(column: str, answer: Answer, rows: list[Row], late: str) -> list[Row]:
    """Ask for the value of each row anew, of the symbol's rows up to it."""
    histories = defaultdict[str, list[Arrival]](list)
    out = list[Row]()
    for arrival in arrivals(rows, late):
        if isinstance(arrival, Arrival):
            history = histories[arrival.symbol]
            history.append(arrival)
            out.append(arrival.row | {column: answer(history)})
        else:
            out.append(arrival | {column: None})
    return out
