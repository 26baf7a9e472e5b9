"""A TickFlow-compatible server: simulated market, replayed recordings."""

from tickflow_rx.server._counters import Counters
from tickflow_rx.server._journal_recording import JournalRecording
from tickflow_rx.server._messages import Channel
from tickflow_rx.server._parquet_recording import ParquetRecording
from tickflow_rx.server._server import Server
from tickflow_rx.server._signal import Signal
from tickflow_rx.server._simulation import Kind, SimulatedMarket
from tickflow_rx.server._source import Batch, Prepared, Source
from tickflow_rx.server._wire_recording import WireRecording

__all__ = [
    "Batch",
    "Channel",
    "Counters",
    "JournalRecording",
    "Kind",
    "ParquetRecording",
    "Prepared",
    "Server",
    "Signal",
    "SimulatedMarket",
    "Source",
    "WireRecording",
]
