"""``tickflow-rx record`` on a server of its own."""

import json
import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.tickflow_rx.cli.terminal import SECONDS, command
from tests.tickflow_rx.feeds import book, quote
from tickflow_rx import Journal, Recorder
from tickflow_rx._queue import RawFrame
from tickflow_rx.cli import main
from tickflow_rx.server import Server

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]
    monkeypatch.delenv("TICKFLOW_API_KEY", raising=False)
    monkeypatch.delenv("TICKFLOW_BASE_URL", raising=False)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["record", *arguments]) == 2
    return capsys.readouterr().err.splitlines()[-1]


def test_bad_arguments(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = ["--out", str(tmp_path / "data")]
    assert "nothing to record" in refused(capsys, *out)
    assert "no API key" in refused(capsys, "600000.SH", *out)
    said = refused(capsys, "@nowhere.txt", *out, "--api-key", "k")
    assert said == "tickflow-rx: @nowhere.txt: there is no file 'nowhere.txt'"
    assert "symbol 'no'" in refused(capsys, "no symbol", *out, "--api-key", "k")
    assert "--out" in refused(capsys, "600000.SH", "--api-key", "k").lower()
    assert not (tmp_path / "data").exists()


def test_a_wrong_key_and_a_folder_in_use(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with Server(keys=["right"]) as server:
        options = ("A.SH", "--out", str(tmp_path), "--base-url", server.url)
        assert "answered HTTP 401" in refused(capsys, *options, "--api-key", "WRONG")
        from tickflow_rx import Feed

        with Recorder(Feed(api_key="right", base_url=server.url), tmp_path):
            assert "another recorder" in refused(capsys, *options, "--api-key", "right")


def start(server: Server, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        command("record", *arguments, "--api-key", "SECRET", "--base-url", server.url),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )


def frames(folder: Path) -> list[dict[str, object]]:
    records = Journal(folder).read()
    return [json.loads(record.data) for record in records if isinstance(record, RawFrame)]


def test_records_until_ctrl_c(tmp_path: Path) -> None:
    symbols = tmp_path / "symbols.txt"
    symbols.write_text("600000.SH, 000001.SZ  # banks\n300750.SZ\n")
    out = tmp_path / "data"
    with Server(keys=["SECRET"]) as server:
        process = start(
            server, "600000.SH", "--out", str(out), "--quotes", f"@{symbols}", "--flush-every", "9"
        )
        assert server.when(lambda now: now.subscriptions == 4).wait(SECONDS)
        server.publish("quotes", [quote("300750.SZ")])
        server.publish("depth", [book("600000.SH")])
        assert server.when(lambda now: now.rows_sent == 2).wait(SECONDS)
        process.send_signal(signal.SIGINT)
        said, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, err
    assert re.fullmatch(
        rf"4 frames, 0\.0 MiB before compression, in 1 file under {re.escape(str(out))}/journal\n",
        said,
    )
    assert "tickflow-rx: connected\n" in err
    assert "Traceback" not in err
    assert [frame["op"] for frame in frames(out)][-2:] == ["quotes", "depth"]
    assert "SECRET" not in said + err


def test_what_was_flushed_survives_a_kill(tmp_path: Path) -> None:
    with Server(keys=["SECRET"]) as server:
        process = start(server, "600000.SH", "--out", str(tmp_path), "--flush-every", "0.01")
        assert server.when(lambda now: now.subscriptions == 2).wait(SECONDS)
        server.publish("quotes", [quote("600000.SH", volume=77)])
        while not any(frame["op"] == "quotes" for frame in _found(tmp_path)):
            assert process.poll() is None
        process.kill()
        process.communicate()
    assert frames(tmp_path)[-1]["op"] == "quotes"
    journal = Journal(tmp_path)
    list(journal.read())
    assert [damage.torn for damage in journal.damage] == [True]


def _found(folder: Path) -> list[dict[str, object]]:
    return frames(folder) if (folder / "journal").is_dir() else []
