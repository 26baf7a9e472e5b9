import logging

import pytest

from tests.tickflow_rx.server.clients import SECONDS, BareClient, client, send_bytes
from tickflow_rx.server import Server
from tickflow_rx.server._log import logger

KEY = "hunter2"


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Everything that is logged, down to DEBUG."""
    caplog.set_level(logging.DEBUG)
    return caplog


def shown(log: pytest.LogCaptureFixture) -> str:
    """All that a handler could show of the server's records, tracebacks included."""
    formatter = logging.Formatter("%(message)s")
    mine = [record for record in log.records if record.name == "tickflow_rx.server"]
    assert mine
    return "\n".join(formatter.format(record) + repr(record.__dict__) for record in mine)


def test_no_key_is_logged_in_a_good_handshake(log: pytest.LogCaptureFixture) -> None:
    with Server(keys=[KEY]) as server, client(server, key=KEY) as it:
        it.subscribe("quotes", ["600000.SH"])
    assert "GET /v1/ws/stream?…" in shown(log)
    assert KEY not in shown(log)


@pytest.mark.parametrize(
    "request_line",
    [
        f"GET /v1/ws/stream?api_key=x{KEY} HTTP/1.1",
        f"GET /v1/ws/stream?api_key=x {KEY} HTTP/1.1",
        f"GET /v1/ws/stream?api_key={KEY}",
        f"GET /v1/ws/stream?api_key={KEY} HTTP/9",
        f"POST /v1/ws/stream?api_key={KEY} HTTP/1.1",
    ],
)
def test_no_key_is_logged_in_a_bad_one(request_line: str, log: pytest.LogCaptureFixture) -> None:
    with Server(keys=[KEY]) as server:
        send_bytes(server, f"{request_line}\r\nHost: x\r\n\r\n".encode())
    assert KEY not in shown(log)


def test_tracebacks_lose_their_queries_too(log: pytest.LogCaptureFixture) -> None:
    try:
        raise ValueError(f"broken: GET /?api_key={KEY}")
    except ValueError:
        logger.exception("at /v1?api_key=%s", KEY)
    text = shown(log)
    assert KEY not in text
    assert "ValueError: broken: GET /?…" in text
    assert "at /v1?…" in text


def test_slow_clients_are_logged_without_their_request(log: pytest.LogCaptureFixture) -> None:
    with Server(keys=[KEY], max_pending_bytes=1000) as server:
        bare = BareClient(server, KEY)
        assert server.when(lambda c: c.open == 1).wait(SECONDS)
        server.send_raw("x" * 2000)
        assert server.when(lambda c: c.slow == 1).wait(SECONDS)
        bare.close()
    assert "disconnecting a slow client" in shown(log)
    assert KEY not in shown(log)
