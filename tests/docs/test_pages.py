"""The code in the pages of the site runs as printed."""

import doctest
import re
import threading
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tickflow_rx import Feed
from tickflow_rx.server import Server, SimulatedMarket

PAGES = Path(__file__).parents[2] / "docs" / "pages"
WITH_CODE = {"concepts.md", "index.md", "live.md", "own_operators.md", "tickflow.md"}
BLOCK = re.compile(r"^```(python|pycon)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
WAIT = re.compile(r"\w+\.wait\(\d+\)")
"""Where a page waits for rows; here until its feed has seen the market close."""
SPEED = "speed=120"
SYMBOLS = ["600000.SH", "000001.SZ"]
CLOSE = datetime(2026, 4, 21, 7, 0, tzinfo=UTC)


class WatchedFeed(Feed):
    """Says when each symbol has shown a row of 15:00 or later."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.close_seen = threading.Event()
        self._closed_symbols = set[str]()
        self.quotes.subscribe(self._see)

    def _see(self, frame: pl.DataFrame) -> None:
        self._closed_symbols.update(frame.filter(pl.col("timestamp") >= CLOSE)["symbol"])
        if self._closed_symbols.issuperset(SYMBOLS):
            self.close_seen.set()


class Page:
    """The code of a page, block after block with the same names."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.names: dict[str, Any] = {"__name__": f"docs.{name}"}
        text = (PAGES / name).read_text(encoding="utf-8")
        self.blocks = [(kind, code) for kind, code in BLOCK.findall(text)]

    def run(self, monkeypatch: pytest.MonkeyPatch, stack: ExitStack) -> None:
        for kind, code in self.blocks:
            if kind == "pycon":
                self.check(code)
                continue
            if WAIT.search(code) and "Server(" not in code:
                server = stack.enter_context(last_minutes())
                monkeypatch.setenv("TICKFLOW_API_KEY", "demo")
                monkeypatch.setenv("TICKFLOW_BASE_URL", server.url)
            code = WAIT.sub("assert feed.close_seen.wait(60)", code.replace(SPEED, "speed=None"))
            exec(compile(code, self.name, "exec", dont_inherit=True), self.names)

    def check(self, session: str) -> None:
        test = doctest.DocTestParser().get_doctest(session, self.names, self.name, None, None)
        said = list[str]()
        result = doctest.DocTestRunner(optionflags=FLAGS).run(
            test, out=said.append, clear_globs=False
        )
        self.names.update(test.globs)
        assert result.attempted
        assert not result.failed, "".join(said)


def last_minutes() -> Server:
    start = datetime(2026, 4, 21, 14, 50)
    return Server(SimulatedMarket(SYMBOLS, start=start, speed=None))


def pages() -> set[str]:
    return {path.relative_to(PAGES).as_posix() for path in PAGES.rglob("*.md")}


def test_all_pages_with_code_are_run() -> None:
    assert {name for name in pages() if Page(name).blocks} == WITH_CODE
    for name in pages():
        fences = re.findall(r"^```(\w*)$", (PAGES / name).read_text(encoding="utf-8"), re.MULTILINE)
        assert set(fences) <= {"", "python", "pycon", "sh"}, f"{name}: nobody runs this code"


@pytest.mark.parametrize("name", sorted(WITH_CODE))
def test_code_runs_as_printed(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page, shown = Page(name), list[Any]()
    page.names["print"] = shown.append
    monkeypatch.setattr("tickflow_rx.Feed", WatchedFeed)
    with ExitStack() as stack:
        page.run(monkeypatch, stack)
    if name == "index.md":
        bars = [frame for frame in shown if "trading_day" in frame.columns]
        assert {*pl.concat(bars)["symbol"]} == {*SYMBOLS}
        assert any("imbalance" in frame.columns for frame in shown)
    if name == "live.md":
        assert pl.concat(page.names["live"])["volume"].sum() > 0
        assert pl.read_parquet("live/out/*.parquet")["volume"].sum() > 0
