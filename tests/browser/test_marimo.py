"""The displays in marimo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.browser._marimo import marimo_app
from tests.browser._notebooks import DISPLAYS, MARKET, painted, wait_for_change, wait_for_phase

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.conftest import Watched


def test_a_market_is_seen_live(watched: Watched, tmp_path: Path) -> None:
    page = watched.page
    with marimo_app(tmp_path, [MARKET, *DISPLAYS]) as url:
        page.goto(url)
        page.locator(".tickflow-widget").nth(3).wait_for()
        status, candles, book, table = page.locator(".tickflow-widget").all()
        wait_for_phase(candles, "live")
        page.wait_for_function(
            "(widget) => widget.tickflow.bars() > 20", arg=candles.element_handle()
        )
        assert painted(candles.locator(".tickflow-chart")) > 1_000
        page.screenshot(path=watched.artefact("marimo"))
        wait_for_phase(table, "live")
        wait_for_change(table.locator("regular-table td"))
        wait_for_phase(book, "live")
        wait_for_change(book.locator(".tickflow-volume"))
        wait_for_phase(status, "live")
        page.screenshot(path=watched.artefact("marimo-below"))
