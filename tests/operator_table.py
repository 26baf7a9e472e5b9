"""``python -m tests.operator_table``: writes README's table of operators from their docstrings."""

from __future__ import annotations

import inspect
from pathlib import Path

import tickops as ops

__all__ = ["README", "main", "operators", "table", "with_table"]

README = Path(__file__).parents[1] / "README.md"
_BEGIN = "<!-- operators: written by `make readme` -->\n"
_END = "<!-- end of operators -->\n"


def operators() -> dict[str, type[ops.Operator]]:
    """Public operators by name."""
    exported = {name: getattr(ops, name) for name in ops.__all__}
    return {
        name: kind
        for name, kind in exported.items()
        if isinstance(kind, type) and issubclass(kind, ops.Operator) and kind is not ops.Operator
    }


def table() -> str:
    """One line an operator: how it is called, and the first line of its docstring."""
    lines = ["| operator | gives |", "|---|---|"]
    for name, kind in operators().items():
        parameters = ", ".join(map(_shown, inspect.signature(kind).parameters.values()))
        summary = (inspect.getdoc(kind) or "").partition("\n")[0]
        lines.append(f"| `{name}({parameters})` | {summary.replace('|', chr(92) + '|')} |")
    return "\n".join(lines) + "\n"


def with_table(readme: str) -> str:
    """README with the table as it has to be."""
    before, _, rest = readme.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n{table()}\n{_END}{after}"


def main() -> None:
    """Write it."""
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")


def _shown(parameter: inspect.Parameter) -> str:
    match parameter.kind:
        case inspect.Parameter.VAR_POSITIONAL:
            return f"*{parameter.name}"
        case inspect.Parameter.VAR_KEYWORD:
            return f"**{parameter.name}"
        case _:
            return parameter.name


if __name__ == "__main__":
    main()
