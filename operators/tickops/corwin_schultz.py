"""The spread that highs and lows betray."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import polars as pl

from tickops._arrays import empty, grown
from tickops._column import Column
from tickops._operator import Core, Operator
from tickops._schema import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._arrays import Array, Records
    from tickops._batch import Batch
    from tickops._snapshot import State
    from tickops._symbols import Symbols

__all__ = ["corwin_schultz"]

_NEGATIVE: Final = ("null", "zero", "keep")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class corwin_schultz(Operator):
    """Corwin and Schultz's spread from the highs and lows of two periods; over bars.

    S = 2(e^α − 1)/(e^α + 1) with α = (√(2β) − √β)/(3 − 2√2) − √(γ/(3 − 2√2)); β is the sum of
    ln²(high/low) of a symbol's bar and the one before, γ is ln²(high/low) of both together.
    Volatility grows with time and the spread does not: that tells them apart.

    Parameters
    ----------
    overnight
        Take what the price moved between two bars out of the later one, before anything else:
        where the close before is below its low (above its high), both are moved so that the low
        (high) is that close. Without it `close` is not needed.
    negative
        What becomes of a spread below 0: "null", "zero" or "keep".

    Returns
    -------
    The input with `corwin_schultz` (Float64, spread by price: 0.01 is one percent).

    Raises
    ------
    SchemaError
        symbol, high, low or close is missing or of the wrong type.

    Notes
    -----
    Each row is a period, in the order of rows, so no row is late. The authors take days, and the
    mean of a month; single values are noisy. A row whose high or low is none (0, null) is null,
    and left out: the next one is compared with the one before it. So is a row without symbol, or
    without time in a frame with `timestamp`. Null for a symbol's first period. A spread within
    1e-12 of 0 is 0.

    References
    ----------
    Corwin, Schultz (2012), A simple way to estimate bid-ask spreads from daily high and low
    prices, Journal of Finance 67, 10.1111/j.1540-6261.2012.01729.x.

    Examples
    --------
    >>> import polars as pl
    >>> import tickops as ops
    >>> bars = pl.DataFrame(
    ...     {
    ...         "symbol": ["600000.SH"] * 4,
    ...         "high": [10.1, 10.1, 11.2, 10.4],
    ...         "low": [9.9, 9.9, 11.0, 10.2],
    ...         "close": [10.0, 9.95, 11.1, 10.2],
    ...     }
    ... )
    >>> ops.corwin_schultz().apply(bars)["corwin_schultz"].round(6).to_list()
    [None, 0.02, 0.007909, None]
    >>> ops.corwin_schultz(negative="keep").apply(bars)["corwin_schultz"].round(6).to_list()
    [None, 0.02, 0.007909, -0.003749]
    """

    overnight: bool = True
    negative: Literal["null", "zero", "keep"] = "null"

    def __post_init__(self) -> None:
        if not isinstance(self.overnight, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"overnight must be True or False, not {self.overnight!r}")
        if self.negative not in _NEGATIVE:
            raise ValueError(f'negative must be "null", "zero" or "keep", not {self.negative!r}')

    @property
    def needs(self) -> Mapping[str, Kind]:
        """Columns that the operator cannot do without."""
        needs = {"symbol": Kind.SYMBOL, "high": Kind.NUMBER, "low": Kind.NUMBER}
        return {**needs, "close": Kind.NUMBER} if self.overnight else needs

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        """Add the column."""
        return {**schema, "corwin_schultz": pl.Float64()}

    def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
        """State by symbol: its last period."""
        return _CorwinSchultz(self, symbols)


class _CorwinSchultz(Core):
    heavy = True

    def __init__(self, op: corwin_schultz, symbols: Symbols) -> None:
        from tickops._kernels import high_low as kernels

        super().__init__()
        self._kernels = kernels
        self._overnight = op.overnight
        self._negative = _NEGATIVE.index(op.negative)
        self._symbols = symbols
        self._state: Records = np.zeros(0, kernels.PERIOD)

    def push(self, batch: Batch) -> Batch:
        if batch.codes is None:
            raise AssertionError("an operator that needs symbol must declare it")
        self._state = grown(self._state, len(self._symbols))
        result = np.empty(batch.height)
        self._kernels.corwin_schultz(
            batch.codes,
            batch.columns["high"].floats(),
            batch.columns["low"].floats(),
            batch.columns["close"].floats() if self._overnight else empty(np.float64),
            self._negative,
            self._state,
            result,
        )
        return batch.with_columns({"corwin_schultz": Column.of_floats(result)})

    def save(self) -> Mapping[str, Array]:
        self._state = grown(self._state, len(self._symbols))
        return {"periods": self._state[: len(self._symbols)]}

    def load(self, state: State) -> None:
        self._state = state.array("periods", self._kernels.PERIOD, len(self._symbols))
