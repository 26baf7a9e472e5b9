"""The widget of `status`."""

from tickflow_rx.display._widget import LiveWidget, static

__all__ = ["DashboardWidget"]


class DashboardWidget(LiveWidget):
    """Figures of a feed, and what has happened to it."""

    _esm = static("shell.js") + static("status.js")
