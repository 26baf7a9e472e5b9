"""Shows a board while something runs: a live table in a terminal, lines anywhere else."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.live import Live
from rich.table import Table

from tickflow_rx.cli._board import Board
from tickflow_rx.cli._render import plain, table

FRAME: Final = 0.25
"""Seconds between two frames: four a second are as many as one can read."""


@dataclass(frozen=True, kw_only=True)
class Screen:
    """Where a board is shown.

    Parameters
    ----------
    board
        What to show.
    title
        Above the table.
    caption
        Gives the line below the table.
    lines_every
        Seconds between lines where there is no terminal.
    caption_too
        Whether the caption goes before those lines.
    console
        Where to.
    """

    board: Board
    title: str
    caption: Callable[[], str]
    lines_every: float
    console: Console
    caption_too: bool = False

    @property
    def live(self) -> bool:
        """Whether there is a terminal that a table can be drawn and redrawn in."""
        return self.console.file.isatty() and not self.console.is_dumb_terminal

    def show(self, ended: Callable[[float], bool]) -> None:
        """Show the board until it has ended.

        Parameters
        ----------
        ended
            Waits for the end, at most so many seconds; returns whether it has come.
        """
        if self.live:
            self._live(ended)
        else:
            self._lines(ended)

    def _live(self, ended: Callable[[float], bool]) -> None:
        with Live(self._table(), console=self.console, auto_refresh=False) as live:
            over = False
            while not over:
                over = ended(FRAME)
                live.update(self._table(), refresh=True)

    def _lines(self, ended: Callable[[float], bool]) -> None:
        over, waited = False, 0.0
        while not over:
            over = ended(FRAME)
            waited += FRAME
            if over or waited >= self.lines_every:
                waited = 0.0
                self._print_changed()

    def _print_changed(self) -> None:
        changed = self.board.changed()
        if self.caption_too:
            self._print(self.caption())
        for line in changed:
            self._print(plain(line))
        self.console.file.flush()

    def _print(self, text: str) -> None:
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _table(self) -> Table:
        size = self.console.size
        return table(
            self.board.lines(), self.title, self.caption(), width=size.width, height=size.height
        )
