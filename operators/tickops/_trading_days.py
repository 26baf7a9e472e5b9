"""Trading days of rows that may be late."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tickops._arrays import I32
    from tickops._batch import Batch
    from tickops._per_symbol import Rows

__all__ = ["trading_days"]


def trading_days(batch: Batch, rows: Rows) -> I32:
    """Local date of each row; of a late one that is taken, that of the symbol's newest row."""
    if rows.times_us is batch.times_us:
        return batch.days()
    return batch.symbols.localise(rows.codes, rows.times_us).days
