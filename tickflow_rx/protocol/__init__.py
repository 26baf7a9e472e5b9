"""The TickFlow protocol without I/O: typed messages, and the session as a state machine."""

from tickflow_rx.protocol._symbols import check_channel, check_symbol, check_symbols
from tickflow_rx.protocol.messages import CHANNELS, ENDPOINTS, Channel, Endpoint
from tickflow_rx.protocol.session import Session

__all__ = [
    "CHANNELS",
    "ENDPOINTS",
    "Channel",
    "Endpoint",
    "Session",
    "check_channel",
    "check_symbol",
    "check_symbols",
]
