"""The widget of `candles`."""

from tickflow_rx.display._widget import LiveWidget, static

__all__ = ["ChartWidget"]


class ChartWidget(LiveWidget):
    """Candles in TradingView's Lightweight Charts."""

    _esm = static("shell.js") + static("candles.js")
