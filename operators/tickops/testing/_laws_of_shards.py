"""The law of runs that are divided by symbol and put together again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, TypeGuard, runtime_checkable

import polars as pl
from hypothesis import strategies as st

from tickops.testing._law import Law, require, require_same, told
from tickops.testing._streams import OperatorLike, counts, joined, of_symbol, play, symbols_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tickops.testing._law import Case
    from tickops.testing._streams import Event, RunLike

__all__ = ["SHARDS"]

_PARTS: Final = 3


@runtime_checkable
class _Divides(OperatorLike, Protocol):
    """What else the law speaks of."""

    def split_snapshot(self, snapshot: bytes, groups: Iterable[Iterable[str]], /) -> list[bytes]:
        """Divide a snapshot."""
        ...

    def merge_snapshots(self, snapshots: Iterable[bytes], /) -> bytes:
        """Make one of several."""
        ...


def _divide(case: Case) -> None:
    operator = case.operator
    if case.symbol not in case.stream.schema or not _divides(operator):
        return
    script = case.cut()
    splits = case.data.draw(st.integers(0, len(script)))
    merges = case.data.draw(st.integers(splits, len(script)))
    part_of = _drawn_parts(case)
    how = f"split before event {splits} of {told(script)} into {part_of}"

    whole = operator.start()
    play(whole, script[:splits], finish=False)
    groups = [[name for name in part_of if name and part_of[name] == k] for k in range(_PARTS)]
    parts = operator.split_snapshot(whole.snapshot(), groups)
    require(len(parts) == _PARTS, f"{how}: split_snapshot gives {len(parts)} parts of {_PARTS}")
    scripts = [_own(script[splits:], part_of, k, case.symbol) for k in range(_PARTS)]

    middle = play(whole, script[splits:merges], finish=False)
    runs = [operator.start(part) for part in parts]
    outputs = [
        play(run, own[: merges - splits], finish=False)
        for run, own in zip(runs, scripts, strict=True)
    ]
    snapshots = [run.snapshot() for run in runs]
    order = case.data.draw(st.permutations(range(_PARTS)))
    merged = operator.start(operator.merge_snapshots([snapshots[k] for k in order]))
    rest = play(whole, script[merges:])
    require_same(
        joined(play(merged, script[merges:])),
        joined(rest),
        f"{how}, merged {order} before event {merges}",
    )
    require(
        counts(merged) == counts(whole),
        f"{how}, merged: counts are {counts(merged)}, not {counts(whole)}",
    )

    for run, own, out in zip(runs, scripts, outputs, strict=True):
        out += play(run, own[merges - splits :])
    expected = joined([*middle, *rest])
    for name, part in part_of.items():
        actual = of_symbol(joined(outputs[part]), case.symbol, name)
        require_same(actual, of_symbol(expected, case.symbol, name), f"{how}: {name} on its own")
    total = _sum(runs)
    require(total == counts(whole), f"{how}: counts add up to {total}, not {counts(whole)}")


def _drawn_parts(case: Case) -> Mapping[str | None, int]:
    """Draw a part for each symbol, and for rows without one."""
    names = symbols_of(case.stream.frame, case.symbol)
    return {name: case.data.draw(st.integers(0, _PARTS - 1)) for name in names}


def _own(
    script: Sequence[Event], part_of: Mapping[str | None, int], part: int, symbol: str
) -> list[Event]:
    """All moments, and the rows of the symbols of one part."""
    names = [name for name in part_of if part_of[name] == part]
    is_own = pl.col(symbol).cast(pl.String).is_in(names, nulls_equal=True)
    return [event if isinstance(event, int) else event.filter(is_own) for event in script]


def _sum(runs: Iterable[RunLike]) -> dict[str, int]:
    total: dict[str, int] = {}
    for run in runs:
        for reason, count in counts(run).items():
            total[reason] = total.get(reason, 0) + count
    return total


def _divides(operator: OperatorLike) -> TypeGuard[_Divides]:
    return isinstance(operator, _Divides) and not getattr(operator, "across_symbols", False)


SHARDS = Law(
    "shards",
    "A snapshot divided by symbol makes runs that give each symbol's rows as the one run does,"
    " and merged it makes one that goes on as if nothing had happened.",
    _divide,
    applies=_divides,
    share=0.6,
)
