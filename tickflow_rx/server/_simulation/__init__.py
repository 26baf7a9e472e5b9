"""A simulated A-share market: see `SimulatedMarket`."""

from tickflow_rx.server._simulation._market import SimulatedMarket
from tickflow_rx.server._simulation._universe import Kind

__all__ = ["Kind", "SimulatedMarket"]
