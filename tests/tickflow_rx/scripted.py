"""A server that does what a test says, also what no good server does."""

from __future__ import annotations

import http
import logging
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from websockets.sync.server import ServerConnection, serve

from tests.tickflow_rx.feeds import SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from websockets.http11 import Request, Response

_SILENT = logging.Logger("of the server, which may say what it likes", logging.CRITICAL)

__all__ = ["Scripted", "accept", "refuse", "scripted"]


class Scripted:
    """What happened at the server.

    Attributes
    ----------
    url
        What a feed takes as base_url.
    requests
        Targets of the handshakes so far.
    """

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[str] = []
        self._changed = threading.Condition()

    def asked(self, path: str) -> int:
        """Note a handshake; return how many there were before."""
        with self._changed:
            self.requests.append(path)
            self._changed.notify_all()
            return len(self.requests) - 1

    def until_requests(self, count: int) -> None:
        """Wait for so many handshakes."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.requests) >= count, SECONDS)


def accept(connection: ServerConnection, request: Request) -> None:
    """Let a client in."""


def refuse(
    status: int, body: str = "", headers: dict[str, str] | None = None
) -> Callable[[ServerConnection, Request], Response | None]:
    """Answer a handshake with an HTTP status."""

    def answer(connection: ServerConnection, request: Request) -> Response:
        # What is no status of the standard library's is of its class.
        known = {known.value for known in http.HTTPStatus}
        response = connection.respond(http.HTTPStatus(status if status in known else 500), body)
        response.status_code = status
        for name, value in (headers or {}).items():
            response.headers[name] = value
        return response

    return answer


@contextmanager
def scripted(
    handler: Callable[[ServerConnection], Any] = lambda connection: None,
    *answers: Callable[[ServerConnection, Request], Response | None],
    **options: Any,
) -> Generator[Scripted]:
    """Run a server: `answers` to the handshakes, the last one again and again."""
    script = Scripted()

    def process_request(connection: ServerConnection, request: Request) -> Response | None:
        number = script.asked(request.path)
        if not answers:
            return None
        return answers[min(number, len(answers) - 1)](connection, request)

    with serve(
        handler,
        "127.0.0.1",
        0,
        process_request=process_request,
        max_size=None,
        logger=_SILENT,
        **options,
    ) as server:
        script.url = f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield script
        finally:
            server.shutdown()
            thread.join()
