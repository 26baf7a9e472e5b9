"""How many shares a unit of volume is."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np

from tickops._arrays import empty, frozen
from tickops._markets import MARKETS

if TYPE_CHECKING:
    from tickops._arrays import I64
    from tickops._symbols import Symbols

__all__ = ["Unit", "Units", "check_unit"]

Unit: TypeAlias = int | Mapping[str, int] | None
"""Shares per unit of volume: for all symbols, by symbol, or None for the market's default."""


def check_unit(unit: Unit) -> Unit:
    """Unit as an operator keeps it.

    Raises
    ------
    TypeError, ValueError
        It is neither a positive whole number nor a mapping of symbols to such.
    """
    if unit is None:
        return None
    if isinstance(unit, Mapping):
        return MappingProxyType(
            {symbol: _positive(unit[symbol], symbol) for symbol in sorted(unit)}
        )
    return _positive(unit, None)


class Units:
    """Unit by symbol number, for the symbols of one run."""

    def __init__(self, unit: Unit, symbols: Symbols) -> None:
        self._unit = unit
        self._symbols = symbols
        self._known: I64 = empty(np.int64)

    def by_symbol(self) -> I64:
        """Array over all symbols of the run so far."""
        if len(self._known) < len(self._symbols):
            names, markets = self._symbols.names, self._symbols.markets
            units = [
                self._of(name, int(market)) for name, market in zip(names, markets, strict=True)
            ]
            self._known = cast("I64", frozen(np.array(units, np.int64)))
        return self._known

    def _of(self, symbol: str, market: int) -> int:
        if isinstance(self._unit, int):
            return self._unit
        default = MARKETS[market].unit
        return default if self._unit is None else self._unit.get(symbol, default)


def _positive(unit: object, symbol: str | None) -> int:
    where = "unit" if symbol is None else f"unit[{symbol!r}]"
    if not isinstance(unit, int) or isinstance(unit, bool):
        raise TypeError(
            f"{where} must be a whole number of shares, or a mapping of symbols to such,"
            f" not {unit!r}"
        )
    if unit < 1:
        raise ValueError(f"{where} must be at least 1 share, not {unit}")
    return unit
