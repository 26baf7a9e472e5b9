"""All laws of the one law."""

from typing import Final

from tickops.testing._law import Law
from tickops.testing._laws_of_frames import LAYOUT, SCHEMA
from tickops.testing._laws_of_pipes import FUSION, OBSERVABLE
from tickops.testing._laws_of_rows import BATCH, CHUNKS, CLOCK, ORDER, SYMBOLS, TIME
from tickops.testing._laws_of_runs import MEMORY, RUNS, SNAPSHOT, STATE
from tickops.testing._laws_of_shards import SHARDS

__all__ = ["LAWS"]

LAWS: Final[tuple[Law, ...]] = (
    SCHEMA,
    MEMORY,
    RUNS,
    CHUNKS,
    BATCH,
    TIME,
    CLOCK,
    ORDER,
    SYMBOLS,
    SNAPSHOT,
    SHARDS,
    STATE,
    LAYOUT,
    OBSERVABLE,
    FUSION,
)
"""Every law, those first whose failure explains other failures."""
