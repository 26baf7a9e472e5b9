"""``tickflow-rx serve``: what it serves, and how it refuses."""

import socket
import subprocess
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from websockets.sync.client import connect

from tests import data
from tests.tickflow_rx.cli.quotes import parquet_file, wire_file
from tests.tickflow_rx.cli.terminal import SECONDS, Terminal, command
from tickflow_rx.cli import main
from tickflow_rx.cli._errors import CommandError
from tickflow_rx.cli._serve import SourceOptions, make_source
from tickflow_rx.server import ParquetRecording, SimulatedMarket, WireRecording


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]
    monkeypatch.delenv("TICKFLOW_API_KEY", raising=False)


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main(["serve", *map(str, arguments)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


def test_simulated_market() -> None:
    source = make_source("simulated", SourceOptions())
    assert isinstance(source, SimulatedMarket)
    assert len(source.symbols or ()) == 20
    assert source.start == datetime(2026, 3, 2, 9, 24, 30)
    assert (source.speed, source.seed, source.days) == (1.0, 0, None)
    options = SourceOptions(symbols=3, speed=9.0, seed=4, start=datetime(2026, 3, 3, 9, 10))
    other = make_source("simulated", options)
    assert isinstance(other, SimulatedMarket)
    assert len(other.symbols or ()) == 3
    assert (other.speed, other.seed, other.start) == (9.0, 4, options.start)


def test_recordings(tmp_path: Path) -> None:
    wire = wire_file(tmp_path / "a.wire.jsonl")
    assert make_source(str(wire), SourceOptions(speed=3.0)) == WireRecording(wire, speed=3.0)
    quotes = parquet_file(tmp_path / "a.quotes.parquet")
    source = make_source(str(quotes), SourceOptions(lot=100))
    assert source == ParquetRecording(quotes, None, lot=100)
    depth = tmp_path / "a.depth.parquet"
    pl.DataFrame({"bid_prices": [[1.0]]}).write_parquet(depth)
    both = ParquetRecording(quotes, depth)
    assert make_source(str(quotes), SourceOptions()) == both
    assert make_source(str(depth), SourceOptions()) == both
    alone = parquet_file(tmp_path / "b.parquet")
    assert make_source(str(alone), SourceOptions()) == ParquetRecording(alone)


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("none.jsonl", {}, "there is no file 'none.jsonl'"),
        ("text.txt", {}, "is neither .parquet nor .jsonl nor .jsonl.gz"),
        ("other.parquet", {}, "has neither quotes"),
        ("text.parquet", {}, "is no Parquet file"),
        ("simulated", {"lot": 1}, "--lot is for Parquet, not for --source simulated"),
        ("wire.jsonl", {"lot": 1}, "--lot is for Parquet"),
        ("wire.jsonl", {"symbols": 1}, "--symbols is for the simulated market"),
        ("wire.jsonl", {"seed": 1}, "--seed is for the simulated market"),
        ("wire.jsonl", {"start": datetime(2026, 1, 1)}, "--start is for the simulated market"),
    ],
)
def test_sources_that_cannot_be(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    options: dict[str, object],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text.txt").write_text("")
    Path("text.parquet").write_text("")
    Path("wire.jsonl").write_text("")
    pl.DataFrame({"a": [1]}).write_parquet("other.parquet")
    with pytest.raises(CommandError, match=said):
        make_source(name, SourceOptions(**options))  # pyright: ignore[reportArgumentType]


def test_bad_values(capsys: pytest.CaptureFixture[str]) -> None:
    assert "clients need a key: give --key" in refused(capsys)
    assert "clients need a key" in refused(capsys, "--key", "")
    assert "--port must be from 0 to 65535, not 65536" in refused(
        capsys, "--key", "k", "--port", 65536
    )
    assert "count must be from 1 to " in refused(capsys, "--key", "k", "--symbols", 10**6)
    assert "Must be > 0" in refused(capsys, "--key", "k", "--speed", 0)
    assert "into datetime" in refused(capsys, "--key", "k", "--start", "soon")


def test_a_port_in_use(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refused(capsys, "--key", "k", "--port", port)
    assert said == (
        f"tickflow-rx: port {port} on 127.0.0.1 is in use: give another with --port,"
        " or --port 0 for a free one\n"
    )


def test_an_address_of_another_machine(capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, "--key", "k", "--port", 0, "--host", "192.0.2.1")
    assert said.startswith("tickflow-rx: cannot listen on 192.0.2.1, port 0: ")


def test_it_serves_until_ctrl_c() -> None:
    with Terminal("serve", "--port", "0", "--key", "secret", "--symbols", "2") as terminal:
        url = terminal.until(r"on (http://127\.0\.0\.1:\d+)\s").group(1)
        terminal.until(r"Ctrl-C ends it\.")
        address = url.replace("http", "ws") + "/v1/ws/stream?api_key=secret"
        with connect(address, proxy=None) as client:
            client.send('{"op":"subscribe","channel":"quotes","symbols":["600000.SH"]}')
            assert '"subscribed"' in str(client.recv(SECONDS))
            assert '"600000.SH"' in str(client.recv(SECONDS))
        terminal.press_ctrl_c()
        assert terminal.end() == 0
    assert "Traceback" not in terminal.shown
    assert "secret" not in terminal.shown
    assert "a simulated market of 2 symbols" in terminal.shown


@pytest.mark.real_data
def test_a_recording_to_its_end() -> None:
    source = data.path(data.SZ5, "quotes.parquet")
    last = pl.read_parquet(source).filter(symbol="300122.SZ")["timestamp"].max()
    arguments = ("--source", str(source), "--speed", "inf", "--port", "0")
    with Terminal("serve", *arguments, env={"TICKFLOW_API_KEY": "secret"}) as terminal:
        url = terminal.until(r"on (http://127\.0\.0\.1:\d+)\s").group(1)
        address = url.replace("http", "ws") + "/v1/ws/quotes?api_key=secret"
        with connect(address, proxy=None, max_size=None) as client:
            client.send('{"op":"subscribe","symbols":["300122.SZ"]}')
            while f'"timestamp":{last}' not in str(client.recv(SECONDS)):
                pass
            terminal.until(r"All of it was sent")
        terminal.press_ctrl_c()
        assert terminal.end() == 0
    assert "depth.parquet" in terminal.shown
    assert "secret" not in terminal.shown


def test_a_source_that_breaks_off(tmp_path: Path) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text("no frame\n")
    arguments = ("--source", str(file), "--speed", "inf", "--port", "0", "--key", "secret")
    process = subprocess.Popen(
        command("serve", *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    url = process.stdout.readline().rstrip().rpartition(" on ")[2]
    address = url.replace("http", "ws") + "/v1/ws/quotes?api_key=secret"
    with connect(address, proxy=None) as client:
        client.send('{"op":"subscribe","symbols":["300122.SZ"]}')
        _, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 2
    assert err.startswith(f"tickflow-rx: {file} broke off: {file}, line 1: ")
    assert err.count("\n") == 1
