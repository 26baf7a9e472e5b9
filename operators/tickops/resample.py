"""Values of each symbol on a regular grid of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from tickops._columns import check_names, several
from tickops._duration import Duration, microseconds
from tickops._grid import check_every
from tickops._late import LatePolicy, check_late
from tickops._made_rows import made_batch, made_schema
from tickops._markets import MARKETS
from tickops._newest_rows import NewestRows, Shown
from tickops._operator import Core, Operator
from tickops._schema import Kind, check_columns
from tickops._sessions import Sessions, check_sessions, parse_sessions

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from tickops._arrays import I32, I64, Array, Records
    from tickops._batch import Batch
    from tickops._column import Column
    from tickops._symbols import Symbols

__all__ = ["resample"]

_OWN = ("symbol", "timestamp", "region")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class resample(Operator):
    """Columns of each symbol's newest row at every time of a grid, carried on within the day.

    Parameters
    ----------
    every
        Step of the grid, at most a day, counted from local midnight.
    columns
        Columns to carry, of any type.
    max_age
        Null where the newest row is older.
    sessions
        "CN", "HK" or "US", or pairs of local times such as ``[("09:30", "15:00")]``: the grid
        is within them, opening and close included. Default: those of the symbol's region (CN
        where the frame has no `region`), without lunch.
    grace
        On ``advance`` the rows of a time t come out so long after it.
    late
        What happens to rows older than their symbol's newest: left out and counted ("drop"),
        an error ("raise"), or taken as at the symbol's newest time ("include").

    Returns
    -------
    A row for each symbol and time t of the grid: symbol; timestamp (t); region (where the
    frame has it); then the columns, of their types.

    Raises
    ------
    SchemaError
        A column is missing or of the wrong type, or of a type that cannot be kept.
    LateRowError
        A row is late, and ``late="raise"``.

    Notes
    -----
    The first t of a symbol's day is the first one at or after its first row of that day, which
    may be one of before the opening. What is null in the newest row is null at t. t comes out
    when its own symbol's next row lies past it or on ``advance``; ``finish`` brings only the t
    in whose interval (t − every, t] the symbol's last row lies. The next day's first row brings
    what was left of the day before. A row that arrives when the clock has let t come out counts
    from the next t on. Rows of regions that are not known need `sessions`.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> frame = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH"] * 2,
    ...         "timestamp": [1776736803000, 1776736983000],
    ...         "last_price": [9.71, 9.73],
    ...     }
    ... ).with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "Asia/Shanghai")))
    >>> out = ops.resample("1m", "last_price").apply(frame)
    >>> out.select(pl.col("timestamp").dt.strftime("%H:%M"), "last_price").rows()
    [('10:01', 9.71), ('10:02', 9.71), ('10:03', 9.71), ('10:04', 9.73)]
    """

    every: Duration = field(kw_only=False)
    columns: str | Sequence[str] = field(kw_only=False)
    max_age: Duration | None = None
    sessions: Sessions = None
    grace: Duration = "5s"
    late: LatePolicy = "drop"

    def __post_init__(self) -> None:
        check_every(self.every)
        object.__setattr__(self, "columns", check_names("columns", self.columns))
        for name in several(self.columns):
            if name in _OWN:
                raise ValueError(f"columns must not name {name!r}: it comes out anyway")
        if self.max_age is not None:
            microseconds("max_age", self.max_age)
        object.__setattr__(self, "sessions", check_sessions(self.sessions))
        microseconds("grace", self.grace, zero=True)
        check_late(self.late)

    @property
    def adds_columns(self) -> bool:
        """Rows at the times of the grid come out."""
        return False

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without, besides those to carry."""
        return {"symbol": Kind.SYMBOL, "timestamp": Kind.TIME}

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Carry the columns."""
        names = several(self.columns)
        check_columns(repr(self), schema, names)
        return made_schema(schema, {name: schema[name] for name in names})

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """State by symbol: the columns of its newest row."""
        return _Resample(self, schema, symbols)


class _Resample(NewestRows):
    def __init__(self, op: resample, schema: pl.Schema, symbols: Symbols) -> None:
        super().__init__(op, schema, symbols, several(op.columns), once=False)
        self._max_age_us = None if op.max_age is None else microseconds("max_age", op.max_age)
        self._grids = _grids(check_every(op.every), op.sessions)

    def shown(self, codes: Array, newest: Records, until_us: I64) -> Shown:
        which, at_us = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        midnights_us = cast("I64", newest["midnight_us"])
        since_us = cast("I64", np.maximum(newest["time_us"], newest["bound_us"] + 1))
        for market, rows in self._by_market(codes):
            grid, midnight_us = self._grids[market], midnights_us[rows]
            starts = np.searchsorted(grid, since_us[rows] - midnight_us)
            ends = np.searchsorted(grid, until_us[rows] - midnight_us, side="right")
            counts = np.maximum(ends - starts, 0)
            nth = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
            which.append(np.repeat(rows, counts))
            at_us.append(np.repeat(midnight_us, counts) + grid[np.repeat(starts, counts) + nth])
        found = np.concatenate(which)
        order = np.argsort(found, kind="stable")
        return Shown(found[order], np.concatenate(at_us)[order])

    def is_shown(self, newest: Records, at_us: I64) -> Array:
        if self._max_age_us is None:
            return super().is_shown(newest, at_us)
        return at_us - newest["time_us"] <= self._max_age_us

    def output(self, columns: dict[str, Column], codes: I32, newest: Records, at_us: I64) -> Batch:
        return made_batch(self.schema, self.symbols, codes, at_us, columns)

    def _by_market(self, codes: Array) -> list[tuple[int, I64]]:
        """Rows of each market that has some."""
        markets = self.symbols.markets[codes]
        return [(int(one), np.flatnonzero(markets == one)) for one in np.unique(markets)]


def _grids(every_us: int, sessions: Sessions) -> list[I64]:
    """Times of the grid by market, in microseconds since local midnight."""
    given = parse_sessions(sessions)
    grids: list[I64] = []
    for market in MARKETS:
        own = parse_sessions(market.region) if market.region else ()
        times = [
            np.arange(-(-session.opens // every_us), session.closes // every_us + 1) * every_us
            for session in (own if given is None else given) or ()
        ]
        grids.append(np.unique(np.concatenate([*times, np.zeros(0, np.int64)])))
    return grids
