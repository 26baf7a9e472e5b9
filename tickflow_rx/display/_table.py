"""The widget of `show`."""

from importlib.util import find_spec
from pathlib import Path

from tickflow_rx.display._widget import LiveWidget, static

__all__ = ["TableWidget", "perspective_file"]


def perspective_file(name: str) -> str:
    """Text of a file of Perspective's front end, as its Python package brings it."""
    spec = find_spec("perspective")
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin).parent / "widget" / "static" / name
    if not path.exists():
        raise ModuleNotFoundError(
            f"display.show needs perspective-python 5.6, and {path} is missing: "
            "pip install 'tickflow-rx[notebook]'",
            name="perspective",
        )
    return path.read_text(encoding="utf-8")


class TableWidget(LiveWidget):
    """Rows in Perspective's table, whose engine runs in the browser."""

    _esm = static("shell.js") + static("table.js")
    _css = perspective_file("perspective-anywidget.css") + static("style.css")
