"""Plays a recording: reads, waits until it is due, delivers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tickflow_rx._replaying._blocks import Block
    from tickflow_rx._replaying._pace import Pace
    from tickflow_rx._replaying._progress import Progress
    from tickflow_rx._replaying._selection import Selection
    from tickflow_rx._replaying._source import Source

__all__ = ["Player"]


class Player:
    """One recording and where to begin in it.

    Parameters
    ----------
    source
        The recording.
    selection
        What of it is wanted.
    pace
        When that is due.
    after_us
        Begin with what was received after this.
    ticks
        Says whether anybody listens to the clock.

    Attributes
    ----------
    last_us
        When the last that was read was received.
    """

    def __init__(
        self,
        source: Source,
        selection: Selection,
        pace: Pace,
        after_us: int | None,
        ticks: Callable[[], bool],
    ) -> None:
        self.source = source
        self.last_us = after_us or 0
        self._selection = selection
        self._pace = pace
        self._after_us = after_us
        self._ticks = ticks

    def play(self, deliver: Callable[[Block], None], progress: Progress) -> bool:
        """Deliver all, in order; return False if it was closed before."""
        after_us = self._after_us
        while True:
            for block in self.source.blocks(after_us, self._ticks):
                wanted = self._selection.of(block)
                if wanted is not None and not self._deliver(wanted, deliver):
                    break
                self.last_us = block.last_us
                progress.show(self.source.fraction, block.last_us)
            seek_us = self._pace.sought("the recording is over: there is nothing to seek in")
            if seek_us is None:
                return not self._pace.closed
            after_us = max(seek_us - 1, self._after_us or 0)

    def _deliver(self, block: Block, deliver: Callable[[Block], None]) -> bool:
        """Deliver parts as they are due; return False if told to stop."""
        rest: Block | None = block
        while rest is not None:
            first_us = rest.first_us
            if not self._pace.wait(first_us):
                return False
            part, rest = rest.split(max(first_us, self._pace.due_us()))
            deliver(part)
        return True
