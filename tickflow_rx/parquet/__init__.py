"""The journal as typed Parquet, by trading day, and back."""

from tickflow_rx.parquet._compact import CompactStats, compact
from tickflow_rx.parquet._scan import scan_clock, scan_depth, scan_quotes

__all__ = ["CompactStats", "compact", "scan_clock", "scan_depth", "scan_quotes"]
