"""Price limits of A-shares."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

import numpy as np
import polars as pl

from tickops._arrays import empty, frozen
from tickops._book import BOOK, Book
from tickops._column import Column
from tickops._markets import CN
from tickops._operator import Core, Operator
from tickops._schema import Kind
from tickops._units import Unit, Units, check_unit
from tickops.exceptions import SchemaError

if TYPE_CHECKING:
    from tickops._arrays import Bool, Records
    from tickops._batch import Batch
    from tickops._symbols import Symbols

__all__ = ["LIMIT_STATE", "limits"]

LIMIT_STATE: Final = pl.Enum(["none", "up", "down"])
"""Type of the column `limit_state`."""

Rates: TypeAlias = float | Mapping[str, float | None] | None

_UNKNOWN: Final = 255


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class limits(Operator):
    """Price limits of A-shares, and what waits where the price is sealed at one (封单).

    A limit is prev_close · (1 ± rate), rounded half-up to the cent.

    Parameters
    ----------
    rates
        How far from the previous close the price may go, such as 0.1: for all symbols, or by
        symbol, where None is no limit (as in the first days after an IPO). Default, and for
        symbols that the mapping lacks: main board 10 %, 5 % under special treatment (`name`
        has "ST", where the frame has that column) before 2026-07-06; ChiNext 20 %, before
        2020-08-24 10 %; STAR 20 %; Beijing 30 %.
    unit
        Shares per unit of volume, as given to `deltas`.

    Returns
    -------
    The input with

    - `limit_up`, `limit_down` (Float64, currency);
    - `limit_state` (Enum): `up` where the last price is `limit_up` and there is no ask, `down`
      where it is `limit_down` and there is no bid, else `none`;
    - `sealed_volume` (Int64, feed unit): volume of the best level that is left;
    - `sealed_value` (Float64, currency): sealed_volume · unit · price of that level.

    Raises
    ------
    SchemaError
        symbol, timestamp, last_price, prev_close or a book column is missing or of the wrong
        type.

    Notes
    -----
    All are null where prev_close is absent (0), in other regions than CN, and without `rates`
    for symbols that are no A-shares by their code. `limit_state` is also null in the call
    auctions ([09:15, 09:25) and [14:57, 15:00) local time), where the book says nothing about
    sealing, without a last price, and where the whole book is absent; the sealed volume and
    value wherever it is not `up` or `down`. A row without a name is taken as not under special
    treatment. Late rows are as good as others.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> quotes = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH", "600000.SH"],
    ...         "timestamp": [1776735003000, 1776735006000],
    ...         "last_price": [10.0, 11.01],
    ...         "prev_close": [10.01, 10.01],
    ...         "bid_prices": [[9.99], [11.01]],
    ...         "ask_prices": [[10.0], [0.0]],
    ...         "bid_volumes": [[300], [2000]],
    ...         "ask_volumes": [[100], [0]],
    ...     }
    ... ).with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))
    >>> out = ops.limits().apply(quotes)
    >>> out.select("limit_up", "limit_down", "limit_state", "sealed_volume", "sealed_value").rows()
    [(11.01, 9.01, 'none', None, None), (11.01, 9.01, 'up', 2000, 2202000.0)]
    """

    rates: Rates = None
    unit: Unit = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "rates", _check_rates(self.rates))
        object.__setattr__(self, "unit", check_unit(self.unit))

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        return {
            "symbol": Kind.SYMBOL,
            "timestamp": Kind.TIME,
            "last_price": Kind.NUMBER,
            "prev_close": Kind.NUMBER,
            **BOOK,
        }

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Add the five columns."""
        name = schema.get("name", pl.String())
        if name != pl.String() and not isinstance(name, pl.Categorical | pl.Enum):
            raise SchemaError(
                f"{self!r} needs column 'name', where there is one, to be String, Categorical or"
                f" Enum; it is {name}"
            )
        return {
            **schema,
            "limit_up": pl.Float64(),
            "limit_down": pl.Float64(),
            "limit_state": LIMIT_STATE,
            "sealed_volume": pl.Int64(),
            "sealed_value": pl.Float64(),
        }

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """No state but the rules of each symbol."""
        return _Limits(self, symbols, named="name" in schema)


class _Limits(Core):
    def __init__(self, op: limits, symbols: Symbols, *, named: bool) -> None:
        from tickops._kernels import limits as kernels

        super().__init__()
        self._kernels = kernels
        self._rates = op.rates
        self._symbols = symbols
        self._units = Units(op.unit, symbols)
        self._named = named
        self._plain: Records = empty(kernels.RULE)
        self._special: Records = empty(kernels.RULE)

    def push(self, batch: Batch) -> Batch:
        self._extend()
        codes, _ = batch.rows()
        local, book, n = batch.local(), Book(batch, levels=1), batch.height
        up, down, value = np.empty(n), np.empty(n), np.empty(n)
        state, volume = np.empty(n, np.uint8), np.empty(n, np.int64)
        self._kernels.limits(
            codes,
            local.days,
            local.time_of_day_us,
            batch.columns["last_price"].floats(),
            batch.columns["prev_close"].floats(),
            self._under_special_treatment(batch),
            book.side("bid_prices"),
            book.side("ask_prices"),
            book.side("bid_volumes"),
            book.side("ask_volumes"),
            self._plain,
            self._special,
            self._units.by_symbol(),
            up,
            down,
            state,
            volume,
            value,
        )
        return batch.with_columns(
            {
                "limit_up": Column.of_floats(up),
                "limit_down": Column.of_floats(down),
                "limit_state": Column.of_ints(state, LIMIT_STATE, state != _UNKNOWN),
                "sealed_volume": Column.of_ints(volume, pl.Int64(), volume > 0),
                "sealed_value": Column.of_floats(value),
            }
        )

    def _under_special_treatment(self, batch: Batch) -> Bool:
        if not self._named:
            return empty(np.bool_)
        names = batch.columns["name"].series("name").cast(pl.String)
        marked = names.str.contains("ST", literal=True).fill_null(value=False)
        return cast("Bool", frozen(marked.to_numpy()))

    def _extend(self) -> None:
        """Find the rules of symbols that are new."""
        known, rules = len(self._plain), list[_Rules]()
        if known == len(self._symbols):
            return
        markets = self._symbols.markets
        for code in range(known, len(markets)):
            name = self._symbols.names[code]
            rules.append(_rules(name, self._rates) if markets[code] == CN else _NO_LIMIT)
        dtype = self._kernels.RULE
        plain = np.array([each.plain for each in rules], dtype)
        special = np.array([each.special for each in rules], dtype)
        self._plain = frozen(np.concatenate([self._plain, plain]))
        self._special = frozen(np.concatenate([self._special, special]))


_Rule: TypeAlias = tuple[int, int, int]
"""Rate in millionths before a day, the day as days since 1970-01-01, the rate from it on."""


@dataclass(frozen=True, slots=True)
class _Rules:
    """Rule for a symbol, and for it under special treatment."""

    plain: _Rule
    special: _Rule


def _always(rate: float | None) -> _Rules:
    millionths = 0 if rate is None else round(rate * 1_000_000)
    return _Rules((millionths, 0, millionths), (millionths, 0, millionths))


def _days(day: date) -> int:
    return (day - date(1970, 1, 1)).days


_NO_LIMIT: Final = _always(None)
_MAIN: Final = _Rules(_always(0.1).plain, (50_000, _days(date(2026, 7, 6)), 100_000))
_CHINEXT: Final = _Rules(*[(100_000, _days(date(2020, 8, 24)), 200_000)] * 2)
_STAR: Final = _always(0.2)
_BEIJING: Final = _always(0.3)
_BOARDS: Final = {
    "SH": {"60": _MAIN, "688": _STAR, "689": _STAR},
    "SZ": {"00": _MAIN, "30": _CHINEXT},
    "BJ": {"4": _BEIJING, "8": _BEIJING, "92": _BEIJING, "899": _NO_LIMIT},
}
"""By exchange and how a code begins; a longer beginning that comes later has the say."""


def _rules(symbol: str, rates: Rates) -> _Rules:
    if isinstance(rates, Mapping):
        if symbol in rates:
            return _always(rates[symbol])
    elif rates is not None:
        return _always(rates)
    code, _, exchange = symbol.partition(".")
    found = _NO_LIMIT
    for beginning, rules in _BOARDS.get(exchange, {}).items():
        if len(code) == 6 and code.startswith(beginning):
            found = rules
    return found


def _check_rates(rates: object) -> Rates:
    if rates is None:
        return None
    if isinstance(rates, Mapping):
        given = cast("Mapping[str, object]", rates)
        return MappingProxyType(
            {
                symbol: None if given[symbol] is None else _rate(given[symbol], symbol)
                for symbol in sorted(given)
            }
        )
    return _rate(rates, None)


def _rate(rate: object, symbol: str | None) -> float:
    where = "rates" if symbol is None else f"rates[{symbol!r}]"
    if not isinstance(rate, int | float) or isinstance(rate, bool):
        raise TypeError(
            f"{where} must be a number such as 0.1, or a mapping of symbols to such or None,"
            f" not {rate!r}"
        )
    if not (math.isfinite(rate) and 1e-6 <= rate < 1):
        raise ValueError(f"{where} must be at least 0.000001 and below 1, not {rate!r}")
    return float(rate)
