"""Pages of the site that are made from the code: a page for each operator, the table of speeds."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Final

from docs.figures import figure
from tests.operator_table import operators

__all__ = ["GROUPS", "LIST", "SPEEDS", "navigation", "operator_pages", "with_speeds"]

GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "Composing": ("chain", "filter", "with_columns"),
    "What was traded": ("deltas", "trade_side", "unit_check", "vwap", "twap", "volume_ratio"),
    "Book": (
        "spread",
        "weighted_mid",
        "microprice",
        "vamp",
        "imbalance",
        "ofi",
        "depth_value",
        "book_slope",
        "sweep_cost",
        "limits",
    ),
    "Spreads and liquidity": (
        "effective_spread",
        "realised_spread",
        "roll_spread",
        "corwin_schultz",
        "amihud",
        "kyle_lambda",
        "vpin",
    ),
    "Rows before": ("lag", "diff", "returns", "cumulative", "dedupe"),
    "Windows": ("rolling", "ewm", "realised_volatility"),
    "Signals": ("crossing", "threshold", "cooldown", "first_of_day"),
    "Bars": (
        "bars",
        "merge_bars",
        "tick_bars",
        "volume_bars",
        "amount_bars",
        "imbalance_bars",
        "runs_bars",
        "streak_bars",
        "renko_bars",
    ),
    "Time": ("sample", "resample", "reorder"),
    "Several channels": ("asof", "combine_latest"),
    "Several symbols": ("cross_section", "pair_spread", "index"),
}
"""Operators by what they are for, in the order of the navigation."""

LIST: Final = "operators.md"
"""Page that lists the operators; operators/index.md is the one of the operator `index`."""

SPEEDS: Final = "<!-- speeds: from CHANGELOG.md -->"
"""Where a page has the table of speeds."""

_WIDTH: Final = 80
"""Longest line of a signature, in characters."""

_CHANGELOG: Final = Path(__file__).parents[1] / "CHANGELOG.md"


def navigation() -> list[dict[str, list[str]]]:
    """Groups with the paths of their pages."""
    return [{group: [_path(name) for name in names]} for group, names in GROUPS.items()]


def operator_pages() -> dict[str, str]:
    """Text of the operators' pages, and of the page that lists them, by path."""
    pages = {_path(name): _page(name) for names in GROUPS.values() for name in names}
    return {LIST: _list(), **pages}


def with_speeds(markdown: str) -> str:
    """Put the changelog's section on speed where the page asks for it."""
    if SPEEDS not in markdown:
        return markdown
    _, heading, rest = _CHANGELOG.read_text(encoding="utf-8").partition("\n### How fast\n")
    if not heading:
        raise ValueError(f"{_CHANGELOG.name} has no section '### How fast', which a page includes")
    return markdown.replace(SPEEDS, rest.partition("\n#")[0].strip())


def _path(name: str) -> str:
    return f"operators/{name}.md"


def _page(name: str) -> str:
    kind = operators()[name]
    return (
        f"# {name}\n\n```python\n{_call(name, kind)}\n```\n\n{figure(name)}\n\n"
        f"::: {kind.__module__}.{name}\n    options:\n      members: false\n"
        "      show_root_heading: false\n      show_root_toc_entry: false\n"
        "      show_signature: false\n"
    )


def _call(name: str, kind: type) -> str:
    """How it is made, with its defaults; griffe does not know which fields are positional."""
    signature = inspect.signature(kind)
    bare = [one.replace(annotation=one.empty) for one in signature.parameters.values()]
    call = f"ops.{name}{signature.replace(parameters=bare, return_annotation=signature.empty)}"
    if len(call) <= _WIDTH:
        return call
    lines = "".join(f"    {one},\n" for one in _shown(bare))
    return f"ops.{name}(\n{lines})"


def _shown(parameters: list[inspect.Parameter]) -> list[str]:
    """Parameters as they stand in a call, with the star before the first that needs its name."""
    shown = list[str]()
    for one in parameters:
        is_named = one.kind is one.KEYWORD_ONLY
        if is_named and "*" not in "".join(shown):
            shown.append("*")
        shown.append(str(one))
    return shown


def _list() -> str:
    parts = ["# Operators\n\nWhat is not defined or not ready is null, never 0, NaN or infinity.\n"]
    for group, names in GROUPS.items():
        rows = "\n".join(f"| [{name}]({_path(name)}) | {_summary(name)} |" for name in names)
        parts.append(f"## {group}\n\n| operator | gives |\n|---|---|\n{rows}\n")
    return "\n".join(parts)


def _summary(name: str) -> str:
    line = (inspect.getdoc(operators()[name]) or "").partition("\n")[0]
    return line.replace("|", r"\|")
