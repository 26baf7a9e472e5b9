"""Statistics over windows of each symbol's rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

import numpy as np
import polars as pl

from tickops._arrays import empty, frozen, grown
from tickops._column import Column
from tickops._counts import check_count
from tickops._duration import microseconds
from tickops._late import LatePolicy, check_late
from tickops._operator import Core, Operator
from tickops._per_symbol import Rows, Watermarks
from tickops._rolling import (
    COMOMENTS,
    MOMENTS,
    Comoments,
    Ends,
    Extremes,
    Group,
    Input,
    Moments,
    Ranks,
)
from tickops._schema import Kind
from tickops._trading_days import trading_days
from tickops._weighted import WEIGHTED, Weighted, weights_of
from tickops._windows import Windows

if TYPE_CHECKING:
    from datetime import timedelta

    from tickops._arrays import F64, Bool, Records
    from tickops._batch import Batch
    from tickops._saved import Saved
    from tickops._snapshot import State
    from tickops._symbols import Symbols

__all__ = ["rolling"]

Statistic: TypeAlias = str | tuple[str, float]
Statistics: TypeAlias = Mapping[Any, Any]
"""By column, or pair of columns, a statistic or a list of them."""

_EXTREMES: Final = ("min", "max", "argmin", "argmax")
_ENDS: Final = ("first", "last")
_RANKS: Final = ("median", "rank")
_OF_ONE: Final = (*MOMENTS, *_EXTREMES, *_ENDS, *_RANKS)
_NEED_WINDOW: Final = ("argmin", "argmax", *_RANKS)
_WHOLE: Final = ("count", "argmin", "argmax")
_LARGEST: Final = 1e75


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class rolling(Operator):
    """Statistics over windows of each symbol's rows: moments, extremes, quantiles, correlation.

    Parameters
    ----------
    window
        A duration such as "5m": the rows in (t − window, t]. A whole number: the symbol's last so
        many rows. None: all rows so far.
    statistics
        By column a statistic or a list of them: count, sum, mean, var, std, sem, zscore, skew,
        kurtosis, min, max, argmin, argmax, first, last, median, ("quantile", q), rank. By a pair
        of columns (x, y): cov, corr, beta.
    min_rows
        With fewer values in the window the result is null.
    weights
        A column whose values weigh those of each row, such as `delta_volume`: then the statistics
        are of single columns, and count, sum (Σwx), mean (Σwx/Σw), var or std.
    daily
        A new trading day (local date of the market) empties the window.
    late
        What happens to rows older than the symbol's newest: left out and counted ("drop"),
        an error ("raise"), or taken as at the symbol's newest time ("include").

    Returns
    -------
    The input with a column a statistic, named after both: `last_price_mean`,
    `last_price_quantile_0.9`, `x_y_corr`; with weights `last_price_weighted_mean`. Int64 for
    count, argmin and argmax, else Float64.

    Raises
    ------
    SchemaError
        A column is missing or of the wrong type.
    LateRowError
        A row is late, and ``late="raise"``.

    Notes
    -----
    Null, NaN, infinity and what is beyond 1e75 are no values: they do not count, though their
    rows count among the last so many. A pair counts where both are values. The newest row is part
    of its window.

    var, std, sem, cov: of a sample (n − 1); null for one value. skew, kurtosis (excess): corrected
    for bias, as in pandas; null where all values are equal, and below 3 and 4 values. zscore:
    (x − mean) / std of the row's value; beta: slope of x on y, cov / var(y). argmin, argmax: how
    many rows of the symbol ago the extreme was, the oldest of several. rank: from 1 for the
    smallest, the mean of those that are equal. Quantiles are interpolated linearly. With
    ``window=None`` there are no argmin, argmax, median, quantile and rank: they would have to
    remember all rows.

    Weighted, var is Σw(x − m)² / (Σw − Σw²/Σw): weights say how much a value is to be believed,
    not how often it was seen, so that it does not matter whether volume is in lots or shares, and
    equal weights give the variance of a sample. It is that of ``numpy.cov(x, aweights=w)``. A
    value does not count where its weight is null, or not above 0 (as where nothing was traded, or
    a correction went back), nor where that is below 1e-50 or above 1e50.

    Sums are kept in twice the precision of floats: however long windows slide, the error stays
    below 1e-12 relative. min, max, median and quantiles are exact. A row costs O(1) on average,
    median, quantile and rank O(log window).

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> frame = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH"] * 4,
    ...         "timestamp": [1776754800000, 1776754803000, 1776754806000, 1776754809000],
    ...         "last_price": [9.7, 9.8, 9.6, 9.9],
    ...     }
    ... ).with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))
    >>> out = ops.rolling("6s", {"last_price": ["mean", "max", ("quantile", 0.5)]}).apply(frame)
    >>> out.select(pl.col("^last_price_.*$").round(6)).rows()
    [(9.7, 9.7, 9.7), (9.75, 9.8, 9.75), (9.7, 9.8, 9.7), (9.75, 9.9, 9.75)]

    References
    ----------
    Knuth, TAOCP vol. 2, 4.2.2 (TwoSum); Dekker, "A floating-point technique for extending the
    available precision", 1971; Aragon & Seidel, "Randomized search trees", 1989; GNU Scientific
    Library, "Weighted Samples" (variance with weights).
    """

    window: str | timedelta | int | None = field(kw_only=False)
    statistics: Statistics = field(kw_only=False)
    min_rows: int = 1
    weights: str | None = None
    daily: bool = False
    late: LatePolicy = "drop"

    def __post_init__(self) -> None:
        if isinstance(self.window, int):
            if isinstance(self.window, bool) or self.window < 1:
                raise ValueError(f"window must be at least 1 row, not {self.window!r}")
        elif self.window is not None:
            microseconds("window", self.window)
        check_count("min_rows", self.min_rows, "row")
        check_late(self.late)
        object.__setattr__(self, "statistics", _checked(self.statistics, self.window))
        if self.weights is not None:
            _check_weights(self.weights, self.statistics)

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        names = [*_columns(self.statistics), *([] if self.weights is None else [self.weights])]
        columns = dict.fromkeys(names, Kind.NUMBER)
        return {"symbol": Kind.SYMBOL, "timestamp": Kind.TIME, **columns}

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Add a column a statistic."""
        return {
            **schema,
            **{
                self.name(of, statistic): pl.Int64() if statistic in _WHOLE else pl.Float64()
                for of, statistics in self.statistics.items()
                for statistic in statistics
            },
        }

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """State by symbol: its window, and what follows from it."""
        return _Rolling(self, symbols)

    def name(self, of: Any, statistic: Statistic) -> str:
        """Name of the column with a statistic of a column or pair."""
        names = cast("tuple[str, ...]", of) if isinstance(of, tuple) else (str(of),)
        weighted = [] if self.weights is None else ["weighted"]
        return "_".join([*names, *weighted, _text(statistic)])


class _Rolling(Core):
    heavy = True

    def __init__(self, op: rolling, symbols: Symbols) -> None:
        from tickops._kernels import windows as kernels

        super().__init__()
        self.counts = {"late": 0}
        self._op = op
        self._symbols = symbols
        self._kernels = kernels
        self._columns = _columns(op.statistics)
        self._groups = _groups(op, self._columns)
        self._watermarks = Watermarks(op, symbols)
        self._windows: Windows | None = None
        if op.window is not None:
            rows = op.window if isinstance(op.window, int) else 0
            window_us = 0 if isinstance(op.window, int) else microseconds("window", op.window)
            columns = len(self._columns) + (op.weights is not None)
            self._windows = Windows(symbols, columns, window_us, rows, daily=op.daily)
        self._days: Records = np.zeros(0, kernels.DAY)

    def push(self, batch: Batch) -> Batch:
        rows = self._watermarks.rows(batch)
        given = self._slide(batch, rows)
        found: dict[Any, F64] = {}
        for of, group in self._groups:
            result = group.update(given, len(self._symbols))
            found.update(((of, name), row) for name, row in zip(group.names, result, strict=True))
        out = batch.with_columns(
            {
                self._op.name(of, statistic): _column(statistic, found[of, _text(statistic)])
                for of, statistics in self._op.statistics.items()
                for statistic in statistics
            }
        ).where(rows.keep)
        self.counts["late"] += batch.height - out.height
        return out

    def save(self) -> Mapping[str, Saved]:
        count = len(self._symbols)
        saved: dict[str, Saved] = {"newest_us": self._watermarks.save()}
        if self._windows is not None:
            saved |= self._windows.save()
        else:
            saved["days"] = grown(self._days, count)[:count]
        for number, (_, group) in enumerate(self._groups):
            saved |= {f"{number} {name}": array for name, array in group.save(count).items()}
        return saved

    def load(self, state: State) -> None:
        count = len(self._symbols)
        self._watermarks.load(state)
        for number, (_, group) in enumerate(self._groups):
            group.load(state, f"{number} ", count)
        if self._windows is None:
            self._days = state.array("days", self._kernels.DAY, count)
            return
        codes, slide = self._windows.load(state)
        rows = Input(
            codes,
            [cast("Any", frozen(of[: len(codes)].copy())) for of in self._windows.values],
            cast("Bool", empty(np.bool_)),
            self._windows,
            slide,
        )
        for _, group in self._groups:
            group.rebuild(rows, count)

    def _slide(self, batch: Batch, rows: Rows) -> Input:
        columns = [_values(batch.columns[name]) for name in self._columns]
        if self._op.weights is not None:
            columns.append(weights_of(batch.columns[self._op.weights].floats()))
        windows = self._windows
        if windows is None:
            return Input(rows.codes, columns, self._fresh(batch, rows), None, None)
        windows.reserve(batch.height)
        slide = windows.slide(batch, rows, columns)
        return Input(rows.codes, columns, cast("Bool", empty(np.bool_)), windows, slide)

    def _fresh(self, batch: Batch, rows: Rows) -> Bool:
        """Rows before which an expanding window is emptied."""
        if not self._op.daily:
            return cast("Bool", empty(np.bool_))
        self._days = grown(self._days, len(self._symbols))
        fresh = np.empty(batch.height, np.bool_)
        self._kernels.new_days(rows.codes, trading_days(batch, rows), self._days, fresh)
        return cast("Bool", frozen(fresh))


def _groups(op: rolling, columns: Sequence[str]) -> list[tuple[Any, Group]]:
    """Which kernels compute what is asked for, and of which column or pair."""
    groups: list[tuple[Any, Group]] = []
    expanding = op.window is None
    for of, statistics in op.statistics.items():
        if isinstance(of, tuple):
            pair = cast("tuple[str, str]", of)
            x, y = map(columns.index, pair)
            groups.append((pair, Comoments(x, y, statistics, op.min_rows)))
            continue
        column = columns.index(cast("str", of))
        if op.weights is not None:
            groups.append((of, Weighted(column, len(columns), statistics, op.min_rows)))
            continue
        if moments := [name for name in statistics if name in MOMENTS]:
            groups.append((of, Moments(column, moments, op.min_rows)))
        for which in ("min", "max"):
            ago = f"arg{which}" in statistics
            if ago or which in statistics:
                extremes = Extremes(column, which, op.min_rows, ago=ago, expanding=expanding)
                groups.append((of, extremes))
        if {*_ENDS} & {*statistics}:
            groups.append((of, Ends(column, op.min_rows, expanding=expanding)))
        quantiles = {_text(s): _quantile(s) for s in statistics if _quantile(s) is not None}
        if quantiles or "rank" in statistics:
            values = [cast("float", q) for q in quantiles.values()]
            ranked = "rank" in statistics
            group = Ranks(column, list(quantiles), values, op.min_rows, ranked=ranked)
            groups.append((of, group))
    return groups


def _columns(statistics: Statistics) -> list[str]:
    """Columns that statistics are of, each once."""
    names: dict[str, None] = {}
    for of in statistics:
        names.update(dict.fromkeys(cast("Any", of) if isinstance(of, tuple) else [of]))
    return list(names)


def _values(column: Column) -> F64:
    """Values of a column, NaN for what is none."""
    from tickops._kernels.windows import any_beyond

    values = column.floats()
    if not any_beyond(values, _LARGEST):
        return values
    return cast("F64", frozen(np.where(np.abs(values) >= _LARGEST, np.nan, values)))


def _column(statistic: Statistic, values: F64) -> Column:
    if statistic not in _WHOLE:
        return Column.of_floats(values)
    valid = ~np.isnan(values)
    return Column.of_ints(np.where(valid, values, 0).astype(np.int64), pl.Int64(), valid)


def _text(statistic: Statistic) -> str:
    return statistic if isinstance(statistic, str) else f"{statistic[0]}_{statistic[1]}"


def _quantile(statistic: Statistic) -> float | None:
    if statistic == "median":
        return 0.5
    return None if isinstance(statistic, str) else statistic[1]


def _checked(statistics: Any, window: Any) -> Statistics:
    if not isinstance(statistics, Mapping) or not statistics:
        raise TypeError(
            f'statistics must be as {{"last_price": ["mean", "std"]}}, not {statistics!r}'
        )
    checked: dict[Any, tuple[Statistic, ...]] = {}
    for of, given in cast("Mapping[Any, Any]", statistics).items():
        pair = isinstance(of, tuple)
        names = cast("tuple[Any, ...]", of) if pair else (of,)
        if not all(isinstance(name, str) for name in names) or (pair and len(names) != 2):
            raise TypeError(f"statistics are of a column or of a pair of columns, not of {of!r}")
        single = isinstance(given, str) or _is_quantile(given)
        asked: list[Any] = [given] if single else list(given)
        if not asked:
            raise ValueError(f"statistics[{of!r}] must name at least one statistic")
        for statistic in asked:
            _check(of, statistic, pair=pair, window=window)
        checked[of] = tuple(dict.fromkeys(asked))
    return MappingProxyType(checked)


def _check_weights(weights: Any, statistics: Statistics) -> None:
    """Raise unless the statistics can be weighted."""
    if not isinstance(weights, str):
        raise TypeError(f"weights must be the name of a column, not {weights!r}")
    for of, asked in statistics.items():
        if isinstance(of, tuple):
            raise ValueError(f"with weights, statistics must be of single columns, not of {of!r}")
        others = [_text(statistic) for statistic in asked if statistic not in WEIGHTED]
        if others:
            raise ValueError(
                f"with weights, statistics[{of!r}] must be of {', '.join(WEIGHTED)},"
                f" not {', '.join(others)}"
            )


def _is_quantile(statistic: Any) -> bool:
    if not isinstance(statistic, tuple):
        return False
    parts = cast("tuple[Any, ...]", statistic)
    return len(parts) == 2 and parts[0] == "quantile" and isinstance(parts[1], int | float)


def _check(of: Any, statistic: Any, *, pair: bool, window: Any) -> None:
    """Raise ValueError unless there is such a statistic of a column, or of a pair."""
    known = COMOMENTS if pair else _OF_ONE
    quantile = not pair and _is_quantile(statistic)
    if quantile and not 0 <= statistic[1] <= 1:
        raise ValueError(f"a quantile must be from 0 to 1, not {statistic[1]!r}")
    if not quantile and statistic not in known:
        more = "" if pair else ' or ("quantile", q)'
        raise ValueError(
            f"statistics[{of!r}] must be of {', '.join(known)}{more}, not {statistic!r}"
        )
    if window is None and (quantile or statistic in _NEED_WINDOW):
        raise ValueError(
            f"{_text(statistic)} of {of!r} needs a window: over all rows it would have to"
            " remember each of them"
        )
