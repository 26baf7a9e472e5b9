"""Each symbol against all others at the same time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

import polars as pl

from tickops._duration import Duration, microseconds
from tickops._grid import check_every
from tickops._late import LatePolicy, check_late
from tickops._made_rows import made_schema
from tickops._operator import Core, Operator
from tickops._schema import Kind, check_columns
from tickops._statistics_across import ACROSS
from tickops.exceptions import SchemaError

if TYPE_CHECKING:
    from tickops._symbols import Symbols

__all__ = ["cross_section"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class cross_section(Operator):
    """Each symbol against all others at the times of a grid: ranks, z-scores, distances.

    Parameters
    ----------
    every
        Step of the grid, at most a day, counted from local midnight.
    statistics
        By column: ``{"returns": ["rank", "zscore"]}``. "rank": 1 is the smallest, of equal
        values the average. "rank_pct": rank / n. "demean": distance from the mean. "zscore":
        that over the standard deviation.
    groups
        Compare within groups only: group by symbol (others are left out), or the name of a
        column that says it (its newest value; symbols without one are left out).
    max_age
        Leave out symbols whose newest row is older. Default: it is of the same trading day.
    ddof
        0 or 1: the variance is divided by n − ddof.
    grace
        The times of a grid come out so much later, for rows that arrive late.
    late
        What happens to rows older than their symbol's newest: left out and counted ("drop"),
        an error ("raise"), or taken as at the symbol's newest time ("include").

    Returns
    -------
    A row for each symbol at each time t: symbol; timestamp (t); region (where the frame has
    it); then ``<column>_<statistic>`` (Float64).

    Raises
    ------
    SchemaError
        A column is missing or of the wrong type.
    LateRowError
        A row is late, and ``late="raise"``.

    Notes
    -----
    A symbol counts at t with its newest row at or before t. If that is null, NaN or infinite
    in a column, the symbol's statistics of it are null and it counts for no other. They are
    null too where fewer than two count, and a z-score where all are equal.
    t comes out if a row of any symbol lies in (t−every, t], once a row later than t + grace was
    seen, the clock has reached t + grace, or at ``finish``; its rows in order of the symbols'
    names. A row that arrives after that counts from the next t on. Rows must be in about the
    order of time: put `reorder` before it where whole days come symbol by symbol.
    Sums are exact before they are rounded, so that no order of symbols matters.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> frame = pl.DataFrame(
    ...     {
    ...         "symbol": ["600036.SH", "601398.SH", "000001.SZ"],
    ...         "timestamp": [1776754801000, 1776754802000, 1776754804000],
    ...         "returns": [0.01, -0.01, 0.03],
    ...     }
    ... ).with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))
    >>> out = ops.cross_section("1m", {"returns": ["rank", "demean"]}).apply(frame)
    >>> out.select("symbol", "returns_rank", pl.col("returns_demean").round(6)).rows()
    [('000001.SZ', 3.0, 0.02), ('600036.SH', 2.0, 0.0), ('601398.SH', 1.0, -0.02)]
    """

    every: Duration = field(kw_only=False)
    statistics: Mapping[str, str | Sequence[str]] = field(kw_only=False)
    groups: Mapping[str, str] | str | None = None
    max_age: Duration | None = None
    ddof: int = 1
    grace: Duration = "5s"
    late: LatePolicy = "drop"

    def __post_init__(self) -> None:
        check_every(self.every)
        object.__setattr__(self, "statistics", _check_statistics(self.statistics))
        object.__setattr__(self, "groups", _check_groups(self.groups))
        if self.max_age is not None:
            microseconds("max_age", self.max_age)
        if isinstance(self.ddof, bool) or self.ddof not in (0, 1):
            raise ValueError(f"ddof must be 0 or 1, not {self.ddof!r}")
        microseconds("grace", self.grace, zero=True)
        check_late(self.late)

    @property
    def adds_columns(self) -> bool:
        """Rows at the times of the grid come out."""
        return False

    @property
    def across_symbols(self) -> bool:
        """Each symbol is compared with all others."""
        return True

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without, besides that of groups."""
        needs = {"symbol": Kind.SYMBOL, "timestamp": Kind.TIME}
        return needs | dict.fromkeys(self.statistics, Kind.NUMBER)

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Make the columns of statistics."""
        if isinstance(self.groups, str):
            check_columns(repr(self), schema, [self.groups])
            kind = schema[self.groups]
            is_name = isinstance(kind, pl.Categorical | pl.Enum | pl.String | pl.Boolean)
            if not is_name and not kind.is_integer():
                raise SchemaError(
                    f"{self!r} needs column {self.groups!r} to be of text, categories, integers"
                    f" or Booleans; it is {kind}"
                )
        names = [f"{of}_{name}" for of, asked in self.statistics.items() for name in asked]
        return made_schema(schema, dict.fromkeys(names, pl.Float64()))

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """State by symbol: its newest values; and the rows of times that have not come out."""
        from tickops._cross_section import CrossSection

        return CrossSection(self, schema, symbols)


def _check_statistics(statistics: Any) -> Mapping[str, tuple[str, ...]]:
    if not isinstance(statistics, Mapping) or not statistics:
        raise TypeError(f'statistics must be as {{"returns": ["rank"]}}, not {statistics!r}')
    checked: dict[str, tuple[str, ...]] = {}
    for of, given in cast("Mapping[Any, Any]", statistics).items():
        if not isinstance(of, str):
            raise TypeError(f"statistics are of a column, not of {of!r}")
        asked: tuple[Any, ...] = (given,) if isinstance(given, str) else tuple(given)
        if not asked or any(statistic not in ACROSS for statistic in asked):
            raise ValueError(f"statistics[{of!r}] must be of {', '.join(ACROSS)}, not {given!r}")
        checked[of] = tuple(dict.fromkeys(asked))
    return MappingProxyType(checked)


def _check_groups(groups: Any) -> Mapping[str, str] | str | None:
    if groups is None or isinstance(groups, str):
        return groups
    if not isinstance(groups, Mapping):
        raise TypeError(
            f'groups must be as {{"600000.SH": "banks"}} or the name of a column, not {groups!r}'
        )
    given = cast("Mapping[Any, Any]", groups)
    for symbol, group in given.items():
        if not isinstance(symbol, str) or not isinstance(group, str):
            raise TypeError(f"groups must be from symbols to names, not {symbol!r}: {group!r}")
    return MappingProxyType(dict(sorted(given.items())))
