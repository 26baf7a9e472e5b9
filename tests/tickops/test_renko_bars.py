"""`renko_bars`: bricks of a fixed height."""

import math
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tickops as ops
from tests import data
from tests.oracles import strategies
from tests.oracles.arrivals import Arrival, arrivals
from tests.oracles.compare import assert_same, left_out
from tests.oracles.frames import DELTAS, MONDAY, QUOTES, TUESDAY, at, micros, quote, quotes, traded
from tests.oracles.market import Row, Unit, made_region, region_of, rows_of, shares_per_unit
from tickops.exceptions import LateRowError, SchemaError

SUMS = 1e-6
"""Sums of amounts that cancel are as exact as the amounts are."""


@dataclass
class Making:
    """The bricks of a symbol so far: edges in exact numbers, and the rows since the last one."""

    edge: Fraction | None = None
    up: bool | None = None
    rows: list[tuple[Arrival, int, float]] = field(default_factory=list[tuple[Arrival, int, float]])
    wick: list[Fraction] = field(default_factory=list[Fraction])


def price_of(row: Row, volume: int) -> Fraction | None:
    price = row["last_price"]
    if volume <= 0 or price is None or not price > 0:
        return None
    return Fraction(Decimal(repr(price)).quantize(Decimal("0.000001")))


def grid_line(price: Fraction, brick: Fraction, anchor: Fraction | None) -> Fraction:
    if anchor is None:
        return price
    return anchor + math.floor((price - anchor) / brick + Fraction(1, 2)) * brick


def renko(
    rows: list[Row],
    brick: str,
    *,
    anchor: str | None = None,
    unit: Unit = None,
    late: str = "drop",
) -> list[Row]:
    height, line = Fraction(brick), None if anchor is None else Fraction(anchor)
    made = list[Row]()
    symbols = dict[str, Making]()
    for arrival in arrivals(rows, late):
        if not isinstance(arrival, Arrival):
            continue
        row = arrival.row
        volume, amount = row["delta_volume"], row["delta_amount"]
        if volume is None or amount is None or math.isnan(amount):
            volume, amount = 0, 0.0
        making = symbols.setdefault(arrival.symbol, Making())
        if not making.rows and volume <= 0:
            continue
        making.rows.append((arrival, volume, amount))
        price = price_of(row, volume)
        if price is None:
            continue
        if making.edge is None:
            making.edge = grid_line(price, height, line)
        made += bricks_up_to(making, price, height, arrival, unit)
        making.wick.append(price)
    return made


def bricks_up_to(
    making: Making, price: Fraction, height: Fraction, arrival: Arrival, unit: Unit
) -> list[Row]:
    """Brick by brick, as one draws them."""
    made = list[Row]()
    while True:
        edge = making.edge
        assert edge is not None
        top = edge if making.up in (True, None) else edge + height
        bottom = edge if making.up in (False, None) else edge - height
        if price >= top + height:
            first, last, making.up = top, top + height, True
        elif price <= bottom - height:
            first, last, making.up = bottom, bottom - height, False
        else:
            return made
        making.edge = last
        made.append(brick_of(making, first, last, arrival, unit))
        making.rows, making.wick = [], []


def brick_of(making: Making, first: Fraction, last: Fraction, arrival: Arrival, unit: Unit) -> Row:
    volume = sum(volume for _, volume, _ in making.rows)
    amount = math.fsum(amount for _, _, amount in making.rows)
    reached = [first, last, *making.wick]
    shares = shares_per_unit(arrival.symbol, region_of(arrival.row), unit)
    return {
        "symbol": arrival.symbol,
        "trading_day": arrival.day,
        "start": making.rows[0][0].time if making.rows else arrival.time,
        "end": arrival.time,
        "open": float(first),
        "high": float(max(reached)),
        "low": float(min(reached)),
        "close": float(last),
        "volume": volume,
        "amount": amount,
        "vwap": amount / (volume * shares) if volume > 0 else None,
        "rows": len(making.rows),
        "gap": any(taken.row.get("reason") == "gap" for taken, _, _ in making.rows),
        "direction": "up" if making.up else "down",
        **made_region(arrival.row),
    }


@settings(strategies.EXAMPLES, max_examples=15 if strategies.SMALL else 40)
@given(draws=st.data())
def test_equals_the_oracle(draws: st.DataObject) -> None:
    frame = draws.draw(st.one_of(strategies.quotes(), strategies.markets()))
    brick = draws.draw(st.sampled_from(["0.01", "0.02", "0.05", "0.003", "0.7"]))
    anchor = draws.draw(st.sampled_from([None, "0", "10", "9.995", "200.004"]))
    unit = draws.draw(st.sampled_from([None, 1, {"600000.SH": 200}]))
    late: Any = draws.draw(st.sampled_from(["drop", "include"]))
    rows = ops.deltas(late="include").apply(frame)
    line = None if anchor is None else float(anchor)
    run = ops.renko_bars(float(brick), anchor=line, unit=unit, late=late).start()
    out = pl.concat([*map(run.push, draws.draw(strategies.cuts(rows))), run.finish()])
    expected = renko(rows_of(rows), brick, anchor=anchor, unit=unit, late=late)
    assert_same(out, expected, absolute=SUMS)


@pytest.mark.real_data
@pytest.mark.parametrize("name", data.SETS)
def test_equals_the_oracle_on_real_days(name: str) -> None:
    frame = data.quotes(name)
    frame = frame.filter(pl.col("symbol") == frame["symbol"][0])[:1500]
    rows = ops.deltas(unit=1).apply(frame)
    brick = "0.5" if name == data.LARGE else "0.02"
    expected = renko(rows_of(rows), brick, unit=1)
    assert len(expected) > 10
    assert_same(ops.renko_bars(float(brick), unit=1).apply(rows), expected, absolute=1e-4)


def bricks_of(
    *prices: float | None, brick: float = 0.1, volumes: list[int] | None = None, **others: Any
) -> list[Row]:
    """Bricks of rows that trade one lot each at these prices, every 3 seconds."""
    rows = [
        quote("10:00:00", 0, price, timestamp=at(f"10:00:{3 * n:02}"))
        | {"delta_volume": volume, "delta_amount": 1000.0 * volume}
        for n, (price, volume) in enumerate(zip(prices, volumes or [1] * len(prices), strict=True))
    ]
    return ops.renko_bars(brick, **others).apply(traded(rows)).to_dicts()


def edges(bricks: list[Row]) -> list[tuple[float, float]]:
    return [(brick["open"], brick["close"]) for brick in bricks]


def test_a_brick() -> None:
    rows = [
        quote("10:00:00", 100, 10.0),
        quote("10:00:03", 110, 10.02),
        quote("10:00:06", 110, 10.02),
        quote("10:00:09", 113, 9.97, connection=2),
        quote("10:00:12", 120, 10.13, amount=120_100.0, connection=2),
        quote("10:00:15", 121, 10.14, amount=121_110.0, connection=2),
    ]
    out = ops.chain(ops.deltas(gap_after="2h"), ops.renko_bars(0.1)).apply(quotes(rows))
    assert out.to_dicts() == [
        {
            "symbol": "600000.SH",
            "trading_day": MONDAY,
            "start": at("10:00:03"),
            "end": at("10:00:12"),
            "open": 10.02,
            "high": 10.12,
            "low": 9.97,
            "close": 10.12,
            "volume": 20,
            "amount": 20_100.0,
            "vwap": pytest.approx(10.05),
            "rows": 4,
            "gap": True,
            "direction": "up",
            "region": "CN",
        }
    ]


def test_one_brick_goes_on_two_bricks_turn() -> None:
    """From a close of 10.1: 10.2 goes on; 10.0 is one brick back, and 9.9 two."""
    assert edges(bricks_of(10.0, 10.1, 10.2)) == [(10.0, 10.1), (10.1, 10.2)]
    assert edges(bricks_of(10.0, 10.1, 10.0)) == [(10.0, 10.1)]
    assert edges(bricks_of(10.0, 10.1, 9.9)) == [(10.0, 10.1), (10.0, 9.9)]
    assert edges(bricks_of(10.0, 10.1, 9.91)) == [(10.0, 10.1)]


def test_from_down_to_up_too() -> None:
    assert edges(bricks_of(10.0, 9.9, 10.0)) == [(10.0, 9.9)]
    assert edges(bricks_of(10.0, 9.9, 10.1)) == [(10.0, 9.9), (10.0, 10.1)]
    assert edges(bricks_of(10.0, 9.9, 9.8)) == [(10.0, 9.9), (9.9, 9.8)]


def test_the_first_brick_goes_either_way() -> None:
    assert edges(bricks_of(10.0, 9.9)) == [(10.0, 9.9)]
    assert edges(bricks_of(10.0, 10.1)) == [(10.0, 10.1)]


def test_a_row_makes_several_and_the_first_has_what_was_traded() -> None:
    found = bricks_of(10.0, 10.05, 10.35, volumes=[1, 2, 4])
    columns = "open", "close", "volume", "amount", "vwap", "rows", "start", "end"
    last = at("10:00:06")
    assert [tuple(brick[name] for name in columns) for brick in found] == [
        (10.0, 10.1, 7, 7000.0, 10.0, 3, at("10:00:00"), last),
        (10.1, 10.2, 0, 0.0, None, 0, last, last),
        (10.2, 10.3, 0, 0.0, None, 0, last, last),
    ]


def test_a_turn_makes_several() -> None:
    assert edges(bricks_of(10.0, 10.1, 9.75))[1:] == [(10.0, 9.9), (9.9, 9.8)]


def test_noise_of_floats_makes_and_misses_no_brick() -> None:
    """85.41 with noise below still is 85.41; and 0.1 thirty times is 3."""
    assert edges(bricks_of(85.31, 85.40999999999998)) == [(85.31, 85.41)]
    assert edges(bricks_of(85.41, 85.30999999999999 + 2e-9)) == [(85.41, 85.31)]
    assert edges(bricks_of(10.0, 13.0))[-1] == (12.9, 13.0)
    naive = 10.0
    for _ in range(30):
        naive += 0.1
    assert naive != 13.0


def test_anchor_is_a_line_of_the_grid() -> None:
    assert edges(bricks_of(10.03, 10.1, 10.21, anchor=0)) == [(10.0, 10.1), (10.1, 10.2)]
    assert edges(bricks_of(10.03, 10.15, 10.25, anchor=0.05)) == [(10.05, 10.15), (10.15, 10.25)]
    assert edges(bricks_of(10.03, 10.1, 10.21)) == [(10.03, 10.13)]


def test_anchor_may_lie_above_prices() -> None:
    assert edges(bricks_of(10.06, 10.0, brick=0.1, anchor=50)) == [(10.1, 10.0)]


def test_wick_is_how_far_prices_went_back() -> None:
    """Up to 10.19 and no brick, then the turn; the wick begins with the price before it."""
    found = bricks_of(10.0, 10.1, 10.19, 10.05, 9.9)
    assert [(brick["high"], brick["low"]) for brick in found] == [(10.1, 10.0), (10.19, 9.9)]
    assert [brick["high"] for brick in bricks_of(10.0, 10.19, 9.9)] == [10.1, 10.19]


def test_wick_of_a_brick_is_not_that_of_the_next() -> None:
    found = bricks_of(10.0, 9.95, 10.1, 10.2)
    assert [(brick["high"], brick["low"]) for brick in found] == [(10.1, 9.95), (10.2, 10.1)]


def test_prices_come_only_from_rows_that_traded() -> None:
    assert bricks_of(10.0, 10.5, None, 0.0, volumes=[1, 0, 1, 1]) == []


def test_bricks_go_on_overnight() -> None:
    rows = [quote("14:59:00", 1, 10.0), quote("14:59:03", 2, 10.05)]
    rows += [quote("09:30:00", 5, 10.1, day=TUESDAY)]
    out = ops.chain(ops.deltas(), ops.renko_bars(0.05)).apply(quotes(rows))
    assert out.select("trading_day", "start", "volume").rows() == [
        (TUESDAY, at("14:59:03"), 6),
    ]


def test_neither_time_nor_the_end_completes_a_brick() -> None:
    run = ops.chain(ops.deltas(), ops.renko_bars(1)).start()
    run.push(quotes([quote("10:00:00", 1), quote("10:00:03", 2), quote("10:00:06", 3, 10.9)]))
    assert run.advance(micros("15:00:00", TUESDAY)).is_empty()
    assert run.finish().is_empty()


def test_a_correction_between_bricks_is_counted() -> None:
    rows = [quote("10:00:00", 100), quote("10:00:03", 90), quote("10:00:06", None)]
    run = ops.chain(ops.deltas(), ops.renko_bars(0.1)).start()
    assert run.push(quotes(rows)).is_empty()
    assert left_out(run) == {"renko_bars.outside": 1}


def test_late_rows() -> None:
    rows = [quote("10:00:00", 1), quote("10:00:06", 2), quote("10:00:03", 3, 10.1)]

    def found(late: Any) -> pl.DataFrame:
        both = ops.chain(ops.deltas(late="include"), ops.renko_bars(0.1, late=late))
        return both.apply(quotes(rows))

    assert found("drop").is_empty()
    ends: list[datetime] = found("include")["end"].to_list()
    assert ends == [at("10:00:06")]
    with pytest.raises(LateRowError, match=r"600000\.SH"):
        found("raise")


def test_many_bricks_of_one_row() -> None:
    """More than there was room for at first."""
    found = bricks_of(10.0, 20.0, brick=0.01)
    assert len(found) == 1000
    assert edges(found)[-1] == (19.99, 20.0)
    assert sum(brick["volume"] for brick in found) == 2


def test_output_schema() -> None:
    before = pl.Schema({**QUOTES, **DELTAS})
    time, price = QUOTES["timestamp"], pl.Float64()
    expected = pl.Schema(
        {
            "symbol": pl.String(),
            "trading_day": pl.Date(),
            "start": time,
            "end": time,
            **dict.fromkeys(["open", "high", "low", "close"], price),
            "volume": pl.Int64(),
            "amount": price,
            "vwap": price,
            "rows": pl.Int64(),
            "gap": pl.Boolean(),
            "direction": pl.Enum(["up", "down"]),
            "region": pl.String(),
        }
    )
    assert ops.renko_bars(1).output_schema(before) == expected
    assert ops.renko_bars(1).apply(pl.DataFrame(schema=before)).schema == expected


@pytest.mark.parametrize("column", ["last_price", "delta_volume", "delta_amount", "timestamp"])
def test_missing_column_is_named(column: str) -> None:
    rows = [quote("10:00:00", 1) | {"delta_volume": 1, "delta_amount": 1.0}]
    with pytest.raises(SchemaError, match=column):
        ops.renko_bars(1).apply(traded(rows).drop(column))
