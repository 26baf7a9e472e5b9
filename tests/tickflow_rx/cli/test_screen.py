"""Where a board is shown, and how often."""

import io
from collections.abc import Callable, Iterable

from rich.console import Console

from tests.tickflow_rx.cli.test_board import quote
from tickflow_rx.cli._board import Board
from tickflow_rx.cli._screen import FRAME, Screen


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def screen(board: Board, file: io.StringIO, *, caption_too: bool = False) -> Screen:
    console = Console(
        file=file, width=120, height=30, force_terminal=file.isatty(), _environ={"TERM": "xterm"}
    )
    return Screen(
        board=board,
        title="Title",
        caption=lambda: "caption",
        lines_every=2 * FRAME,
        console=console,
        caption_too=caption_too,
    )


def steps(*happen: Callable[[], object]) -> Callable[[float], bool]:
    """Let something happen in each wait, and end with the last."""
    left: Iterable[Callable[[], object]] = iter(happen)
    done = 0

    def ended(seconds: float) -> bool:
        nonlocal done
        assert seconds == FRAME
        next(left)()
        done += 1
        return done == len(happen)

    return ended


def test_lines_of_what_changed() -> None:
    board, file = Board([]), io.StringIO()
    one = screen(board, file)
    assert not one.live
    one.show(
        steps(
            lambda: board.take_quotes(quote("A.SH", 1.0)),
            lambda: board.take_quotes(quote("A.SH", 2.0)),
            lambda: None,
            lambda: None,
            lambda: board.take_quotes(quote("B.SH", 3.0)),
        )
    )
    assert [line.split()[:4] for line in file.getvalue().splitlines()] == [
        ["A.SH", "12:00:00", "last", "2.00"],
        ["B.SH", "12:00:00", "last", "3.00"],
    ]


def test_captions_between_lines() -> None:
    board, file = Board([]), io.StringIO()
    screen(board, file, caption_too=True).show(
        steps(lambda: board.take_quotes(quote("A.SH", 1.0)), lambda: None, lambda: None)
    )
    assert [line.split()[0] for line in file.getvalue().splitlines()] == [
        "caption",
        "A.SH",
        "caption",
    ]


def test_a_live_table() -> None:
    board, file = Board([]), Terminal()
    one = screen(board, file)
    assert one.live
    one.show(
        steps(
            lambda: board.take_quotes(quote("A.SH", 1.0)),
            lambda: board.take_quotes(quote("A.SH", 2.0)),
        )
    )
    shown = file.getvalue()
    assert shown.count("Title") == 3 + 1  # before, after each wait, and when Live ends
    assert shown.index("1.00") < shown.index("2.00")
    assert shown.endswith("\x1b[?25h")  # the cursor is there again


def test_a_dumb_terminal_gets_lines() -> None:
    console = Console(file=Terminal(), _environ={"TERM": "dumb"})
    one = Screen(board=Board([]), title="", caption=str, lines_every=1.0, console=console)
    assert not one.live
