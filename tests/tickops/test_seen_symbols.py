"""Symbols that a core has seen, in the order of their names."""

import numpy as np
import polars as pl

from tickops._seen_symbols import SeenSymbols
from tickops._symbols import Symbols

NAMES = ["c", "a", "d", "b"]


def seen_of(names: list[str], codes: list[int]) -> SeenSymbols:
    symbols = Symbols()
    symbols.encode(pl.Series(names), None, None)
    seen = SeenSymbols(symbols)
    for code in codes:
        note(seen, code)
    return seen


def note(seen: SeenSymbols, code: int) -> None:
    """As kernels do."""
    seen.reserve()
    seen.codes[seen.count[0]] = code
    seen.count[0] += 1


def shown(seen: SeenSymbols) -> list[str]:
    seen.sort()
    return [NAMES[code] for code in seen.codes[: len(seen)]]


def test_they_are_put_in_the_order_of_names_whenever_they_come() -> None:
    seen = seen_of(NAMES, [2, 0])
    assert shown(seen) == ["c", "d"]
    note(seen, 3)
    note(seen, 1)
    assert shown(seen) == ["a", "b", "c", "d"]
    assert shown(seen) == ["a", "b", "c", "d"]


def test_a_snapshot_says_which_they_are_and_their_names_the_order() -> None:
    seen = seen_of(NAMES, [])
    seen.load(np.array([True, True, False, True]))
    assert shown(seen) == ["a", "b", "c"]
    note(seen, 2)
    assert shown(seen) == ["a", "b", "c", "d"]
