"""Symbols: the categories of the whole process, and the dense numbers of one run."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Final, cast

import numpy as np
import polars as pl

from tickops._arrays import empty, frozen, grown
from tickops._markets import CN, MARKETS, LocalTime, market_code, zone_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tickops._arrays import I32, I64, U8, Bool

__all__ = ["SYMBOL", "Named", "Symbols", "physical"]

SYMBOL: Final = pl.Categorical(pl.Categories("tickops.symbol"))
"""Type of a symbol column: a Categorical whose codes are the same in all frames of the process."""

# Polars forgets a mapping when no Series uses it and then hands out its codes anew.
_KEEP_ALIVE: Final = pl.Series("symbol", [""], dtype=SYMBOL)

_PHYSICAL: Final = pl.col("").to_physical()


@dataclass(frozen=True, slots=True)
class Named:
    """Whose some rows are, by name.

    Attributes
    ----------
    symbols, regions
        Of the rows; None where there are no regions.
    categories
        (n,) category of the symbol, any for null.
    valid
        (n,) false for rows to be nobody's, or empty.
    """

    symbols: pl.Series
    regions: pl.Series | None
    categories: I32
    valid: Bool

    @classmethod
    def of(cls, symbols: pl.Series, regions: pl.Series | None, valid: Bool | None) -> Named:
        """Rows of null symbols, or where `valid` is false, are nobody's."""
        known = physical(_as_symbol(symbols))
        if symbols.null_count():
            given = symbols.is_not_null().to_numpy()
            valid = given if valid is None else given & valid
            known = known.fill_null(0)
        categories = cast("I32", frozen(known.to_numpy()))
        return cls(
            symbols, regions, categories, empty(np.bool_) if valid is None else frozen(valid)
        )

    def __getitem__(self, rows: slice) -> Named:
        return Named(
            self.symbols[rows],
            None if self.regions is None else self.regions[rows],
            cast("I32", frozen(self.categories[rows])),
            cast("Bool", frozen(self.valid[rows])),
        )

    def names(self, rows: I64) -> tuple[list[str], list[str | None] | None]:
        """Symbols and regions of some rows as text."""
        regions = None if self.regions is None else self.regions[rows].cast(pl.String).to_list()
        return self.symbols[rows].cast(pl.String).to_list(), regions


class Symbols:
    """The symbols that a run has seen, numbered 0, 1, … in order of first appearance.

    Steps in other threads may add to them at any time: who asks twice how many they are can get
    two answers, but those whose numbers somebody has are there.

    Attributes
    ----------
    names
        Symbol by number.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self._markets: U8 = np.zeros(0, np.uint8)
        self._code_of_category: I32 = np.zeros(0, np.int32)
        self._series = pl.Series(dtype=SYMBOL)
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self.names)

    @property
    def markets(self) -> U8:
        """Index into ``tickops._markets.MARKETS`` by symbol number."""
        return cast("U8", frozen(self._markets[: len(self.names)].copy()))

    def encode(self, symbols: pl.Series, regions: pl.Series | None, valid: Bool | None) -> I32:
        """Number the symbols of some rows; -1 where null or where `valid` is false.

        The market of a symbol is that of its first row, CN where there are no regions.
        """
        return self.number(Named.of(symbols, regions, valid))

    def number(self, rows: Named) -> I32:
        """Do as `encode`.

        Steps in several threads may number new symbols, and ask for those that they know.
        """
        from tickops._kernels import symbols as kernels

        count = len(rows.categories)
        with self._lock:
            if count:
                self._reserve(int(rows.categories.max()) + 1)
            codes, first_rows = np.empty(count, np.int32), np.empty(count, np.int64)
            new = kernels.encode(
                rows.categories,
                rows.valid,
                self._code_of_category,
                len(self.names),
                codes,
                first_rows,
            )
            if new:
                self._add(*rows.names(first_rows[:new]))
        return cast("I32", frozen(codes))

    def add(self, names: Sequence[str], markets: Sequence[int]) -> None:
        """Take the symbols of a snapshot, in its order."""
        categories = physical(pl.Series("", names, dtype=SYMBOL)).to_numpy()
        if len(categories):
            self._reserve(int(categories.max()) + 1)
        self._code_of_category[categories] = np.arange(len(names), dtype=np.int32)
        self._add(names, [MARKETS[market].region for market in markets])

    def series(self, codes: I32, dtype: pl.DataType) -> pl.Series:
        """Symbols with these numbers as a column of type `dtype`."""
        series = self._series
        if series.dtype != dtype or len(series) != len(self.names):
            names = pl.Series("", self.names, dtype=pl.String)
            series = self._series = names if dtype == pl.String else names.cast(dtype)
        return series[codes]

    def days(self, codes: I32, times_us: I64) -> I32:
        """Local date of rows, by the market of their symbol: in half the time of `localise`."""
        return self._localise(codes, times_us, np.empty(0, np.int64))

    def localise(self, codes: I32, times_us: I64) -> LocalTime:
        """Local date and time of day of rows, by the market of their symbol."""
        time_of_day = np.empty(len(codes), np.int64)
        return LocalTime(
            self._localise(codes, times_us, time_of_day), cast("I64", frozen(time_of_day))
        )

    def _localise(self, codes: I32, times_us: I64, time_of_day: I64) -> I32:
        from tickops._kernels import symbols as kernels

        zones = zone_table()
        days = np.empty(len(codes), np.int32)
        kernels.localise(
            codes,
            times_us,
            self.markets,
            zones.bounds,
            zones.starts_us,
            zones.offsets_us,
            days,
            time_of_day,
        )
        return cast("I32", frozen(days))

    def _reserve(self, categories: int) -> None:
        known = len(self._code_of_category)
        if categories > known:
            self._code_of_category = grown(self._code_of_category, categories)
            self._code_of_category[known:] = -1

    def _add(self, names: Sequence[str], regions: Sequence[str | None] | None) -> None:
        count = len(self.names)
        self._markets = grown(self._markets, count + len(names))
        self._markets[count : count + len(names)] = (
            CN if regions is None else [market_code(region) for region in regions]
        )
        self.names.extend(names)  # last: who counts names finds their markets


def physical(categorical: pl.Series) -> pl.Series:
    """Codes of the categories, in half the time that ``cat.physical`` takes."""
    return categorical.to_frame("").select_seq(_PHYSICAL).to_series()


def _as_symbol(symbols: pl.Series) -> pl.Series:
    if symbols.dtype == SYMBOL:
        return symbols
    return symbols.cast(pl.String).cast(SYMBOL)
