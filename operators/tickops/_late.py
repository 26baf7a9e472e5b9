"""What happens to rows that come too late."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import polars as pl

from tickops.exceptions import LateRowError

if TYPE_CHECKING:
    from tickops._batch import Batch

__all__ = ["Late", "LatePolicy", "WithLate", "check_late", "late_row_error"]

LatePolicy: TypeAlias = Literal["drop", "raise", "include"]
"""Leave late rows out and count them, raise LateRowError, or take them as they come."""


class WithLate(Protocol):
    """What has a policy."""

    @property
    def late(self) -> LatePolicy: ...


class Late(IntEnum):
    """The policy as kernels see it."""

    DROP = 0
    RAISE = 1
    INCLUDE = 2


def check_late(late: str) -> None:
    """Raise ValueError unless `late` is one of the policies."""
    if late not in ("drop", "raise", "include"):
        raise ValueError(f'late must be "drop", "raise" or "include", not {late!r}')


def late_row_error(operator: str, batch: Batch, row: int, than_us: int) -> LateRowError:
    """Error that says which row is late, and by how much."""
    codes, times_us = batch.rows()
    symbol = batch.symbols.names[int(codes[row])]
    times = pl.Series([int(times_us[row]), than_us]).cast(pl.Datetime("us", "UTC"))
    return LateRowError(
        f"{operator}: a row of {symbol} at {times[0]} is late: the symbol has been at {times[1]}"
        ' already. late="drop" leaves such rows out, late="include" takes them as they come'
    )
