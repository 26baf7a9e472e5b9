"""What MkDocs calls while it builds the site: pages that are made, not written."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from mkdocs.structure.files import File

sys.path.insert(0, str(Path(__file__).parents[1]))  # the repository, for docs.made_pages

from docs import made_pages

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the operators' pages into the navigation."""
    entries = cast("list[dict[str, Any]]", config.nav)
    for entry in entries:
        if "Operators" in entry:
            entry["Operators"] = [{"All operators": made_pages.LIST}, *made_pages.navigation()]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the operators' pages."""
    for path, text in made_pages.operator_pages().items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the changelog's table of speeds where a page asks for it."""
    return made_pages.with_speeds(markdown)
