"""Operators whose step is a function of one row that a user wrote."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

import numpy as np
import polars as pl

from tickops._arrays import frozen, grown
from tickops._column import Column
from tickops._late import LatePolicy, check_late
from tickops._operator import Core, Operator
from tickops._per_symbol import PerSymbol
from tickops._saved import Shared
from tickops._schema import Kind, check_columns
from tickops._trading_days import trading_days
from tickops._user_code import fingerprint, why_not_compiled
from tickops.exceptions import SchemaError, SnapshotError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._arrays import I32, Array, Bool, Records
    from tickops._batch import Batch
    from tickops._kernels.stateful import Loop
    from tickops._per_symbol import Rows
    from tickops._saved import Saved
    from tickops._snapshot import State
    from tickops._symbols import Symbols

__all__ = ["Definition", "Stateful"]

_KINDS: Final[Mapping[type, Kind]] = {float: Kind.NUMBER, int: Kind.INTEGER}
_DTYPES: Final[Mapping[type, pl.DataType]] = {
    float: pl.Float64(),
    int: pl.Int64(),
    bool: pl.Boolean(),
}
# In what a function writes to; a boolean is a byte, so that it can be null too.
_WRITTEN: Final[Mapping[type, str]] = {float: "f8", int: "i8", bool: "i1"}
_NULLS: Final[Mapping[type, Any]] = {float: np.nan, int: -(2**63), bool: -1}


@dataclass(frozen=True, slots=True)
class Compiled:
    """Loop over rows, and the version of what was compiled."""

    loop: Loop
    version: bytes


@dataclass(frozen=True, eq=False)
class Definition:
    """What a user defined.

    Parameters
    ----------
    function
        Of a row, a state, what is written, and parameters.
    inputs, outputs
        Type by column: float, int or bool.
    first
        (1,) the state of a symbol at first.
    parameters
        Type by parameter; None: that of the value given.
    """

    function: Any
    inputs: Mapping[str, type]
    outputs: Mapping[str, type]
    first: Records
    parameters: Mapping[str, type | None]
    _compiled: dict[tuple[type, ...], Compiled] = field(default_factory=dict[Any, Any], init=False)

    @property
    def read(self) -> np.dtype[np.void]:
        """Type of the record of a row."""
        return np.dtype([(name, np.dtype(kind).str) for name, kind in self.inputs.items()])

    @property
    def written(self) -> np.dtype[np.void]:
        """Type of the record of what is written for a row."""
        return np.dtype([(name, _WRITTEN[kind]) for name, kind in self.outputs.items()])

    @property
    def version(self) -> bytes:
        """Of the code as it is now, with the constants that it uses."""
        columns = [*self.inputs.items()], [*self.outputs.items()]
        state = self.first.dtype.descr, self.first.tobytes()
        return fingerprint(self.function, *columns, *state)

    def compiled(self, kinds: tuple[type, ...]) -> Compiled:
        """Loop over rows for parameters of these types; compiled once."""
        from tickops._kernels import stateful as kernels

        if kinds not in self._compiled:
            records = self.read, self.first.dtype, self.written
            try:
                step = kernels.compiled(self.function, records, kinds)
            except Exception as error:  # whatever numba makes of what it does not know
                raise why_not_compiled(self.function, error) from error
            self._compiled[kinds] = Compiled(kernels.loop_over(step), self.version)
        return self._compiled[kinds]


class Stateful(Operator):
    """An operator that `stateful` makes: a frozen dataclass of the parameters and these two."""

    definition: ClassVar[Definition]
    daily: bool
    late: LatePolicy

    def __post_init__(self) -> None:
        if not isinstance(self.daily, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"daily must be True or False, not {self.daily!r}")
        check_late(self.late)
        for name, kind in self.definition.parameters.items():
            object.__setattr__(self, name, _number(name, getattr(self, name), kind))
        self.compiled()

    @property
    def parameters(self) -> tuple[Any, ...]:
        """Values of the function's parameters."""
        return tuple(getattr(self, name) for name in self.definition.parameters)

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without, besides booleans."""
        inputs = self.definition.inputs.items()
        numbers = {name: _KINDS[kind] for name, kind in inputs if kind is not bool}
        return {**numbers, "symbol": Kind.SYMBOL, "timestamp": Kind.TIME}

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Add the columns."""
        flags = [name for name, kind in self.definition.inputs.items() if kind is bool]
        check_columns(repr(self), schema, flags)
        for name in flags:
            if schema[name] != pl.Boolean:
                raise SchemaError(
                    f"{self!r} needs column {name!r} to be Boolean; it is {schema[name]}"
                )
        added = {name: _DTYPES[kind] for name, kind in self.definition.outputs.items()}
        return {**schema, **added}

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """State by symbol: what the user declared."""
        return _Stateful(self, symbols)

    def compiled(self) -> Compiled:
        """Loop over rows for parameters of these types."""
        return self.definition.compiled(tuple(map(type, self.parameters)))


class _Stateful(PerSymbol):
    def __init__(self, op: Stateful, symbols: Symbols) -> None:
        from tickops._kernels import windows as kernels

        self._definition = op.definition
        super().__init__(op, symbols, self._definition.first.dtype)
        self._op = op
        self._kernels = kernels
        self._compiled = op.compiled()
        self._days: Records = np.zeros(0, kernels.DAY)

    def add(self, batch: Batch, rows: Rows) -> Mapping[str, Column]:
        codes = self._with_all_integers(batch, rows.codes)
        given = np.empty(batch.height, self._definition.read)
        for name, kind in self._definition.inputs.items():
            given[name] = _values(batch, rows, name, kind)
        out = np.empty(batch.height, self._definition.written)
        for name, kind in self._definition.outputs.items():
            out[name] = _NULLS[kind]
        self._compiled.loop(
            codes,
            self._fresh(batch, rows, codes),
            frozen(given),
            self._definition.first,
            self.state,
            out,
            self._op.parameters,
        )
        kinds = self._definition.outputs.items()
        return {name: _column(out[name], kind) for name, kind in kinds}

    def save(self) -> Mapping[str, Saved]:
        count = len(self.symbols)
        self._days = grown(self._days, count)
        version = Shared(np.frombuffer(self._compiled.version, np.uint8), "the code")
        return {**super().save(), "days": self._days[:count], "version": version}

    def load(self, state: State) -> None:
        version = state.array("version", np.uint8, None)
        if version.tobytes() != self._compiled.version:
            raise SnapshotError(f"the snapshot is of {self._op!r} with other code than it has now")
        super().load(state)
        self._days = state.array("days", self._kernels.DAY, len(self.symbols))

    def _with_all_integers(self, batch: Batch, codes: I32) -> I32:
        """Symbol numbers, -1 where an integer or a boolean is null."""
        whole = [name for name, kind in self._definition.inputs.items() if kind is not float]
        for name in whole:
            valid = batch.columns[name].valid()
            if valid is not None:
                codes = np.where(valid, codes, np.int32(-1))
        return cast("I32", frozen(codes))

    def _fresh(self, batch: Batch, rows: Rows, codes: I32) -> Bool:
        """Rows with which a symbol begins, or if daily its day."""
        self._days = grown(self._days, len(self.symbols))
        days = trading_days(batch, rows) if self._op.daily else np.zeros(batch.height, np.int32)
        fresh = np.empty(batch.height, np.bool_)
        self._kernels.new_days(codes, cast("I32", frozen(days)), self._days, fresh)
        return cast("Bool", frozen(fresh))


def _values(batch: Batch, rows: Rows, name: str, kind: type) -> Array:
    if name == "timestamp":
        return rows.times_us
    column = batch.columns[name]
    return column.floats() if kind is float else column.ints()


def _column(values: Array, kind: type) -> Column:
    if kind is float:
        return Column.of_floats(np.where(np.isfinite(values), values, np.nan))
    valid = values != _NULLS[kind]
    whole = np.where(valid, values, 0)
    return Column.of_ints(whole != 0 if kind is bool else whole, _DTYPES[kind], valid)


def _number(name: str, value: Any, kind: type | None) -> Any:
    """Value of a parameter as its type.

    Raises
    ------
    TypeError
        It is none.
    """
    if kind is float and type(value) is int:
        return float(value)
    if type(value) not in (_DTYPES if kind is None else (kind,)):
        allowed = "a float, an int or a bool" if kind is None else f"of type {kind.__name__}"
        raise TypeError(f"{name} must be {allowed}, not {value!r}")
    return value
