"""What tickops exports, and what importing it costs."""

import subprocess
import sys

import tickops
import tickops.testing
import tickops.views


def test_exports_are_sorted_and_there() -> None:
    for module in (tickops, tickops.views, tickops.testing):
        exported = list(module.__all__)
        assert exported == sorted(exported, key=_isort_style), module.__name__
        for name in exported:
            assert getattr(module, name).__doc__, f"{module.__name__}.{name} has no docstring"


def _isort_style(name: str) -> tuple[int, str]:
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


def test_importing_it_imports_no_numba_and_nothing_of_the_feed() -> None:
    code = (
        "import sys, tickops, tickops.views;"
        "print(sorted({name.partition('.')[0] for name in sys.modules}"
        " & {'numba', 'llvmlite', 'tickflow_rx', 'websockets', 'hypothesis', 'pandas'}))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
