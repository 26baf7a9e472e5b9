"""What tickflow_rx raises.

::

    TickFlowError(Exception)
    ├── AuthenticationError   the server refused the key (HTTP 401, 403, 404); no reconnect
    ├── ProtocolError         a message that is not of the protocol
    ├── ServerError           the server answered a command with an error
    ├── FeedOverflowError     more waits than max_pending_bytes, and overflow="error"
    └── JournalError          a journal cannot be written, or read

Arguments that cannot be right (an unknown channel, an empty symbol) are a ``ValueError`` at once.
"""

__all__ = [
    "AuthenticationError",
    "FeedOverflowError",
    "JournalError",
    "ProtocolError",
    "ServerError",
    "TickFlowError",
]


class TickFlowError(Exception):
    """Base of all errors of the feed."""


class AuthenticationError(TickFlowError):
    """The server refused the handshake: no key, a wrong key, or no permission."""


class ProtocolError(TickFlowError):
    """A message does not follow TickFlow's protocol."""


class ServerError(TickFlowError):
    """The server answered a command with an error."""


class FeedOverflowError(TickFlowError):
    """More bytes wait than ``max_pending_bytes`` allows, and ``overflow="error"``."""


class JournalError(TickFlowError):
    """A journal cannot be written to, or there is none to read."""
