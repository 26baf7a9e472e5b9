"""The displays in JupyterLab, on a simulated market."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from tests.browser._notebooks import (
    DISPLAYS,
    MARKET,
    ask,
    painted,
    run_notebook,
    wait_for_change,
    wait_for_phase,
)

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.browser._jupyter import Lab
    from tests.browser.conftest import Watched

_WIDGETS: Final = ("status", "candles", "book", "table")
_CHANGING: Final = {
    "status": ".tickflow-figure b",
    "book": ".tickflow-volume",
    "table": "regular-table td",
}
_KERNEL: Final = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
_FACTS: Final = """
import json, polars as pl
quotes, depth, bars_seen = (pl.concat(seen[name]) for name in ("quotes", "depth", "bars"))
is_it = pl.col("symbol") == "600000.SH"
print(json.dumps({
    "bars": bars_seen.filter(is_it).height,
    "best_bid": depth.filter(is_it)["bid_prices"].to_list()[-1][0],
    "symbols": quotes["symbol"].n_unique(),
    "quotes": quotes.height,
}))
"""
_QUIET: Final = """
from reactivex import Subject
import polars as pl
from tickflow_rx import display

frames = Subject()
table = display.show(frames, linger=0.2)
"""
_ROW: Final = 'frames.on_next(pl.DataFrame({"symbol": ["600000.SH"], "last_price": [9.72]}))'


def test_a_market_is_seen_live(watched: Watched, jupyter: Lab) -> None:
    page = watched.page
    run_notebook(page, jupyter, "displays.ipynb", [MARKET, *DISPLAYS])
    page.wait_for_function("() => document.querySelectorAll('.tickflow-widget').length === 4")
    found = page.locator(".tickflow-widget").all()
    widgets: dict[str, Locator] = dict(zip(_WIDGETS, found, strict=True))

    wait_for_phase(widgets["candles"], "live")
    page.wait_for_function(
        "(widget) => widget.tickflow.bars() > 20", arg=widgets["candles"].element_handle()
    )
    assert painted(widgets["candles"].locator(".tickflow-chart")) > 1_000
    widgets["candles"].screenshot(path=watched.artefact("candles"))
    for name, cells in _CHANGING.items():
        wait_for_phase(widgets[name], "live")
        wait_for_change(widgets[name].locator(cells))
        widgets[name].screenshot(path=watched.artefact(name))
    page.screenshot(path=watched.artefact("jupyterlab"))

    changes_while_a_cell_runs(page, widgets["table"])
    shows_where_the_feed_has_stopped(page, widgets)


def changes_while_a_cell_runs(page: Page, table: Locator) -> None:
    """A running cell holds the kernel's loop; the display goes on all the same."""
    page.evaluate(f'() => {{ {_KERNEL}.requestExecute({{ code: "feed.wait(8)" }}); }}')
    page.wait_for_function(f"() => {_KERNEL}.status === 'busy'")
    wait_for_change(table.locator(_CHANGING["table"]))
    assert page.evaluate(f"() => {_KERNEL}.status") == "busy"


def shows_where_the_feed_has_stopped(page: Page, widgets: dict[str, Locator]) -> None:
    """What stands there at the end is what the kernel has seen."""
    ask(page, "feed.close(); server.close()")
    facts = json.loads(ask(page, _FACTS))
    for widget in widgets.values():
        wait_for_phase(widget, "stopped")

    widgets["candles"].scroll_into_view_if_needed()
    page.wait_for_function(
        "([widget, bars]) => widget.tickflow.bars() === bars",
        arg=[widgets["candles"].element_handle(), facts["bars"]],
    )
    widgets["book"].scroll_into_view_if_needed()
    best = widgets["book"].locator(".tickflow-bid .tickflow-price").first
    page.wait_for_function(
        "([cell, price]) => cell.textContent === price",
        arg=[best.element_handle(), f"{facts['best_bid']:.2f}"],
    )
    assert widgets["table"].evaluate("(widget) => widget.tickflow.size()") == facts["symbols"]
    figures = widgets["status"].locator(".tickflow-figure").all_inner_texts()
    assert f"{facts['quotes']:,}\nquotes" in figures
    assert "closed" in widgets["status"].locator(".tickflow-connection").inner_text()


def test_what_nobody_sees_unsubscribes(watched: Watched, jupyter: Lab) -> None:
    page = watched.page
    run_notebook(page, jupyter, "hidden.ipynb", [_QUIET, "table"])
    widget = page.locator(".tickflow-widget")
    widget.wait_for()
    ask(page, _ROW)
    wait_for_phase(widget, "live")
    widget.locator("regular-table td").first.wait_for()
    assert ask(page, "print(len(frames.observers))") == "1"

    page.evaluate("() => window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    widget.wait_for(state="detached")
    assert ask(page, phase_once("not frames.observers")) == "paused"

    # Shown again, it follows again, from nothing; and an error is seen.
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-cell')")
    widget.wait_for()
    assert ask(page, phase_once("frames.observers")) == "waiting"
    ask(page, _ROW.replace("600000.SH", "000001.SZ"))
    wait_for_phase(widget, "live")
    widget.locator("regular-table td").first.wait_for()
    assert "600000.SH" not in widget.locator("regular-table").inner_text()
    ask(page, 'frames.on_error(RuntimeError("the line is down"))')
    wait_for_phase(widget, "failed")
    assert "RuntimeError: the line is down" in widget.locator(".tickflow-state").inner_text()
    widget.screenshot(path=watched.artefact("failed"))

    ask(page, "table.close()")
    widget.wait_for(state="detached")


def test_a_page_that_is_loaded_again_shows_everything_again(watched: Watched, jupyter: Lab) -> None:
    page = watched.page
    cells = [_QUIET.replace("linger=0.2", "linger=60"), "table"]
    run_notebook(page, jupyter, "again.ipynb", cells)
    widget = page.locator(".tickflow-widget")
    widget.wait_for()
    ask(page, _ROW)
    wait_for_phase(widget, "live")
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    page.reload()
    widget.wait_for()
    wait_for_phase(widget, "live")
    page.wait_for_function(
        "async (widget) => (await widget.tickflow?.size()) === 1", arg=widget.element_handle()
    )
    widget.locator("regular-table td").get_by_text("600000.SH").wait_for()


def test_it_is_readable_in_the_dark(watched: Watched, jupyter: Lab) -> None:
    page = watched.page
    write = MARKET + "\n_ = feed.__enter__(); _ = feed.wait(6); feed.close(); server.close()"
    run_notebook(page, jupyter, "dark.ipynb", ["pass"])
    page.evaluate(
        "() => window.jupyterapp.commands.execute('apputils:change-theme', "
        "{ theme: 'JupyterLab Dark' })"
    )
    page.wait_for_function("() => document.body.dataset.jpThemeLight === 'false'")
    show = 'display.candles(reactivex.of(*seen["bars"]), "600000.SH", vwap="vwap_last")'
    run_notebook(page, jupyter, "dark.ipynb", [f"import reactivex\n{write}", show])
    chart = page.locator(".tickflow-widget")
    chart.wait_for()
    wait_for_phase(chart, "stopped")
    page.wait_for_function("(widget) => widget.tickflow?.bars() > 0", arg=chart.element_handle())
    assert chart.evaluate("(widget) => widget.classList.contains('tickflow-dark')")
    chart.screenshot(path=watched.artefact("dark"))


def phase_once(condition: str) -> str:
    """Code that waits for a condition, and says how the table stands then."""
    return f"""
import time
for _ in range(100):
    if {condition}:
        break
    time.sleep(0.1)
print(table.phase)
"""
