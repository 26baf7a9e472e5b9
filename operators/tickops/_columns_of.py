"""What an operator reads and gives, as far as that is known before it sees a frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import polars as pl

from tickops._schema import Kind
from tickops._stateful import Stateful

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tickops._operator import Operator

__all__ = ["Columns", "columns_of"]

_NUMBER: Final = pl.Float64()
_WHOLE: Final = pl.Int64()
_ONE_OF_A_KIND: Final = {
    Kind.SYMBOL: pl.String(),
    Kind.TIME: pl.Datetime("ms", "UTC"),
    Kind.INTEGER: _WHOLE,
    Kind.NUMBER: _NUMBER,
    Kind.PRICES: pl.Array(pl.Float64, 5),
    Kind.VOLUMES: pl.Array(pl.Int64, 5),
    Kind.REASON: pl.Enum(["trade"]),
}
# Tried out first to last, so that of two columns that would do the later one is shown.
_USUAL: Final[Mapping[str, pl.DataType]] = {
    "bid_prices": _ONE_OF_A_KIND[Kind.PRICES],
    "ask_prices": _ONE_OF_A_KIND[Kind.PRICES],
    "bid_volumes": _ONE_OF_A_KIND[Kind.VOLUMES],
    "ask_volumes": _ONE_OF_A_KIND[Kind.VOLUMES],
    "region": pl.String(),
    "channel": pl.Enum(["quotes", "depth"]),
    "symbol": pl.String(),
    "timestamp": _ONE_OF_A_KIND[Kind.TIME],
    **dict.fromkeys(("prev_close", "open", "high", "low", "amount"), _NUMBER),
    "volume": _WHOLE,
    "mid": _NUMBER,
    "last_price": _NUMBER,
}
_ANY: Final = (
    _NUMBER,
    _WHOLE,
    pl.Boolean(),
    pl.String(),
    pl.Enum(["quotes", "depth"]),
    _ONE_OF_A_KIND[Kind.TIME],
    _ONE_OF_A_KIND[Kind.PRICES],
)
_ANOTHER: Final = "a column that no operator names"


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns in and out.

    Attributes
    ----------
    reads
        What kind of column, by name: what is needed, and no more.
    gives
        Types by name of what is made; None where only a frame can tell.
    follows
        Those of `gives` whose type is another where the input has other types.
    passes
        The columns of the input come out too.
    """

    reads: Mapping[str, str]
    gives: Mapping[str, pl.DataType] | None
    follows: frozenset[str]
    passes: bool


def columns_of(operator: Operator, before: Mapping[str, pl.DataType] | None = None) -> Columns:
    """Find out what an operator reads and gives, by asking it about schemas.

    Parameters
    ----------
    operator
        A single one, no chain.
    before
        Columns that steps before it make.
    """
    needs = {name: _ONE_OF_A_KIND[kind] for name, kind in operator.needs.items()}
    said = {name: kind.value for name, kind in operator.needs.items()}
    by_expression = dict.fromkeys(_roots(operator), "as its expression takes it")
    made = before or {}
    for unknown in (_NUMBER, pl.Boolean(), pl.String()):
        named = dict.fromkeys(_named(operator), unknown)
        usual = {name: dtype for name, dtype in _USUAL.items() if name not in made}
        wide = {**named, **usual, **made, **needs}
        if _out(operator, wide) is not None:
            break
    else:
        return Columns({**by_expression, **said}, None, frozenset(), operator.adds_columns)
    least = _least(operator, wide, needs)
    out = _out(operator, {**least, _ANOTHER: _NUMBER}) or {}
    passes = out.pop(_ANOTHER, None) is not None
    own = _written(operator)
    gives = {
        name: dtype for name, dtype in out.items() if not passes or name not in least or name in own
    }
    follows: set[str] = set()
    for name in [name for name in least if name not in needs]:
        said[name], changed = _asked(operator, least, name)
        if _out(operator, _without(wide, name)) is not None:
            said[name] += "; other columns do too"
        if name not in made:
            follows |= changed
    said.update(by_expression)
    return Columns(said, gives, frozenset(follows), passes)


def _asked(
    operator: Operator, schema: Mapping[str, pl.DataType], name: str
) -> tuple[str, set[str]]:
    """Ask what types of a column are taken, and what changes its type with it."""
    outs = [(dtype, _out(operator, {**schema, name: dtype})) for dtype in (*_ANY, schema[name])]
    taken = [(dtype, set(out.items())) for dtype, out in outs if out is not None]
    kinds = list(dict.fromkeys(str(dtype.base_type()) for dtype, _ in taken))
    made = [columns for _, columns in taken]
    changed = {column for column, _ in set[Any]().union(*made) - made[0].intersection(*made)}
    if len(taken) > len(_ANY):
        return "any type", changed
    *others, last = kinds
    return f"{', '.join(others)} or {last}" if others else last, changed


def _least(
    operator: Operator, schema: dict[str, pl.DataType], needs: Mapping[str, Any]
) -> dict[str, pl.DataType]:
    """Leave out of `schema` whatever the operator can do without."""
    if _out(operator, needs) is not None:
        return dict(needs)
    for name in list(schema):
        rest = _without(schema, name)
        if name not in needs and _out(operator, rest) is not None:
            schema = rest
    return schema


def _without(schema: Mapping[str, pl.DataType], name: str) -> dict[str, pl.DataType]:
    return {other: dtype for other, dtype in schema.items() if other != name}


def _out(operator: Operator, schema: Mapping[str, pl.DataType]) -> dict[str, pl.DataType] | None:
    """Columns that come out, or None if the operator refuses the schema."""
    try:
        return dict(operator.output_schema(schema))
    except Exception:  # SchemaError; an operator of the user's may raise anything
        return None


def _named(operator: Operator) -> list[str]:
    """Every text in an operator's parameters: the names of columns are among them."""
    declared = operator.definition.inputs if isinstance(operator, Stateful) else ()
    return [*declared, *(text for value in vars(operator).values() for text in _texts(value))]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, pl.Expr):
        yield from value.meta.root_names()
    elif isinstance(value, Mapping):
        for key, inner in cast("Mapping[Any, Any]", value).items():
            yield from (*_texts(key), *_texts(inner))
    elif isinstance(value, tuple | list):
        for inner in cast("tuple[Any, ...]", value):
            yield from _texts(inner)


def _expressions(operator: Operator) -> list[pl.Expr]:
    """Polars expressions among the parameters."""
    values: list[Any] = []
    for value in vars(operator).values():
        values += value if isinstance(value, tuple) else [value]
    return [value for value in values if isinstance(value, pl.Expr)]


def _roots(operator: Operator) -> list[str]:
    return [name for value in _expressions(operator) for name in value.meta.root_names()]


def _written(operator: Operator) -> set[str]:
    """Names that the expressions of an operator write, be they new or not."""
    if not operator.adds_columns:
        return set()
    names = (
        value.meta.output_name(raise_if_undetermined=False) for value in _expressions(operator)
    )
    return {name for name in names if name is not None}
