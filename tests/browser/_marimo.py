"""A marimo of our own, on this machine alone."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from textwrap import indent
from typing import TYPE_CHECKING

from tests.browser._jupyter import free_port, wait_for_url

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

__all__ = ["marimo_app"]


@contextmanager
def marimo_app(folder: Path, cells: Sequence[str]) -> Generator[str]:
    """Run cells as a marimo app while the block runs; gives its address."""
    app = folder / "app.py"
    bodies = [f"with app.setup:\n{indent(cells[0], '    ')}\n"]
    bodies += [f"@app.cell\ndef _():\n{indent(cell, '    ')}\n    return\n" for cell in cells[1:]]
    app.write_text(
        "import marimo\n\napp = marimo.App()\n\n" + "\n\n".join(bodies), encoding="utf-8"
    )
    port = free_port()
    command = [sys.executable, "-m", "marimo", "-q", "run", str(app), "--headless", "--no-token"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    quiet = {"MARIMO_SKIP_UPDATE_CHECK": "1", "XDG_CONFIG_HOME": str(folder)}
    with (folder / "marimo.log").open("wb") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, env={**os.environ, **quiet}
        )
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for_url(f"{url}/health", process)
            yield url
        finally:
            process.terminate()
            process.wait(30)
