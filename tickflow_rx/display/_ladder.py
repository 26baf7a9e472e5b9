"""The widget of `book`."""

from tickflow_rx.display._widget import LiveWidget, static

__all__ = ["LadderWidget"]


class LadderWidget(LiveWidget):
    """Levels of a book as bars."""

    _esm = static("shell.js") + static("book.js")
