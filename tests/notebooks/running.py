"""Notebooks: run in a kernel of their own, and made ready to be saved."""

from __future__ import annotations

import ast
import hashlib
import os
import tempfile
from base64 import b64decode, b64encode
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import nbformat
from nbclient import NotebookClient

from tests.notebooks.png import recompressed

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FOLDER", "NAMES", "execute", "fingerprint", "outputs", "read", "results_of", "tidied"]

FOLDER: Final = Path(__file__).parents[2] / "notebooks"
NAMES: Final = sorted(path.stem for path in FOLDER.glob("*.ipynb"))
SECONDS: Final = 100
WIDGET: Final = "application/vnd.jupyter.widget-view+json"
PLACEHOLDER: Final = "(a live widget: run the notebook to see it)"

Notebook = Any
"""An `nbformat.NotebookNode`, which has no types."""


def read(name: str) -> Notebook:
    """A notebook as it is saved."""
    untyped: Any = nbformat
    return untyped.read(FOLDER / f"{name}.ipynb", as_version=4)


def execute(notebook: Notebook) -> Notebook:
    """Run a copy from top to bottom, in a fresh kernel that knows nothing of the user's settings.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        A cell raises.
    """
    ran = deepcopy(notebook)
    untyped: Any = NotebookClient
    with tempfile.TemporaryDirectory() as folder:
        client = untyped(
            ran,
            timeout=SECONDS,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
            store_widget_state=False,
            record_timing=False,
        )
        client.execute(env={**os.environ, "IPYTHONDIR": folder, "TMPDIR": folder})
    return ran


def fingerprint(notebook: Notebook) -> str:
    """Hash of the code, by which saved outputs are known to be of this code."""
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return hashlib.sha256("\0".join(code).encode()).hexdigest()[:16]


def outputs(notebook: Notebook) -> Iterator[Any]:
    """Outputs of all cells."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            yield from cell.outputs


def results_of(notebook: Notebook) -> dict[str, Any]:
    """What the last cell shows: the dict `results`."""
    return ast.literal_eval(notebook.cells[-1].outputs[0].data["text/plain"])


def tidied(notebook: Notebook) -> Notebook:
    """The same as it is to be saved: nothing of this machine, and no larger than need be."""
    kept = deepcopy(notebook)
    for output in outputs(kept):
        data = output.get("data", {})
        if WIDGET in data:
            data.clear()
            data["text/plain"] = PLACEHOLDER
        if "image/png" in data:
            smaller = recompressed(b64decode(data["image/png"]))
            data["image/png"] = b64encode(smaller).decode()
    kept.metadata = {
        "code": fingerprint(kept),
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return kept
