"""Snapshots divided and merged by symbol."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import numpy as np

from tickops._run import Run, difference
from tickops._saved import put_together, taken_out
from tickops._snapshot import CoreMemory, Memory, encode
from tickops.exceptions import OperatorError, SnapshotError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import polars as pl

    from tickops._arrays import I64
    from tickops._operator import Operator

__all__ = ["merge", "split"]

_SHOWN: Final = 5


def split(operator: Operator, snapshot: bytes, groups: Iterable[Iterable[str]]) -> list[bytes]:
    """Divide a snapshot: see `Operator.split_snapshot`."""
    _check_by_symbol(operator)
    given = [_names(group) for group in groups]
    repeated = _repeated(name for names in given for name in names)
    if repeated:
        raise ValueError(f"groups must have each symbol once: {_shown(repeated)} is there again")
    whole = Run(operator, snapshot=snapshot).memory()
    group_of = {name: number for number, names in enumerate(given) for name in names}
    lost = [name for name in whole.symbols if name not in group_of]
    if lost:
        raise ValueError(f"groups must have all symbols of the snapshot: {_shown(lost)} is in none")
    number_of = np.array([group_of[name] for name in whole.symbols], np.int64)
    return [
        _part(whole, np.flatnonzero(number_of == number), with_counts=number == 0)
        for number in range(len(given))
    ]


def merge(operator: Operator, snapshots: Iterable[bytes]) -> bytes:
    """Make one snapshot of several: see `Operator.merge_snapshots`."""
    _check_by_symbol(operator)
    every = [Run(operator, snapshot=snapshot).memory() for snapshot in snapshots]
    parts = [part for part in every if part.schema is not None]
    if not parts:  # what has seen no frame knows nothing
        return operator.start().snapshot()
    schema = _same_schema(parts)
    symbols = [name for part in parts for name in part.symbols]
    repeated = _repeated(symbols)
    if repeated:
        raise SnapshotError(
            f"{_shown(repeated)} is in more than one of the snapshots: all rows of a symbol must"
            " have gone into one run"
        )
    markets = [market for part in parts for market in part.markets]
    first_codes = np.cumsum([0, *(len(part.symbols) for part in parts[:-1])]).tolist()
    cores = [
        _together(of_step, first_codes)
        for of_step in zip(*(part.cores for part in parts), strict=True)
    ]
    return encode(schema, symbols, markets, cores)


def _part(whole: Memory, codes: I64, *, with_counts: bool) -> bytes:
    count = len(whole.symbols)
    cores = [
        CoreMemory(
            core.operator,
            core.counts if with_counts else dict.fromkeys(core.counts, 0),
            {name: taken_out(saved, codes, count) for name, saved in core.saved.items()},
        )
        for core in whole.cores
    ]
    symbols = [whole.symbols[code] for code in map(int, codes)]
    markets = [whole.markets[code] for code in map(int, codes)]
    return encode(whole.schema, symbols, markets, cores)


def _together(cores: Sequence[CoreMemory], first_codes: Sequence[int]) -> CoreMemory:
    operator = cores[0].operator
    counts = Counter[str]()
    for core in cores:
        counts.update(core.counts)
    saved = {
        name: put_together(operator, [core.saved[name] for core in cores], first_codes)
        for name in cores[0].saved
    }
    return CoreMemory(operator, counts, saved)


def _same_schema(parts: Sequence[Memory]) -> pl.Schema | None:
    first = parts[0].schema
    for part in parts:
        if first is not None and part.schema is not None and part.schema != first:
            raise SnapshotError(difference(first, part.schema))
    return first


def _check_by_symbol(operator: Operator) -> None:
    for step in operator.operators:
        if step.across_symbols:
            raise OperatorError(
                f"what {step!r} knows cannot be divided by symbol: its results are of several"
                " symbols together"
            )


def _names(group: Iterable[str]) -> list[str]:
    if isinstance(group, str):
        raise TypeError(f"a group must be a list of symbols, not {group!r}")
    return list(group)


def _repeated(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def _shown(names: Sequence[str]) -> str:
    """Some names, and how many more there are."""
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
