"""The package: its names, what it imports, what it holds."""

import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tests.tickflow_rx.test_init import imported_by
from tickflow_rx import display
from tickflow_rx.display import _need

_STATIC = Path(str(files(display))) / "static"


def test_all_is_sorted_and_there() -> None:
    assert display.__all__ == sorted(display.__all__)
    for name in display.__all__:
        assert callable(getattr(display, name))


def test_it_is_imported_by_name_alone_and_needs_no_extra() -> None:
    modules = imported_by(
        "import sys, tickflow_rx\n"
        "tickflow_rx.Feed\n"
        "assert 'tickflow_rx.display' not in sys.modules\n"
        "import tickflow_rx.display"
    )
    assert not modules & {"anywidget", "ipywidgets", "perspective", "altair", "IPython"}


@pytest.mark.parametrize(
    ("show", "needed"),
    [
        (lambda: display.show(None), "perspective"),  # type: ignore[arg-type]
        (lambda: display.candles(None, "A"), "anywidget"),  # type: ignore[arg-type]
        (lambda: display.book(None, "A"), "anywidget"),  # type: ignore[arg-type]
        (lambda: display.status(None), "anywidget"),  # type: ignore[arg-type]
    ],
)
def test_a_missing_extra_is_told(
    show: Callable[[], Any], needed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found(name: str) -> str | None:
        return None if name == needed else name

    monkeypatch.setattr(_need, "find_spec", found)
    with pytest.raises(
        ModuleNotFoundError, match=re.escape("pip install 'tickflow-rx[notebook]'")
    ) as told:
        show()
    assert told.value.name == needed


def test_the_chart_library_is_whole_and_its_licence_beside_it() -> None:
    library = (_STATIC / "lightweight-charts.standalone.production.mjs").read_text("utf-8")
    version = re.search(r"Lightweight Charts™ (v5\.\d+\.\d+)", library)
    assert version
    for name in ("createChart", "CandlestickSeries", "HistogramSeries", "LineSeries"):
        assert f" as {name}" in library
    notice = (_STATIC / "lightweight-charts.NOTICE.txt").read_text("utf-8")
    assert version[1] in notice
    assert "https://www.tradingview.com/" in notice
    licence = (_STATIC / "lightweight-charts.LICENSE.txt").read_text("utf-8")
    assert "Apache License" in licence
    assert "attributionLogo: true" in (_STATIC / "candles.js").read_text("utf-8")


def test_our_own_files_load_nothing_from_elsewhere() -> None:
    for path in [*_STATIC.glob("*.js"), *_STATIC.glob("*.css")]:
        assert "//" not in re.sub(r"^\s*//.*$", "", path.read_text("utf-8"), flags=re.M), path.name
