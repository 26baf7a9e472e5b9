"""The log that all windows share, against a deque a symbol."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tickops import SnapshotError, _log
from tickops._arrays import Records
from tickops._log import LINK, Log, unlinked

ENTRY = np.dtype([("time_us", np.int64), *LINK])
STATE = np.dtype([("length", np.int64), ("head", np.int32), ("tail", np.int32)])
SYMBOLS = 4


class Windows:
    """The last rows of each symbol, kept in a log as kernels do."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.log = Log(ENTRY)
        self.state: Records = np.zeros(SYMBOLS, STATE)

    def add(self, symbol: int, time_us: int) -> None:
        log, state = self.log, self.state[symbol]
        if state["length"] == self.rows:
            oldest = log.entries[state["head"]]
            state["head"] = oldest["next"]
            oldest["code"] = -1
            state["length"] -= 1
        mask = len(log.entries) - 1
        if log.span[1] - log.span[0] > mask:
            while log.span[0] < log.span[1] and log.entries[log.span[0] & mask]["code"] < 0:
                log.span[0] += 1
            if log.span[1] - log.span[0] > mask:
                log.make_room(self.state)
                mask = len(log.entries) - 1
        place = int(log.span[1]) & mask
        log.span[1] += 1
        log.entries[place] = (time_us, 0, symbol)
        if state["length"]:
            log.entries[state["tail"]]["next"] = place
        else:
            state["head"] = place
        state["tail"] = place
        state["length"] += 1

    def contents(self, symbol: int) -> list[int]:
        found: list[int] = []
        place = self.state[symbol]["head"]
        for _ in range(self.state[symbol]["length"]):
            assert self.log.entries[place]["code"] == symbol
            found.append(int(self.log.entries[place]["time_us"]))
            place = self.log.entries[place]["next"]
        return found


@settings(max_examples=50, deadline=None)
@given(
    symbols=st.lists(st.integers(0, SYMBOLS - 1), max_size=60),
    rows=st.integers(1, 5),
    restart_at=st.integers(0, 60),
)
def test_rows_of_each_symbol(symbols: list[int], rows: int, restart_at: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(_log, "_SMALLEST", 2)
        windows = Windows(rows)
        expected: dict[int, deque[int]] = defaultdict(lambda: deque(maxlen=rows))
        for time_us, symbol in enumerate(symbols):
            if time_us == restart_at:
                windows = restarted(windows)
            windows.add(symbol, time_us)
            expected[symbol].append(time_us)
            for other in range(SYMBOLS):
                assert windows.contents(other) == list(expected[other])


def packed(log: Log) -> Any:
    return log.pack().values


def restarted(windows: Windows) -> Windows:
    again = Windows(windows.rows)
    again.state["length"] = windows.state["length"]
    again.log.unpack(again.state, packed(windows.log))
    return again


def test_it_does_not_grow_for_a_symbol_that_is_silent() -> None:
    windows = Windows(rows=3)
    windows.add(0, 0)
    for time_us in range(1, 10_000):
        windows.add(1 + time_us % 3, time_us)
    assert len(windows.log.entries) == 1 << 10
    assert windows.contents(0) == [0]
    assert windows.contents(1) == [9_993, 9_996, 9_999]


def test_packed_entries_have_no_links_and_go_by_symbol() -> None:
    windows = Windows(rows=2)
    for time_us, symbol in enumerate([2, 0, 2, 0, 2]):
        windows.add(symbol, time_us)
    entries = packed(windows.log)
    assert entries.dtype == unlinked(ENTRY) == np.dtype([("time_us", np.int64)])
    assert entries["time_us"].tolist() == [1, 3, 2, 4]
    assert windows.log.pack().codes.tolist() == [0, 0, 2, 2]


@pytest.mark.parametrize(
    ("lengths", "times", "match"),
    [
        ([1, 0, 0, 0], [], "0 entries do not fill"),
        ([1, -1, 0, 0], [], "do not fill"),
        ([2, 0, 0, 0], [5, 4], "go back in time"),
    ],
)
def test_damaged_entries(lengths: list[int], times: list[int], match: str) -> None:
    state = np.zeros(SYMBOLS, STATE)
    state["length"] = lengths
    packed = np.array([(t,) for t in times], unlinked(ENTRY))
    with pytest.raises(SnapshotError, match=match):
        Log(ENTRY).unpack(state, packed)
