"""Who may connect: the answer to a handshake, from its path and query alone."""

import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeAlias, cast
from urllib.parse import unquote

from tickflow_rx.server._messages import CHANNELS, Channel, encode

STREAM_PATH = "/v1/ws/stream"
LEGACY_PATH = "/v1/ws/quotes"

Keys: TypeAlias = Mapping[str, Collection[Channel]] | Collection[str]


@dataclass(frozen=True, slots=True)
class Admitted:
    """A handshake that may go on: to which endpoint, with what the key allows."""

    legacy: bool
    channels: frozenset[Channel]


@dataclass(frozen=True, slots=True)
class Refused:
    """A handshake that is answered with an HTTP error and a JSON body."""

    status: HTTPStatus
    code: str
    message: str

    def body(self) -> bytes:
        """JSON with ``code`` and ``message``; never with the key."""
        return encode({"code": self.code, "message": self.message})


class Access:
    """The keys, and the rule for a handshake.

    404 for a path that is not an endpoint; 401 without ``api_key`` or with an unknown one; 403 for
    a known key that has no channel the endpoint serves: none at all, or on ``/v1/ws/quotes`` one
    without ``quotes``. A channel that is missing on ``/v1/ws/stream`` is refused at the subscribe.

    Parameters
    ----------
    keys
        The keys, each with all channels, or a mapping from key to its channels.
    """

    def __init__(self, keys: Keys) -> None:
        if isinstance(keys, str):
            raise ValueError("keys must be a collection of keys or a mapping, not one string")
        if isinstance(keys, Mapping):
            permissions = cast(Mapping[str, Collection[Channel]], keys)
            allowed = {key: _checked_channels(permissions[key]) for key in permissions}
        else:
            allowed = {key: frozenset(CHANNELS) for key in keys}
        if not allowed or "" in allowed:
            raise ValueError("keys must hold at least one key, and no empty one")
        self._permissions: dict[str, frozenset[Channel]] = allowed

    def __repr__(self) -> str:
        return f"<Access of {len(self._permissions)} keys>"

    def admit(self, target: str) -> Admitted | Refused:
        """Decide on a request target: path and query."""
        path, _, query = target.partition("?")
        if path not in (STREAM_PATH, LEGACY_PATH):
            return Refused(HTTPStatus.NOT_FOUND, "NOT_FOUND", "no such endpoint")
        key = _api_key(query)
        if not key:
            return Refused(HTTPStatus.UNAUTHORIZED, "UNAUTHORIZED", "missing api_key")
        channels = self._channels_of(key)
        if channels is None:
            return Refused(HTTPStatus.UNAUTHORIZED, "UNAUTHORIZED", "invalid api_key")
        legacy = path == LEGACY_PATH
        if not channels or (legacy and "quotes" not in channels):
            return Refused(HTTPStatus.FORBIDDEN, "FORBIDDEN", "no permission for this endpoint")
        return Admitted(legacy, channels)

    def _channels_of(self, given: str) -> frozenset[Channel] | None:
        found = None
        # All keys are compared, each in constant time: how long it takes tells nothing about them.
        for key, channels in self._permissions.items():
            if hmac.compare_digest(key.encode(), given.encode(errors="surrogatepass")):
                found = channels
        return found


def _api_key(query: str) -> str | None:
    # Not parse_qs, which makes a blank of "+": the official client does not quote the key.
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name == "api_key":
            return unquote(value)
    return None


def _checked_channels(channels: Collection[Channel]) -> frozenset[Channel]:
    if isinstance(channels, str):
        raise ValueError(f"the channels of a key must be a collection, got {channels!r}")
    allowed = frozenset(channels)
    if unknown := sorted(allowed - set(CHANNELS)):
        raise ValueError(f"unknown channel {unknown[0]!r}; channels are {', '.join(CHANNELS)}")
    return allowed
