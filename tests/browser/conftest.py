"""Chromium, JupyterLab, and a page that notices what should not happen."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Route, sync_playwright

from tests.browser._jupyter import Lab, lab

if TYPE_CHECKING:
    from collections.abc import Iterator

ARTEFACTS = Path(os.environ.get("BROWSER_ARTEFACTS", "browser-artefacts")).resolve()
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_HARMLESS = (
    # JupyterLab's own, without any widget too.
    "Failed to load resource: the server responded with a status of 404",
)


@dataclass
class Watched:
    """A page, what it asked of other machines, and what went wrong in it."""

    page: Page
    strangers: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def guard(self, route: Route) -> None:
        """Let through what stays on this machine."""
        url = urlsplit(route.request.url)
        if url.scheme in ("blob", "data") or url.hostname == "127.0.0.1":
            route.continue_()
        else:
            self.strangers.append(route.request.url)
            route.abort()

    def hear(self, message: ConsoleMessage) -> None:
        """Note errors."""
        if message.type == "error" and not message.text.startswith(_HARMLESS):
            self.errors.append(message.text)

    def artefact(self, name: str) -> Path:
        """Where a picture of this name is kept."""
        ARTEFACTS.mkdir(exist_ok=True)
        return ARTEFACTS / f"{name}.png"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert executable, "Chromium is missing: make test-browser installs it"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=executable, headless=True, args=_ARGUMENTS
        )
        yield chromium
        chromium.close()


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(60_000)
    watched = Watched(page)
    context.route("**/*", watched.guard)
    page.on("console", watched.hear)
    page.on("pageerror", lambda error: watched.errors.append(str(error)))
    yield watched
    context.close()
    assert not watched.strangers, "requests left the machine"
    assert not watched.errors, "errors in the console"


@pytest.fixture(scope="session")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(tmp_path_factory.mktemp("lab")) as running:
        yield running
