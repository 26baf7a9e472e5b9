"""Late rows that a run in a pipe leaves out, told in the log."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tickops._run import Run

__all__ = ["LateNews"]

_LOG: Final = logging.getLogger("tickops")


class LateNews:
    """Says once of each operator that it leaves late rows out, and at the end how many.

    Only of late ones: unlike those of the lunch break, they are news.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._told: list[str] = []

    def tell(self) -> None:
        """Say what has not been said."""
        counts = self._run.counts
        for key, count in counts.items():
            kind, _, reason = key.partition(".")
            if count and reason == "late" and kind not in self._told:
                self._told.append(kind)
                _LOG.warning("%s leaves late rows out: %s", self._name(kind), _of(kind, counts))

    def tell_end(self) -> None:
        """Say how many rows they left out in all."""
        counts = self._run.counts
        for kind in self._told:
            _LOG.warning("%s left rows out: %s", self._name(kind), _of(kind, counts))

    def _name(self, kind: str) -> str:
        """Operators of a kind: counts do not tell them apart."""
        steps = self._run.operator.operators
        return " or ".join(repr(step) for step in steps if type(step).__name__ == kind)


def _of(kind: str, counts: dict[str, int]) -> dict[str, int]:
    return {key: count for key, count in counts.items() if key.partition(".")[0] == kind}
