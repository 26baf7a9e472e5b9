"""``make bench``: the table of speeds, each against its peer in this same run."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from tests.benchmarks._measure import Result

PARTS = (
    "operators",
    "library",
    "start",
    "decoding",
    "feed",
    "recording",
    "compaction",
    "replay",
    "display",
    "memory",
)


def main() -> int:
    """Run the parts asked for (all by default) and print their table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all by default")
    parser.add_argument("--markdown", action="store_true", help="print a Markdown table")
    arguments = parser.parse_args()
    unknown = set(arguments.parts) - set(PARTS)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    results: list[Result] = []
    for part in arguments.parts or PARTS:
        print(f"measuring {part} …", file=sys.stderr, flush=True)
        bench: Any = import_module(f"tests.benchmarks.bench_{part}")
        results += bench.run()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}")
    if arguments.markdown:
        _print_markdown(results)
    else:
        _print_table(results)
    return 0


def _cells(result: Result) -> list[str]:
    ratio = "" if result.ratio is None else f"{result.ratio:.2f} ×"
    wanted = "" if result.wanted is None else f"{result.wanted:g} ×"
    reached = {True: "yes", False: "no", None: ""}[result.reached]
    return [result.what, result.peer, result.ours, result.theirs, ratio, wanted, reached]


_HEADER = ["what", "against", "ours", "theirs", "ratio", "wanted", "reached"]


def _print_table(results: list[Result]) -> None:
    table = Table(*_HEADER)
    for result in results:
        table.add_row(*_cells(result))
    Console(width=None if sys.stdout.isatty() else 160).print(table)


def _print_markdown(results: list[Result]) -> None:
    for line in (_HEADER, ["---"] * len(_HEADER), *map(_cells, results)):
        print(f"| {' | '.join(line)} |")


if __name__ == "__main__":
    sys.exit(main())
