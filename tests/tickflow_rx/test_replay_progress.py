"""Bars that show how far a replay is."""

from __future__ import annotations

import io
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from tests.tickflow_rx.feeds import SECONDS, A
from tests.tickflow_rx.test_replay import frame, recorded
from tickflow_rx._replaying import _progress
from tickflow_rx.replay import Replay

if TYPE_CHECKING:
    from pathlib import Path


def replayed(folder: Path, **options: Any) -> None:
    replay = Replay(folder, progress=True, **options)
    with replay:
        assert replay.wait(SECONDS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    recorded(tmp_path, frame(0, A), frame(61, A))
    return tmp_path


@pytest.mark.parametrize("terminal", [True, False])
def test_in_a_terminal(folder: Path, monkeypatch: pytest.MonkeyPatch, *, terminal: bool) -> None:
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=terminal, width=80)
    monkeypatch.setattr(_progress, "_console", lambda: console)
    replayed(folder)
    if terminal:
        assert "100%" in shown.getvalue()
        assert "2026-04-21 01:32:01 UTC" in shown.getvalue()
    else:
        assert shown.getvalue() == ""


def test_a_fraction_that_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, width=80)
    monkeypatch.setattr(_progress, "_console", lambda: console)
    bar = _progress.progress_bar()
    bar.show(lambda: None, 0)
    bar.close()
    assert "1970-01-01 00:00:00 UTC" in shown.getvalue()
    assert "100%" not in shown.getvalue()


class Tqdm:
    """Stands for tqdm's bar."""

    def __init__(self, total: float, **options: str) -> None:
        self.total, self.n = total, 0.0
        self.texts: list[str] = []
        self.closed = False
        BARS.append(self)

    def set_description_str(self, text: str, *, refresh: bool) -> None:
        self.texts.append(text)

    def update(self, n: float) -> None:
        self.n += n

    def close(self) -> None:
        self.closed = True


BARS: list[Tqdm] = []


def test_in_a_notebook(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class ZMQInteractiveShell:
        """What IPython calls the shell behind a notebook."""

    ipython: Any = ModuleType("IPython")
    ipython.get_ipython = ZMQInteractiveShell
    tqdm: Any = ModuleType("tqdm.auto")
    tqdm.tqdm = Tqdm
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "tqdm", ModuleType("tqdm"))
    monkeypatch.setitem(sys.modules, "tqdm.auto", tqdm)
    monkeypatch.setattr(_progress, "find_spec", str)  # something, not None
    replayed(folder)
    (bar,) = BARS
    assert bar.n == pytest.approx(bar.total)
    assert bar.texts[-1] == "replay 2026-04-21 01:32:01 UTC"
    assert bar.closed
