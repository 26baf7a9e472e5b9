"""Docstrings as griffe reads them, where numpydoc allows more than it knows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import griffe

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Docstrings"]

# A type stands alone on its line, with an indented description below.
_PROSE: Final = re.compile(r"^Returns\n-{7}\n(?=[^\n]+(?:\n(?! )|\Z))", re.MULTILINE)
_NAMES: Final = re.compile(r"^(\w+(?:, \w+)+)\n((?: {4}.*\n|\n(?= {4}))+)", re.MULTILINE)


class Docstrings(griffe.Extension):
    """Lets a Returns section be prose, and several parameters share a description.

    Of prose griffe would make a type; shared names it would all give the first one's default.
    """

    def on_object(self, *, obj: griffe.Object, loader: Any, **kwargs: Any) -> None:
        """Rewrite what would be misread."""
        if obj.docstring is not None:
            text = _PROSE.sub("Output\n------\n", obj.docstring.value + "\n")
            obj.docstring.value = _NAMES.sub(_apart, text).rstrip("\n")


def _apart(shared: re.Match[str]) -> str:
    return "".join(_entries(shared[1].split(", "), shared[2]))


def _entries(names: list[str], description: str) -> Iterator[str]:
    for name in names:
        yield f"{name}\n{description}"
