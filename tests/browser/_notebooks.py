"""What the notebooks of the tests do, and how a test looks at them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.browser._jupyter import Lab, write_notebook

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

__all__ = [
    "DISPLAYS",
    "MARKET",
    "ask",
    "painted",
    "run_notebook",
    "wait_for_change",
    "wait_for_phase",
]

MARKET: Final = """
from datetime import datetime
import tickops as ops
from tickflow_rx import Feed, display
from tickflow_rx.server import Server, SimulatedMarket

symbols = ["600000.SH", "000001.SZ", "600519.SH", "300750.SZ", "510300.SH"]
market = SimulatedMarket(symbols, start=datetime(2026, 4, 21, 9, 24), speed=120)
server = Server(market, keys=["demo"]).__enter__()
feed = Feed(quotes=symbols, depth=symbols, api_key="demo", base_url=server.url, clock=None)
bars = feed.quotes.pipe(
    ops.deltas(), ops.vwap(), ops.bars("1m", aggregate={"vwap": ["last"]}, fill=True)
)
seen = {"quotes": [], "depth": [], "bars": []}
feed.quotes.subscribe(seen["quotes"].append)
feed.depth.subscribe(seen["depth"].append)
bars.subscribe(seen["bars"].append)
""".strip()

DISPLAYS: Final = (
    "display.status(feed)",
    'display.candles(bars, "600000.SH", vwap="vwap_last")',
    'display.book(feed.depth, "600000.SH")',
    "display.show(feed.quotes)",
    "feed.__enter__()",
)

_ASK: Final = """async (code) => {
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const future = kernel.requestExecute({ code });
  let said = "";
  future.onIOPub = ({ header, content }) => {
    if (header.msg_type === "stream") said += content.text;
    if (header.msg_type === "error") said += content.traceback.join("\\n");
  };
  await future.done;
  return said.trim();
}"""

_PAINTED: Final = """(chart) => [...chart.querySelectorAll("canvas")].reduce((sum, canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let painted = 0;
  for (let i = 0; i < data.length; i += 4) {
    const colour = [data[i], data[i + 1], data[i + 2]];
    const spread = Math.max(...colour) - Math.min(...colour);
    if (data[i + 3] > 200 && spread > 80) painted += 1;
  }
  return sum + painted;
}, 0)"""


def run_notebook(page: Page, jupyter: Lab, name: str, cells: list[str]) -> None:
    """Open a notebook and run all of its cells."""
    write_notebook(jupyter.folder / name, cells)
    page.goto(jupyter.page(name))
    page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.sessionContext?.isReady")
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")


def ask(page: Page, code: str) -> str:
    """What the notebook's kernel prints for some code."""
    return page.evaluate(_ASK, code)


def wait_for_phase(widget: Locator, phase: str) -> None:
    """Wait until a widget says that it stands so; it has to be in sight."""
    widget.scroll_into_view_if_needed()
    widget.page.wait_for_function(
        "([widget, phase]) => widget.dataset.phase === phase", arg=[widget.element_handle(), phase]
    )


def wait_for_change(found: Locator) -> None:
    """Wait until the text of what a locator finds is another."""
    before: list[str] = found.all_inner_texts()
    for _ in range(200):
        if found.all_inner_texts() != before:
            return
        found.page.wait_for_timeout(100)
    raise AssertionError(f"nothing changed in 20 s: {before}")


def painted(chart: Locator) -> int:
    """Pixels of a chart that have a colour."""
    value: Any = chart.evaluate(_PAINTED)
    return value
