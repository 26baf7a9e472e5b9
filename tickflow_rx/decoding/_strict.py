"""The reference decoder: all of JSON, every field checked, and what is wrong in words."""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec

from tickflow_rx.protocol.messages import (
    DepthMessage,
    ErrorMessage,
    Message,
    QuotesMessage,
    SubscribedMessage,
)

__all__ = ["BINARY_MARK", "Answer", "SetAside", "read"]

_DECODER: Final = msgspec.json.Decoder(Message)
_ENCODER: Final = msgspec.json.Encoder()
_START: Final = 200

BINARY_MARK: Final = b"\0binary frame:"
"""Stands before the bytes of a binary frame, which is no message of the protocol."""


class SetAside(msgspec.Struct, frozen=True):
    """A frame that is not of the protocol.

    Attributes
    ----------
    reason
        What is wrong with it.
    start
        Its first 200 characters; what is no text in it is shown as ``\N{REPLACEMENT CHARACTER}``.
    """

    reason: str
    start: str

    @classmethod
    def of(cls, frame: bytes, reason: str) -> SetAside:
        """Set `frame` aside."""
        # A character has at most four bytes.
        return cls(reason, frame[: 4 * _START].decode("utf-8", "replace")[:_START])


Answer: TypeAlias = SubscribedMessage | ErrorMessage


def read(frame: bytes) -> bytes | Answer | SetAside:
    """Read one frame.

    Returns
    -------
    bytes
        Quotes or books, printed again the plain way.
    SubscribedMessage | ErrorMessage
        An answer to a command.
    SetAside
        Not a message of the protocol.
    """
    if frame.startswith(BINARY_MARK):
        return SetAside.of(frame[len(BINARY_MARK) :], "a binary frame: messages are text")
    try:
        message = _DECODER.decode(frame)
    # Deep nesting and bytes that are no UTF-8 are not among msgspec's own errors.
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return SetAside.of(frame, str(error))
    if isinstance(message, QuotesMessage | DepthMessage):
        return _ENCODER.encode(message)
    return message
