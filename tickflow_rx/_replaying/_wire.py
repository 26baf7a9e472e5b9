"""A file of wire frames as a source."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from tickflow_rx._queue import RawFrame
from tickflow_rx._replaying._frames import Undecoded
from tickflow_rx._wire_lines import parse_line, unzipped
from tickflow_rx.exceptions import TickFlowError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tickflow_rx._replaying._blocks import Block
    from tickflow_rx._replaying._selection import Selection

__all__ = ["WireSource"]

_END_US: Final = 1 << 62


class WireSource:
    """JSON lines, also gzipped: ``{"received": epoch_ms, "frame": {…}}``, in order of arrival."""

    def __init__(self, path: Path, selection: Selection) -> None:
        self._path = path
        self._received = selection.received or (-1, _END_US)
        self._size = path.stat().st_size
        self._read = 0
        self._bad_lines = 0
        self._first_problem = ""
        self._frames = Undecoded(tell=True)

    @property
    def connection(self) -> int:
        """The one there is."""
        return 1

    @property
    def set_aside(self) -> int:
        """Frames that could not be understood, and lines that are none."""
        return self._frames.set_aside + self._bad_lines

    def fraction(self) -> float:
        """How much of it has been read."""
        return self._read / self._size if self._size else 1.0

    def problems(self) -> list[str]:
        """Lines that are not of this form: the first, and how many."""
        if not self._bad_lines:
            return []
        return [
            f"{self._path}: {self._bad_lines} lines set aside; the first: {self._first_problem}"
        ]

    def blocks(self, after_us: int | None, ticks: Callable[[], bool]) -> Iterator[Block]:
        """What was received after a time."""
        frames = self._frames = Undecoded(tell=True)
        self._bad_lines, self._first_problem = 0, ""
        first_us, end_us = self._received
        if after_us is not None:
            first_us = max(first_us, after_us + 1)
        number = 0
        with self._path.open("rb") as file:
            try:
                for number, line in enumerate(unzipped(file), 1):
                    frame = None if line.isspace() else self._frame(number, line)
                    if frame is not None and first_us <= frame.received_us < end_us:
                        yield from frames.add(frame)
                        self._read = file.tell()
            except (OSError, EOFError, zlib.error) as error:
                raise TickFlowError(
                    f"{self._path} cannot be read after line {number}: {error}"
                ) from error
        if number and self._bad_lines == number:
            raise TickFlowError(f"{self._path} is no recording: {self._first_problem}")
        self._read = self._size
        yield from frames.flush()

    def _frame(self, number: int, line: bytes) -> RawFrame | None:
        try:
            read = parse_line(line)
        except ValueError as error:
            self._first_problem = self._first_problem or f"line {number}: {error}"
            self._bad_lines += 1
            return None
        return RawFrame(bytes(read.frame), read.received_us, 1)
