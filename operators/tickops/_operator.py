"""What every operator is: frozen parameters outside, a core of state for each run inside."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any, ClassVar, cast

import polars as pl

from tickops._batches_of import batches_of
from tickops._rx import stream
from tickops._schema import check

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reactivex import Observable

    from tickops._batch import Batch
    from tickops._run import Run
    from tickops._saved import Saved
    from tickops._schema import Kind
    from tickops._snapshot import State
    from tickops._symbols import Symbols

__all__ = ["Core", "Operator"]


class Core(ABC):
    """The state of one operator in one run.

    A core sees batches, never frames, clocks or threads. What `push` returns for some rows
    must not depend on how the rows were cut into batches.

    Attributes
    ----------
    counts
        How many rows were left out, by reason.
    heavy
        A row takes so long, 25 ns or more, that dividing rows among threads is paid back.
    """

    heavy: ClassVar[bool] = False

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    @abstractmethod
    def push(self, batch: Batch) -> Batch:
        """Take the next rows; return what they bring about."""

    def advance(self, now_us: int) -> Batch | None:
        """Time has passed without rows; return what is due, None if nothing can be."""
        return None

    def finish(self) -> Batch | None:
        """No rows will come; return what is still open, None if nothing can be."""
        return None

    def save(self) -> Mapping[str, Saved]:
        """Everything that the core knows.

        Plain arrays are indexed by symbol; see ``tickops._saved`` for what else there is.
        """
        return {}

    def load(self, state: State) -> None:  # noqa: B027
        """Go on from what `save` gave; nothing to do without state."""


class Operator(ABC):
    """A step that turns rows into rows; make it once and use it everywhere.

    ``quotes.pipe(op)`` on an observable of frames, ``op.apply(frame)`` on one frame,
    ``op.scan(lazy)`` on a LazyFrame larger than memory, ``op.start()`` for the core itself.
    All four give the same rows, bit for bit, however the rows are cut into frames.
    """

    @property
    def operators(self) -> tuple[Operator, ...]:
        """The steps that this operator is made of: itself, unless it is a chain."""
        return (self,)

    @property
    def adds_columns(self) -> bool:
        """The output is the input, row by row and in order, with more columns.

        (Late rows are left out where ``late="drop"`` says so.)
        """
        return True

    @property
    def keeps_rows(self) -> bool:
        """What comes out are rows that went in, in order: maybe not all, maybe with more columns.

        (Its core makes batches of those that it is given: ``with_columns``, ``where``.)
        """
        return self.adds_columns

    @property
    def across_symbols(self) -> bool:
        """A symbol's rows can change another symbol's result."""
        return False

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        return {}

    def output_schema(self, schema: Mapping[str, Any]) -> pl.Schema:
        """Columns that come out when frames of `schema` go in.

        Raises
        ------
        SchemaError
            A column is missing or of the wrong type.
        """
        given = pl.Schema(schema)
        check(repr(self), given, self.needs)
        return pl.Schema(self.outputs(given))

    @abstractmethod
    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Columns that come out, for a `schema` that was checked: for authors of operators."""

    @abstractmethod
    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """New state for a run on frames of `schema`: for authors of operators."""

    def start(
        self, snapshot: bytes | None = None, *, schema: Mapping[str, Any] | None = None
    ) -> Run:
        """Begin a run, or go on from what ``run.snapshot()`` gave.

        Parameters
        ----------
        snapshot
            From a run of an equal operator.
        schema
            Columns of the frames to come, if known: a run takes it from its first frame.

        Raises
        ------
        SnapshotError
            The snapshot is damaged, or of another operator.
        """
        from tickops._run import Run

        return Run(self, snapshot=snapshot, schema=None if schema is None else pl.Schema(schema))

    def split_snapshot(self, snapshot: bytes, groups: Iterable[Iterable[str]]) -> list[bytes]:
        """Divide what ``run.snapshot()`` gave by symbol, for runs that go on side by side.

        Parameters
        ----------
        snapshot
            From a run of an equal operator.
        groups
            The symbols of each run to be, each symbol in one group; those that the snapshot
            does not know may be among them.

        Returns
        -------
        list[bytes]
            A snapshot for each group. ``run.counts`` so far go into the first.

        Raises
        ------
        SnapshotError
            The snapshot is damaged, or of another operator.
        OperatorError
            The operator's results are of several symbols together.
        ValueError
            A symbol is in two groups, or one that the snapshot knows is in none.

        Notes
        -----
        A run that gets the rows of its group, and is told the time as the one run would be,
        gives for each symbol what the one run would give.

        Examples
        --------
        >>> import polars as pl
        >>> import tickops as ops
        >>> frame = pl.DataFrame(
        ...     {
        ...         "symbol": ["600000.SH", "000001.SZ"],
        ...         "timestamp": pl.Series([1776735000000] * 2).cast(pl.Datetime("ms", "UTC")),
        ...         "last_price": [9.7, 11.0],
        ...     }
        ... )
        >>> op = ops.cumulative("last_price")
        >>> run = op.start()
        >>> both = run.push(frame)
        >>> shanghai, shenzhen = op.split_snapshot(run.snapshot(), [["600000.SH"], ["000001.SZ"]])
        >>> op.start(shenzhen).push(frame[1:])["last_price_cumulative_sum"].to_list()
        [22.0]
        >>> merged = op.merge_snapshots([shenzhen, shanghai])
        >>> op.start(merged).push(frame)["last_price_cumulative_sum"].to_list()
        [19.4, 22.0]
        """
        from tickops._shards import split

        return split(self, snapshot, groups)

    def merge_snapshots(self, snapshots: Iterable[bytes]) -> bytes:
        """Make one snapshot of those of runs that had different symbols: undo `split_snapshot`.

        Parameters
        ----------
        snapshots
            From runs of equal operators, in any order.

        Returns
        -------
        bytes
            From which one run goes on for all of them. ``run.counts`` are added up.

        Raises
        ------
        SnapshotError
            A snapshot is damaged, or of another operator; two of them know the same symbol,
            had frames with other columns, or were told another time last.
        OperatorError
            The operator's results are of several symbols together.
        """
        from tickops._shards import merge

        return merge(self, snapshots)

    def apply(self, frame: pl.DataFrame, *, threads: int | None = None) -> pl.DataFrame:
        """Run over one frame from start to end.

        Parameters
        ----------
        frame
            Rows in order of arrival.
        threads
            So many work on a long frame, each on some of the symbols, where rows that come out
            are rows that went in; else, unless it is 1, each step of a chain has one of its own.
            None: as many as Polars has (``POLARS_MAX_THREADS``, else the processor's cores).
            The result is the same.

        Raises
        ------
        SchemaError
            A column is missing or of the wrong type.
        LateRowError
            A row is late and the operator was made with ``late="raise"``.
        """
        from tickops._lanes import begin

        run = begin(self, frame, threads)
        out, rest = run.push(frame), run.finish()
        return out.vstack(rest) if rest.height else out

    def scan(
        self, lazy: pl.LazyFrame, *, rows: int = 1_000_000, threads: int | None = None
    ) -> Iterator[pl.DataFrame]:
        """Run over a LazyFrame that may be larger than memory.

        Parameters
        ----------
        lazy
            Rows in order of arrival.
        rows
            About so many are read at a time.
        threads
            As for `apply`.

        Yields
        ------
        polars.DataFrame
            What comes out, as it comes; never empty.
        """
        from tickops._lanes import begin

        run = None
        for frame in batches_of(lazy, rows):
            run = begin(self, frame, threads) if run is None else run
            out = run.push(frame)
            if out.height:
                yield out
        if run is not None and (rest := run.finish()).height:
            yield rest

    def __call__(self, source: Observable[pl.DataFrame]) -> Observable[pl.DataFrame]:
        """Apply to an observable of frames: ``frames.pipe(op)``. Each subscription runs anew."""
        return stream(self, source)

    def __repr__(self) -> str:
        parts: list[str] = []
        for field in fields(self):  # pyright: ignore[reportArgumentType]
            value = getattr(self, field.name)
            shown = dict(cast("Any", value)) if isinstance(value, Mapping) else value
            if field.default is MISSING and not field.kw_only:
                parts.append(repr(shown))
            elif value != field.default:
                parts.append(f"{field.name}={shown!r}")
        return f"{type(self).__name__}({', '.join(parts)})"

    def _repr_html_(self) -> str:
        from tickops._html import html

        return html(self)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))
