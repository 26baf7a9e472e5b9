"""Operators as HTML: what a notebook shows of them.

No script and no stylesheet, so that it stays in a saved notebook; no colour of its own for
text, so that it reads on dark and on light.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, fields
from html import escape
from inspect import cleandoc
from typing import TYPE_CHECKING, Any, Final, cast

import polars as pl

from tickops._columns_of import Columns, columns_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from tickops._operator import Operator

__all__ = ["html"]

_LONGEST: Final = 160
"""Characters of a value that are shown."""
_DEFAULT: Final = "default"
_UNKNOWN: Final = "what the frame decides"
_OTHER_ROWS: Final = "the columns of the input; fewer rows, or in another order"
_EDGE: Final = "1px solid rgba(128,128,128,.5)"
_TABLE: Final = "border-collapse:collapse;margin:0 24px 0 0;color:inherit;font-size:inherit"
_CELL: Final = "text-align:left;vertical-align:top;padding:1px 12px 1px 0"
_CHANGED: Final = "color:inherit;background-color:rgba(255,170,0,.25)"


def html(operator: Operator) -> str:
    """Draw an operator: a single one as tables, a chain as its flow."""
    if operator.operators == (operator,):
        return _single(operator)
    return _flow(operator)


def _single(operator: Operator) -> str:
    columns = columns_of(operator)
    parameters = [
        _row(_code(name), _code(value, changed=changed), _faint(note))
        for name, value, note, changed in _parameters(operator)
    ]
    reads = [_row(_code(name), escape(kind)) for name, kind in columns.reads.items()]
    tables = [
        _table("Parameters", parameters or [_row("none")]),
        _table("Needs", reads or [_row("no column")]),
        _made(operator, columns),
    ]
    title = f"<b>{escape(type(operator).__name__)}</b> {_summary(operator)}"
    return _whole(title, tables)


def _flow(operator: Operator) -> str:
    made: dict[str, pl.DataType] = {}
    of_input: dict[str, str] = {}
    has_input = True  # what no step made can still be a column of the input
    boxes: list[str] = []
    for step in operator.operators:
        columns = columns_of(step, made)
        others = {name: kind for name, kind in columns.reads.items() if name not in made}
        if has_input:
            of_input |= others
        boxes.append(_step(step, columns, () if has_input else others))
        gives = dict(columns.gives or {})
        made = made | gives if columns.passes else gives
        has_input = has_input and columns.passes
    source = _box("frames", [_line("with", [_name(*item) for item in of_input.items()])])
    flow = '<div style="align-self:center;padding:0 6px">→</div>'.join([source, *boxes])
    return _whole("<b>chain</b>", [flow])


def _whole(title: str, parts: Iterable[str]) -> str:
    row = '<div style="display:flex;flex-wrap:wrap;align-items:flex-start;gap:8px 0">'
    return f'<div style="line-height:1.4"><div>{title}</div>{row}{"".join(parts)}</div></div>'


def _step(operator: Operator, columns: Columns, lacking: Container[str]) -> str:
    """Box of a step; `lacking`: columns that it cannot have."""
    given = [
        _code(f"{name}={value}", changed=changed)
        for name, value, note, changed in _parameters(operator)
        if note != _DEFAULT
    ]
    reads = [
        _name(name, kind) + (" <b>(made by no step before)</b>" if name in lacking else "")
        for name, kind in columns.reads.items()
    ]
    lines = [_line("needs", reads)]
    if columns.gives is None:
        lines.append(_line("gives", [_UNKNOWN]))
    elif columns.gives or not columns.passes:
        lines.append(
            _line(
                "adds" if columns.passes else "gives",
                [_name(*item) for item in _types(columns).items()],
            )
        )
    if columns.passes and not operator.adds_columns:
        lines.append(f"<div>{_faint(_OTHER_ROWS)}</div>")
    return _box(" ".join([f"<b>{escape(type(operator).__name__)}</b>", *given]), lines)


def _box(title: str, lines: Iterable[str]) -> str:
    style = f"border:{_EDGE};border-radius:4px;padding:4px 8px;max-width:20em"
    return f'<div style="{style}"><div>{title}</div>{"".join(lines)}</div>'


def _line(title: str, columns: Iterable[str]) -> str:
    return f"<div>{_faint(title)} {', '.join(columns) or 'no column'}</div>"


def _made(operator: Operator, columns: Columns) -> str:
    if columns.gives is None:
        return _table("Gives", [_row(_UNKNOWN)])
    rows = [_row(_code(name), escape(kind)) for name, kind in _types(columns).items()]
    if columns.passes and not operator.adds_columns:
        rows.append(f'<tr><td colspan="3" style="{_CELL}">{_faint(_OTHER_ROWS)}</td></tr>')
    return _table("Adds" if columns.passes and columns.gives else "Gives", rows)


def _parameters(operator: Operator) -> list[tuple[str, str, str, bool]]:
    """Name, value, what the default is, and whether the value is another."""
    found: list[tuple[str, str, str, bool]] = []
    for field in fields(cast("Any", operator)):
        value: Any = getattr(operator, field.name)
        shown = _shown(value)
        if field.default is MISSING:
            found.append((field.name, shown, "", False))
        elif repr(value) == repr(field.default):
            found.append((field.name, shown, _DEFAULT, False))
        else:
            found.append((field.name, shown, f"default: {_shown(field.default)}", True))
    return found


def _shown(value: Any) -> str:
    text = _text(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _text(value: Any) -> str:
    if isinstance(value, pl.Expr):
        return str(value)
    if isinstance(value, Mapping):
        return repr(dict(cast("Mapping[Any, Any]", value)))
    if isinstance(value, tuple):
        parts = cast("tuple[Any, ...]", value)
        if any(isinstance(part, pl.Expr) for part in parts):
            return ", ".join(map(str, parts))
        return repr(parts)
    return repr(value)


def _summary(operator: Operator) -> str:
    """First line of the docstring of the operator's own class."""
    first, _, _ = cleandoc(type(operator).__doc__ or "").partition("\n")
    return re.sub("(`+)(.+?)\\1", r"<code>\2</code>", escape(first))


def _types(columns: Columns) -> dict[str, str]:
    """What to say of the types of the columns that are made."""
    return {
        name: "follows the input" if name in ("symbol", *columns.follows) else _type(dtype)
        for name, dtype in (columns.gives or {}).items()
    }


def _type(dtype: pl.DataType) -> str:
    if isinstance(dtype, pl.Array | pl.List):
        return f"{dtype.base_type()} of {dtype.inner}"
    return str(dtype.base_type())


def _name(name: str, kind: str) -> str:
    """Name of a column; a pointer on it shows what kind it is."""
    return f'<code title="{escape(kind)}">{escape(name)}</code>'


def _code(text: str, *, changed: bool = False) -> str:
    style = f' style="{_CHANGED}"' if changed else ""
    return f"<code{style}>{escape(text)}</code>"


def _faint(text: str) -> str:
    return f'<span style="opacity:.65">{escape(text)}</span>'


def _row(*cells: str) -> str:
    return "<tr>" + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in cells) + "</tr>"


def _table(title: str, rows: Iterable[str]) -> str:
    head = f'<tr><th colspan="3" style="{_CELL};border-bottom:{_EDGE}">{escape(title)}</th></tr>'
    return f'<table style="{_TABLE}">{head}{"".join(rows)}</table>'
