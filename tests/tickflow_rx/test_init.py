"""What importing costs, which names there are, and who imports whom."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import tickflow_rx
import tickops

_ROOT = Path(tickops.__file__).parent


def imported_by(code: str) -> set[str]:
    """Modules that a new interpreter has imported after running some code."""
    shown = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport json, sys\nprint(json.dumps(list(sys.modules)))"],
        check=True,
        capture_output=True,
        text=True,
    )
    return set(json.loads(shown.stdout.splitlines()[-1]))


def test_importing_is_cheap() -> None:
    modules = imported_by("import tickflow_rx; tickflow_rx.AuthenticationError")
    assert not modules & {"polars", "numba", "numpy", "reactivex", "websockets", "tickops"}
    assert "tickflow_rx.exceptions" in modules


def test_all_is_sorted_and_there() -> None:
    names = tickflow_rx.__all__

    def place(name: str) -> tuple[int, str]:
        return (0 if name.isupper() else 1 if name[0].isupper() else 2), name

    assert names == sorted(names, key=place)
    for name in names:
        assert getattr(tickflow_rx, name) is not None
    assert set(names) <= set(dir(tickflow_rx))


def test_names_are_where_they_say() -> None:
    assert tickflow_rx.Feed is import_module("tickflow_rx.feed").Feed
    assert tickflow_rx.QUOTES is import_module("tickflow_rx.decoding").QUOTES
    assert tickflow_rx.DEPTH is import_module("tickflow_rx.decoding").DEPTH
    assert tickflow_rx.events is import_module("tickflow_rx.events")
    for name in import_module("tickflow_rx.exceptions").__all__:
        assert getattr(tickflow_rx, name) is getattr(import_module("tickflow_rx.exceptions"), name)


def test_checkers_see_the_same_names() -> None:
    tree = ast.parse(Path(tickflow_rx.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {
        alias.name
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == set(tickflow_rx.__all__) - {"__version__"}


def test_unknown_names() -> None:
    with pytest.raises(AttributeError, match="'tickflow_rx' has no attribute 'nothing'"):
        _ = tickflow_rx.nothing  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]


def imports_of(path: Path) -> Iterator[str]:
    """Names of modules that a file imports, wherever in it; relative ones as they are."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            if name in ("import_module", "__import__"):
                yield from (str(a.value) for a in node.args if isinstance(a, ast.Constant))


def test_operators_know_nothing_of_tickflow() -> None:
    files = sorted(_ROOT.rglob("*.py"))
    assert len(files) > 20
    for path in files:
        for name in imports_of(path):
            assert name.partition(".")[0] != "tickflow_rx", f"{path} imports {name}"


def test_the_walk_finds_imports(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text("def f():\n  from tickflow_rx.feed import Feed\n  import_module('tickflow_rx')")
    assert list(imports_of(file)) == ["tickflow_rx.feed", "tickflow_rx"]
