"""What bars that close by what was traded have in common."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

import numpy as np
import polars as pl

from tickops._arrays import empty, frozen, grown
from tickops._bar_columns import bar_columns, bar_schema
from tickops._batch import Batch
from tickops._counts import check_count
from tickops._late import LatePolicy, check_late
from tickops._operator import Core, Operator
from tickops._per_symbol import Watermarks
from tickops._reasons import Reasons
from tickops._schema import Kind
from tickops._seen_symbols import SeenSymbols
from tickops._trading_days import trading_days
from tickops._units import Unit, Units, check_unit
from tickops.exceptions import SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._arrays import I32, Array, Records
    from tickops._snapshot import State
    from tickops._symbols import Symbols

__all__ = [
    "Adapt",
    "By",
    "FlowBars",
    "Of",
    "Rule",
    "Traded",
    "check_flow",
    "check_threshold",
    "needs_of_bars",
    "sided_rule",
]

Traded: TypeAlias = Literal["tick", "volume", "amount"]
"""What is summed: rows that traded, their volume or their amount."""


class Of(IntEnum):
    """What is summed, as the kernel sees it."""

    TICK = 0
    VOLUME = 1
    AMOUNT = 2


class By(IntEnum):
    """What a bar closes by, as the kernel sees it."""

    ALL = 0
    IMBALANCE = 1
    RUNS = 2
    STREAK = 3


@dataclass(frozen=True, slots=True)
class Adapt:
    """A threshold that follows expectations: see `imbalance_bars`.

    Rows that traded in the first bar, and at least and most in the others; span in bars.
    """

    expected: int
    least: int
    most: int
    span: float


@dataclass(frozen=True, slots=True)
class Rule:
    """What closes a bar: a flow that reaches `threshold`, or with `adapt` what is expected."""

    of: Of
    by: By
    threshold: float
    adapt: Adapt | None = None


class FlowBars(Operator):
    """An operator whose bars close when a flow reaches a threshold.

    It is a dataclass with these fields, after those of its own.
    """

    daily: bool
    unit: Unit
    late: LatePolicy

    def __post_init__(self) -> None:
        if not isinstance(self.daily, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"daily must be True or False, not {self.daily!r}")
        object.__setattr__(self, "unit", check_unit(self.unit))
        check_late(self.late)
        _ = self.rule

    @property
    @abstractmethod
    def rule(self) -> Rule:
        """What closes a bar; raises what the parameters must not be."""

    @property
    def adds_columns(self) -> bool:
        """Bars come out, not rows."""
        return False

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        return needs_of_bars()

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Make the columns of bars."""
        side = schema.get("trade_side")
        if self.rule.by is not By.ALL and side is not None and not side.is_numeric():
            raise SchemaError(
                f"{self!r} needs column 'trade_side', where there is one, to be a numeric type"
                f" (1 for a buy, -1 for a sale); it is {side}"
            )
        return bar_schema(schema, {})

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """State by symbol: its open bar."""
        return _FlowBars(self, schema, symbols)


class _FlowBars(Core):
    def __init__(self, op: FlowBars, schema: pl.Schema, symbols: Symbols) -> None:
        from tickops._kernels import bars, flow_bars

        super().__init__()
        self._kernels: Any = flow_bars
        self._out: Any = bars.OUT
        self._op = op
        self._rule = op.rule
        self._adapt = _adapt_records(op.rule.adapt, flow_bars.ADAPT)
        self._schema = schema
        self._symbols = symbols
        self._units = Units(op.unit, symbols)
        self._reasons = Reasons(schema)
        self._watermarks = Watermarks(op, symbols)
        self._sided = self._rule.by is not By.ALL and "trade_side" in schema
        self._state: Records = np.zeros(0, flow_bars.STATE)
        self._seen = SeenSymbols(symbols)
        self.counts = dict.fromkeys(("late", *flow_bars.COUNTS), 0)

    def push(self, batch: Batch) -> Batch:
        self._reserve()
        rows = self._watermarks.rows(batch)
        columns = batch.columns
        volume = columns["delta_volume"]
        valid = volume.valid()
        counts = np.zeros(len(self._kernels.COUNTS), np.int64)
        out = np.empty(2 * batch.height, self._out)
        count = self._kernels.push(
            rows.codes,
            rows.times_us,
            trading_days(batch, rows),
            columns["last_price"].floats(),
            volume.ints(),
            empty(np.bool_) if valid is None else frozen(valid),
            columns["delta_amount"].floats(),
            columns["trade_side"].floats() if self._sided else empty(np.float64),
            self._reasons.are("gap", batch),
            self._units.by_symbol(),
            int(self._rule.of),
            int(self._rule.by),
            self._rule.threshold,
            self._adapt,
            self._op.daily,
            self._state,
            self._seen.codes,
            self._seen.count,
            counts,
            out,
        )
        late = batch.height - int(rows.keep.sum())
        self.counts["late"] += late
        self.counts["outside"] += int(counts[0])
        self.counts["null"] += int(counts[1]) - late
        return self._bars(out[:count])

    def finish(self) -> Batch | None:
        self._reserve()
        self._seen.sort()
        out = np.empty(len(self._seen), self._out)
        units = self._units.by_symbol()
        count = self._kernels.finish(units, self._state, self._seen.codes, self._seen.count, out)
        return self._bars(out[:count])

    def save(self) -> Mapping[str, Array]:
        self._reserve()
        return {
            "bars": self._state[: len(self._symbols)],
            "newest_us": self._watermarks.save(),
        }

    def load(self, state: State) -> None:
        self._state = state.array("bars", self._kernels.STATE, len(self._symbols))
        self._seen.load(self._state["seen"] != 0)
        self._watermarks.load(state)

    def _reserve(self) -> None:
        self._state = grown(self._state, len(self._symbols))
        self._seen.reserve()

    def _bars(self, out: Records) -> Batch:
        if not len(out):
            return Batch({}, 0, self._symbols)
        columns = bar_columns(self._schema, self._symbols, out, np.empty(0), {})
        return Batch(columns, len(out), self._symbols, cast("I32", frozen(out["code"])))


def _adapt_records(adapt: Adapt | None, dtype: np.dtype[np.void]) -> Records:
    """What the kernel must know of expectations: one record, or none."""
    if adapt is None:
        return empty(dtype)
    weights = 2 / (adapt.span + 1), 2 / (adapt.span * adapt.expected + 1)
    return frozen(np.array([(adapt.expected, adapt.least, adapt.most, *weights)], dtype))


def needs_of_bars() -> dict[str, Kind]:
    """Columns that bars are made of."""
    return {
        "symbol": Kind.SYMBOL,
        "timestamp": Kind.TIME,
        "last_price": Kind.NUMBER,
        "delta_volume": Kind.INTEGER,
        "delta_amount": Kind.NUMBER,
    }


def check_threshold(name: str, value: Any, *, whole: bool = False) -> float:
    """Threshold as a float.

    Raises
    ------
    TypeError
        It is no number, or with `whole` no whole one.
    ValueError
        It is not above 0 and finite.
    """
    kind = int if whole else (int, float)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(f"{name} must be a {'whole ' * whole}number, not {value!r}")
    if not 0 < value < math.inf:
        raise ValueError(f"{name} must be above 0 and finite, not {value!r}")
    return float(value)


def sided_rule(
    of: str,
    by: By,
    threshold: float | Literal["adaptive"],
    expected_ticks: int | None,
    span: float,
    bounds: tuple[float, float],
) -> Rule:
    """Rule of a flow that has sides, with a threshold that is fixed or follows expectations.

    Raises
    ------
    TypeError, ValueError
        An argument cannot be right, or does not go with the threshold.
    """
    flow = check_flow(of)
    if threshold != "adaptive":
        if isinstance(threshold, str):
            raise ValueError(f'threshold must be a number or "adaptive", not {threshold!r}')
        if expected_ticks is not None:
            raise ValueError(
                f'expected_ticks goes with threshold="adaptive" only, not {threshold!r}'
            )
        return Rule(flow, by, check_threshold("threshold", threshold))
    if expected_ticks is None:
        raise ValueError('threshold="adaptive" needs expected_ticks, the rows of the first bar')
    check_count("expected_ticks", expected_ticks, "row")
    if check_threshold("span", span) < 1:
        raise ValueError(f"span must be at least 1 bar, not {span!r}")
    least, most = _bounds(bounds)
    adapt = Adapt(
        expected_ticks,
        max(1, math.ceil(least * expected_ticks)),
        math.floor(most * expected_ticks),
        float(span),
    )
    return Rule(flow, by, math.inf, adapt)


def _bounds(bounds: Any) -> tuple[float, float]:
    try:
        least, most = (check_threshold("bounds", bound) for bound in bounds)
    except (TypeError, ValueError) as error:
        raise ValueError(f"bounds must be two factors such as (0.1, 10), not {bounds!r}") from error
    if not least <= 1 <= most:
        raise ValueError(f"bounds must lie below and above 1, not {bounds!r}")
    return least, most


def check_flow(of: str) -> Of:
    """Flow of this name.

    Raises
    ------
    ValueError
        There is none.
    """
    if of not in ("tick", "volume", "amount"):
        raise ValueError(f'of must be "tick", "volume" or "amount", not {of!r}')
    return Of[of.upper()]
