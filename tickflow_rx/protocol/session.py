"""The protocol as a state machine: commands in, bytes to send and events out. No socket."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from tickflow_rx import events
from tickflow_rx.protocol._symbols import check_channel, check_endpoint, check_symbols
from tickflow_rx.protocol.messages import ENDPOINTS, ErrorMessage, Subscribe, Unsubscribe

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tickflow_rx.protocol.messages import Channel, Command, Endpoint, SubscribedMessage

__all__ = ["Session"]


@dataclass(slots=True)
class _Subscriptions:
    """One channel: what the caller wants, and what the server has or will have of it."""

    wanted: dict[str, None] = field(default_factory=dict[str, None])
    asked: set[str] = field(default_factory=set[str])


@dataclass(frozen=True, slots=True)
class _Unanswered:
    channel: Channel
    command: Command


class Session:
    """Subscriptions of one client over any number of connections.

    Subscribing is idempotent and additive: only what the server does not have yet is sent, in
    one command. A new connection gets everything again. What the server refused is sent again
    when it is asked for again, or on the next connection.

    Parameters
    ----------
    endpoint
        ``"stream"``, or ``"quotes"``: the older endpoint, whose messages name no channel.

    Notes
    -----
    Not for use by two threads at once. Each method that may lead to commands returns them, in
    order, ready to send as text frames; an empty list while not connected.
    """

    def __init__(self, endpoint: Endpoint = "stream") -> None:
        self.endpoint: Endpoint = check_endpoint(endpoint)
        self._channels: dict[Channel, _Subscriptions] = {
            channel: _Subscriptions() for channel in ENDPOINTS[self.endpoint]
        }
        self._connected = False
        self._unanswered: deque[_Unanswered] = deque()

    def wanted(self, channel: Channel) -> tuple[str, ...]:
        """Symbols of a channel that are to be subscribed, in the order they were asked for."""
        return tuple(self._channels[check_channel(channel, self.endpoint)].wanted)

    def subscribe(self, channel: Channel, symbols: Iterable[str]) -> list[bytes]:
        """Want these symbols too.

        Raises
        ------
        ValueError
            The endpoint has no such channel, or a symbol cannot be one.
        """
        channel = check_channel(channel, self.endpoint)
        subscriptions = self._channels[channel]
        checked = check_symbols(symbols)
        subscriptions.wanted.update(dict.fromkeys(checked))
        new = [symbol for symbol in checked if symbol not in subscriptions.asked]
        if not (self._connected and new):
            return []
        subscriptions.asked.update(new)
        return [self._command(channel, Subscribe(symbols=new))]

    def unsubscribe(self, channel: Channel, symbols: Iterable[str]) -> list[bytes]:
        """Want these symbols no more.

        Raises
        ------
        ValueError
            The endpoint has no such channel, or a symbol cannot be one.
        """
        channel = check_channel(channel, self.endpoint)
        subscriptions = self._channels[channel]
        checked = check_symbols(symbols)
        for symbol in checked:
            subscriptions.wanted.pop(symbol, None)
        old = [symbol for symbol in checked if symbol in subscriptions.asked]
        if not (self._connected and old):
            return []
        subscriptions.asked.difference_update(old)
        return [self._command(channel, Unsubscribe(symbols=old))]

    def connect(self) -> list[bytes]:
        """Begin a connection: one command a channel for all that is wanted."""
        self._connected = True
        self._unanswered.clear()
        commands: list[bytes] = []
        for channel, subscriptions in self._channels.items():
            subscriptions.asked = set(subscriptions.wanted)
            if subscriptions.wanted:
                commands.append(
                    self._command(channel, Subscribe(symbols=list(subscriptions.wanted)))
                )
        return commands

    def disconnect(self) -> None:
        """End a connection: the server forgets its subscriptions."""
        self._connected = False

    def receive(self, message: SubscribedMessage | ErrorMessage) -> events.Event:
        """Take an answer of the server."""
        if isinstance(message, ErrorMessage):
            return self._refused(message)
        return self._acknowledged(message)

    def _command(self, channel: Channel, command: Command) -> bytes:
        if self.endpoint == "stream":
            command.channel = channel
        self._unanswered.append(_Unanswered(channel, command))
        return msgspec.json.encode(command)

    def _refused(self, message: ErrorMessage) -> events.ServerError:
        text = message.message or "no message"
        if not self._unanswered:
            return events.ServerError(text)
        refused = self._unanswered.popleft()
        asked = self._channels[refused.channel].asked
        if isinstance(refused.command, Subscribe):
            asked.difference_update(refused.command.symbols)
        else:
            asked.update(refused.command.symbols)
        return events.ServerError(text, refused.channel)

    def _acknowledged(self, message: SubscribedMessage) -> events.Subscribed:
        channel = message.channel or "quotes"
        self._answered(channel)
        symbols = tuple(message.symbols or ())
        for known, subscriptions in self._channels.items():
            waits = any(waiting.channel == known for waiting in self._unanswered)
            # With a command on its way the list is already out of date.
            if known == channel and message.symbols is not None and not waits:
                subscriptions.asked = set(symbols)
        total = len(symbols) if message.total is None else message.total
        return events.Subscribed(channel, symbols, total)

    def _answered(self, channel: str) -> None:
        """Forget the oldest command of a channel, and what came before it without an answer."""
        if any(waiting.channel == channel for waiting in self._unanswered):
            while self._unanswered.popleft().channel != channel:
                pass
