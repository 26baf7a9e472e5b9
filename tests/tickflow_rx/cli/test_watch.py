"""``tickflow-rx watch`` on a server of its own."""

import signal
import subprocess
from datetime import datetime

import pytest

from tests.tickflow_rx.cli.terminal import SECONDS, Terminal, command
from tickflow_rx.cli import main
from tickflow_rx.server import Server, SimulatedMarket

SYMBOLS = ("600000.SH", "000001.SZ")
MARKET = SimulatedMarket(
    SYMBOLS, start=datetime(2026, 3, 2, 9, 29), speed=60.0, wait_for_subscriber=True
)

# On a fresh machine each command compiles the operators first.
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]
    monkeypatch.delenv("TICKFLOW_API_KEY", raising=False)
    monkeypatch.delenv("TICKFLOW_BASE_URL", raising=False)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["watch", *arguments]) == 2
    err = capsys.readouterr().err
    return err.splitlines()[-1]


def test_no_key(capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "600000.SH") == (
        "tickflow-rx: no API key: put it into the environment variable TICKFLOW_API_KEY"
        " or give --api-key"
    )


def test_bad_symbols_and_urls(capsys: pytest.CaptureFixture[str]) -> None:
    assert "symbol 'no symbol'" in refused(capsys, "no symbol", "--api-key", "k")
    said = refused(capsys, "A.SH", "--api-key", "SECRET", "--base-url", "ftp://x?api_key=SECRET")
    assert "base_url must be like" in said
    assert "SECRET" not in said


def test_a_wrong_key(capsys: pytest.CaptureFixture[str]) -> None:
    with Server(keys=["right"]) as server:
        said = refused(capsys, "A.SH", "--api-key", "WRONG", "--base-url", server.url)
    assert "answered HTTP 401" in said
    assert "--api-key or the variable TICKFLOW_API_KEY" in said
    assert "WRONG" not in said


def test_quotes_that_the_server_refuses(capsys: pytest.CaptureFixture[str]) -> None:
    with Server(keys={"k": ["depth"]}) as server:
        said = refused(capsys, "A.SH", "--api-key", "k", "--base-url", server.url)
    assert said == "tickflow-rx: the server refused the quotes: no permission for channel: quotes"


def test_lines_where_there_is_no_terminal() -> None:
    with Server(MARKET, keys={"k": ["quotes"]}) as server:
        process = subprocess.Popen(
            command("watch", *SYMBOLS, "--api-key", "k", "--base-url", server.url),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        lines: list[str] = []
        while not lines or " bar " not in lines[-1]:
            lines.append(process.stdout.readline())
            assert lines[-1], process.communicate()[1]
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 0
    assert {line.split()[0] for line in lines} == set(SYMBOLS)
    assert all(" last " in line and " vwap " in line for line in lines)
    assert "tickflow-rx: connected\n" in err
    assert "tickflow-rx: the server refused depth: no permission for channel: depth\n" in err
    assert "Traceback" not in err


def test_a_table_in_a_terminal() -> None:
    with Server(MARKET, keys=["SECRET"]) as server:
        env = {"TICKFLOW_API_KEY": "SECRET", "TICKFLOW_BASE_URL": server.url}
        with Terminal("watch", *SYMBOLS, env=env) as terminal:
            terminal.until(r"TickFlow, 2 symbols")
            terminal.until(r"600000\.SH 09:3\d:\d\d +\d+\.\d\d .* 09:31 +\d+\.\d\d")
            terminal.until(r"connected · [\d,]+ quotes, [1-9]\d* books, [1-9]\d* bars")
            server.drop()
            terminal.until(r"connected again, connection 2: there may be a gap")
            terminal.press_ctrl_c()
            assert terminal.end() == 0
    assert "Traceback" not in terminal.shown
    assert "SECRET" not in terminal.shown


def test_a_server_that_is_not_there() -> None:
    arguments = ("watch", "A.SH", "--api-key", "k", "--base-url", "http://127.0.0.1:9")
    with subprocess.Popen(
        command(*arguments),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        told = ""
        while "next attempt in" not in told:
            told += (line := process.stderr.readline())
            assert line, told
        process.send_signal(signal.SIGINT)
        out, rest = process.communicate(timeout=SECONDS)
    assert process.returncode == 0
    assert out == ""
    assert "disconnected: " in told
    assert "Traceback" not in told + rest
