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


def test_importing_it_alone_imports_neither_polars_nor_numpy() -> None:
    code = "import sys, tickops; print({'numpy', 'polars', 'reactivex'} & {*sys.modules})"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "set()"


def test_a_name_is_the_operator_also_where_its_module_was_imported_first() -> None:
    code = (
        "import tickops.vwap, tickops as ops;"  # which imports others
        "from tickops.deltas import deltas;"
        "assert ops.deltas is deltas;"
        "print([name for name in dir(ops) if isinstance(getattr(ops, name), type(ops.sys))"
        " and name in ops.__all__])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
