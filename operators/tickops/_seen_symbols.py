"""The symbols that a core has seen rows of, for kernels that close something for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tickops._arrays import grown

if TYPE_CHECKING:
    from tickops._arrays import I32, I64, Bool
    from tickops._symbols import Symbols

__all__ = ["SeenSymbols"]


class SeenSymbols:
    """Symbols that a kernel has noted.

    What comes out for several of them at once comes in the order of their names: it must not
    depend on the order in which they came, which runs of some symbols each do not know.

    Parameters
    ----------
    symbols
        Of the run.

    Attributes
    ----------
    codes
        Their numbers, and room for all symbols.
    count
        (1,) how many there are.
    """

    def __init__(self, symbols: Symbols) -> None:
        self._symbols = symbols
        self.codes: I32 = np.zeros(0, np.int32)
        self.count: I64 = np.zeros(1, np.int64)
        self._sorted = 0

    def __len__(self) -> int:
        return int(self.count[0])

    def reserve(self) -> None:
        """Have room for all symbols."""
        self.codes = grown(self.codes, len(self._symbols))

    def sort(self) -> None:
        """Put them in the order of their names."""
        count = len(self)
        if count > self._sorted:  # else no new one has come since
            names = self._symbols.names
            self.codes[:count] = sorted(self.codes[:count].tolist(), key=names.__getitem__)
            self._sorted = count

    def load(self, seen: Bool) -> None:
        """Go on from which symbols were seen, by number."""
        codes = np.flatnonzero(seen).astype(np.int32)
        self.codes = grown(codes, len(self._symbols))
        self.count[0], self._sorted = len(codes), 0
