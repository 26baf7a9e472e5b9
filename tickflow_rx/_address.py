"""Where the feed connects to, and with which key: the only place that knows it."""

from __future__ import annotations

import os
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

from tickflow_rx.exceptions import AuthenticationError

if TYPE_CHECKING:
    from tickflow_rx.protocol import Endpoint

__all__ = ["KEY_VARIABLE", "Address", "Key"]

KEY_VARIABLE: Final = "TICKFLOW_API_KEY"
_URL_VARIABLE: Final = "TICKFLOW_BASE_URL"
_DEFAULT: Final = "https://api.tickflow.org"
_SCHEMES: Final = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}


class Key:
    """An API key, where it is not seen: neither in a repr, nor among the locals of a traceback.

    Parameters
    ----------
    text
        None: TICKFLOW_API_KEY. White space around it is none of it.
    """

    __slots__ = ("_forms", "_kind", "_text")

    def __init__(self, text: str | None = None) -> None:
        self._kind = type(text)
        self._text = str(text or os.environ.get(KEY_VARIABLE) or "").strip()
        # How it can stand in a text: as it is, in a URL, in JSON of those who escape slashes.
        self._forms = (self._text, self.quoted(), self._text.replace("/", r"\/"))

    def __repr__(self) -> str:
        return "Key(***)"

    def __bool__(self) -> bool:
        return bool(self._text)

    def check(self) -> None:
        """Raise ValueError if what was given is no text; not where it is still among the locals."""
        if self._kind not in (str, type(None)):
            raise ValueError(f"api_key must be a text, not of type {self._kind.__name__}")

    def quoted(self) -> str:
        """As it stands in a URL."""
        return quote(self._text, safe="")

    def hide(self, text: str) -> str:
        """Text without the key in it."""
        for secret in self._forms:
            text = text.replace(secret, "***") if secret else text
        return text

    def hide_bytes(self, data: bytes) -> bytes:
        """Bytes without the key in them."""
        for secret in self._forms:
            data = data.replace(secret.encode(), b"***") if secret else data
        return data


class Address:
    """URL of an endpoint, shown without its key.

    Parameters
    ----------
    base_url
        ``https://…`` or ``http://…`` (``ws``, ``wss`` too); None: TICKFLOW_BASE_URL, else
        TickFlow's own.
    key
        Goes into the handshake alone.
    endpoint
        "stream" or "quotes".

    Raises
    ------
    ValueError
        `base_url` is none, or the key is no text.
    """

    def __init__(self, base_url: str | None, key: Key, endpoint: Endpoint) -> None:
        self._key = key
        key.check()
        url = _websocket_url(base_url or os.environ.get(_URL_VARIABLE) or _DEFAULT)
        self.url = f"{url}/v1/ws/{endpoint}"
        self.loopback = _is_loopback(urlsplit(url).hostname or "")

    def __repr__(self) -> str:
        return f"<Address {getattr(self, 'url', 'not yet known')}>"

    def require_key(self) -> None:
        """Raise AuthenticationError where there is no key at all."""
        if not self._key:
            raise AuthenticationError(
                f"no API key for {self.url}: give Feed(api_key=…), or set {KEY_VARIABLE}"
            )

    def with_key(self) -> str:
        """The whole URL: for the handshake alone."""
        return f"{self.url}?api_key={self._key.quoted()}"

    def hide_key(self, text: str) -> str:
        """Text without the key in it."""
        return self._key.hide(text)

    def hide_key_bytes(self, data: bytes) -> bytes:
        """Bytes without the key in them."""
        return self._key.hide_bytes(data)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _websocket_url(base_url: str) -> str:
    parts = urlsplit(base_url.strip())
    scheme = _SCHEMES.get(parts.scheme)
    if scheme is None or not parts.hostname or parts.query or parts.fragment or parts.username:
        # What is wrong may be a key in the query: say where it belongs, and do not show it.
        shown = f"{parts.scheme}://{parts.hostname or ''}{parts.path}" if parts.scheme else "it"
        raise ValueError(
            "base_url must be like 'https://api.tickflow.org', without query or user; "
            f"{shown!r} is not (the key goes into api_key)"
        )
    return f"{scheme}://{parts.netloc}{parts.path.rstrip('/')}"
