"""A check of what a unit of volume is."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from tickops._arrays import frozen, grown
from tickops._column import Column
from tickops._operator import Core, Operator
from tickops._schema import Kind
from tickops._units import Unit, Units, check_unit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._arrays import I64, Bool
    from tickops._batch import Batch
    from tickops._symbols import Symbols

__all__ = ["unit_check"]

_CANDIDATES: Final = (1, 10, 100, 1000)
_LOGGER: Final = logging.getLogger("tickops")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class unit_check(Operator):
    """Shares per unit of volume that fit the day: low ≤ amount / (volume · unit) ≤ high.

    Parameters
    ----------
    unit
        Shares per unit of volume in use, as given to `deltas`. Once for each symbol, a warning
        is logged (logger "tickops") where it does not fit and another unit does.

    Returns
    -------
    The input with `unit_fits` (Int64, shares): the smallest of 1, 10, 100 and 1000 that fits.

    Raises
    ------
    SchemaError
        symbol, volume, amount, low or high is missing or of the wrong type.

    Notes
    -----
    Null where none fits, where nothing was traded yet, and where a column is null. Volumes may
    have been cut to whole units and amounts to whole currency: a unit fits if some number of
    shares in [volume · unit, (volume + 1) · unit) does, for an amount of up to 1 more. A row
    at a time: no rows are late. A run that goes on from a snapshot may log again.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> quotes = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH", "00700.HK", "600000.SH"],
    ...         "volume": [1000, 200, 0],
    ...         "amount": [972_500.0, 90_000.0, 0.0],
    ...         "low": [9.7, 448.0, 0.0],
    ...         "high": [9.75, 452.0, 0.0],
    ...     }
    ... )
    >>> ops.unit_check(unit={"00700.HK": 1}).apply(quotes)["unit_fits"].to_list()
    [100, 1, None]
    """

    unit: Unit = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "unit", check_unit(self.unit))

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        numbers = dict.fromkeys(("amount", "low", "high"), Kind.NUMBER)
        return {"symbol": Kind.SYMBOL, "volume": Kind.INTEGER, **numbers}

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Add the column."""
        return {**schema, "unit_fits": pl.Int64()}

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """No state but the symbols that were warned of."""
        return _UnitCheck(self, symbols)


class _UnitCheck(Core):
    def __init__(self, op: unit_check, symbols: Symbols) -> None:
        from tickops._kernels import trades as kernels

        super().__init__()
        self._kernels = kernels
        self._op = op
        self._symbols = symbols
        self._units = Units(op.unit, symbols)
        self._candidates: I64 = frozen(np.array(_CANDIDATES, np.int64))
        self._warned: Bool = np.zeros(0, np.bool_)

    def push(self, batch: Batch) -> Batch:
        if batch.codes is None:
            raise AssertionError("an operator that needs symbol must declare it")
        self._warned = grown(self._warned, len(self._symbols))
        fits = np.zeros(batch.height, np.int64)
        valid, contradicted = np.zeros((2, batch.height), np.bool_)
        self._kernels.unit_fits(
            batch.codes,
            batch.columns["volume"].ints(),
            batch.columns["amount"].floats(),
            batch.columns["low"].floats(),
            batch.columns["high"].floats(),
            self._candidates,
            self._units.by_symbol(),
            self._warned,
            fits,
            valid,
            contradicted,
        )
        for row in np.flatnonzero(contradicted).tolist():
            self._warn(int(batch.codes[row]), int(fits[row]))
        return batch.with_columns({"unit_fits": Column.of_ints(fits, pl.Int64(), valid)})

    def _warn(self, code: int, fits: int) -> None:
        _LOGGER.warning(
            "%r: volume of %s is taken in units of %d shares, but amount, low and high fit %d;"
            " say unit={%r: %d} to the operators that take it",
            self._op,
            self._symbols.names[code],
            int(self._units.by_symbol()[code]),
            fits,
            self._symbols.names[code],
            fits,
        )
