"""Run notebooks and save their outputs: ``make notebooks``, or with names for only those."""

from __future__ import annotations

import sys
import time
from typing import Any

import nbformat

from tests.notebooks.running import FOLDER, NAMES, execute, read, tidied


def main(names: list[str]) -> None:
    """Run and save each."""
    untyped: Any = nbformat
    for name in names or NAMES:
        began = time.monotonic()
        notebook = tidied(execute(read(name)))
        untyped.write(notebook, FOLDER / f"{name}.ipynb")
        print(f"{name}: {time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
