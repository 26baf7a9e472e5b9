"""Weighted statistics over windows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import numpy as np

from tickops._arrays import frozen
from tickops._rolling import Sums

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tickops._arrays import F64

__all__ = ["WEIGHTED", "Weighted", "weights_of"]

WEIGHTED: Final = ("count", "sum", "mean", "var", "std")
# Between them squares, and squares of what is weighted, are numbers of full precision.
_LEAST: Final = 1e-50
_LARGEST: Final = 1e50


class Weighted(Sums):
    """Statistics of a column weighted by another."""

    def __init__(self, x: int, weights: int, names: Sequence[str], min_rows: int) -> None:
        from tickops._kernels.weighted import weighted

        columns = (x, weights)
        super().__init__(weighted, columns, names, WEIGHTED, min_rows, shift=np.zeros(0), sums=8)


def weights_of(values: F64) -> F64:
    """Weights, NaN for what is none."""
    sound = (values > _LEAST) & (values < _LARGEST)
    return cast("F64", frozen(np.where(sound, values, np.nan)))
