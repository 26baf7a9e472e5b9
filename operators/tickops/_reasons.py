"""The column `reason` as kernels read it, of whatever Enum it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import numpy as np
import polars as pl

from tickops._arrays import empty, frozen
from tickops.deltas import REASON

if TYPE_CHECKING:
    from tickops._arrays import U8, Bool
    from tickops._batch import Batch

__all__ = ["Reasons"]

_NAMES: Final = REASON.categories.to_list()
_OTHER: Final = 255


class Reasons:
    """Reads reasons of the frames of a schema.

    Parameters
    ----------
    schema
        The column may be missing, or be no Enum: then rows have no reasons.

    Attributes
    ----------
    there
        Whether there is such a column.
    """

    def __init__(self, schema: pl.Schema) -> None:
        dtype = schema.get("reason")
        self.there = isinstance(dtype, pl.Enum)
        self._codes: U8 | None = None
        if isinstance(dtype, pl.Enum) and dtype != REASON:
            known = {name: code for code, name in enumerate(_NAMES)}
            codes = [known.get(name, _OTHER) for name in dtype.categories]
            self._codes = np.array([*codes, _OTHER], np.uint8)

    def codes(self, batch: Batch) -> U8:
        """Numbers in REASON, 255 for null and for words that it has not; empty if not there."""
        if not self.there:
            return cast("U8", empty(np.uint8))
        reason = batch.columns["reason"]
        given, valid = reason.ints(), reason.valid()
        codes = given.astype(np.uint8) if self._codes is None else self._codes[given]
        if valid is not None:
            codes[~valid] = _OTHER
        return cast("U8", frozen(codes))

    def are(self, name: str, batch: Batch) -> Bool:
        """Which rows have this reason; empty if the column is not there."""
        return cast("Bool", frozen(self.codes(batch) == _NAMES.index(name)))
