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
    from tickflow_rx.parquet import CompactStats, compact, scan_depth, scan_quotes
    from tickflow_rx.recorder import Recorder
    from tickflow_rx.replay import Replay

    __version__: str

__all__ = [
    "DEPTH",
    "INTERLEAVED",
    "QUOTES",
    "AuthenticationError",
    "CompactStats",
    "Feed",
    "FeedOverflowError",
    "Journal",
    "JournalError",
    "ProtocolError",
    "Recorder",
    "Replay",
    "ServerError",
    "TickFlowError",
    "__version__",
    "compact",
    "events",
    "scan_depth",
    "scan_quotes",
]

_HOME = {
    "DEPTH": "tickflow_rx.decoding",
    "INTERLEAVED": "tickflow_rx.decoding",
    "QUOTES": "tickflow_rx.decoding",
    "AuthenticationError": "tickflow_rx.exceptions",
    "CompactStats": "tickflow_rx.parquet",
    "Feed": "tickflow_rx.feed",
    "FeedOverflowError": "tickflow_rx.exceptions",
    "Journal": "tickflow_rx.journal",
    "JournalError": "tickflow_rx.exceptions",
    "ProtocolError": "tickflow_rx.exceptions",
    "Recorder": "tickflow_rx.recorder",
    "Replay": "tickflow_rx.replay",
    "ServerError": "tickflow_rx.exceptions",
    "TickFlowError": "tickflow_rx.exceptions",
    "compact": "tickflow_rx.parquet",
    "scan_depth": "tickflow_rx.parquet",
    "scan_quotes": "tickflow_rx.parquet",
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
