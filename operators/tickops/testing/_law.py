"""What a law is, what it is tried on, and how it says that it is broken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from tickops.testing._compare import first_difference
from tickops.testing._streams import cuts, joined, play

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import polars as pl
    from hypothesis.strategies import DataObject

    from tickops.testing._streams import Event, OperatorLike, Stream

__all__ = ["Case", "Law", "LawBroken", "always", "require", "require_same", "told"]


@dataclass(frozen=True)
class Case:
    """An operator and a stream to try it on.

    Parameters
    ----------
    operator
        Operator under test.
    stream
        Rows that go into it, in order of arrival, and the times told in between.
    data
        ``data.draw(strategy)`` draws what else the law needs: cuts, orders, layouts.
    prepare, raw
        Operator that made the stream, and of what; without one, of the same rows.
    symbol, timestamp
        Columns with whose and when a row is.
    """

    operator: OperatorLike
    stream: Stream
    raw: Stream
    data: DataObject
    prepare: OperatorLike | None = None
    symbol: str = "symbol"
    timestamp: str = "timestamp"

    def whole(self) -> pl.DataFrame:
        """All that comes out when each segment of the stream is one frame."""
        return self.played(self.stream.script())

    def played(self, script: Sequence[Event], *, finish: bool = True) -> pl.DataFrame:
        """All that comes out of a new run that is told these events."""
        return joined(play(self.operator.start(), script, finish=finish))

    def cut(self) -> list[Event]:
        """Draw a way to cut the stream into frames."""
        return self.stream.script([self.data.draw(cuts(part)) for part in self.stream.segments])


Check: TypeAlias = "Callable[[Case], None]"
Applies: TypeAlias = "Callable[[OperatorLike], bool]"


def always(operator: OperatorLike) -> bool:  # noqa: ARG001
    """Every operator must obey."""
    return True


@dataclass(frozen=True)
class Law:
    """Something that holds for every operator of a kind.

    Parameters
    ----------
    name
        One word, by which failures are reported.
    doc
        The law in one sentence.
    check
        Tries it on a case; raises if it is broken (`require`, `require_same`).
    applies
        Says by an operator's traits whether it must obey; by default all must.
    moments
        Whether the streams tell the time between rows.
    share
        Share of the examples that are tried, for a law that is slow.
    """

    name: str
    doc: str
    check: Check
    applies: Applies = always
    moments: bool = True
    share: float = 1.0

    def __repr__(self) -> str:
        return f"Law({self.name!r}, {self.doc!r})"


class LawBroken(AssertionError):
    """A law does not hold for a case; says how it was tried and what came out."""


def require(truth: bool, how: str) -> None:
    """Break the law unless something is true."""
    if not truth:
        raise LawBroken(how)


def require_same(actual: pl.DataFrame, expected: pl.DataFrame, how: str) -> None:
    """Break the law unless two frames are the same bit for bit.

    A frame without columns comes from a run that never knew its schema: it equals every
    empty frame.
    """
    if not actual.width or not expected.width:
        require(
            actual.height == expected.height,
            f"{how}: expected {expected.height} rows, got {actual.height}",
        )
        return
    found = first_difference(actual, expected)
    if found is not None:
        raise LawBroken(f"{how}\n{found}")


def told(script: Sequence[Event]) -> str:
    """Show events: frames by their heights, moments as they are told."""
    return ", ".join(
        f"now {event}" if isinstance(event, int) else f"{event.height} rows" for event in script
    )
