"""Snapshots of runs: data only, so that loading one never runs code."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import numpy as np
import polars as pl

from tickops._dtypes import Written, read_schema, write_schema
from tickops._markets import MARKETS
from tickops._saved import Packed, Shared
from tickops._saved_series import write_series
from tickops.exceptions import SnapshotError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tickops._arrays import Array
    from tickops._saved import Saved

__all__ = ["CoreMemory", "Memory", "Snapshot", "State", "decode", "encode"]

_FORMAT: Final = "tickops snapshot 2"
_DIGEST: Final = 16


class _Array(msgspec.Struct, frozen=True):
    dtype: str
    shape: tuple[int, ...]
    data: bytes


class _Core(msgspec.Struct, frozen=True):
    operator: str
    counts: dict[str, int]
    arrays: dict[str, _Array]


class _File(msgspec.Struct, frozen=True):
    format: str
    schema: list[Written] | None
    symbols: list[str]
    markets: list[int]
    cores: list[_Core]


class State:
    """The saved arrays of one core."""

    def __init__(
        self, operator: str, counts: Mapping[str, int], arrays: Mapping[str, _Array]
    ) -> None:
        self.operator = operator
        self.counts = dict(counts)
        self._arrays = arrays

    def array(
        self, name: str, dtype: np.dtype[np.void] | type[np.generic], *shape: int | None
    ) -> Array:
        """Array saved as `name`, a copy that can be written.

        Raises
        ------
        SnapshotError
            It is not there, or not of `dtype` and `shape`; None stands for any length.
        """
        saved = self._arrays.get(name)
        if saved is None:
            raise SnapshotError(f"the snapshot of {self.operator} lacks {name!r}")
        wanted = np.dtype(dtype)
        if saved.dtype != _name(wanted):
            raise SnapshotError(
                f"the snapshot of {self.operator} has {name!r} as {saved.dtype},"
                f" this version as {_name(wanted)}"
            )
        fits = [length in (None, got) for length, got in zip(shape, saved.shape, strict=False)]
        if len(shape) != len(saved.shape) or not all(fits):
            raise SnapshotError(
                f"the snapshot of {self.operator} has {name!r} of shape {saved.shape}, not {shape}"
            )
        size = int(np.prod(saved.shape, dtype=np.int64)) * wanted.itemsize
        if min(saved.shape, default=0) < 0 or size != len(saved.data):
            raise SnapshotError(
                f"the snapshot of {self.operator} is damaged: {name!r} has {len(saved.data)}"
                f" bytes for shape {saved.shape}"
            )
        if wanted == np.bool_:  # any byte but 0 is true, and numpy counts on its being 1
            return np.frombuffer(saved.data, np.uint8).reshape(saved.shape) != 0
        return np.frombuffer(saved.data, wanted).reshape(saved.shape).copy()


class CoreMemory(NamedTuple):
    """What a core knows: its operator, rows left out by reason, and what it saves."""

    operator: str
    counts: Mapping[str, int]
    saved: Mapping[str, Saved]


@dataclass(frozen=True, slots=True)
class Memory:
    """What a run knows, as it is to be written.

    Parameters
    ----------
    schema, symbols, markets
        As of a `Snapshot`.
    cores
        Of each core.
    """

    schema: pl.Schema | None
    symbols: Sequence[str]
    markets: Sequence[int]
    cores: Sequence[CoreMemory]


class Snapshot:
    """A run as data.

    Parameters
    ----------
    schema
        Columns of the frames that go in; None if the run has seen none.
    symbols, markets
        Symbols in order of first appearance, and index of the market of each.
    states
        State of each core.
    """

    def __init__(
        self,
        schema: pl.Schema | None,
        symbols: Sequence[str],
        markets: Sequence[int],
        states: Sequence[State],
    ) -> None:
        self.schema = schema
        self.symbols = symbols
        self.markets = markets
        self.states = states


def encode(
    schema: pl.Schema | None,
    symbols: Sequence[str],
    markets: Sequence[int],
    cores: Sequence[tuple[str, Mapping[str, int], Mapping[str, Saved]]],
) -> bytes:
    """Write a snapshot; of each core its operator, its counts and what it saves."""
    written = [
        _Core(
            operator,
            dict(counts),
            {
                name: _Array(_name(array.dtype), array.shape, array.tobytes())
                for name, value in saved.items()
                for name, array in _arrays(name, value)
            },
        )
        for operator, counts, saved in cores
    ]
    data = msgspec.msgpack.encode(
        _File(
            _FORMAT,
            None if schema is None else write_schema(schema),
            list(symbols),
            list(markets),
            written,
        )
    )
    return _digest(data) + data


def decode(data: bytes, operators: Sequence[str]) -> Snapshot:
    """Read a snapshot of a run of these operators.

    Raises
    ------
    SnapshotError
        It is damaged, of another version, or of other operators.
    """
    file = _open(data)
    if file.format != _FORMAT:
        raise SnapshotError(f"the snapshot has format {file.format!r}, this version {_FORMAT!r}")
    made_by = [core.operator for core in file.cores]
    if made_by != list(operators):
        raise SnapshotError(
            f"the snapshot is of {' | '.join(made_by)}, the run of {' | '.join(operators)}"
        )
    if (
        len(file.markets) != len(file.symbols)
        or len(set(file.symbols)) != len(file.symbols)
        or not {*file.markets} <= {*range(len(MARKETS))}
    ):
        raise SnapshotError("the snapshot is damaged: its symbols do not fit together")
    states = [State(core.operator, core.counts, core.arrays) for core in file.cores]
    schema = None if file.schema is None else read_schema(file.schema)
    return Snapshot(schema, file.symbols, file.markets, states)


def _arrays(name: str, saved: Saved) -> Iterator[tuple[str, Array]]:
    """Arrays that are written for what a core saves under a name."""
    value = saved.values if isinstance(saved, Packed) else saved
    if isinstance(value, pl.Series):
        yield from write_series(name, value)
    else:
        yield name, value.value if isinstance(value, Shared) else value


def _open(data: bytes) -> _File:
    body = data[_DIGEST:]
    if _digest(body) != data[:_DIGEST]:
        raise SnapshotError(
            f"these {len(data)} bytes are no snapshot, or a damaged one: their checksum is wrong"
        )
    try:
        return msgspec.msgpack.decode(body, type=_File)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise SnapshotError(f"these {len(data)} bytes are no snapshot: {error}") from error


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_DIGEST).digest()


def _name(dtype: np.dtype[np.generic]) -> str:
    return str(dtype.descr) if dtype.names else dtype.str
