"""``tickflow-rx watch``: a feed, live."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from rich.console import Console

from tickflow_rx import Feed
from tickflow_rx._status import Status
from tickflow_rx._waiting import Latch
from tickflow_rx.cli._board import Board
from tickflow_rx.cli._ctrl_c import until_ctrl_c
from tickflow_rx.cli._errors import KEY_HELP
from tickflow_rx.cli._pipelines import follow, warm_up
from tickflow_rx.cli._screen import FRAME, Screen
from tickflow_rx.exceptions import AuthenticationError

_STALE: Final = 60.0
"""A lag in seconds from which on the time of the newest row says more."""


@dataclass(frozen=True, kw_only=True)
class Watch:
    """The command; its parameters are those of ``tickflow_rx.cli._app.watch``."""

    symbols: list[str]
    base_url: str | None
    api_key: str | None
    depth: bool

    def run(self) -> int:
        """Show what comes until Ctrl-C, or until the server refuses."""
        if not self.api_key and not os.environ.get("TICKFLOW_API_KEY"):
            raise AuthenticationError(f"no API key: {KEY_HELP}")
        symbols = list(dict.fromkeys(self.symbols))
        feed = Feed(
            quotes=symbols,
            depth=symbols if self.depth else (),
            api_key=self.api_key,
            base_url=self.base_url,
        )
        with suppress(KeyboardInterrupt):
            self._show(feed, symbols)
        return 0

    def _show(self, feed: Feed, symbols: list[str]) -> None:
        board, status = Board(symbols), Status()
        failures: list[Exception] = []
        feed.status.subscribe(status.take, failures.append)
        follow(feed, board, failures.append)
        console = Console()
        screen = Screen(
            board=board,
            title=f"TickFlow, {len(symbols)} symbols" if len(symbols) > 1 else "TickFlow",
            caption=lambda: caption(board, status),
            lines_every=FRAME,
            console=console,
        )
        warm_up()
        with until_ctrl_c() as stopped, feed:
            screen.show(until_ended(feed, status, failures, screen, stopped))


def until_ended(
    feed: Feed, status: Status, failures: list[Exception], screen: Screen, stopped: Latch
) -> Callable[[float], bool]:
    """Make a function that waits for a feed's end or Ctrl-C, and raises what makes it useless.

    In a terminal the caption tells the news; elsewhere stderr does, apart from the rows.
    """

    def ended(seconds: float) -> bool:
        over = feed.wait(seconds) or stopped.is_set()
        for line in status.news():
            if not screen.live:
                print(f"tickflow-rx: {line}", file=sys.stderr, flush=True)
        if status.error is not None:
            raise status.error
        if failures:
            raise failures[0]
        return over

    return ended


def caption(board: Board, status: Status) -> str:
    """Say how the connection is, what has come, and how late."""
    counts = board.counts
    rows = f"{counts.quotes:,} quotes, {counts.depth:,} books, {counts.bars:,} bars"
    parts = [status.text, rows]
    if board.lag is not None and board.newest is not None:
        if 0 <= board.lag < _STALE:
            parts.append(f"lag {board.lag:.1f} s")
        else:
            parts.append(f"newest {board.newest:%Y-%m-%d %H:%M:%S}")
    return " · ".join(parts)
