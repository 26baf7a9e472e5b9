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

_DEFAULTS: I64 = np.array([market.unit for market in MARKETS], np.int64)


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
            units = _DEFAULTS[self._symbols.markets]
            if isinstance(self._unit, int):
                units[:] = self._unit
            elif self._unit is not None:
                for code, name in enumerate(self._symbols.names[: len(units)]):
                    units[code] = self._unit.get(name, units[code])
            self._known = cast("I64", frozen(units))
        return self._known


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
