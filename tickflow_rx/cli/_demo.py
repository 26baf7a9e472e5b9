"""``tickflow-rx demo``: the main job on a server of its own."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

from tickflow_rx import DEPTH, QUOTES, Feed
from tickflow_rx.cli._board import Board
from tickflow_rx.cli._errors import CommandError
from tickflow_rx.cli._pipelines import BAR_SCHEMA, follow, tap, warm_up
from tickflow_rx.cli._screen import Screen
from tickflow_rx.cli._serve import START
from tickflow_rx.cli._table_file import TableFile
from tickflow_rx.server import Counters, Server, SimulatedMarket

_KEY: Final = "demo"
_LINES_EVERY: Final = 5.0
_SCHEMAS: Final = {"quotes": QUOTES, "depth": DEPTH, "bars": BAR_SCHEMA}


@dataclass(frozen=True, kw_only=True)
class Demo:
    """The command; its parameters are those of ``tickflow_rx.cli._app.demo``.

    Notes
    -----
    The market's clock runs faster than the wall's, so the feed is made without one
    (``Feed(clock=None)``): time passes with the rows, and bars close by their own symbol's rows
    or at the end, never because a wall clock is months ahead of the market's.
    """

    seconds: float
    symbols: int
    speed: float
    seed: int
    out: Path

    def run(self) -> int:
        """Run it, and print what was written."""
        market = SimulatedMarket(count=self.symbols, seed=self.seed, start=START, speed=self.speed)
        console = Console()
        _make_folder(self.out)
        warm_up()
        with ExitStack() as stack:
            files = [
                stack.enter_context(TableFile(self.out / f"{name}.parquet", schema))
                for name, schema in _SCHEMAS.items()
            ]
            self._run(market, files, console)
        print("Wrote")
        width = max(len(str(file.path)) for file in files)
        for file in files:
            print(f"  {file.path!s:<{width}}  {file.rows:>9,} rows")
        return 0

    def _run(self, market: SimulatedMarket, files: list[TableFile], console: Console) -> None:
        symbols = list(market.symbols or ())
        board = Board(symbols)
        failures: list[Exception] = []
        with Server(market, keys=[_KEY], start_when=_all_subscribed(len(symbols))) as server:
            feed = Feed(
                quotes=symbols, depth=symbols, api_key=_KEY, base_url=server.url, clock=None
            )
            quotes, depth, bars = files
            tap(feed.quotes, quotes.write, failures.append)
            tap(feed.depth, depth.write, failures.append)
            follow(feed, board, failures.append, bars=bars.write)
            until = _Until(self.seconds, feed, server, failures)
            screen = Screen(
                board=board,
                title=f"Simulated market on {server.url}, {self.speed:g} x as fast as life",
                caption=lambda: _caption(board, until),
                lines_every=_LINES_EVERY,
                caption_too=True,
                console=console,
            )
            # The feed ends first: what is open in the operators comes out, and is written.
            with feed:
                screen.show(until)
            if failures:
                raise failures[0]


class _Until:
    """Waits for the end of a demo: its time is up, or the market has closed."""

    def __init__(
        self, seconds: float, feed: Feed, server: Server, failures: list[Exception]
    ) -> None:
        self._end = time.monotonic() + seconds
        self._feed = feed
        self._server = server
        self._failures = failures

    @property
    def left(self) -> float:
        """Seconds to go."""
        return max(self._end - time.monotonic(), 0.0)

    def __call__(self, seconds: float) -> bool:
        over = self._feed.wait(min(seconds, self.left))
        if self._server.error is not None:
            raise self._server.error
        if self._failures:
            raise self._failures[0]
        return over or self.left == 0.0 or self._all_came()

    def _all_came(self) -> bool:
        if not self._server.finished.is_set():
            return False
        come = self._feed.stats()
        return come.quotes + come.depth >= self._server.counters.rows_sent


def _all_subscribed(symbols: int) -> Callable[[Counters], bool]:
    return lambda counters: counters.subscriptions >= 2 * symbols


def _caption(board: Board, until: _Until) -> str:
    counts = board.counts
    market = "-" if board.newest is None else f"{board.newest:%H:%M:%S}"
    return (
        f"market {market} · {counts.quotes:,} quotes, {counts.depth:,} books,"
        f" {counts.bars:,} bars · {until.left:.0f} s to go"
    )


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise CommandError(f"--out {path} is a file: name a folder") from None
