"""What callers may ask for: checked at once, so that a slip is an error where it was made."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tickflow_rx.protocol.messages import ENDPOINTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tickflow_rx.protocol.messages import Channel, Endpoint

__all__ = ["check_channel", "check_endpoint", "check_symbol", "check_symbols"]

# A code, a dot, a market: 600000.SH, 00700.HK, BRK.B.US. Lower-case markets are a slip.
_SYMBOL: Final = re.compile(r"[0-9A-Za-z^][0-9A-Za-z^._=-]{0,31}\.[A-Z]{2,4}")


def check_symbol(symbol: object) -> str:
    """Return `symbol` if it can be one, else raise ValueError."""
    if isinstance(symbol, str) and _SYMBOL.fullmatch(symbol):
        return symbol
    raise ValueError(
        f"symbol {symbol!r} is not of the form CODE.MARKET, such as '600000.SH' or 'AAPL.US'"
    )


def check_symbols(symbols: Iterable[str]) -> list[str]:
    """Return `symbols` without repetitions, in order, if all can be symbols."""
    # A str is an iterable of str too: its letters would be taken for symbols.
    if isinstance(symbols, str):
        raise ValueError(f"symbols must be a list of symbols, not the text {symbols!r}")
    try:
        given = list(symbols)
    except TypeError:
        raise ValueError(f"symbols must be a list of symbols, not {symbols!r}") from None
    return list(dict.fromkeys(check_symbol(symbol) for symbol in given))


def check_endpoint(endpoint: object) -> Endpoint:
    """Return `endpoint` if there is such a one, else raise ValueError."""
    if isinstance(endpoint, str) and endpoint in ENDPOINTS:
        return endpoint
    raise ValueError(f"endpoint must be one of {_listed(ENDPOINTS)}, not {endpoint!r}")


def check_channel(channel: object, endpoint: Endpoint) -> Channel:
    """Return `channel` if `endpoint` has it, else raise ValueError."""
    channels = ENDPOINTS[endpoint]
    if isinstance(channel, str) and channel in channels:
        return channel
    if channel in ENDPOINTS["stream"]:
        raise ValueError(
            f"channel {channel!r} needs endpoint='stream': the endpoint {endpoint!r} "
            f"has only {_listed(channels)}"
        )
    raise ValueError(f"channel must be one of {_listed(channels)}, not {channel!r}")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names)
