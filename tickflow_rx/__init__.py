"""TickFlow market data as ReactiveX observables of Polars frames.

Names are imported when they are first used: ``import tickflow_rx`` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tickflow_rx import events
    from tickflow_rx.decoding import DEPTH, INTERLEAVED, QUOTES
    from tickflow_rx.exceptions import (
        AuthenticationError,
        FeedOverflowError,
        JournalError,
        ProtocolError,
        ServerError,
        TickFlowError,
    )
    from tickflow_rx.feed import Feed
    from tickflow_rx.journal import Journal
    from tickflow_rx.recorder import Recorder

    __version__: str

__all__ = [
    "DEPTH",
    "INTERLEAVED",
    "QUOTES",
    "AuthenticationError",
    "Feed",
    "FeedOverflowError",
    "Journal",
    "JournalError",
    "ProtocolError",
    "Recorder",
    "ServerError",
    "TickFlowError",
    "__version__",
    "events",
]

_HOME = {
    "DEPTH": "tickflow_rx.decoding",
    "INTERLEAVED": "tickflow_rx.decoding",
    "QUOTES": "tickflow_rx.decoding",
    "AuthenticationError": "tickflow_rx.exceptions",
    "Feed": "tickflow_rx.feed",
    "FeedOverflowError": "tickflow_rx.exceptions",
    "Journal": "tickflow_rx.journal",
    "JournalError": "tickflow_rx.exceptions",
    "ProtocolError": "tickflow_rx.exceptions",
    "Recorder": "tickflow_rx.recorder",
    "ServerError": "tickflow_rx.exceptions",
    "TickFlowError": "tickflow_rx.exceptions",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        value: Any = import_module("importlib.metadata").version("tickflow-rx")
    elif name == "events":
        value = import_module("tickflow_rx.events")
    elif name in _HOME:
        value = getattr(import_module(_HOME[name]), name)
    else:
        raise AttributeError(f"module 'tickflow_rx' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
