"""Operators of your own, written as a function of one row."""

from __future__ import annotations

import inspect
import keyword
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, field, make_dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, cast

import numpy as np

from tickops._arrays import frozen
from tickops._late import LatePolicy
from tickops._stateful import Definition, Stateful
from tickops._user_code import check_attributes

if TYPE_CHECKING:
    from tickops._arrays import Records
    from tickops._operator import Operator

__all__ = ["stateful"]

Kinds: TypeAlias = Mapping[str, type] | Sequence[str]
"""Columns with their types; of a list all are floats."""


class Factory(Protocol):
    """What the decorated function becomes: the class of its operators."""

    def __call__(
        self, *, daily: bool = False, late: LatePolicy = "drop", **parameters: float
    ) -> Operator:
        """Make an operator with these values of the function's parameters."""
        ...


_OWN: Final = ("daily", "definition", "late")
_POSITIONAL: Final = inspect.Parameter.POSITIONAL_OR_KEYWORD
_NAMED: Final = (_POSITIONAL, inspect.Parameter.KEYWORD_ONLY)
_TYPES: Final[Mapping[str, type]] = {"float": float, "int": int, "bool": bool}


def stateful(
    *, inputs: Kinds, outputs: Kinds, state: Mapping[str, Any]
) -> Callable[[Callable[..., None]], Factory]:
    """Make an operator of a function of one row, which is compiled.

    Parameters
    ----------
    inputs
        Columns that the function reads, with their types: float, int or bool; or a list of
        columns, all float. `timestamp` may be among them, as int: epoch microseconds, of a late
        row that is included those of the symbol's newest.
    outputs
        Columns that it makes, with their types, or a list: float becomes Float64, int Int64,
        bool Boolean.
    state
        What it remembers of each symbol, with the values at first: numbers, booleans, and numpy
        arrays of them; a type such as ``numpy.int32`` is its zero.

    Returns
    -------
    A decorator. The function takes ``row``, ``state`` and ``out``, whose attributes are what was
    declared, and parameters of the operator, with or without default. It becomes the class of
    its operators, which are made with those parameters by keyword, with `daily` (a new trading
    day, the local date of the market, begins with the first state; default False), and with
    `late` as elsewhere (default "drop").

    Raises
    ------
    TypeError, ValueError
        A declaration or the function's signature cannot be right.
    OperatorError
        The function uses an attribute that was not declared, or cannot be compiled; with file
        and line. The latter when an operator is made: ``ema()``.

    Notes
    -----
    A float that is null is NaN to the function, and NaN and infinity that it writes are null. An
    output to which it writes nothing is null; what it writes to an int must be a whole number.
    Rows in which an int or a bool is null are left alone: their outputs are null, and they do
    not change the state; so are rows without symbol or timestamp.

    What numba compiles can be used: numbers, numpy, ``math``, and functions of your own under
    ``numba.njit``. It takes about half a second in each process, part when an operator is first
    made, part when its first rows come (`warmup` does it before): it cannot be kept on disk,
    since nobody would notice that a constant in another file has changed. Rows then cost as
    little as with the operators here. Under NUMBA_DISABLE_JIT=1 it is plain Python.

    Live, replayed and restarted give the same if the function remembers in `state` alone. Global
    variables are constants to what is compiled. Random numbers would break the law, and nothing
    here can find them: try ``tickops.testing.check_operator``.

    A snapshot fits as long as the function's code, the constants it uses, and what is declared
    stay as they were: else it is a `SnapshotError`. Comments do not matter.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> @ops.stateful(
    ...     inputs=["last_price"],
    ...     outputs={"drawdown": float, "new_high": bool},
    ...     state={"high": 0.0},
    ... )
    ... def drawdown(row, state, out, least=0.0):
    ...     if not row.last_price > 0:
    ...         return  # no price: both are null
    ...     out.new_high = row.last_price > state.high
    ...     state.high = max(state.high, row.last_price)
    ...     fall = 1 - row.last_price / state.high
    ...     out.drawdown = fall if fall >= least else 0.0
    >>> frame = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH"] * 4,
    ...         "timestamp": [1776754800000, 1776754803000, 1776754806000, 1776754809000],
    ...         "last_price": [0.0, 10.0, 9.5, 9.0],
    ...     }
    ... ).with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))
    >>> drawdown(least=0.08)
    drawdown(least=0.08)
    >>> out = drawdown(least=0.08).apply(frame)
    >>> out.select(pl.col("drawdown").round(6), "new_high").rows()
    [(None, None), (0.0, True), (0.0, False), (0.1, False)]
    """
    read = _kinds("inputs", inputs)
    written = _kinds("outputs", outputs)
    _check_columns(read, written)
    first = _first_state(state)

    def define(function: Callable[..., None]) -> Factory:
        return _class_of(cast("Any", function), read, written, first)

    return define


def _class_of(
    function: Any, read: Mapping[str, type], written: Mapping[str, type], first: Records
) -> Factory:
    """Class of the operators of a function."""
    row, kept, out, *parameters = _signature(function)
    records = {row.name: read, kept.name: first.dtype.names, out.name: written}
    check_attributes(function, records, written=(kept.name, out.name))
    kinds = {one.name: _kind_of(one) for one in parameters}
    definition = Definition(function, read, written, first, kinds)
    of_function = [(one.name, Any, _field(one)) for one in parameters]
    made: Any = make_dataclass(
        function.__name__,
        [*of_function, ("daily", bool, field(default=False)), ("late", str, field(default="drop"))],
        bases=(Stateful,),
        namespace={"definition": definition, "__doc__": function.__doc__},
        frozen=True,
        kw_only=True,
        repr=False,
        eq=False,
    )
    made.__module__, made.__qualname__ = function.__module__, function.__qualname__
    return made


def _signature(function: Any) -> list[inspect.Parameter]:
    """Parameters of a function that may be decorated."""
    if not inspect.isfunction(function):
        raise TypeError(f"stateful decorates a function, not {function!r}")
    name = function.__name__
    if inspect.isgeneratorfunction(function) or inspect.iscoroutinefunction(function):
        raise TypeError(f"{name} must be a plain function, without yield or await")
    parameters = list(inspect.signature(function).parameters.values())
    if len(parameters) < 3 or any(one.kind is not _POSITIONAL for one in parameters[:3]):
        raise TypeError(f"{name} must take a row, a state and what is written: (row, state, out)")
    for one in parameters[3:]:
        if one.kind not in _NAMED:
            raise TypeError(f"{name} must name each of its parameters, not take {one}")
        if one.name in _OWN or hasattr(Stateful, one.name):
            raise ValueError(f"parameter {one.name!r} of {name} is every operator's: rename it")
        if one.default is not one.empty and type(one.default) not in _TYPES.values():
            raise TypeError(
                f"the default of {one.name} must be a float, an int or a bool, not {one.default!r}"
            )
    return parameters


def _kind_of(parameter: inspect.Parameter) -> type | None:
    """Type that is declared of a parameter, or that of its default; None if neither is."""
    for name, kind in _TYPES.items():
        if parameter.annotation in (name, kind):
            return kind
    return (
        None if parameter.default is parameter.empty else _TYPES[type(parameter.default).__name__]
    )


def _field(parameter: inspect.Parameter) -> Any:
    return field(default=MISSING if parameter.default is parameter.empty else parameter.default)


def _kinds(argument: str, given: Any) -> dict[str, type]:
    """Columns and their types."""
    if isinstance(given, str) or not isinstance(given, Mapping | Sequence):
        raise TypeError(f'{argument} must be as {{"last_price": float}} or a list, not {given!r}')
    kinds: dict[Any, Any] = (
        dict(cast("Any", given))
        if isinstance(given, Mapping)
        else dict.fromkeys(cast("Sequence[Any]", given), float)
    )
    if not kinds:
        raise ValueError(f"{argument} must name at least one column, not {given!r}")
    for name, kind in kinds.items():
        _check_name(argument, name)
        if kind not in _TYPES.values():
            raise TypeError(f"{argument}[{name!r}] must be float, int or bool, not {kind!r}")
    return kinds


def _check_columns(read: Mapping[str, type], written: Mapping[str, type]) -> None:
    both = sorted({*read, "symbol", "timestamp"} & {*written})
    if both:
        raise ValueError(f"outputs must have other names than what is read, not {', '.join(both)}")
    if "symbol" in read:
        raise ValueError("inputs must not name 'symbol': a function sees the rows of one symbol")
    if read.get("timestamp", int) is not int:
        raise TypeError("inputs['timestamp'] must be int: epoch microseconds")


def _first_state(given: Any) -> Records:
    """(1,) record of what a symbol's state is at first."""
    if not isinstance(given, Mapping) or not given:
        raise TypeError(f'state must be as {{"mean": 0.0}}, with at least one name, not {given!r}')
    values: dict[str, Any] = {}
    for name, value in cast("Mapping[Any, Any]", given).items():
        _check_name("state", name)
        is_type = isinstance(value, type | np.dtype)
        values[name] = np.zeros((), cast("Any", value)) if is_type else value
    arrays = {name: np.asarray(value) for name, value in values.items()}
    for name, array in arrays.items():
        if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8 or not array.size:
            raise TypeError(
                f"state[{name!r}] must be a number, a bool, or an array of them,"
                f" not {given[name]!r}"
            )
    first = np.zeros(
        1, [(name, of.dtype.newbyteorder("="), of.shape) for name, of in arrays.items()]
    )
    for name, array in arrays.items():
        first[name] = array
    return frozen(first)


def _check_name(argument: str, name: Any) -> None:
    if not isinstance(name, str):
        raise TypeError(f"{argument} must have names, not {name!r}")
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
        raise ValueError(f"{argument} must have names that can be attributes, not {name!r}")
