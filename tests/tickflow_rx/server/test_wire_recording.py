import contextlib
import gzip
import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import data
from tests.tickflow_rx.server.clients import client
from tickflow_rx.server import Server, WireRecording
from tickflow_rx.server._wire_recording import batch_of

ROW = b'{"symbol" : "A.SH","last_price":85.40999999999998, "volume":1e3,"amount":422430500}'


def write(folder: Path, *lines: bytes, name: str = "a.wire.jsonl") -> Path:
    path = folder / name
    content = b"\n".join(lines)
    path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    return path


def line(received: float, frame: bytes) -> bytes:
    return b'{"received":%s,"frame":%s}' % (str(received).encode(), frame)


@pytest.mark.parametrize("name", ["a.wire.jsonl", "a.wire.jsonl.gz", "gzipped-by-another-name"])
def test_rows_are_passed_on_as_printed(tmp_path: Path, name: str) -> None:
    frame = b'{"op":"quotes","data":[%s,{"symbol":"B.SZ"}]}' % ROW
    path = write(
        tmp_path, line(7, frame), b"", line(9.6, b'{"op":"depth","data":[%s]}' % ROW), name=name
    )
    first, second = WireRecording(path).batches()
    assert (first.time_ms, first.channel, first.symbols) == (7, "quotes", ["A.SH", "B.SZ"])
    assert first.rows == [ROW, b'{"symbol":"B.SZ"}']
    assert (second.time_ms, second.channel, second.rows) == (10, "depth", [ROW])


def test_frames_without_rows_are_passed_over(tmp_path: Path) -> None:
    frames = (
        b'{"op":"subscribed","channel":"quotes","symbols":["A.SH"],"total":1}',
        b'{"op":"error","message":"no"}',
        b'{"op":"quotes","data":[]}',
    )
    path = write(tmp_path, *(line(1, frame) for frame in frames))
    assert list(WireRecording(path).batches()) == []


@pytest.mark.parametrize(
    "bad",
    [
        b"hello",
        b"[]",
        b'{"received":1}',
        b'{"received":"x","frame":{"op":"quotes"}}',
        b'{"received":1,"frame":{"op":"quotes","data":[{"symbol":1}]}}',
        b'{"received":1,"frame":{"op":"quotes","data":[1]}}',
        b'{"received":1,"x":' + b"[" * 100_000,
        b'{"received":1e999,"frame":{"op":"quotes","data":[{"symbol":"A"}]}}',
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, bad: bytes) -> None:
    path = write(tmp_path, line(1, b'{"op":"quotes","data":[%s]}' % ROW), bad)
    batches = WireRecording(path).batches()
    next(batches)
    with pytest.raises(ValueError, match=r"a\.wire\.jsonl, line 2: "):
        next(batches)


@given(st.binary())
def test_any_line_is_a_batch_or_a_value_error(content: bytes) -> None:
    with contextlib.suppress(ValueError):
        batch_of(content)


def test_arguments() -> None:
    with pytest.raises(FileNotFoundError, match="no recording at 'nowhere'"):
        WireRecording("nowhere")
    with pytest.raises(ValueError, match="speed"):
        WireRecording(__file__, speed=0)


@pytest.mark.real_data
@pytest.mark.parametrize("name", data.SETS)
def test_replay_equals_the_file(name: str) -> None:
    path = data.path(name, "wire.jsonl.gz")
    with gzip.open(path) as file:
        frames = [json.loads(text)["frame"] for text in file if text.strip()]
    symbols = sorted({row["symbol"] for frame in frames for row in frame["data"]})
    both = 2 * len(symbols)
    source = WireRecording(path, speed=None)
    with (
        Server(source, start_when=lambda c: c.subscriptions == both) as server,
        client(server) as it,
    ):
        it.subscribe("quotes", symbols)
        it.subscribe("depth", symbols)
        heard = [it.hear() for _ in frames]
        assert server.finished.wait(10)
        assert server.error is None
        assert server.counters.batches == len(frames)
    assert heard == frames
    assert Counter(frame["op"] for frame in heard)["depth"] == len(frames) / 2
