"""The rows of one symbol, for what draws one."""

from __future__ import annotations

from typing import Final

import polars as pl

__all__ = ["one_symbol"]

_SHOWN: Final = 5


def one_symbol(who: str, frame: pl.DataFrame, symbol: str | None) -> tuple[pl.DataFrame, str]:
    """Rows of a symbol, and its name; that of the only one by default.

    Raises
    ------
    TypeError
        `frame` is no DataFrame.
    ValueError
        There are no rows of it, or several symbols to choose from.
    """
    if not isinstance(frame, pl.DataFrame):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"{who} takes a polars.DataFrame, not {type(frame).__name__}")
    if not frame.height:
        raise ValueError(f"{who} has nothing to draw: the frame has no rows")
    if "symbol" not in frame.columns:
        if symbol is None:
            return frame, ""
        raise ValueError(f"{who} cannot look for {symbol!r}: the frame has no column 'symbol'")
    names = frame["symbol"].cast(pl.String)
    there: list[str] = names.unique(maintain_order=True).drop_nulls().to_list()
    if symbol is None and len(there) == 1:
        return frame.filter(names == there[0]), there[0]
    if symbol is not None and symbol in there:
        return frame.filter(names == symbol), symbol
    shown = ", ".join(map(repr, there[:_SHOWN])) + (", …" if len(there) > _SHOWN else "")
    what = "draws one symbol: say which, symbol=…" if symbol is None else f"finds no {symbol!r}"
    raise ValueError(f"{who} {what}; the frame has {len(there)}: {shown}")
