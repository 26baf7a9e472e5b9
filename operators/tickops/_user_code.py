"""Functions that users write: their version, and what is wrong with them."""

from __future__ import annotations

import ast
import builtins
import dis
import hashlib
import inspect
import linecache
import os
import re
import textwrap
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from tickops.exceptions import OperatorError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from types import CellType, CodeType, FunctionType

__all__ = ["check_attributes", "error_in", "fingerprint", "why_not_compiled"]

_PLACE: Final = re.compile(r'(?:File "|at |from )([^"\n]+?)(?:", line | \()(\d+)')
_NOT_A_REASON: Final = ("Failed in nopython mode", "During: ")
_REST: Final = re.compile(r" Raised from |, defined at |(?<=[\w)]): (?=%|\w+ (?:0x|i\d))")
_DIGEST: Final = 16


def fingerprint(function: FunctionType, *declared: object) -> bytes:
    """16 bytes that change with a function's code, the constants it uses, or what is declared.

    Not with its comments, its docstring, or where it is written.
    """
    digest = hashlib.blake2b(digest_size=_DIGEST)
    for part in (*declared, *_parts(function, set())):
        digest.update(f"{part!r}\n".encode())
    return digest.digest()


def check_attributes(
    function: FunctionType, records: Mapping[str, Collection[str]], written: Collection[str]
) -> None:
    """Look at the attributes of some arguments, where the source is at hand.

    Parameters
    ----------
    function
        Of these arguments.
    records
        By argument the attributes that there are.
    written
        Arguments of which attributes may be set.

    Raises
    ------
    OperatorError
        There is no such attribute, or it must not be set; or a ``with``, of which the compiler
        does not tell where it is.
    """
    for node in ast.walk(_tree(function) or ast.Pass()):
        if isinstance(node, ast.With):
            raise error_in(function, "a `with` cannot be compiled", node.lineno)
        if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
            continue
        owner = node.value.id
        if owner not in records:
            continue
        if node.attr not in records[owner]:
            known = ", ".join(records[owner])
            reason = f"{owner} has no {node.attr!r}; it has {known}"
            raise error_in(function, reason, node.lineno)
        if owner not in written and not isinstance(node.ctx, ast.Load):
            raise error_in(function, f"{owner}.{node.attr} must not be set", node.lineno)


def error_in(function: FunctionType, reason: str, line: int | None) -> OperatorError:
    """Error that shows the line of the user's file."""
    code = function.__code__
    at = code.co_firstlineno if line is None else line
    text = linecache.getline(code.co_filename, at).strip()
    return OperatorError(
        f"{function.__name__} cannot be compiled: {reason}\n"
        f'  File "{code.co_filename}", line {at}\n    {text}'
    )


def why_not_compiled(function: FunctionType, error: Exception) -> OperatorError:
    """Say in short what numba says, and of which line."""
    for step in dis.get_instructions(function):
        if step.opname == "LOAD_GLOBAL" and not _is_known(function, str(step.argval)):
            at = None if step.positions is None else step.positions.lineno
            return error_in(function, f"there is no {step.argval!r}", at)
    said = getattr(error, "msg", None) or str(error)
    if isinstance(error, KeyError):
        said = f"there is no attribute {said}"
    lines = [line.strip() for line in str(said).splitlines()]
    reasons = [line for line in lines if line and not line.startswith(_NOT_A_REASON)]
    reason = reasons[0] if reasons else type(error).__name__
    if reason.endswith(":") and len(reasons) > 1:
        reason = f"{reason} {reasons[1].removeprefix('>>> ')}"
    reason = _REST.split(reason)[0]
    return error_in(function, reason, _line(function, error))


def _line(function: FunctionType, error: Exception) -> int | None:
    """Line of the function that numba names first, if any."""
    place = getattr(error, "loc", None)
    places = [] if place is None else [(str(place.filename), int(place.line))]
    places += [(match[1], int(match[2])) for match in _PLACE.finditer(str(error))]
    code = function.__code__
    name = os.path.basename(code.co_filename)
    own = {line for _, _, line in code.co_lines()}
    return next((n for file, n in places if os.path.basename(file) == name and n in own), None)


def _is_known(function: FunctionType, name: str) -> bool:
    return name in function.__globals__ or hasattr(builtins, name)


def _tree(function: FunctionType) -> ast.FunctionDef | None:
    """Source of a function, with the line numbers of its file; None if it is not to be had."""
    try:
        lines, first = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, SyntaxError):
        return None
    if not tree.body or not isinstance(tree.body[0], ast.FunctionDef):
        return None
    ast.increment_lineno(tree, first - 1)
    return tree.body[0]


def _parts(value: Any, seen: set[int]) -> Iterator[object]:
    """What makes up a function, or a constant that it uses."""
    function = getattr(value, "py_func", value)
    if inspect.isfunction(function):
        if id(function) in seen:
            return
        seen.add(id(function))
        yield _text(function)
        for name, constant in sorted(_constants(function).items()):
            yield name
            yield from _parts(constant, seen)
    elif isinstance(value, np.ndarray):
        array = cast("Any", value)
        yield array.dtype.str, array.shape, array.tobytes()
    elif isinstance(value, tuple | list):
        yield "("
        for one in cast("Any", value):
            yield from _parts(one, seen)
        yield ")"
    elif value is None or isinstance(value, int | float | str | np.generic):
        yield value
    else:
        yield getattr(value, "__name__", type(value).__name__)


def _constants(function: FunctionType) -> dict[str, Any]:
    """Globals and variables of functions around it that a function uses."""
    names = {
        str(step.argval)
        for step in dis.get_instructions(function)
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")
    }
    known = {name: function.__globals__[name] for name in names if name in function.__globals__}
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    return known | {name: _content(cell) for name, cell in cells}


def _content(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # it has no value yet
        return None


def _text(function: FunctionType) -> object:
    tree = _tree(function)
    if tree is None:
        defaults = function.__defaults__, function.__kwdefaults__
        return *_bytecode(function.__code__), *defaults
    tree.decorator_list.clear()
    if ast.get_docstring(tree, clean=False) is not None:
        tree.body[0] = ast.Pass()
    return ast.unparse(tree)


def _bytecode(code: CodeType) -> tuple[object, ...]:
    constants: list[object] = []
    for one in code.co_consts:
        # Sets of strings are in another order in each process.
        is_set = isinstance(one, frozenset)
        plain: Any = sorted(map(repr, cast("Any", one))) if is_set else one
        constants.append(_bytecode(plain) if inspect.iscode(plain) else plain)
    return code.co_code, code.co_names, *constants
