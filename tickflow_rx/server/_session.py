"""One client's side of the protocol, without I/O: commands and batches in, messages out."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import msgspec

from tickflow_rx.server import _messages as messages
from tickflow_rx.server._messages import CHANNELS, Channel, Command, Subscribe
from tickflow_rx.server._source import Batch


class Snapshots:
    """The newest row of every symbol, as JSON, by channel."""

    def __init__(self) -> None:
        self._rows: dict[Channel, dict[str, bytes]] = {channel: {} for channel in CHANNELS}

    def update(self, batch: Batch) -> None:
        """Remember the rows of a batch; the last of a symbol stays."""
        self._rows[batch.channel].update(zip(batch.symbols, batch.rows, strict=True))

    def rows(self, channel: Channel, symbols: Iterable[str]) -> list[bytes]:
        """Newest rows of those of `symbols` that have one."""
        known = self._rows[channel]
        return [known[symbol] for symbol in symbols if symbol in known]


class Session:
    """State of one connection: who may see what, and what was subscribed.

    Every command gets exactly one answer, in order: ``subscribed`` with the channel's whole list,
    or ``error``. After an acknowledged subscribe follow the cached rows of the symbols just added.
    A command that is refused changes nothing.

    Parameters
    ----------
    snapshots
        Newest rows, shared by all sessions of a server.
    channels
        What the key allows.
    legacy
        The endpoint without channels: commands and acknowledgements have none, all is ``quotes``.
        A ``channel`` in a command is ignored there.
    max_symbols
        Most symbols a channel of this connection may have; None for no limit.
    rows_per_message
        Most rows in one message; None for no limit.
    """

    def __init__(
        self,
        snapshots: Snapshots,
        *,
        channels: Collection[Channel] = CHANNELS,
        legacy: bool = False,
        max_symbols: int | None = None,
        rows_per_message: int | None = None,
    ) -> None:
        self._snapshots = snapshots
        self._channels = frozenset(channels)
        self._legacy = legacy
        self._max_symbols = max_symbols
        self._rows_per_message = rows_per_message
        # Dicts, as sets that keep the order of subscription.
        self._symbols: dict[Channel, dict[str, None]] = {channel: {} for channel in CHANNELS}
        self.errors = 0

    @property
    def symbols(self) -> Mapping[Channel, Collection[str]]:
        """Subscribed symbols by channel, in order of subscription."""
        return self._symbols

    @property
    def subscriptions(self) -> int:
        """Subscribed symbols, counted in each channel."""
        return sum(map(len, self._symbols.values()))

    def receive(self, message: str | bytes) -> list[bytes]:
        """Carry out one message of the client; return the answers."""
        try:
            return list(self._execute(_decode(message)))
        except _RefusedError as refusal:
            self.errors += 1
            return [messages.error(str(refusal))]

    def select(self, batch: Batch) -> Sequence[bytes]:
        """Return those rows of a batch whose symbols are subscribed."""
        subscribed = self._symbols[batch.channel]
        if not subscribed:
            return ()
        pairs = zip(batch.symbols, batch.rows, strict=True)
        return [row for symbol, row in pairs if symbol in subscribed]

    def _execute(self, command: Command) -> Iterator[bytes]:
        channel = self._channel(command)
        subscribed = self._symbols[channel]
        if isinstance(command, Subscribe):
            added = [
                symbol for symbol in dict.fromkeys(command.symbols) if symbol not in subscribed
            ]
            self._check_limit(len(subscribed) + len(added))
            subscribed.update(dict.fromkeys(added))
        else:
            added = []
            for symbol in command.symbols:
                subscribed.pop(symbol, None)
        yield messages.subscribed(None if self._legacy else channel, list(subscribed))
        rows = self._snapshots.rows(channel, added)
        yield from messages.data_messages(channel, rows, self._rows_per_message)

    def _channel(self, command: Command) -> Channel:
        if self._legacy:
            channel: Channel | None = "quotes"
        elif command.channel is None:
            raise _RefusedError("invalid message: Object missing required field `channel`")
        else:
            channel = next((known for known in CHANNELS if known == command.channel), None)
        if channel is None:
            raise _RefusedError(f"unknown channel: {command.channel}")
        if channel not in self._channels:
            raise _RefusedError(f"no permission for channel: {channel}")
        return channel

    def _check_limit(self, count: int) -> None:
        if self._max_symbols is not None and count > self._max_symbols:
            raise _RefusedError(f"exceeded max {self._max_symbols} symbols")


class _RefusedError(Exception):
    """A command that is not carried out; its text is what the client is told."""


def _decode(message: str | bytes) -> Command:
    if isinstance(message, bytes):
        raise _RefusedError("invalid message: binary frame, expected text")
    try:
        command = messages.decode_command(message)
    # RecursionError: nesting deeper than the decoder goes, in a field that is skipped.
    except (msgspec.DecodeError, RecursionError) as problem:
        raise _RefusedError(f"invalid message: {problem}") from None
    if not all(command.symbols):
        raise _RefusedError("invalid message: empty symbol - at `$.symbols`")
    return command
