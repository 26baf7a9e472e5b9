"""The library's log as lines of the command line."""

import logging
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

_LOGGERS: Final = ("tickflow_rx", "tickops")


class _Lines(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        # An exception that was logged is also raised, or is the error of the feed or the server:
        # the command says it in a line of its own.
        if not (record.exc_info or record.exc_text):
            print(f"tickflow-rx: {record.getMessage()}", file=sys.stderr, flush=True)


@contextmanager
def log_as_lines() -> Generator[None]:
    """Print the library's warnings to stderr, a line each, without tracebacks."""
    handler = _Lines(logging.WARNING)
    for name in _LOGGERS:
        logging.getLogger(name).addHandler(handler)
    try:
        yield
    finally:
        for name in _LOGGERS:
            logging.getLogger(name).removeHandler(handler)
