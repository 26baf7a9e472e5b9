"""Messages of the TickFlow protocol, typed: what a client sends and what a server answers.

Unknown fields are ignored, so that a newer server is still understood.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

__all__ = [
    "CHANNELS",
    "ENDPOINTS",
    "Channel",
    "Command",
    "Depth",
    "DepthMessage",
    "Endpoint",
    "ErrorMessage",
    "Extension",
    "Message",
    "Quote",
    "QuotesMessage",
    "Subscribe",
    "SubscribedMessage",
    "Unsubscribe",
]

Channel: TypeAlias = Literal["quotes", "depth"]
Endpoint: TypeAlias = Literal["stream", "quotes"]

ENDPOINTS: Final[dict[Endpoint, tuple[Channel, ...]]] = {
    "stream": ("quotes", "depth"),
    "quotes": ("quotes",),
}
"""Channels by endpoint; ``quotes`` is the older endpoint, whose messages name no channel."""

CHANNELS: Final[tuple[Channel, ...]] = ENDPOINTS["stream"]

# Years 1 to 9999, what Python's datetime and Polars' formatting can show.
_EARLIEST_MS: Final = -62_135_596_800_000
_LATEST_MS: Final = 253_402_300_799_999

Whole: TypeAlias = Annotated[int, Meta(ge=1 - 2**63, le=2**63 - 1)] | float
"""An integer that may be printed with a decimal point (``426585.0``)."""
Time: TypeAlias = Annotated[int, Meta(ge=_EARLIEST_MS, le=_LATEST_MS)] | float


class Subscribe(Struct, tag_field="op", tag="subscribe", kw_only=True):
    """Client: push these symbols too."""

    channel: str | UnsetType = UNSET
    symbols: list[str]


class Unsubscribe(Struct, tag_field="op", tag="unsubscribe", kw_only=True):
    """Client: push these symbols no more."""

    channel: str | UnsetType = UNSET
    symbols: list[str]


Command: TypeAlias = Subscribe | Unsubscribe


class Extension(Struct, gc=False, omit_defaults=True):
    """What a quote carries by type of instrument."""

    type: str | None = None
    name: str | None = None
    change_pct: float | None = None
    change_amount: float | None = None
    amplitude: float | None = None
    turnover_rate: float | None = None


class Quote(Struct, gc=False, omit_defaults=True):
    """State of one instrument."""

    symbol: str
    region: str
    last_price: float
    prev_close: float
    open: float
    high: float
    low: float
    volume: Whole
    amount: float
    timestamp: Time
    session: str | None = None
    ext: Extension | None = None

    def __post_init__(self) -> None:
        self.volume = _whole("volume", self.volume)
        self.timestamp = _time(self.timestamp)


class Depth(Struct, gc=False):
    """Book of one instrument; a level that is absent may be 0, null or left out."""

    symbol: str
    region: str
    timestamp: Time
    bid_prices: list[float | None] | None
    bid_volumes: list[Whole | None] | None
    ask_prices: list[float | None] | None
    ask_volumes: list[Whole | None] | None

    def __post_init__(self) -> None:
        self.timestamp = _time(self.timestamp)
        self.bid_volumes = [_whole("bid_volumes", v or 0) for v in self.bid_volumes or ()]
        self.ask_volumes = [_whole("ask_volumes", v or 0) for v in self.ask_volumes or ()]


class QuotesMessage(Struct, tag_field="op", tag="quotes", gc=False):
    """Server: quotes of subscribed symbols that changed."""

    data: list[Quote]


class DepthMessage(Struct, tag_field="op", tag="depth", gc=False):
    """Server: books of subscribed symbols that changed."""

    data: list[Depth]


class SubscribedMessage(Struct, tag_field="op", tag="subscribed"):
    """Server: all symbols of a channel, after each subscribe and unsubscribe."""

    channel: str | None = None
    symbols: list[str] | None = None
    total: int | None = None


class ErrorMessage(Struct, tag_field="op", tag="error"):
    """Server: a command was refused. It does not say which."""

    message: str | None = None


Message: TypeAlias = QuotesMessage | DepthMessage | SubscribedMessage | ErrorMessage


def _whole(name: str, value: float) -> int:
    # From 2**53 on a float no longer says which integer was meant.
    if isinstance(value, float) and not (value.is_integer() and abs(value) < 2**53):
        raise ValueError(f"Expected an integer for `{name}`, got {value!r}")
    return int(value)


def _time(value: float) -> int:
    time_ms = _whole("timestamp", value)
    if not _EARLIEST_MS <= time_ms <= _LATEST_MS:
        raise ValueError(f"Expected a `timestamp` of the years 1 to 9999, got {time_ms}")
    return time_ms
