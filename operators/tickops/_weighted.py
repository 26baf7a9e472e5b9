"""Weighted statistics over windows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from tickops._arrays import frozen, grown
from tickops._rolling import Group

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tickops._arrays import F64, I64, Array
    from tickops._rolling import Input
    from tickops._snapshot import State

__all__ = ["WEIGHTED", "Weighted", "weights_of"]

WEIGHTED: Final = ("count", "sum", "mean", "var", "std")
# Between them squares, and squares of what is weighted, are numbers of full precision.
_LEAST: Final = 1e-50
_LARGEST: Final = 1e50


class Weighted(Group):
    """Statistics of a column weighted by another."""

    def __init__(self, x: int, weights: int, names: Sequence[str], min_rows: int) -> None:
        from tickops._kernels import weighted as kernels

        self.names = names
        self._kernels: Any = kernels
        self._x, self._weights = x, weights
        self._min_rows = min_rows
        self._kinds = frozen(np.array([WEIGHTED.index(name) for name in names], np.int64))
        self._count: I64 = np.zeros(0, np.int64)
        self._shift: F64 = np.zeros(0)
        self._sums: F64 = np.zeros((0, 8))

    def update(self, given: Input, symbols: int) -> F64:
        self._reserve(symbols)
        result = np.empty((len(self.names), len(given.codes)))
        self._kernels.weighted(
            given.codes,
            given.columns[self._x],
            given.columns[self._weights],
            given.fresh,
            *given.sliding(self._x, self._weights),
            self._min_rows,
            cast("I64", self._kinds),
            self._count,
            self._shift,
            self._sums,
            result,
        )
        return result

    def save(self, symbols: int) -> Mapping[str, Array]:
        self._reserve(symbols)
        return {
            "count": self._count[:symbols],
            "shift": self._shift[:symbols],
            "sums": self._sums[:symbols],
        }

    def load(self, state: State, prefix: str, symbols: int) -> None:
        self._count = state.array(f"{prefix}count", np.int64, symbols)
        self._shift = state.array(f"{prefix}shift", np.float64, symbols)
        self._sums = state.array(f"{prefix}sums", np.float64, symbols, 8)

    def rebuild(self, rows: Input, symbols: int) -> None:
        """Nothing: the sums were loaded."""

    def _reserve(self, symbols: int) -> None:
        self._count = grown(self._count, symbols)
        self._shift = grown(self._shift, symbols)
        self._sums = grown(self._sums, symbols)


def weights_of(values: F64) -> F64:
    """Weights, NaN for what is none."""
    sound = (values > _LEAST) & (values < _LARGEST)
    return cast("F64", frozen(np.where(sound, values, np.nan)))
