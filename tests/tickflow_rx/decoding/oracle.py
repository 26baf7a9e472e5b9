"""The decoder in plain Python: the standard library's JSON, and every rule written out."""

from __future__ import annotations

import json
from typing import Any, cast

Json = Any
Row = dict[str, Any]

_EARLIEST_MS = -62_135_596_800_000  # 0001-01-01
_LATEST_MS = 253_402_300_799_999  # 9999-12-31
_LIMIT = 2**63 - 1


class Malformed(Exception):
    """The frame is to be set aside."""


class Rows:
    """What one frame holds: rows of a channel, or an answer to a command."""

    def __init__(self, channel: str, rows: list[Row]) -> None:
        self.channel = channel
        self.rows = rows


def decode(frame: bytes) -> Rows:
    """Rows of a frame as the columns show them; no rows for an answer.

    Raises
    ------
    Malformed
        It is to be set aside.
    """
    try:
        message = json.loads(frame.decode(), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Malformed(str(error)) from None
    if not isinstance(message, dict):
        raise Malformed("no object")
    message = cast("dict[str, Json]", message)
    match message.get("op"):
        case "quotes":
            return Rows("quotes", [_quote(_object(row)) for row in _list(message.get("data"))])
        case "depth":
            return Rows("depth", [_book(_object(row)) for row in _list(message.get("data"))])
        case "subscribed":
            _maybe(_text, message.get("channel"))
            symbols: list[Json] | None = _maybe(_list, message.get("symbols"))
            for symbol in symbols or ():
                _text(symbol)
            if (total := message.get("total")) is not None and type(total) is not int:
                raise Malformed("total")
            return Rows("subscribed", [])
        case "error":
            _maybe(_text, message.get("message"))
            return Rows("error", [])
        case _:
            raise Malformed("op")


def _quote(row: dict[str, Json]) -> Row:
    given: dict[str, Json] | None = _maybe(_object, row.get("ext"))
    ext = {} if given is None else given
    numbers = ("last_price", "prev_close", "open", "high", "low", "amount")
    optional = ("change_pct", "change_amount", "amplitude", "turnover_rate")
    return {
        "symbol": _text(row.get("symbol")),
        "timestamp": _time(row.get("timestamp")),
        "region": _text(row.get("region")),
        **{name: _number(row.get(name)) for name in numbers},
        "volume": _whole(row.get("volume")),
        "session": _maybe(_text, row.get("session")),
        "instrument_type": _maybe(_text, ext.get("type")),
        "name": _maybe(_text, ext.get("name")),
        **{name: _maybe(_number, ext.get(name)) for name in optional},
    }


def _book(row: dict[str, Json]) -> Row:
    return {
        "symbol": _text(row.get("symbol")),
        "timestamp": _time(row.get("timestamp")),
        "region": _text(row.get("region")),
        **{name: _levels(row, name, _number, 0.0) for name in ("bid_prices", "ask_prices")},
        **{name: _levels(row, name, _whole, 0) for name in ("bid_volumes", "ask_volumes")},
    }


def _levels(row: dict[str, Json], name: str, read: Any, nothing: float) -> list[float]:
    if name not in row:
        raise Malformed(name)
    given: list[Json] | None = _maybe(_list, row[name])
    values = [nothing if value is None else read(value) for value in given or ()]
    return (values + [nothing] * 5)[:5]


def _maybe(read: Any, value: Json) -> Any:
    return None if value is None else read(value)


def _object(value: Json) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise Malformed("an object is wanted")
    return cast("dict[str, Json]", value)


def _list(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise Malformed("a list is wanted")
    return cast("list[Json]", value)


def _text(value: Json) -> str:
    if not isinstance(value, str) or any("\ud800" <= c <= "\udfff" for c in value):
        raise Malformed("a text is wanted")
    return value


def _number(value: Json) -> float:
    if type(value) not in (int, float):
        raise Malformed("a number is wanted")
    try:
        number = float(value)
    except OverflowError:
        raise Malformed("too large") from None
    if number in (float("inf"), float("-inf")):
        raise Malformed("too large")
    return number


def _whole(value: Json) -> int:
    if type(value) is float and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if type(value) is not int or abs(value) > _LIMIT:
        raise Malformed("an integer is wanted")
    return value


def _time(value: Json) -> int:
    time_ms = _whole(value)
    if not _EARLIEST_MS <= time_ms <= _LATEST_MS:
        raise Malformed("no time")
    return time_ms


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
