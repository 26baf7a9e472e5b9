"""`index` against exact fractions of all prices."""

import math
from fractions import Fraction
from typing import Any, Literal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tickops as ops
from tests import data as real
from tests.oracles import strategies
from tests.oracles.arrivals import Arrival, arrivals, exact
from tests.oracles.compare import assert_same, left_out
from tests.oracles.frames import QUOTES, TUESDAY, quote, quotes
from tests.oracles.market import Row, rows_of
from tickops.exceptions import LateRowError, SchemaError

A, B, C = "600000.SH", "000001.SZ", "300750.SZ"
FEWER = settings(deadline=None, max_examples=8 if strategies.SMALL else 40)
INDEX = ops.index({A: 3, B: 40}, base=100)


def naive(rows: list[Row], weights: dict[str, float], *, by_prev: bool, late: str) -> list[Row]:
    prices, before = dict[str, Fraction](), dict[str, Fraction]()
    newest, base, out = None, None, list[Row]()
    for arrival in arrivals([row for row in rows if row["symbol"] in weights], late):
        assert isinstance(arrival, Arrival)
        price = exact(arrival.row["last_price"])
        if price is None:
            continue
        prices[arrival.symbol] = price
        if by_prev and (close := exact(arrival.row["prev_close"])) is not None:
            before[arrival.symbol] = close
        newest = max(arrival.time, newest or arrival.time)
        first = before if by_prev else prices
        if base is None and len(first) == len(prices) == len(weights):
            base = sum(Fraction(weights[name]) * first[name] for name in weights)
        if base is None:
            continue
        worth = sum(Fraction(weights[name]) * prices[name] for name in weights)
        region = {"region": "CN"} if "region" in arrival.row else {}
        own = {"symbol": "basket", "timestamp": newest}
        out.append(own | region | {"index": float(1000 * worth / base)})
    return out


@FEWER
@given(data=st.data(), frame=strategies.quotes())
def test_equals_the_oracle(data: st.DataObject, frame: pl.DataFrame) -> None:
    baskets: list[dict[str, float]] = [{A: 1}, {A: 3, B: 0.5}, {A: 7, B: 1e9, C: 1e-3}]
    weights = data.draw(st.sampled_from(baskets))
    by_prev = "prev_close" in frame.columns and data.draw(st.booleans())
    late: Any = data.draw(st.sampled_from(["drop", "include"]))
    start_from: Literal["first", "prev_close"] = "prev_close" if by_prev else "first"
    run = ops.index(weights, start_from=start_from, name="basket", late=late).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    expected = naive(rows_of(frame), weights, by_prev=by_prev, late=late)
    assert_same(pl.concat([*parts, run.finish()]), expected)


def a(text: str, price: float | None, **others: Any) -> Row:
    return quote(text, last=price, symbol=A, **others)


def b(text: str, price: float | None, **others: Any) -> Row:
    return quote(text, last=price, symbol=B, **others)


def levels(*rows: Row, op: ops.index = INDEX) -> list[float | None]:
    return op.apply(quotes(rows))["index"].to_list()


def test_begins_at_the_base_when_all_are_known() -> None:
    rows = a("10:00:00", 40.0), a("10:00:03", 50.0), b("10:00:04", 7.0), b("10:00:06", 7.43)
    assert levels(*rows) == [100.0, pytest.approx(104.0)]


def test_is_of_worth_and_not_the_mean_of_returns() -> None:
    """A doubles: it is 300 of 1300, not half of the basket."""
    rows = a("10:00:00", 100.0), b("10:00:01", 25.0), a("10:00:03", 200.0)
    assert levels(*rows)[-1] == pytest.approx(100 * 1600 / 1300)


def test_can_begin_at_the_closes_of_the_day_before() -> None:
    op = ops.index({A: 3, B: 40}, start_from="prev_close", base=100)
    first = a("09:30:00", 44.0, prev_close=40.0), b("09:30:00", 7.0, prev_close=7.0)
    later = a("09:30:00", 44.0, prev_close=99.0, day=TUESDAY)
    assert levels(*first, later, op=op) == pytest.approx([103.0, 103.0])


@pytest.mark.parametrize("close", [0.0, None, math.inf])
def test_waits_for_closes_that_are_none(close: float | None) -> None:
    op = ops.index({A: 3, B: 40}, start_from="prev_close", base=100)
    rows = [a("09:30:00", 44.0, prev_close=40.0), b("09:30:00", 7.0, prev_close=close)]
    assert levels(*rows, op=op) == []
    assert levels(*rows, b("09:30:03", 7.0, prev_close=7.0), op=op) == [pytest.approx(103.0)]


def test_a_price_stays_over_night() -> None:
    rows = a("14:59:00", 40.0), b("14:59:00", 7.0), a("09:30:00", 44.0, day=TUESDAY)
    assert levels(*rows)[-1] == pytest.approx(103.0)


def test_does_not_drift() -> None:
    """Prices that come back give the level that they gave: running sums would not."""
    rows = [b("10:00:00", 1e15), a("10:00:00", 0.1)]
    count = 30 if strategies.SMALL else 300
    rows += [a(f"10:{n // 60:02}:{n % 60:02}", 0.1 + n % 3 / 7) for n in range(count)]
    op = ops.index({A: 1, B: 1e-15})
    found = levels(*rows, op=op)
    assert found[1] == found[4] == found[-3] == 1000.0


def test_the_order_of_weights_does_not_matter() -> None:
    assert ops.index({B: 40, A: 3}, base=100) == INDEX


@pytest.mark.parametrize("price", [0.0, None, math.nan, math.inf, -1.0])
def test_a_row_without_price_is_counted_and_leaves_the_one_before(price: float | None) -> None:
    run = INDEX.start()
    rows = a("10:00:00", 40.0), a("10:00:01", price), b("10:00:02", 7.0)
    assert run.push(quotes(rows))["index"].to_list() == [100.0]
    assert left_out(run) == {"index.null": 1}


def test_time_never_goes_back_and_others_are_left_out() -> None:
    rows = [a("10:00:05", 40.0), b("10:00:03", 7.0), quote("10:00:09", symbol="X")]
    run = INDEX.start()
    out = run.push(quotes(rows))
    assert out["timestamp"].dt.second().to_list() == [5]
    assert out["symbol"].to_list() == ["index"]
    assert left_out(run) == {"index.other": 1}


LATE = a("10:00:05", 40.0), b("10:00:05", 7.0), a("10:00:03", 44.0)


def test_late_rows() -> None:
    run = INDEX.start()
    assert run.push(quotes(LATE))["index"].to_list() == [100.0]
    assert left_out(run) == {"index.late": 1}
    op = ops.index({A: 3, B: 40}, base=100, late="include")
    assert levels(*LATE, op=op) == [100.0, pytest.approx(103.0)]
    with pytest.raises(LateRowError, match=r"600000\.SH"):
        levels(*LATE, op=ops.index({A: 3, B: 40}, late="raise"))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of kernels that run uncompiled
def test_overflow_is_null() -> None:
    op = ops.index({A: 1, B: 1})
    rows = a("10:00:00", 1.0), b("10:00:01", 1.0), a("10:00:02", 1e308), b("10:00:03", 1e308)
    assert levels(*rows, op=op) == [1000.0, None, None]


def test_output_schema() -> None:
    own = {name: QUOTES[name] for name in ("symbol", "timestamp", "region")}
    assert INDEX.output_schema(QUOTES) == pl.Schema({**own, "index": pl.Float64()})
    assert INDEX.apply(pl.DataFrame(schema=QUOTES)).schema == INDEX.output_schema(QUOTES)
    assert INDEX.adds_columns is False
    assert INDEX.across_symbols is True


@pytest.mark.parametrize("column", ["symbol", "timestamp", "last_price", "prev_close"])
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=column):
        ops.index({A: 1}, start_from="prev_close").apply(quotes(LATE).drop(column))


@pytest.mark.real_data
def test_equals_prices_filled_forward_on_real_data() -> None:
    frame = real.quotes(real.LARGE).filter(pl.col("last_price") > 0)
    frame = frame.sort("timestamp", maintain_order=True)[: 300 if strategies.SMALL else None]
    names = frame["symbol"].cast(pl.String).unique(maintain_order=True).to_list()
    found = ops.index(dict(zip(names, (2.0, 30.0), strict=True)), base=1.0).apply(frame)
    price = pl.col("last_price")
    columns = [
        pl.when(pl.col("symbol").cast(pl.String) == name).then(price).forward_fill().alias(name)
        for name in names
    ]
    known = frame.select(columns).drop_nulls()
    worth = known[names[0]] * 2 + known[names[1]] * 30
    assert found["index"].to_list() == pytest.approx((worth / worth[0]).to_list(), rel=1e-9)
