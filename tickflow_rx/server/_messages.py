"""What goes over the wire, from the server's side: rows and commands as JSON.

Rows are encoded once, by their source, and joined as bytes for each client: see ``data_messages``.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal, TypeAlias, get_args

import msgspec

Channel: TypeAlias = Literal["quotes", "depth"]
CHANNELS: Final[tuple[Channel, ...]] = get_args(Channel)

LEVELS: Final = 5

_PREFIX: Final[dict[Channel, bytes]] = {
    channel: b'{"op":"%s","data":[' % channel.encode() for channel in CHANNELS
}

encode = msgspec.json.Encoder().encode


class QuoteExt(msgspec.Struct):
    """``ext`` of a quote; a field that is not set is left out, one that is None is null."""

    type: str
    name: str | msgspec.UnsetType | None = msgspec.UNSET
    change_pct: float | msgspec.UnsetType | None = msgspec.UNSET
    change_amount: float | msgspec.UnsetType | None = msgspec.UNSET
    amplitude: float | msgspec.UnsetType | None = msgspec.UNSET
    turnover_rate: float | msgspec.UnsetType | None = msgspec.UNSET


class QuoteRow(msgspec.Struct):
    """One row of ``quotes``. Prices in the instrument's currency, volume in the feed's unit."""

    symbol: str
    region: str
    last_price: float
    prev_close: float
    open: float
    high: float
    low: float
    volume: int
    amount: float | int
    timestamp: int
    ext: QuoteExt | msgspec.UnsetType | None = msgspec.UNSET
    session: str | msgspec.UnsetType | None = msgspec.UNSET


class DepthRow(msgspec.Struct):
    """One row of ``depth``: five levels a side, best first."""

    symbol: str
    region: str
    timestamp: int
    bid_prices: list[float]
    bid_volumes: list[int]
    ask_prices: list[float]
    ask_volumes: list[int]


class Command(msgspec.Struct, tag_field="op"):
    """What a client may say; ``channel`` is absent on the legacy endpoint."""

    symbols: list[str]
    channel: str | None = None


class Subscribe(Command, tag="subscribe"):
    """Add symbols to a channel."""


class Unsubscribe(Command, tag="unsubscribe"):
    """Take symbols from a channel."""


decode_command = msgspec.json.Decoder(Subscribe | Unsubscribe).decode


def subscribed(channel: Channel | None, symbols: Sequence[str]) -> bytes:
    """Acknowledgement with the channel's whole list; without `channel` on the legacy endpoint."""
    message: dict[str, Any] = {"op": "subscribed"}
    if channel is not None:
        message["channel"] = channel
    return encode(message | {"symbols": symbols, "total": len(symbols)})


def error(message: str) -> bytes:
    """Answer to a command that was not carried out."""
    return encode({"op": "error", "message": message})


def data_messages(
    channel: Channel, rows: Sequence[bytes], rows_per_message: int | None
) -> Iterator[bytes]:
    """Messages with `rows` (JSON objects) in order, at most `rows_per_message` in each."""
    step = rows_per_message or max(len(rows), 1)
    for first in range(0, len(rows), step):
        yield _PREFIX[channel] + b",".join(rows[first : first + step]) + b"]}"
