"""Loggers from which no query, and so no key, ever comes out."""

import logging
import re
import traceback
from collections.abc import Callable
from typing import Any, Final

__all__ = ["HideQueries", "HidingLogger", "feed_logger"]

_QUERY: Final = re.compile(r"\?[^\n]*")


class HideQueries(logging.Filter):
    """Cuts every text at its first question mark, line by line, before any handler sees it.

    websockets logs request targets at DEBUG, and quotes broken request lines in tracebacks. The
    rest of the line goes too, since in a broken request the key may have blanks in it.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record; always let it pass."""
        record.msg = _hide(record.getMessage())
        record.args = ()
        if record.exc_info and record.exc_info[0] is not None:
            record.exc_text = _hide("".join(traceback.format_exception(*record.exc_info)).rstrip())
        # The exception, and the connection that websockets attaches, still know the target.
        record.exc_info = None
        record.__dict__.pop("websocket", None)
        return True


class HidingLogger(logging.LoggerAdapter[logging.Logger]):
    """A logger for one connection, that hides what must not be shown wherever it stands.

    A server may say the key: in an error, in the target of a redirect.

    Parameters
    ----------
    logger
        Takes the records.
    hide
        Text without what must not be shown.
    """

    def __init__(self, logger: logging.Logger, hide: Callable[[str], str]) -> None:
        super().__init__(logger, {})
        self._hide = hide

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        """Log a message, put together and cleaned before any handler sees its parts."""
        if self.isEnabledFor(level):
            text = str(msg) % args if args else str(msg)
            self.logger.log(level, "%s", self._hide(text), **kwargs)


def _hide(text: str) -> str:
    return _QUERY.sub("?…", text)


feed_logger: Final = logging.getLogger("tickflow_rx.feed")
feed_logger.addFilter(HideQueries())
