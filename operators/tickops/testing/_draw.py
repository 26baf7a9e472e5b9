"""Frames from drawn steps: small records are drawn, the frame is built at the end."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import chain, cycle, islice, product
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from hypothesis import strategies as st

from tickops._symbols import SYMBOL
from tickops.testing import _market as market
from tickops.testing._books import BOOK_COLUMNS, book_of
from tickops.testing._calendar import FIRST_DAYS, MINUTE, SECOND, market_of, milestones, opening

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

__all__ = ["NAN", "NULL_LEVEL", "QUOTE_SCHEMA", "Rows", "book_schema", "frames"]

_ALL_ROWS: Final = pl.Schema(
    {
        "symbol": SYMBOL,
        "timestamp": pl.Datetime("ms", "UTC"),
        "received": pl.Datetime("us", "UTC"),
        "connection": pl.UInt32(),
        "region": pl.Categorical(),
    }
)
_PRICES: Final = ("last_price", "prev_close", "open", "high", "low")
QUOTE_SCHEMA: Final = pl.Schema(
    {
        **_ALL_ROWS,
        **dict.fromkeys(_PRICES, pl.Float64()),
        "volume": pl.Int64(),
        "amount": pl.Float64(),
    }
)
"""Columns of drawn quotes."""

NAN: Final = "nan "
"""Quirk of a row in which the column named after it is NaN."""

NULL_LEVEL: Final = "level"
"""Quirk of a row whose last level is null on both sides."""

_REGION_OF_SUFFIX: Final = {"SH": "CN", "SZ": "CN", "BJ": "CN", "HK": "HK", "US": "US"}
# How far arrival is behind exchange time: the same for all rows of a symbol.
_LAGS_MS: Final = (0, 3 * SECOND, 5 * SECOND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What quotes and books have in common; the keywords of `quotes`."""

    symbols: int | Sequence[str]
    days: int
    regions: Sequence[str]
    min_rows: int
    max_rows: int
    same_second: bool
    boundaries: bool
    off_session: bool
    gaps: bool
    blocks: bool
    zeros: bool = False
    odd_lots: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.symbols, str) or not self.symbols or self.symbols == 0:
            raise ValueError(f"symbols must be a number or several names, not {self.symbols!r}")
        if self.days < 1:
            raise ValueError(f"days must be at least 1, not {self.days}")
        if not self.regions or isinstance(self.regions, str):
            raise ValueError(f'regions must be a sequence such as ("CN",), not {self.regions!r}')

    def named(self) -> tuple[list[str], list[str]]:
        """Symbols, and the region of each."""
        if not isinstance(self.symbols, int):
            suffixes = [name.rpartition(".")[2] for name in self.symbols]
            regions = [_REGION_OF_SUFFIX.get(suffix, self.regions[0]) for suffix in suffixes]
            return list(self.symbols), regions
        pools = {region: _endless(market_of(region).names) for region in self.regions}
        regions = list(islice(cycle(self.regions), self.symbols))
        return [next(pools[region]) for region in regions], regions


def frames(
    rows: Rows,
    quirks: Sequence[market.Quirk],
    *,
    quotes: bool,
    levels: int,
    shapes: Sequence[str],
) -> st.SearchStrategy[pl.DataFrame]:
    """Draw frames with the columns of quotes, of books with `levels`, or of both."""
    schema = pl.Schema({**(QUOTE_SCHEMA if quotes else _ALL_ROWS), **book_schema(levels)})
    count = rows.symbols if isinstance(rows.symbols, int) else len(rows.symbols)
    oddities = list(product(quirks, shapes if levels else ("",)))
    steps = _lists(_steps(rows, count, oddities), rows.min_rows, rows.max_rows)
    in_blocks = st.booleans() if rows.blocks else st.just(False)

    def frame(plan: market.Plan, drawn: list[market.Step], blocks: bool) -> pl.DataFrame:
        return _frame(plan, drawn, blocks, schema, levels)

    return st.builds(frame, _plans(rows, count), steps, in_blocks)


def book_schema(levels: int) -> Mapping[str, pl.DataType]:
    """Columns of books with so many levels; none of none."""
    if not levels:
        return {}
    prices, volumes = pl.Array(pl.Float64, levels), pl.Array(pl.Int64, levels)
    return dict(zip(BOOK_COLUMNS, (prices, volumes, prices, volumes), strict=True))


def _plans(rows: Rows, count: int) -> st.SearchStrategy[market.Plan]:
    symbols, regions = rows.named()

    def plan(first_day: date, start: int, lags: Sequence[int]) -> market.Plan:
        return market.Plan(
            symbols,
            regions,
            lags,
            first_day,
            rows.days,
            start,
            rows.zeros,
            rows.odd_lots,
            rows.boundaries,
            rows.off_session,
        )

    # The plainest stream begins where continuous trading does.
    phases = milestones(regions[0], FIRST_DAYS[0])
    plainest = phases.index(opening(regions[0], FIRST_DAYS[0]))
    starts = [plainest, *(start for start in range(len(phases)) if start != plainest)]
    lags = st.lists(st.sampled_from(_LAGS_MS), min_size=count, max_size=count)
    return st.builds(plan, st.sampled_from(FIRST_DAYS), st.sampled_from(starts), lags)


def _steps(
    rows: Rows, count: int, oddities: Sequence[tuple[market.Quirk, str]]
) -> st.SearchStrategy[market.Step]:
    pauses = [3 * SECOND, SECOND, 3 * SECOND, 20 * SECOND]
    pauses += [0] * rows.same_second
    pauses += [market.NEXT_MINUTE, market.BEFORE_MINUTE, market.NEXT_PHASE] * rows.boundaries
    pauses += [61 * SECOND, 20 * MINUTE] * rows.gaps
    pauses += [market.NEXT_DAY] * (rows.days > 1)
    return st.builds(
        market.Step,
        st.integers(0, count - 1),
        st.sampled_from(pauses),
        st.integers(0, 2_000),
        st.sampled_from(oddities),
    )


def _lists(
    steps: st.SearchStrategy[market.Step], min_rows: int, max_rows: int
) -> st.SearchStrategy[list[market.Step]]:
    # A plain list has five elements on average, whatever the maximum: too few for a window.
    first = st.lists(steps, min_size=min_rows, max_size=max_rows)
    more = st.lists(st.lists(steps, min_size=1, max_size=8), max_size=6)

    def joined(rows: list[market.Step], runs: list[list[market.Step]]) -> list[market.Step]:
        return [*rows, *chain.from_iterable(runs)][:max_rows]

    return st.builds(joined, first, more)


def _frame(
    plan: market.Plan,
    drawn: Sequence[market.Step],
    blocks: bool,
    schema: pl.Schema,
    levels: int,
) -> pl.DataFrame:
    rows = market.rows_of(plan, drawn)
    records = [_record(row) for row in rows]
    for row, record, step in zip(rows, records, drawn, strict=True):
        if levels:
            record.update(_book_record(row, step, levels))
        if row.quirk in record:
            record[row.quirk] = None
        elif row.quirk.startswith(NAN):
            record[row.quirk.removeprefix(NAN)] = math.nan
    if blocks:
        order = {name: number for number, name in enumerate(plan.symbols)}
        records.sort(key=lambda record: order[record["symbol"]])
    columns = {name: [record[name] for record in records] for name in schema}
    return pl.DataFrame(columns, schema=schema)


def _record(row: market.Row) -> dict[str, Any]:
    return {
        "symbol": row.symbol,
        "timestamp": row.timestamp_ms,
        # 50 ms on the way, and the second that a row may be moved off a full minute.
        "received": (row.received_ms + 1_050) * 1_000,
        "connection": row.connection,
        "region": row.region,
        "last_price": _price(row.last, row.quirk),
        "prev_close": _price(row.prev_close, row.quirk),
        "open": _price(row.open, row.quirk),
        "high": _price(row.high, row.quirk),
        "low": _price(row.low, row.quirk),
        "volume": row.volume,
        "amount": row.amount / 100,
    }


def _book_record(row: market.Row, step: market.Step, levels: int) -> dict[str, Any]:
    book = book_of(step.oddity[1], step.number, row.last or row.prev_close, levels)
    record: dict[str, Any] = {
        "bid_prices": [_price(price, row.quirk) for price in book.bid_prices],
        "bid_volumes": list(book.bid_volumes),
        "ask_prices": [_price(price, row.quirk) for price in book.ask_prices],
        "ask_volumes": list(book.ask_volumes),
    }
    if row.quirk == NULL_LEVEL:
        for side in record.values():
            side[-1] = None
    return record


def _price(cents: int, quirk: market.Quirk) -> float:
    """Print a price as feeds do: the nearest float to its cents, or one with noise."""
    return cents * 0.01 if quirk == "noise" else cents / 100


def _endless(names: Sequence[str]) -> Any:
    yield from names
    number = 0
    while True:
        number += 1
        yield f"{number:06d}.{names[0].rpartition('.')[2]}"
