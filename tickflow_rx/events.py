"""What ``feed.status`` carries: what happened to a feed, in the order in which it happened.

::

    Event
    ├── Connecting          a connection is being tried
    ├── Connected           the handshake succeeded
    ├── Gap                 this connection follows an earlier one: something may be missing
    ├── Subscribed          the server acknowledged: all symbols of a channel
    ├── ServerError         the server refused a command
    ├── Disconnected        the connection ended, or could not be made
    ├── FrameSetAside       a frame could not be understood and was left out
    ├── Overflow            more waits than max_pending_bytes
    ├── SubscriberFailed    a subscriber raised and lost its subscription
    └── Closed              the feed ended

Not to be mixed up with ``tickflow_rx.exceptions``: events are delivered, never raised.
"""

from dataclasses import dataclass

__all__ = [
    "Closed",
    "Connected",
    "Connecting",
    "Disconnected",
    "Event",
    "FrameSetAside",
    "Gap",
    "Overflow",
    "ServerError",
    "Subscribed",
    "SubscriberFailed",
]


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events."""


@dataclass(frozen=True, slots=True)
class Connecting(Event):
    """A connection is being tried.

    Parameters
    ----------
    url
        Where to, without the key.
    attempt
        1, 2, … since the feed started or a connection last proved good.
    """

    url: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Connected(Event):
    """The handshake succeeded.

    Parameters
    ----------
    connection
        1, 2, … counts the handshakes of this feed, as the column ``connection`` does.
    """

    connection: int


@dataclass(frozen=True, slots=True)
class Gap(Event):
    """A connection follows an earlier one: rows between the two may be missing.

    Parameters
    ----------
    connection
        The connection that begins after the gap.
    """

    connection: int


@dataclass(frozen=True, slots=True)
class Subscribed(Event):
    """The server acknowledged a subscribe or unsubscribe.

    Parameters
    ----------
    channel
        The channel it acknowledged.
    symbols
        All symbols of the channel now, as the server lists them.
    total
        How many those are, as the server counts them.
    """

    channel: str
    symbols: tuple[str, ...]
    total: int


@dataclass(frozen=True, slots=True)
class ServerError(Event):
    """The server refused a command.

    Parameters
    ----------
    message
        In the server's words.
    channel
        Channel of the oldest command that had no answer yet: most likely the refused one,
        since an error names none. None where no command waits for an answer.
    """

    message: str
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class Disconnected(Event):
    """The connection ended, or could not be made.

    Parameters
    ----------
    reason
        Why.
    retry_in
        Seconds until the next attempt; None if there is none.
    """

    reason: str
    retry_in: float | None


@dataclass(frozen=True, slots=True)
class FrameSetAside(Event):
    """A frame could not be understood and was left out; the others go on.

    Parameters
    ----------
    reason
        What is wrong with it.
    start
        Its first 200 characters.
    total
        How many frames the feed has set aside, this one included.
    """

    reason: str
    start: str
    total: int


@dataclass(frozen=True, slots=True)
class Overflow(Event):
    """More waits for the subscribers than ``max_pending_bytes``; at most one such event a second.

    Parameters
    ----------
    policy
        ``"block"``: reading stopped; ``"drop_oldest"``: frames were dropped; ``"error"``: the
        feed ends.
    dropped_frames, dropped_bytes
        What was dropped since the event before.
    pending_bytes
        What waits now.
    """

    policy: str
    dropped_frames: int
    dropped_bytes: int
    pending_bytes: int


@dataclass(frozen=True, slots=True)
class SubscriberFailed(Event):
    """A subscriber raised and lost its subscription; the feed and the others go on.

    Parameters
    ----------
    source
        What it was subscribed to: ``"quotes"``, ``"depth"``, ``"interleaved"``, ``"raw"``,
        ``"clock"``, ``"status"``, or a channel of one symbol such as ``"quotes of 600000.SH"``.
    error
        What it raised.
    """

    source: str
    error: Exception


@dataclass(frozen=True, slots=True)
class Closed(Event):
    """The feed ended; nothing follows.

    Parameters
    ----------
    reason
        Why.
    """

    reason: str
