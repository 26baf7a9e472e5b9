"""Runs a command and turns whatever ends it into an exit code and at most one line."""

import io
import os
import sys
from collections.abc import Sequence
from typing import Final

from tickflow_rx.cli._errors import one_line
from tickflow_rx.cli._logs import log_as_lines

OK: Final = 0
BAD: Final = 2
"""Bad arguments, missing or unreadable input, a refused key, and whatever else a caller can fix."""
INTERRUPTED: Final = 130
"""What shells report for a program that Ctrl-C ended."""
BROKEN_PIPE: Final = 1
"""Nobody reads the output any more; as Rich ends a program then."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``tickflow-rx``.

    Parameters
    ----------
    arguments
        What follows the program's name; by default the process's.

    Returns
    -------
    int
        Exit code: 0; 2 after one line on stderr that says what is wrong; 130 where Ctrl-C cut a
        command short (``serve``, ``watch`` and ``record``, which nothing else ends, answer it
        with 0).
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that lacks a character shows "?" for it, and the command goes on.
            stream.reconfigure(errors="replace")
    try:
        from tickflow_rx.cli._app import app

        with log_as_lines():
            result = app(sys.argv[1:] if arguments is None else arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # What is still buffered would raise again when Python flushes it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except Exception as error:
        line = one_line(error)
        if line is None:
            raise
        print(f"tickflow-rx: {line}", file=sys.stderr)
        return BAD
    return result if isinstance(result, int) else OK
