"""Cores of operators that look at one row at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickops._operator import Core

if TYPE_CHECKING:
    from collections.abc import Callable

    from tickops._batch import Batch

__all__ = ["Stateless"]


class Stateless(Core):
    """A core without state: a function from batch to batch, row by row.

    Parameters
    ----------
    step
        What comes out of a batch; may not look from one row at another.
    """

    def __init__(self, step: Callable[[Batch], Batch]) -> None:
        super().__init__()
        self._step = step

    def push(self, batch: Batch) -> Batch:
        """Apply the function."""
        return self._step(batch)
