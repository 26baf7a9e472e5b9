"""What happened to a feed, in words."""

from collections import deque

from tickflow_rx import events
from tickflow_rx.exceptions import ServerError

__all__ = ["Status"]


class Status:
    """Follows the events of a feed.

    Attributes
    ----------
    text
        How the connection is.
    notes
        What a user should know besides, since the last call of `news`.
    error
        What makes going on useless: the server refused the quotes.
    """

    def __init__(self) -> None:
        self.text = "not connected"
        self.error: ServerError | None = None
        self._news: deque[str] = deque()

    def take(self, event: events.Event) -> None:
        """Take an event."""
        match event:
            case events.Connecting(url, attempt):
                self._is(f"connecting to {url}" + (f", attempt {attempt}" if attempt > 1 else ""))
            case events.Connected(connection):
                again = f" again, connection {connection}: there may be a gap"
                self._is("connected" + (again if connection > 1 else ""))
            case events.Disconnected(reason, retry_in):
                then = "" if retry_in is None else f"; next attempt in {retry_in:.1f} s"
                self._is(f"disconnected: {reason}{then}")
            case events.ServerError(message, channel):
                self._refused(message, channel)
            case events.FrameSetAside(reason, _, total):
                self._news.append(f"frame set aside ({total} so far): {reason}")
            case events.Overflow(_, dropped, _, pending):
                self._news.append(f"too slow: {pending:,} bytes wait, {dropped} frames dropped")
            case _:
                pass

    def news(self) -> list[str]:
        """What has happened since the last call, a line each."""
        told: list[str] = []
        while self._news:
            told.append(self._news.popleft())
        return told

    def _is(self, text: str) -> None:
        self.text = text
        self._news.append(text)

    def _refused(self, message: str, channel: str | None) -> None:
        if channel == "quotes":
            self.error = ServerError(f"the server refused the quotes: {message}")
        self._news.append(f"the server refused {channel or 'a command'}: {message}")
