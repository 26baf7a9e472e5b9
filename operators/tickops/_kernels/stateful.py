"""Functions of one row that users write, and the loop over rows around them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numba
import numpy as np

from tickops._arrays import I32, Bool, Records

__all__ = ["Function", "Loop", "compiled", "loop_over"]

Function: TypeAlias = Callable[..., Any]
Loop: TypeAlias = Callable[[I32, Bool, Records, Records, Records, Records, tuple[Any, ...]], None]

_numba: Any = numba
_PLAIN: bool = bool(_numba.config.DISABLE_JIT)
_NUMBERS = {float: _numba.float64, int: _numba.int64, bool: _numba.boolean}


def compiled(
    function: Function, records: Sequence[np.dtype[Any]], parameters: Sequence[type]
) -> Function:
    """Compile a function of records of these types and of parameters, each float, int or bool.

    Not as kernels are: the cache on disk would know neither the constants of other files that
    the function uses, nor the loop that calls it. An index out of bounds is an IndexError. With
    NUMBA_DISABLE_JIT=1 it stays Python.
    """
    if _PLAIN:
        names = list(inspect.signature(function).parameters)[3:]

        def step_in_python(row: Any, state: Any, out: Any, *given: Any) -> None:
            function(row, state, out, **dict(zip(names, given, strict=True)))

        return step_in_python
    step = _numba.njit(function, nogil=True, error_model="numpy", boundscheck=True)
    of_records = [_numba.from_dtype(dtype) for dtype in records]
    step.compile((*of_records, *(_NUMBERS[kind] for kind in parameters)))
    return step


def loop_over(step: Function) -> Loop:
    """Loop that calls `step` for each row; compiled when it is first called.

    It takes (n,) symbol numbers (-1: leave the row alone); (n,) rows before which the state of
    their symbol begins anew; (n,) inputs; (1,) the first state; (symbols,) states, updated in
    place; (n,) outputs, written; and the parameters. O(1) a row: some 4 ns beside `step`.
    """

    def loop(
        codes: I32,
        fresh: Bool,
        rows: Records,
        first: Records,
        state: Records,
        out: Records,
        parameters: tuple[Any, ...],
    ) -> None:
        for i in range(len(codes)):
            c = codes[i]
            if c < 0:
                continue
            if fresh[i]:
                state[c] = first[0]
            step(rows[i], state[c], out[i], *parameters)

    def in_python(
        codes: I32,
        fresh: Bool,
        rows: Records,
        first: Records,
        state: Records,
        out: Records,
        parameters: tuple[Any, ...],
    ) -> None:
        with np.errstate(all="ignore"):
            loop(codes, fresh, _Records(rows), first, _Records(state), _Records(out), parameters)

    return in_python if _PLAIN else _numba.njit(loop, nogil=True, error_model="numpy")


class _Records:
    """Structured array whose records have their fields as attributes, as in what is compiled.

    (Those of ``numpy.recarray`` have methods first, and a field called `mean` is none.)
    """

    def __init__(self, array: Records) -> None:
        self._array = array

    def __getitem__(self, i: int) -> _Record:
        return _Record(self._array[i])

    def __setitem__(self, i: int, record: Any) -> None:
        self._array[i] = record


class _Record:
    def __init__(self, record: Any) -> None:
        object.__setattr__(self, "_record", record)

    def __getattr__(self, name: str) -> Any:
        return self.__dict__["_record"][name]

    def __setattr__(self, name: str, value: Any) -> None:
        self.__dict__["_record"][name] = value
