"""Lines of a journal: records to bytes and back. Pure: no files."""

from __future__ import annotations

import base64
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from zlib import crc32

import msgspec

from tickflow_rx._queue import RawFrame

if TYPE_CHECKING:
    from tickflow_rx.events import Event

__all__ = [
    "TICK",
    "VERSION",
    "Head",
    "Line",
    "Noted",
    "event_line",
    "frame_line",
    "head_line",
    "parse",
    "tick_line",
]

VERSION: Final = 1

TICK: Final = "Tick"
"""What a tick of the clock is called among the events."""

_CRC: Final = b'{"crc":"'
_BODY: Final = len(_CRC) + 8 + len(b'",')
_FRAME, _TEXT, _BASE64 = b',"frame":', b',"text":', b',"base64":'


@dataclass(frozen=True, slots=True)
class Head:
    """How a segment begins.

    Parameters
    ----------
    version
        Of the format.
    made_by
        Library and its version.
    began_us
        Epoch microseconds.
    """

    version: int
    made_by: str
    began_us: int


@dataclass(frozen=True, slots=True)
class Noted:
    """An event of the feed, or a tick of its clock, as data.

    Parameters
    ----------
    time_us
        When it was told, epoch microseconds; of a tick, the time that it told.
    event
        Its class in ``tickflow_rx.events``, or "Tick".
    fields
        Its fields; an exception as its text. A tick has none.
    """

    time_us: int
    event: str
    fields: Mapping[str, Any]


Line: TypeAlias = RawFrame | Noted | Head


class _Event(msgspec.Struct, frozen=True):
    time_us: int
    event: str
    fields: dict[str, Any]


class _Head(msgspec.Struct, frozen=True):
    journal: int
    made_by: str
    began_us: int


class _Text(msgspec.Struct, frozen=True):
    received_us: int
    connection: int
    text: str | None = None
    base64: str | None = None


_EVENTS: Final = msgspec.json.Decoder(_Event)
_HEADS: Final = msgspec.json.Decoder(_Head)
_TEXTS: Final = msgspec.json.Decoder(_Text)
_RAW: Final = msgspec.json.Decoder(msgspec.Raw)
_ENCODER: Final = msgspec.json.Encoder()


def frame_line(frame: RawFrame) -> bytes:
    """Line of a frame; its bytes stand in it as they are, if they are JSON of one line."""
    data = frame.data
    start = b'"received_us":%d,"connection":%d' % (frame.received_us, frame.connection)
    if b"\n" not in data and _is_json(data):
        return _line(b"%b%b%b}" % (start, _FRAME, data))
    try:
        text = _ENCODER.encode(data.decode())
    except UnicodeDecodeError:
        return _line(b'%b%b"%b"}' % (start, _BASE64, base64.b64encode(data)))
    return _line(b"%b%b%b}" % (start, _TEXT, text))


def event_line(time_us: int, event: Event) -> bytes:
    """Line of an event."""
    named = {field.name: _plain(getattr(event, field.name)) for field in fields(event)}
    return _line(_ENCODER.encode(_Event(time_us, type(event).__name__, named))[1:])


def tick_line(time_us: int) -> bytes:
    """Line of a tick of the clock."""
    return _line(_ENCODER.encode(_Event(time_us, TICK, {}))[1:])


def head_line(head: Head) -> bytes:
    """Line with which a segment begins."""
    return _line(_ENCODER.encode(_Head(head.version, head.made_by, head.began_us))[1:])


def parse(line: bytes) -> Line | str:
    """Record of a line without its end; or what is wrong with it."""
    body = line[_BODY:]
    try:
        intact = line.startswith(_CRC) and int(line[len(_CRC) : len(_CRC) + 8], 16) == crc32(body)
    except ValueError:
        intact = False
    if not intact:
        return "its checksum is wrong"
    try:
        return _record(body)
    except (msgspec.DecodeError, ValueError, Base64Error) as error:
        return f"it is no line of a journal of version {VERSION}: {error}"


def _record(body: bytes) -> Line:
    whole = b"{" + body
    if body.startswith(b'"received_us":'):
        at = body.find(_FRAME)
        if at > 0 and body.count(b",", 0, at) == 1:
            received, connection = body[len(b'"received_us":') : at].split(b',"connection":')
            return RawFrame(body[at + len(_FRAME) : -1], int(received), int(connection))
        text = _TEXTS.decode(whole)
        data = (
            (text.text or "").encode()
            if text.base64 is None
            else base64.b64decode(text.base64, validate=True)
        )
        return RawFrame(data, text.received_us, text.connection)
    if body.startswith(b'"time_us":'):
        event = _EVENTS.decode(whole)
        return Noted(event.time_us, event.event, event.fields)
    head = _HEADS.decode(whole)
    return Head(head.journal, head.made_by, head.began_us)


def _line(body: bytes) -> bytes:
    return b'%b%08x",%b\n' % (_CRC, crc32(body), body)


def _is_json(data: bytes) -> bool:
    try:
        _RAW.decode(data)
    except (msgspec.DecodeError, RecursionError):  # the latter: nested too deep
        return False
    return data[:1] == b"{" and data[-1:] == b"}"


def _plain(value: object) -> object:
    return repr(value) if isinstance(value, Exception) else value
