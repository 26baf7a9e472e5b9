"""The rows in the windows of all symbols, in one log in order of arrival.

The rows of a symbol are a linked list in it: a new row goes to the end, and the rows that fall
out of the windows of symbols that come in turn lie side by side, so that both are where the
processor looks next. (A ring of its own for each symbol took 1.4 times as long.) An entry that
no window needs any more has `code` -1; the log goes round, over such entries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from tickops._saved import Packed
from tickops.exceptions import SnapshotError

if TYPE_CHECKING:
    from tickops._arrays import I64, Array, Records

__all__ = ["LINK", "Log", "unlinked"]

LINK: Final = (("next", np.int32), ("code", np.int32))
"""Fields of every entry: place of the symbol's next one, and whose it is."""

_SMALLEST: Final = 1 << 10


class Log:
    """Entries of a windowed operator.

    Parameters
    ----------
    dtype
        Of an entry, LINK included. The state of a symbol has `head`, `tail`, `length`.

    Attributes
    ----------
    entries
        Their number is a power of two.
    span
        (2,) first and end of those in use, counted on for ever.
    """

    def __init__(self, dtype: np.dtype[np.void]) -> None:
        self.entries: Records = np.zeros(_SMALLEST, dtype)
        self.span: I64 = np.zeros(2, np.int64)

    def make_room(self, state: Records) -> None:
        """Drop what no window needs; let the log be at most half full."""
        from tickops._kernels import log as kernels

        in_use = int(state["length"].sum())
        larger = np.zeros(_capacity(in_use), self.entries.dtype)
        moved = np.zeros(len(state), np.bool_)
        kernels.move(state, self.entries, self.span, larger, moved)
        self.entries = larger

    def pack(self) -> Packed:
        """Entries without their links, by symbol and oldest first: what a snapshot keeps."""
        first, end = map(int, self.span)
        places = np.arange(first, end) & (len(self.entries) - 1)
        used = self.entries[places]
        used = used[used["code"] >= 0]
        by_symbol = used[np.argsort(used["code"], kind="stable")]
        packed = np.empty(len(by_symbol), unlinked(used.dtype))
        for name in packed.dtype.names or ():
            packed[name] = by_symbol[name]
        return Packed(packed, by_symbol["code"])

    def unpack(self, state: Records, packed: Array) -> None:
        """Take packed entries, and set `head` and `tail` of the state, which has `length`.

        Raises
        ------
        SnapshotError
            The lengths do not add up to the entries.
        """
        length = state["length"].astype(np.int64)
        if (length < 0).any() or length.sum() != len(packed):
            raise SnapshotError(
                f"the snapshot is damaged: {len(packed)} entries do not fill its windows"
            )
        owner = np.repeat(np.arange(len(length)), length)
        if not _in_order(packed["time_us"], owner):
            raise SnapshotError("the snapshot is damaged: its windows go back in time")
        # Those first that came first, as good as by arrival; in order within a symbol.
        order = np.argsort(packed["time_us"], kind="stable")
        place = np.empty(len(packed), np.int32)
        place[order] = np.arange(len(packed), dtype=np.int32)
        self.entries = np.zeros(_capacity(len(packed)), self.entries.dtype)
        for name in packed.dtype.names or ():
            self.entries[name][place] = packed[name]
        self.entries["code"][place] = owner
        self.entries["next"][place[:-1]] = place[1:]  # the last of a symbol has no next
        ends = np.cumsum(length)
        some = length > 0
        state["head"][some] = place[(ends - length)[some]]
        state["tail"][some] = place[ends[some] - 1]
        self.span[:] = 0, len(packed)


def unlinked(dtype: np.dtype[np.void]) -> np.dtype[np.void]:
    """Type of packed entries of a log of `dtype`."""
    names = [name for name in dtype.names or () if name not in dict(LINK)]
    return cast("Any", np.dtype([(name, dtype[name]) for name in names]))


def _capacity(in_use: int) -> int:
    return max(_SMALLEST, 1 << int(2 * in_use).bit_length())


def _in_order(times_us: I64, owner: I64) -> bool:
    return bool(((np.diff(times_us) >= 0) | (np.diff(owner) > 0)).all())
