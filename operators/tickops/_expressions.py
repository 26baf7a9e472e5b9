"""Polars expressions that look at one row at a time."""

from __future__ import annotations

import io
from typing import Any, cast

import msgspec
import polars as pl

__all__ = ["check_row_wise", "describe"]


def check_row_wise(operator: str, expression: pl.Expr) -> None:
    """Raise ValueError unless the value of `expression` on a row depends on that row alone."""
    tree = _tree(expression)
    if tree is None:
        reason = "it calls a Python function, of which that cannot be known"
    elif _is_row_wise(_without_selectors(tree)):
        return
    else:
        reason = "it looks at other rows, or changes their number"
    raise ValueError(
        f"{operator} takes expressions of one row at a time; {expression} is refused: {reason}."
        " Use an operator with state for that"
    )


def describe(expression: pl.Expr) -> str:
    """Text that is equal only for equal expressions."""
    tree = _tree(expression)
    return str(expression) if tree is None else tree


def _tree(expression: pl.Expr) -> str | None:
    try:
        return expression.meta.serialize(format="json")
    except Exception:  # Polars cannot write Python functions, and says so in several ways
        return None


def _is_row_wise(expression: pl.Expr) -> bool:
    # Polars judges the outermost node alone: all inside must be asked too.
    meta = expression.meta
    try:
        keeps_rows = meta.is_length_preserving() or meta.is_scalar()
        return meta.is_row_separable() and keeps_rows and all(map(_is_row_wise, meta.pop()))
    except pl.exceptions.PolarsError:
        return False


def _without_selectors(tree: str) -> pl.Expr:
    """Expression in which one column stands for each selector, of which Polars cannot judge."""
    plain = msgspec.json.encode(_replaced(msgspec.json.decode(tree)))
    return pl.Expr.deserialize(io.BytesIO(plain), format="json")


def _replaced(tree: Any) -> Any:
    if isinstance(tree, list):
        return [_replaced(part) for part in cast("list[Any]", tree)]
    if isinstance(tree, dict):
        nodes = cast("dict[str, Any]", tree)
        if "Selector" in nodes:
            return {"Column": "x"}
        return {key: _replaced(value) for key, value in nodes.items()}
    return tree
