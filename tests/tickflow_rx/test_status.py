"""Events in words."""

import pytest

from tickflow_rx import events
from tickflow_rx._status import Status


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (events.Connecting("ws://host", 1), "connecting to ws://host"),
        (events.Connecting("ws://host", 3), "connecting to ws://host, attempt 3"),
        (events.Connected(1), "connected"),
        (events.Connected(2), "connected again, connection 2: there may be a gap"),
        (events.Disconnected("gone", 1.25), "disconnected: gone; next attempt in 1.2 s"),
        (events.Disconnected("gone", None), "disconnected: gone"),
    ],
)
def test_how_the_connection_is(event: events.Event, text: str) -> None:
    status = Status()
    status.take(event)
    assert status.text == text
    assert status.news() == [text]
    assert status.news() == []
    assert status.error is None


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (events.ServerError("no permission", "depth"), "the server refused depth: no permission"),
        (events.ServerError("what?"), "the server refused a command: what?"),
        (events.FrameSetAside("no JSON", "x", 3), "frame set aside (3 so far): no JSON"),
        (events.Overflow("block", 0, 0, 1234), "too slow: 1,234 bytes wait, 0 frames dropped"),
    ],
)
def test_what_else_happened(event: events.Event, text: str) -> None:
    status = Status()
    status.take(event)
    assert status.text == "not connected"
    assert status.news() == [text]
    assert status.error is None


def test_without_quotes_there_is_nothing_to_watch() -> None:
    status = Status()
    status.take(events.ServerError("exceeded max 1 symbols", "quotes"))
    assert str(status.error) == "the server refused the quotes: exceeded max 1 symbols"


def test_the_rest_says_nothing_new() -> None:
    status = Status()
    for event in (events.Gap(2), events.Subscribed("quotes", ("A",), 1), events.Closed("done")):
        status.take(event)
    assert status.news() == []
