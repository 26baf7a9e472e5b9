"""Frames as Arrow, in the types that Perspective reads."""

from __future__ import annotations

import io
from functools import cache

import polars as pl

__all__ = ["Form", "arrow_bytes", "form_of"]


class Form:
    """How frames of a schema are shown.

    Attributes
    ----------
    columns
        What becomes of the columns: prices of five levels are five columns, a duration is in
        seconds.
    left_out
        Columns that cannot be shown: lists, bytes, objects.
    """

    def __init__(self, schema: pl.Schema) -> None:
        self.columns: list[pl.Expr] = []
        self.left_out: list[str] = []
        for name, kind in schema.items():
            shown = _shown(name, kind)
            self.columns += shown
            if not shown:
                self.left_out.append(name)


@cache
def _form(columns: tuple[tuple[str, pl.DataType], ...]) -> Form:
    return Form(pl.Schema(columns))


def form_of(frame: pl.DataFrame) -> Form:
    """How a frame is shown."""
    return _form(tuple(frame.schema.items()))


def arrow_bytes(frame: pl.DataFrame) -> bytes:
    """Write a frame as an Arrow stream.

    Arrow's newer string views are unknown to Perspective: the oldest forms are written.
    """
    stream = io.BytesIO()
    frame.select(form_of(frame).columns).write_ipc_stream(
        stream, compat_level=pl.CompatLevel.oldest()
    )
    return stream.getvalue()


def _shown(name: str, kind: pl.DataType) -> list[pl.Expr]:
    column = pl.col(name)
    if isinstance(kind, pl.Array) and len(kind.shape) == 1 and not kind.inner.is_nested():
        return [column.arr.get(i).alias(f"{name}_{i + 1}") for i in range(kind.size)]
    if isinstance(kind, pl.Duration):
        return [column.dt.total_microseconds() / 1e6]
    if isinstance(kind, pl.Time):
        return [column.cast(pl.String)]
    if isinstance(kind, pl.Int128 | pl.UInt128):
        return [column.cast(pl.Float64)]
    if kind.is_nested() or isinstance(kind, pl.Binary | pl.Object):
        return []
    return [column]
