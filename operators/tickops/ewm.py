"""Exponentially weighted statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast

import numpy as np
import polars as pl

from tickops._arrays import frozen, grown
from tickops._column import Column
from tickops._columns import (
    PerColumn,
    check_names,
    check_number,
    needs_of,
    several,
)
from tickops._counts import check_count
from tickops._duration import microseconds
from tickops._late import LatePolicy, check_late
from tickops._operator import Core, Operator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._arrays import F64, I64, Array, Records
    from tickops._batch import Batch
    from tickops._per_symbol import Rows
    from tickops._schema import Kind
    from tickops._snapshot import State
    from tickops._symbols import Symbols

__all__ = ["ewm"]

Statistic: TypeAlias = Literal["mean", "var", "std", "cov", "corr"]
_OF_ONE: Final = ("mean", "var", "std")
_OF_PAIRS: Final = ("cov", "corr")
_STATISTICS: Final = (*_OF_ONE, *_OF_PAIRS)
_WEIGHTS: Final = ("halflife", "span", "alpha", "com")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class ewm(Operator):
    """Exponentially weighted mean, variance, deviation and correlation of a symbol's values.

    Parameters
    ----------
    columns
        A numeric column or a list of them.
    halflife, span, alpha, com
        Exactly one of them says by what weights fall from row to row: 1 − alpha, where alpha
        is 1 − 2^(−1/halflife), 2/(span + 1) or 1/(1 + com). With ``by="time"`` it is
        `halflife`, a duration such as "30s".
    statistics
        "mean", "var", "std" of each column, "cov", "corr" of each pair of them, or a list of
        these.
    by
        "rows": a value's weight falls with each row of the symbol that follows, rows of null
        values too. "time": with the time since.
    min_rows
        So many values there must be; of variances and covariances two at least unless `bias`.
    bias
        Whether variances and covariances are divided by Σw alone, or corrected by
        (Σw)²/((Σw)² − Σw²).
    late
        What happens to rows older than the symbol's newest: left out and counted ("drop"),
        an error ("raise"), or taken as at the symbol's newest time ("include").

    Returns
    -------
    The input with `{column}_ewm_{statistic}` (Float64; mean and std in the column's unit, var in
    its square) for each column and statistic, and `{x}_{y}_ewm_{statistic}` (Float64; cov in the
    product of their units, corr from −1 to 1) for each pair of columns, in their order.

    Raises
    ------
    SchemaError
        symbol, timestamp or a column is missing or of the wrong type.
    LateRowError
        A row is late, and ``late="raise"``.

    Notes
    -----
    Mean m = Σw·x/Σw over all values so far, the newest of weight 1: adjust=True of Polars and
    pandas. By rows it equals ``ewm_mean(ignore_nulls=False)`` of Polars, over the symbol; by
    time ``ewm(halflife=…, times=…).mean()`` of pandas. Polars' ``ewm_mean_by`` differs from it:
    it is the recursion m + (1 − 2^(−Δt/halflife))·(x − m), adjust=False, in which the first
    value has the weight of all before it, and a second row of the same time has none.

    Cov is Σw(x − m)(y − n)/Σw over the rows in which both are values, corrected as variances are;
    corr = cov / √(var x · var y) over the same rows: ``ewm(…).cov()`` and ``corr()`` of pandas,
    which show the last result in rows where a value is missing.

    Null in rows whose value is null or infinite: such values do not count. Null while there are
    fewer values than `min_rows`, and for corrected variances of one value. Corr is null where a
    column does not vary (Σw(x − m)²/Σw below 1e-28 m²: what rounding leaves). A value whose
    weight fell below 1e-150, as over a night, is forgotten.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> frame = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH"] * 3,
    ...         "timestamp": [1776754800000, 1776754803000, 1776754806000],
    ...         "spread": [1.0, 4.0, 11.0],
    ...     }
    ... ).with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))
    >>> ops.ewm("spread", alpha=0.5).apply(frame)["spread_ewm_mean"].to_list()
    [1.0, 3.0, 7.571428571428571]
    >>> both = ops.ewm(["spread", "depth"], alpha=0.5, statistics="corr")
    >>> out = both.apply(frame.with_columns(depth=pl.Series([9, 5, 2])))
    >>> out["spread_depth_ewm_corr"].round(3).to_list()
    [None, -1.0, -0.958]

    References
    ----------
    The weighted updates, here of products too, are those of D. H. D. West, Communications of the
    ACM 22 (1979) 532.
    """

    columns: str | Sequence[str] = field(kw_only=False)
    halflife: float | str | timedelta | None = None
    span: float | None = None
    alpha: float | None = None
    com: float | None = None
    statistics: Statistic | Sequence[Statistic] = ("mean",)
    by: Literal["rows", "time"] = "rows"
    min_rows: int = 1
    bias: bool = False
    late: LatePolicy = "drop"

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", check_names("columns", self.columns))
        statistics = check_names("statistics", self.statistics)
        object.__setattr__(self, "statistics", several(statistics))
        unknown = set(self.statistics) - set(_STATISTICS)
        if unknown:
            raise ValueError(
                f"statistics must be of {', '.join(_STATISTICS)}, not {self.statistics!r}"
            )
        of_pairs = [kind for kind in self.statistics if kind in _OF_PAIRS]
        if of_pairs and len(several(self.columns)) < 2:
            raise ValueError(
                f"columns must be at least two for {', '.join(of_pairs)}, not {self.columns!r}"
            )
        if self.by not in ("rows", "time"):
            raise ValueError(f'by must be "rows" or "time", not {self.by!r}')
        check_count("min_rows", self.min_rows, "row")
        check_late(self.late)
        self._check_weights()

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        return needs_of(self.columns)

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Add a column for each and each statistic."""
        columns = several(self.columns)
        of_one = [kind for kind in self.statistics if kind in _OF_ONE]
        names = [f"{name}_ewm_{kind}" for name in columns for kind in of_one]
        of_pairs = [kind for kind in self.statistics if kind in _OF_PAIRS]
        names += [f"{x}_{y}_ewm_{kind}" for x, y in combinations(columns, 2) for kind in of_pairs]
        return {**schema, **dict.fromkeys(names, pl.Float64())}

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """State by symbol: sums of weights, mean, squares."""
        return _Ewm(self, symbols, self._decay())

    def _check_weights(self) -> None:
        given = {name: getattr(self, name) for name in _WEIGHTS if getattr(self, name) is not None}
        if len(given) != 1:
            raise ValueError(
                f"exactly one of {', '.join(_WEIGHTS)} must be given, not {given or 'none'}"
            )
        name, value = next(iter(given.items()))
        if self.by == "time":
            if name != "halflife":
                raise ValueError(f'{name} must not be given with by="time": halflife must')
            microseconds("halflife", value)
            return
        check_number(name, value, f'a finite number with by="{self.by}"')
        least = {"halflife": "above 0", "span": "at least 1", "com": "at least 0"}
        fits = {"halflife": value > 0, "span": value >= 1, "com": value >= 0}
        if not fits.get(name, 0 < value <= 1):
            allowed = least.get(name, "above 0, at most 1")
            raise ValueError(f"{name} must be {allowed}, not {value!r}")

    def _decay(self) -> float:
        """What a weight falls by from row to row; 0 by time."""
        if self.span is not None:
            return 1 - 2 / (self.span + 1)
        if self.com is not None:
            return 1 - 1 / (1 + self.com)
        if self.alpha is not None:
            return 1 - self.alpha
        return 2 ** (-1 / cast("float", self.halflife)) if self.by == "rows" else 0.0


class _Ewm(PerColumn):
    def __init__(self, op: ewm, symbols: Symbols, decay: float) -> None:
        from tickops._kernels import ewm as kernels
        from tickops._kernels import ewm_pairs as of_pairs

        super().__init__(op, symbols, kernels.WEIGHTED)
        self._kernels: Any = kernels
        self._of_pairs: Any = of_pairs
        self._op = op
        self._decay = float(decay)
        duration = cast("str", op.halflife)
        self._halflife_us = microseconds("halflife", duration) if op.by == "time" else 0
        self._kinds = [kind for kind in op.statistics if kind in _OF_ONE]
        self._pair_kinds = [kind for kind in op.statistics if kind in _OF_PAIRS]
        columns = range(len(self.names)) if self._pair_kinds else ()
        pairs = np.array([*combinations(columns, 2)], np.int64).reshape(-1, 2)
        self._first, self._second = (cast("I64", frozen(of)) for of in pairs.T.copy())
        self._pairs: Records = np.zeros((0, len(pairs)), of_pairs.PAIRED)

    def add(self, batch: Batch, rows: Rows, values: F64) -> Mapping[str, Column]:
        added = self._each(rows, values) if self._kinds else {}
        return added | (self._paired(rows, values) if self._pair_kinds else {})

    def save(self) -> Mapping[str, Array]:
        self._pairs = grown(self._pairs, len(self.symbols))
        return {**super().save(), "pairs": self._pairs[: len(self.symbols)]}

    def load(self, state: State) -> None:
        super().load(state)
        count, pairs = len(self.symbols), len(self._first)
        self._pairs = state.array("pairs", self._of_pairs.PAIRED, count, pairs)

    def _each(self, rows: Rows, values: F64) -> dict[str, Column]:
        """Columns of statistics of one."""
        mean, variance = np.empty(values.shape), np.empty(values.shape)
        self._kernels.ewm(
            rows.codes, rows.times_us, values, *self._weights(), self.cells, mean, variance
        )
        made = {"mean": mean, "var": variance, "std": np.sqrt(variance)}
        return {
            f"{name}_ewm_{kind}": Column.of_floats(made[kind][k])
            for k, name in enumerate(self.names)
            for kind in self._kinds
        }

    def _paired(self, rows: Rows, values: F64) -> dict[str, Column]:
        """Columns of statistics of pairs."""
        self._pairs = grown(self._pairs, len(self.symbols))
        shape = len(self._first), values.shape[1]
        made = {"cov": np.empty(shape), "corr": np.empty(shape)}
        self._of_pairs.ewm_pairs(
            rows.codes,
            rows.times_us,
            values,
            self._first,
            self._second,
            *self._weights(),
            self._pairs,
            made["cov"],
            made["corr"],
        )
        return {
            f"{x}_{y}_ewm_{kind}": Column.of_floats(made[kind][k])
            for k, (x, y) in enumerate(combinations(self.names, 2))
            for kind in self._pair_kinds
        }

    def _weights(self) -> tuple[float, int, int, bool]:
        """How weights fall, and what else both kernels must know."""
        return self._decay, self._halflife_us, self._op.min_rows, bool(self._op.bias)
