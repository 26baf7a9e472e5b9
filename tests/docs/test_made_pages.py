"""The pages of the site that are made from the code."""

import importlib
import pkgutil
import re
from pathlib import Path
from types import ModuleType

import pytest

import tickflow_rx
import tickops as ops
from docs import made_pages
from docs.made_pages import GROUPS, LIST, SPEEDS, operator_pages, with_speeds
from docs.plots import PLOTS
from tests.operator_table import operators

DOCS = Path(__file__).parents[2] / "docs"
GROUPED = [name for names in GROUPS.values() for name in names]


def test_each_operator_is_in_one_group() -> None:
    assert sorted(GROUPED) == sorted(operators())


def test_each_operator_has_a_page_of_its_docstring() -> None:
    pages = operator_pages()
    for name, kind in operators().items():
        page = pages[f"operators/{name}.md"]
        found = re.search(r"^::: (\S+)\.(\w+)$", page, re.MULTILINE)
        assert found is not None
        module, attribute = found.groups()
        assert getattr(importlib.import_module(module), attribute) is kind


def test_the_list_links_to_each_page() -> None:
    links = re.findall(r"\[(\w+)\]\(operators/(\w+)\.md\)", operator_pages()[LIST])
    assert links == [(name, name) for name in GROUPED]


def test_navigation_has_each_page_once() -> None:
    entries = made_pages.navigation()
    paths = [path for entry in entries for group in entry.values() for path in group]
    assert sorted([*paths, LIST]) == sorted(operator_pages())


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("vwap", "ops.vwap(window=None, *, unit=None, late='drop')"),
        ("chain", "ops.chain(*operators)"),
        ("spread", "ops.spread()"),
        ("corwin_schultz", "ops.corwin_schultz(*, overnight=True, negative='null')"),
    ],
)
def test_a_page_says_how_the_operator_is_made(name: str, call: str) -> None:
    assert f"```python\n{call}\n```" in operator_pages()[f"operators/{name}.md"]


def test_a_long_call_has_a_line_for_each_parameter() -> None:
    page = operator_pages()["operators/bars.md"]
    assert "ops.bars(\n    every,\n    *,\n    sessions=None,\n    profile='tdx',\n" in page


def test_speeds_are_those_of_the_changelog() -> None:
    shown = with_speeds((DOCS / "pages" / "speed.md").read_text(encoding="utf-8"))
    rows = [line for line in shown.splitlines() if line.startswith("| ")]
    assert len(rows) > 10
    changelog = (DOCS.parent / "CHANGELOG.md").read_text(encoding="utf-8")
    assert all(f"{row}\n" in changelog for row in rows)
    assert SPEEDS not in shown


def test_a_page_without_speeds_stays_as_it_is() -> None:
    assert with_speeds("# Page\n") == "# Page\n"


def test_a_changelog_without_speeds_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changelog = tmp_path / "CHANGELOG.md"
    changelog.write_text("# Changelog\n", encoding="utf-8")
    monkeypatch.setattr(made_pages, "_CHANGELOG", changelog)
    with pytest.raises(ValueError, match=r"CHANGELOG\.md has no section '### How fast'"):
        with_speeds(SPEEDS)


def objects(page: str) -> list[object]:
    """What a page of the reference shows."""
    text = (DOCS / "pages" / "api" / page).read_text(encoding="utf-8")
    return [pkgutil.resolve_name(path) for path in re.findall(r"^::: (\S+)$", text, re.MULTILINE)]


@pytest.mark.parametrize("package", [ops, tickflow_rx])
def test_the_reference_has_all_that_is_public(package: ModuleType) -> None:
    shown = objects(f"{package.__name__}.md")
    modules = {one.__name__ for one in shown if isinstance(one, ModuleType)}
    for name in {*package.__all__} - {*operators()} - {"__version__"}:
        public = getattr(package, name)
        of_module = getattr(public, "__module__", None) in modules
        assert of_module or any(public is one for one in shown), f"{name} is in no page"


@pytest.mark.parametrize("page", sorted(path.name for path in (DOCS / "pages/api").iterdir()))
def test_the_reference_names_what_there_is(page: str) -> None:
    assert objects(page)


def test_each_page_is_in_the_navigation() -> None:
    navigation = (DOCS / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    for path in (DOCS / "pages").rglob("*.md"):
        assert f" {path.relative_to(DOCS / 'pages').as_posix()}\n" in navigation


def test_the_operators_across_symbols_are_named() -> None:
    concepts = (DOCS / "pages" / "concepts.md").read_text(encoding="utf-8")
    sentence = re.findall(r"look across symbols: (.*?)\.", concepts, re.DOTALL)[0]
    drawn = {name: plot.operator for name, plot in PLOTS.items()}
    across = {name for name, one in drawn.items() if one.across_symbols} | {"reorder"}
    assert {*re.findall(r"`(\w+)`", sentence)} == across
