"""A terminal of one's own, for commands that look at where they run."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from types import TracebackType
from typing import Self

SECONDS = 150.0
"""Longest a test waits for output: only a failing test waits that long, or one on
a fresh machine, where the operators are compiled first."""

# In a session of its own, and with the signals of a program that a shell starts: make and CI may
# have SIGINT ignored.
_BEGIN = """
import fcntl, signal, sys, termios
if sys.stdin.isatty():
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGINT, signal.default_int_handler)
from tickflow_rx.cli import main
sys.exit(main(sys.argv[1:]))
"""
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def command(*arguments: str) -> list[str]:
    """What starts the program with Ctrl-C at work."""
    return [sys.executable, "-c", _BEGIN, *arguments]


class Terminal:
    """Runs the program in a pseudo-terminal.

    Attributes
    ----------
    shown
        All that it has printed, without control sequences.
    """

    def __init__(
        self, *arguments: str, width: int = 120, height: int = 30, env: Mapping[str, str] = {}
    ) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self._process = subprocess.Popen(
            command(*arguments),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color", **env},
        )
        os.close(theirs)
        self.shown = ""

    def until(self, pattern: str) -> re.Match[str]:
        """Read until something has been shown."""
        while not (found := re.search(pattern, self.shown)):
            assert self._read(), f"{pattern!r} never came; what came: {self.shown}"
        return found

    def press_ctrl_c(self) -> None:
        os.write(self._ours, b"\x03")

    def end(self) -> int:
        """Read to the end, and return the exit code."""
        while self._read():
            pass
        return self._process.wait(SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._ours)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._ours], [], [], SECONDS)
        assert ready, f"nothing more came; what came: {self.shown}"
        try:
            data = os.read(self._ours, 65536)
        except OSError:  # how Linux says that the other side is closed
            return False
        self.shown += _CONTROL.sub("", data.decode(errors="replace"))
        return bool(data)
