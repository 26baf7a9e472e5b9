"""The core of `cross_section`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import polars as pl

from tickops._arrays import frozen, grown
from tickops._column import Column
from tickops._duration import microseconds
from tickops._grid import NEVER_US, check_every, grid_times
from tickops._made_rows import made_batch, name_ranks
from tickops._operator import Core
from tickops._per_symbol import Watermarks
from tickops._statistics_across import across

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tickops._arrays import F64, I32, I64, Array, Records
    from tickops._batch import Batch
    from tickops._snapshot import State
    from tickops._symbols import Symbols
    from tickops.cross_section import cross_section

__all__ = ["CrossSection"]


class CrossSection(Core):
    """Newest values by symbol, and the rows of times of the grid that have not come out.

    Parameters
    ----------
    op
        The operator.
    schema
        Of the rows that come in.
    symbols
        Of the run.
    """

    def __init__(self, op: cross_section, schema: pl.Schema, symbols: Symbols) -> None:
        super().__init__()
        self._op = op
        self._schema = schema
        self._symbols = symbols
        self._names = list(op.statistics)
        self._every_us = check_every(op.every)
        self._grace_us = microseconds("grace", op.grace, zero=True)
        self._max_age_us = None if op.max_age is None else microseconds("max_age", op.max_age)
        self._watermarks = Watermarks(op, symbols)
        fields: Any = [("time_us", np.int64), ("group", np.int64), ("code", np.int32)]
        self._row = np.dtype([*fields, ("values", np.float64, (len(self._names),))])
        self._newest: Records = np.zeros(0, self._row)  # by symbol; group 0 where there is none
        self._waiting: Records = np.zeros(0, self._row)
        self._open_us: I64 = np.zeros(0, np.int64)
        self._groups: I64 = np.zeros(0, np.int64)  # by symbol, where they are given so
        self._ranks: I64 = np.zeros(0, np.int64)
        self._bound_us = NEVER_US  # all times of the grid up to it have come out
        self.counts = {"late": 0}

    def push(self, batch: Batch) -> Batch:
        rows = self._watermarks.rows(batch)
        self.counts["late"] += batch.height - int(rows.keep.sum())
        given = self._rows_of(batch, rows.codes, rows.times_us)
        taken = rows.codes >= 0
        times_us = rows.times_us[taken]
        # A row at t itself may still come with others at t: only a later one closes it.
        own_bounds = np.maximum(times_us - self._grace_us - 1, self._bound_us)
        bounds = np.maximum.accumulate(own_bounds)
        grid = grid_times(self._symbols, rows.codes[taken], times_us, self._every_us)
        opened = np.unique(np.concatenate([self._open_us, grid[grid > bounds]]))
        arrived = np.concatenate([np.full(len(self._waiting), -1), np.arange(len(given))])
        self._waiting = np.concatenate([self._waiting, given])
        self._open_us = opened
        return self._close(int(bounds.max(initial=self._bound_us)), arrived, bounds)

    def advance(self, now_us: int) -> Batch | None:
        # Before the first row there is nothing that could be late.
        if self._bound_us == NEVER_US or now_us - self._grace_us <= self._bound_us:
            return None
        return self._close(now_us - self._grace_us)

    def finish(self) -> Batch | None:
        return self._close(max([self._bound_us, *self._open_us.tolist()]))

    def save(self) -> Mapping[str, Array]:
        self._newest = grown(self._newest, len(self._symbols))
        return {
            "newest": self._newest[: len(self._symbols)],
            "waiting": self._waiting,
            "open_us": self._open_us,
            "bound_us": np.array([self._bound_us], np.int64),
            "newest_us": self._watermarks.save(),
        }

    def load(self, state: State) -> None:
        self._newest = state.array("newest", self._row, len(self._symbols))
        self._waiting = state.array("waiting", self._row, None)
        self._open_us = state.array("open_us", np.int64, None)
        self._bound_us = int(state.array("bound_us", np.int64, 1)[0])
        self._watermarks.load(state)

    def _rows_of(self, batch: Batch, codes: I32, times_us: I64) -> Records:
        """Rows that count, as they are kept."""
        given = np.zeros(batch.height, self._row)
        given["code"], given["time_us"] = codes, times_us
        given["group"] = self._groups_of(batch)
        for place, name in enumerate(self._names):
            given["values"][:, place] = batch.columns[name].floats()
        return given[codes >= 0]

    def _groups_of(self, batch: Batch) -> I64 | int:
        groups = self._op.groups
        if groups is None:
            return 1
        if isinstance(groups, str):
            return _numbers(batch.columns[groups].series(groups).cast(pl.String))
        new = self._symbols.names[len(self._groups) :]
        if new:
            names = pl.Series("", [groups.get(name) for name in new], dtype=pl.String)
            self._groups = np.append(self._groups, _numbers(names))
        return self._groups[batch.rows()[0]] if len(self._groups) else 0

    def _close(
        self, bound_us: int, arrived: Array | None = None, bounds: I64 | None = None
    ) -> Batch:
        """Let the times of the grid up to a bound come out, each with the rows before it.

        Of waiting rows that are of this batch, `arrived` says at which row, and `bounds` what
        the bound was after each row.
        """
        self._newest = grown(self._newest, len(self._symbols))
        due = self._open_us[self._open_us <= bound_us]
        closed_by = np.zeros(len(due), np.int64)
        if bounds is not None:
            closed_by = np.searchsorted(bounds, due)
        times_us = cast("I64", self._waiting["time_us"])
        turn = np.searchsorted(due, times_us)
        if arrived is not None:
            turn = np.maximum(turn, np.searchsorted(closed_by, arrived, side="right"))
        # What no time of the grid can tell apart any more need not wait.
        turn[times_us > bound_us] = len(due) + 1
        order = np.argsort(turn, kind="stable")
        ends = np.searchsorted(turn[order], np.arange(len(due) + 1), side="right")
        sections: list[_Section] = []
        start = 0
        for number, end in enumerate(ends.tolist()):
            applied = self._waiting[order[start:end]]
            self._newest[applied["code"]] = applied  # of several of a symbol the last stays
            start = end
            if number < len(due):
                sections.append(self._section(int(due[number])))
        self._waiting = self._waiting[order[start:]]
        self._open_us = self._open_us[self._open_us > bound_us]
        self._bound_us = bound_us
        return self._batch(sections)

    def _section(self, time_us: int) -> _Section:
        """Statistics of the symbols that count at a time of the grid."""
        known = np.flatnonzero(self._newest["group"] != 0)
        known = known[np.argsort(self._name_ranks()[known])]
        newest = self._newest[known]
        fresh = self._is_fresh(known.astype(np.int32), newest["time_us"], time_us)
        codes, newest = known[fresh], newest[fresh]
        groups = [newest["group"] == group for group in np.unique(newest["group"])]
        results: list[F64] = []
        for place, name in enumerate(self._names):
            values = newest["values"][:, place]
            members = [np.flatnonzero(group & np.isfinite(values)) for group in groups]
            for statistic in self._op.statistics[name]:
                result = np.full(len(codes), np.nan)
                for rows in members:
                    if len(rows) > 1:
                        result[rows] = across(values[rows], statistic, self._op.ddof)
                results.append(result)
        return _Section(time_us, codes.astype(np.int32), results)

    def _is_fresh(self, codes: I32, times_us: I64, time_us: int) -> Array:
        if self._max_age_us is not None:
            return time_us - times_us <= self._max_age_us
        # At midnight the day that ends counts.
        before = cast("I64", np.full(len(codes), time_us - 1))
        codes, times_us = cast("I32", frozen(codes)), cast("I64", frozen(times_us))
        localise = self._symbols.localise
        return localise(codes, times_us).days >= localise(codes, cast("I64", frozen(before))).days

    def _name_ranks(self) -> I64:
        if len(self._ranks) != len(self._symbols):
            self._ranks = name_ranks(self._symbols)
        return self._ranks

    def _batch(self, sections: Sequence[_Section]) -> Batch:
        codes = [np.zeros(0, np.int32), *(section.codes for section in sections)]
        times = [np.full(len(section.codes), section.time_us) for section in sections]
        times_us = np.concatenate([np.zeros(0, np.int64), *times])
        names = [f"{of}_{name}" for of, asked in self._op.statistics.items() for name in asked]
        columns = {
            name: Column.of_floats(
                np.concatenate([np.zeros(0), *(section.results[k] for section in sections)])
            )
            for k, name in enumerate(names)
        }
        return made_batch(self._schema, self._symbols, np.concatenate(codes), times_us, columns)


@dataclass(frozen=True, slots=True)
class _Section:
    """What comes out at a time of the grid: symbols, and each statistic of them."""

    time_us: int
    codes: I32
    results: Sequence[F64]


def _numbers(names: pl.Series) -> I64:
    """Number of each name that is the same in every process; 0 where it is null."""
    distinct = names.drop_nulls().unique()
    digests = [hashlib.blake2b(name.encode(), digest_size=8).digest() for name in distinct]
    numbers = [int.from_bytes(digest, signed=True) or 1 for digest in digests]
    found = names.replace_strict(distinct, numbers, default=0, return_dtype=pl.Int64)
    return cast("I64", found.fill_null(0).to_numpy())
