"""Live displays for notebooks.

They need the extra `notebook`: ``pip install 'tickflow-rx[notebook]'``. Each gives a widget that
JupyterLab, Notebook, VS Code and marimo show; nothing is loaded from the network. The plots are
static: a saved notebook keeps them.
"""

from tickflow_rx.display._book import book
from tickflow_rx.display._candles import candles
from tickflow_rx.display._plots import plot_bars, plot_book, plot_signal
from tickflow_rx.display._show import show
from tickflow_rx.display._status import status

__all__ = ["book", "candles", "plot_bars", "plot_book", "plot_signal", "show", "status"]
