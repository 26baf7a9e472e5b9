"""What operators need of a frame, and the errors when it is not there."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

import polars as pl

from tickops.exceptions import SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Kind", "check", "check_columns"]


class Kind(Enum):
    """Types of column that an operator can ask for; the value says it to people."""

    SYMBOL = "String or Categorical"
    TIME = "Datetime"
    INTEGER = "an integer type"
    NUMBER = "a numeric type"
    PRICES = "Array or List of numbers, best level first"
    VOLUMES = "Array or List of integers, best level first"
    REASON = "Enum of deltas()' reasons"


_MADE_BY: Final = {
    "delta_volume": "deltas()",
    "delta_amount": "deltas()",
    "delta_price": "deltas()",
    "reason": "deltas()",
    "start": "bars()",
    "end": "bars()",
    "mid": "spread()",
    "spread": "spread()",
    "spread_bps": "spread()",
    "weighted_mid": "weighted_mid()",
    "imbalance": "imbalance()",
    "vamp": "vamp()",
    "bid_value": "depth_value()",
    "ask_value": "depth_value()",
    "bid_slope": "book_slope()",
    "ask_slope": "book_slope()",
    "book_slope": "book_slope()",
    "buy_price": "sweep_cost()",
    "buy_cost_bps": "sweep_cost()",
    "sell_price": "sweep_cost()",
    "sell_cost_bps": "sweep_cost()",
    "ofi": "ofi()",
    "limit_up": "limits()",
    "limit_down": "limits()",
    "limit_state": "limits()",
    "sealed_volume": "limits()",
    "sealed_value": "limits()",
    "vwap": "vwap()",
    "returns": "returns()",
    "crossing": "crossing()",
    "first_of_day": "first_of_day()",
    "trade_side": "trade_side()",
    "effective_spread": "effective_spread()",
    "effective_spread_bps": "effective_spread()",
    "unit_fits": "unit_check()",
    "mid_after": "realised_spread()",
    "realised_spread": "realised_spread()",
    "realised_spread_bps": "realised_spread()",
    "amihud": "amihud()",
    "kyle_lambda": "kyle_lambda()",
    "vpin": "vpin()",
    "corwin_schultz": "corwin_schultz()",
    "microprice": "microprice()",
    "twap": "twap()",
    "volume_ratio": "volume_ratio()",
    "realised_volatility": "realised_volatility()",
    "roll_spread": "roll_spread()",
    "pair_spread": "pair_spread()",
    "sampled_at": "sample()",
    "index": "index()",
    "channel": "interleave()",
}


def check(operator: str, schema: pl.Schema, needs: Mapping[str, Kind]) -> None:
    """Raise SchemaError unless `schema` has all columns that `operator` needs."""
    for name, kind in needs.items():
        if name not in schema:
            raise _missing(operator, schema, name, f" ({kind.value})")
        if not _fits(schema[name], kind):
            raise SchemaError(
                f"{operator} needs column {name!r} to be {kind.value}; it is {schema[name]}"
            )


def check_columns(operator: str, schema: pl.Schema, names: Iterable[str]) -> None:
    """Raise SchemaError unless `schema` has these columns, of whatever type."""
    for name in names:
        if name not in schema:
            raise _missing(operator, schema, name, "")


def _missing(operator: str, schema: pl.Schema, name: str, kind: str) -> SchemaError:
    maker = _MADE_BY.get(name)
    hint = f", which {maker} makes" if maker else ""
    return SchemaError(
        f"{operator} needs column {name!r}{kind}{hint};"
        f" the frame has {', '.join(map(repr, schema)) or 'no columns'}"
    )


def _fits(dtype: pl.DataType, kind: Kind) -> bool:
    match kind:
        case Kind.SYMBOL:
            return dtype == pl.String or isinstance(dtype, pl.Categorical)
        case Kind.TIME:
            return isinstance(dtype, pl.Datetime)
        case Kind.INTEGER:
            return dtype.is_integer() and not isinstance(dtype, pl.Int128 | pl.UInt64 | pl.UInt128)
        case Kind.NUMBER:
            return dtype.is_numeric()
        case Kind.REASON:
            return isinstance(dtype, pl.Enum)
        case Kind.PRICES | Kind.VOLUMES:
            if not isinstance(dtype, pl.Array | pl.List):
                return False
            inner = dtype.inner
            return inner.is_integer() if kind is Kind.VOLUMES else inner.is_numeric()
