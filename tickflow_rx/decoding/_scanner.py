"""What the compiled scan needs around it: room, the texts it met, and the frames it left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import numpy as np
import polars as pl

from tickflow_rx.decoding import _scan
from tickflow_rx.decoding._frames import depth_frame, quotes_frame
from tickflow_rx.decoding._scan import Tables
from tickflow_rx.decoding._strict import Answer, SetAside, read
from tickflow_rx.decoding._texts import Texts, unescaped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tickops._arrays import I64, U8

__all__ = ["Places", "Scanner"]

_SHORTEST_ROW: Final = 100
"""No row has fewer bytes: the keys that it needs have more."""
_ROWS_AT_LEAST: Final = 1024
_ROWS_KEPT: Final = 100_000
_PADDING: Final = bytes(_scan.PADDING)


class Places(NamedTuple):
    """Where the rows of each frame are.

    Attributes
    ----------
    table
        One row a frame, as the scan wrote it.
    """

    table: I64

    def rows_until(self, frame: int) -> tuple[int, int]:
        """Quotes and books up to and with a frame."""
        row = self.table[frame]
        return int(row[_scan.QUOTES_UNTIL]), int(row[_scan.DEPTH_UNTIL])


class Scanner:
    """Scans batches of frames, one after another."""

    def __init__(self) -> None:
        self._capacity = 0
        self._tables = Tables(
            floats=np.empty(0),
            ints=np.empty(0, np.int64),
            codes=np.empty(0, np.uint32),
            long=np.empty((256, 3), np.int64),
            slots=np.full(1 << 12, -1, np.int64),
            entries=np.zeros(1 << 12, _scan.ENTRY),
            arena=np.zeros(1 << 16, np.uint8),
            state=np.zeros(_scan.STATE, np.int64),
        )
        # Code 0 of each kind of text is null.
        self._tables.state[_scan.NEXT_CODE : _scan.MIXED] = 1
        self._texts = Texts()
        self._known = 0
        self._connection = pl.Series("connection", [0], dtype=pl.UInt32)
        self._number = 0

    def scan(
        self, texts: list[bytes], received_us: Sequence[int], others: dict[int, Answer | SetAside]
    ) -> Places:
        """Scan until each frame is taken, or in `others` as one of no rows.

        What the scan leaves is read strictly; rows are then printed again for it to take.
        """
        printed: set[int] = set()
        while True:
            table = self._scan_once(texts, received_us)
            if self._tables.state[_scan.TAKEN] + len(others) == len(texts):
                return Places(table)
            for k in np.flatnonzero(table[:, _scan.STATUS] == 0).tolist():
                if k in others:
                    continue
                result = read(texts[k])
                if isinstance(result, bytes) and k in printed:
                    result = SetAside.of(texts[k], "cannot be brought into columns")
                if isinstance(result, bytes):
                    texts[k] = result
                    printed.add(k)
                else:
                    texts[k] = b""
                    others[k] = result

    def columns(self, connection: int) -> tuple[pl.DataFrame | None, pl.DataFrame | None]:
        """Quotes and books of the last scan."""
        if connection != self._number:
            self._number = connection
            self._connection = pl.Series("connection", [connection], dtype=pl.UInt32)
        tables, known = self._tables, (self._capacity, self._texts, self._connection)
        quotes = quotes_frame(tables, *known) if tables.state[_scan.QUOTE_ROWS] else None
        depth = depth_frame(tables, *known) if tables.state[_scan.DEPTH_ROWS] else None
        if self._capacity > _ROWS_KEPT:
            self._reserve(0)
        return quotes, depth

    def _scan_once(self, texts: list[bytes], received_us: Sequence[int]) -> I64:
        # Between the last frame and the padding comes the zero byte that ends it.
        text = np.frombuffer(b"\0".join([*texts, _PADDING]), np.uint8)
        table = np.empty((len(texts), _scan.PLACES), np.int64)
        table[:, _scan.SIZE] = [*map(len, texts)]
        table[:, _scan.RECEIVED] = received_us
        rows = len(text) // _SHORTEST_ROW + 2
        if rows > self._capacity:
            self._reserve(max(rows, _ROWS_AT_LEAST))
        while True:
            _scan.scan(text, table, self._capacity, *self._tables)
            full = self._tables.state[_scan.FULL]
            if full:
                self._grow(full)
            elif self._learn():
                break
        if self._tables.state[_scan.LONG]:
            self._finish_long_numbers(text, table)
        return table

    def _reserve(self, rows: int) -> None:
        self._capacity = rows
        self._tables = self._tables._replace(
            floats=np.empty(20 * rows + 1),
            ints=np.empty(15 * rows + 1, np.int64),
            codes=np.empty(7 * rows, np.uint32),
        )

    def _grow(self, full: int) -> None:
        """Double the table that is full."""
        tables = self._tables
        changes: dict[str, Any]
        if full == _scan.FULL_LONG:
            changes = {"long": np.empty((2 * len(tables.long), 3), np.int64)}
        elif full == _scan.FULL_ARENA:
            changes = {"arena": np.concatenate([tables.arena, np.zeros_like(tables.arena)])}
        else:
            slots = np.full(2 * len(tables.slots), -1, np.int64)
            _scan.rehash(slots, tables.entries, tables.state[_scan.KNOWN])
            entries = np.concatenate([tables.entries, np.zeros_like(tables.entries)])
            changes = {"slots": slots, "entries": entries}
        self._tables = tables._replace(**changes)

    def _learn(self) -> bool:
        """Take in the texts that are new; False if one is none, and what has it must go."""
        tables = self._tables
        first = self._known
        self._known = int(tables.state[_scan.KNOWN])
        if first == self._known:
            return True
        new: dict[int, list[str | None]] = {}
        good = True
        for entry in tables.entries[first : self._known]:
            raw = tables.arena[entry["start"] : entry["start"] + entry["size"]].tobytes()
            text = unescaped(raw)
            if text is None:
                entry["valid"] = 0
                good = False
            new.setdefault(int(entry["kind"]), []).append(text)
        for kind, texts in new.items():
            self._texts.add(kind, texts)
        return good

    def _finish_long_numbers(self, text: U8, table: I64) -> None:
        """Put in the numbers that the scan could not round; one beyond floats is no number."""
        raw = text.tobytes()
        long = self._tables.long[: self._tables.state[_scan.LONG]]
        rows = cast("list[list[int]]", long.tolist())
        values = np.array([float(raw[start:stop]) for _, start, stop in rows])
        self._tables.floats[long[:, 0]] = values
        for start in cast("list[int]", long[np.isinf(values), 1].tolist()):
            frame = np.searchsorted(table[:, _scan.END], start)
            table[frame, _scan.STATUS] = 0
            self._tables.state[_scan.TAKEN] -= 1
