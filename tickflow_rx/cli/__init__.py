"""The command line: ``tickflow-rx``, which is also ``python -m tickflow_rx``."""

from tickflow_rx.cli._main import main

__all__ = ["main"]
