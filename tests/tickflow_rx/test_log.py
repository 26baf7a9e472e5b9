import logging

import pytest

from tickflow_rx._log import HideQueries, HidingLogger, feed_logger

KEY = "my-secret-key"


def said(caplog: pytest.LogCaptureFixture) -> str:
    assert caplog.records
    formatter = logging.Formatter("%(levelname)s %(message)s")
    shown = [formatter.format(record) for record in caplog.records]
    return "\n".join([*shown, *(repr(vars(record)) for record in caplog.records)])


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG, logger=feed_logger.name)
    return caplog


def test_the_feed_logs_to_its_own_logger() -> None:
    assert feed_logger.name == "tickflow_rx.feed"
    assert any(isinstance(filter_, HideQueries) for filter_ in feed_logger.filters)


def test_queries_are_cut_from_messages_and_arguments(log: pytest.LogCaptureFixture) -> None:
    feed_logger.debug("> GET %s HTTP/1.1", f"/v1/ws/stream?api_key={KEY}")
    feed_logger.warning(f"/v1/ws/stream?api_key={KEY} x\nnext line")
    feed_logger.info("nothing to hide")
    shown = said(log)
    assert KEY not in shown
    assert "/v1/ws/stream?…" in shown
    assert "next line" in shown
    assert "nothing to hide" in shown


def test_queries_are_cut_from_tracebacks(log: pytest.LogCaptureFixture) -> None:
    try:
        raise ValueError(f"bad: ws://h/?api_key={KEY}")
    except ValueError:
        feed_logger.exception("oh")
    shown = said(log)
    assert KEY not in shown
    assert "ValueError: bad: ws://h/?…" in shown


def test_what_websockets_attaches_goes(log: pytest.LogCaptureFixture) -> None:
    adapter = logging.LoggerAdapter(feed_logger, {"websocket": f"?api_key={KEY}"})
    adapter.debug("x")
    assert KEY not in said(log)


def test_what_must_not_be_shown_is_hidden_wherever_it_stands(
    log: pytest.LogCaptureFixture,
) -> None:
    hiding = HidingLogger(feed_logger, lambda text: text.replace(KEY, "***"))
    hiding.debug("< %s: %s", "Location", f"//{KEY}/")
    hiding.debug(f"100% {KEY}")
    inner = logging.LoggerAdapter(hiding, {"websocket": KEY})
    inner.info("a %d %s", 7, KEY)
    shown = said(log)
    assert KEY not in shown
    for text in ("< Location: //***/", "100% ***", "a 7 ***"):
        assert text in shown
    assert hiding.isEnabledFor(logging.DEBUG)
