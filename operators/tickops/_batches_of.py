"""Rows of a query, in batches, no faster than they are taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickops._ahead import made_ahead

if TYPE_CHECKING:
    from collections.abc import Generator

    import polars as pl

__all__ = ["batches_of"]


def batches_of(lazy: pl.LazyFrame, rows: int) -> Generator[pl.DataFrame]:
    """Batches of about so many rows, in order, a few of them read ahead.

    ``LazyFrame.collect_batches`` reads ahead of a slow caller without bound: of a file of 960 MB
    it held 1,030 MB, this 350 MB (Polars 2.1).
    """
    return made_ahead(
        lambda give: lazy.sink_batches(give, chunk_size=rows, maintain_order=True), "tickops-scan"
    )
