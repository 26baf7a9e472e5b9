"""The symbols that an operator names, and rows made from theirs."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, cast

import numpy as np
import polars as pl

from tickops._arrays import frozen
from tickops._made_rows import made_batch
from tickops._markets import MARKETS
from tickops._operator import Core
from tickops._per_symbol import Watermarks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tickops._arrays import F64, I32, I64, Array, Bool
    from tickops._batch import Batch
    from tickops._column import Column
    from tickops._late import WithLate
    from tickops._snapshot import State
    from tickops._symbols import Symbols

__all__ = ["Members", "OfMembers", "check_symbol", "priced"]


class Members:
    """Place of each symbol of a run among the names given, whenever it first appears.

    Parameters
    ----------
    names
        Each once.
    symbols
        Of the run.
    """

    def __init__(self, names: Sequence[str], symbols: Symbols) -> None:
        self._symbols = symbols
        self._place_of_name = {name: place for place, name in enumerate(names)}
        self._places: I32 = np.zeros(0, np.int32)

    def places(self, codes: I32) -> I32:
        """Place of the symbol of each row, -1 for other symbols and rows without one."""
        new = self._symbols.names[len(self._places) :]
        if new:
            found = [self._place_of_name.get(name, -1) for name in new]
            self._places = np.append(self._places, np.array(found, np.int32))
        if not len(self._places):
            return np.full(len(codes), -1, np.int32)
        return np.where(codes >= 0, self._places[codes], np.int32(-1))


class OfMembers(Core):
    """A core that makes rows of one name from the rows of some symbols.

    Parameters
    ----------
    operator
        Has the policy `late`.
    schema
        Of the rows that come in.
    symbols
        Of the run.
    names
        Symbols whose rows count; those of others are left out.
    name
        What the rows that come out have as their symbol.
    """

    def __init__(
        self,
        operator: WithLate,
        schema: pl.Schema,
        symbols: Symbols,
        names: Sequence[str],
        name: str,
    ) -> None:
        super().__init__()
        self.symbols = symbols
        self._schema = schema
        self._members = Members(names, symbols)
        self._watermarks = Watermarks(operator, symbols)
        self._names = names
        self._name = name
        self._code = -1
        self.counts = {"late": 0, "other": 0, "null": 0}

    def push(self, batch: Batch) -> Batch:
        """Take the next rows; return those made."""
        places = self._members.places(batch.rows()[0])
        own = batch.where(places >= 0)
        rows = self._watermarks.rows(own)
        kept = own.where(rows.keep)
        self.counts["other"] += batch.height - own.height
        self.counts["late"] += own.height - kept.height
        places = cast("I32", frozen(places[places >= 0][rows.keep]))
        times_us = cast("I64", frozen(rows.times_us[rows.keep]))
        return self.make(kept, places, times_us)

    @abstractmethod
    def make(self, batch: Batch, places: I32, times_us: I64) -> Batch:
        """Rows made from some of the named symbols, none of them late."""

    def made(self, times_us: I64, columns: Mapping[str, Column]) -> Batch:
        """Rows under the operator's name, of the region of the first symbol named."""
        if self._code < 0 and len(times_us):
            first = self.symbols.names.index(self._names[0])
            region = MARKETS[int(self.symbols.markets[first])].region or None
            name, regions = pl.Series("", [self._name]), pl.Series("", [region], dtype=pl.String)
            self._code = int(self.symbols.encode(name, regions, None)[0])
        codes = np.full(len(times_us), self._code, np.int32)
        return made_batch(self._schema, self.symbols, codes, times_us, columns)

    def save(self) -> Mapping[str, Array]:
        """Newest times, by symbol."""
        return {"newest_us": self._watermarks.save()}

    def load(self, state: State) -> None:
        """Go on from what `save` gave."""
        self._watermarks.load(state)


def priced(prices: F64) -> Bool:
    """Which are prices: above 0 and finite."""
    return (prices > 0) & np.isfinite(prices)


def check_symbol(argument: str, name: object) -> None:
    """Raise TypeError or ValueError unless `name` can be a symbol's."""
    if not isinstance(name, str):
        raise TypeError(f'{argument} must be a symbol such as "600000.SH", not {name!r}')
    if not name:
        raise ValueError(f'{argument} must be a symbol such as "600000.SH", not {name!r}')
