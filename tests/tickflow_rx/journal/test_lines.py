"""Lines of a journal: what was put in comes out, and nothing else does."""

from __future__ import annotations

import json
from zlib import crc32

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tickflow_rx import events
from tickflow_rx._queue import RawFrame
from tickflow_rx.decoding import BINARY_MARK
from tickflow_rx.journal._lines import (
    Head,
    Noted,
    event_line,
    frame_line,
    head_line,
    parse,
    tick_line,
)

FRAMES = st.builds(
    RawFrame,
    st.one_of(
        st.binary(max_size=60),
        st.text(max_size=30).map(str.encode),
        st.dictionaries(st.text(max_size=5), st.integers(), max_size=3).map(
            lambda value: json.dumps(value, ensure_ascii=False).encode()
        ),
    ),
    st.integers(0, 2**53),
    st.integers(1, 2**32 - 1),
)
QUOTE = b'{"op":"quotes","data":[{"symbol":"600000.SH","amount":422430500,"new":[1.50]}]}'


@given(frame=FRAMES)
@example(RawFrame(QUOTE, 1_776_735_000_123_456, 1))
@example(RawFrame(b'{"a":\n1}', 0, 1))
@example(RawFrame(b'{"a":1} ', 0, 1))
@example(RawFrame(b'{"a":' + b"[" * 9_999, 0, 1))
@example(RawFrame(b'{"a":' + b"[" * 9_999 + b"]" * 9_999 + b"}", 0, 1))
@example(RawFrame(b'{"a":"\xff"}', 0, 1))
@example(RawFrame(BINARY_MARK + b"\x00\n", 0, 1))
@example(RawFrame(b'{"a":1},"frame":{}', 0, 1))
@example(RawFrame(b',"frame":{}', 0, 1))
def test_a_frame_comes_back_byte_for_byte(frame: RawFrame) -> None:
    line = frame_line(frame)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert parse(line[:-1]) == frame


def test_a_frame_of_json_stands_as_it_is() -> None:
    line = frame_line(RawFrame(QUOTE, 1_776_735_000_123_456, 2))
    assert QUOTE in line
    said = json.loads(line)
    assert said["received_us"] == 1_776_735_000_123_456
    assert said["connection"] == 2
    assert said["frame"]["data"][0]["new"] == [1.5]
    assert int(said["crc"], 16) == crc32(line.split(b",", 1)[1][:-1])


@pytest.mark.parametrize(
    ("data", "key", "value"),
    [
        (b"hello", "text", "hello"),
        (b'{"a":\n1}', "text", '{"a":\n1}'),
        (b"\xff\x00", "base64", "/wA="),
    ],
)
def test_what_is_no_json_of_one_line_is_readable_too(data: bytes, key: str, value: str) -> None:
    assert json.loads(frame_line(RawFrame(data, 1, 1)))[key] == value


def test_events_and_heads() -> None:
    failed = event_line(5, events.SubscriberFailed("quotes", ValueError("mine")))
    assert parse(failed[:-1]) == Noted(
        5, "SubscriberFailed", {"source": "quotes", "error": "ValueError('mine')"}
    )
    listed = event_line(7, events.Subscribed("depth", ("600000.SH",), 1))
    noted = parse(listed[:-1])
    assert isinstance(noted, Noted)
    assert noted.fields == {"channel": "depth", "symbols": ["600000.SH"], "total": 1}
    assert parse(tick_line(8)[:-1]) == Noted(8, "Tick", {})
    head = Head(1, "tickflow-rx 0.1.0", 9)
    assert parse(head_line(head)[:-1]) == head


@given(frame=FRAMES, data=st.data())
def test_no_changed_byte_goes_unseen(frame: RawFrame, data: st.DataObject) -> None:
    line = bytearray(frame_line(frame)[:-1])
    at = data.draw(st.integers(0, len(line) - 1))
    line[at] ^= data.draw(st.integers(1, 255))
    parsed = parse(bytes(line))
    # Digits of the checksum say the same in capitals.
    assert isinstance(parsed, str) or parsed == frame


@given(st.binary(max_size=80))
def test_anything_else_is_told_what_is_wrong(line: bytes) -> None:
    assert isinstance(parse(line), str)
    body = line.replace(b"\n", b" ")
    assert isinstance(parse(b'{"crc":"%08x",%b' % (crc32(body), body)), str)
