"""Rings of rows, one a symbol, in one array of entries.

The state of a symbol says where its ring lies: `base`, `capacity` (a power of two or 0),
`head` (counted on for ever) and `length`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tickops.exceptions import SnapshotError

if TYPE_CHECKING:
    from tickops._arrays import I64, Array

__all__ = ["pack", "unpack"]


def pack(state: Array, entries: Array) -> Array:
    """Entries of all rings, oldest first, ring after ring: what a snapshot keeps."""
    owner, place = _places(state["length"])
    mask = state["capacity"][owner] - 1
    return entries[state["base"][owner] + ((state["head"][owner] + place) & mask)]


def unpack(state: Array, packed: Array) -> tuple[Array, Array]:
    """Lay out rings anew for entries that were packed; gives state and entries.

    Raises
    ------
    SnapshotError
        The lengths do not add up to the entries.
    """
    length = state["length"]
    if (length < 0).any() or length.sum() != len(packed):
        raise SnapshotError(f"the snapshot is damaged: {len(packed)} entries do not fill its rings")
    state = state.copy()
    seen = state["capacity"] > 0
    state["capacity"] = np.where(seen, np.maximum(16, _power_of_two(length)), 0)
    state["head"] = 0
    state["base"] = np.cumsum(state["capacity"]) - state["capacity"]
    entries = np.zeros(int(state["capacity"].sum()), packed.dtype)
    owner, place = _places(length)
    entries[state["base"][owner] + place] = packed
    return state, entries


def _places(length: I64) -> tuple[I64, I64]:
    """For each entry of each ring: whose it is, and the how manieth."""
    owner = np.repeat(np.arange(len(length)), length)
    start = np.cumsum(length) - length
    return owner, np.arange(len(owner)) - start[owner]


def _power_of_two(length: I64) -> I64:
    exponent = np.ceil(np.log2(np.maximum(length, 1))).astype(np.int64)
    return np.left_shift(1, exponent)
