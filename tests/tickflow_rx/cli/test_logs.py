"""The library's log on stderr."""

import logging

import pytest

from tickflow_rx.cli._logs import log_as_lines


def test_warnings_are_lines(capsys: pytest.CaptureFixture[str]) -> None:
    log = logging.getLogger("tickflow_rx.somewhere")
    with log_as_lines():
        log.warning("%d rows", 3)
        logging.getLogger("tickops").warning("late")
        log.info("nothing")
        try:
            raise ValueError("said elsewhere")
        except ValueError:
            log.exception("it failed")
    log.warning("after")
    assert capsys.readouterr().err == "tickflow-rx: 3 rows\ntickflow-rx: late\n"
    assert not logging.getLogger("tickflow_rx").handlers


def test_the_handlers_go_after_an_error() -> None:
    with pytest.raises(KeyError), log_as_lines():
        raise KeyError
    assert not logging.getLogger("tickops").handlers
