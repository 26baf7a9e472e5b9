"""`limits` against decimals, known limit prices, and those that the exchange gave."""

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tickops as ops
from tests import data as real
from tests.oracles import limits as oracle
from tests.oracles import strategies
from tests.oracles.compare import assert_same, differences
from tests.oracles.frames import DEPTH, MONDAY, at
from tests.oracles.market import Row, rows_of
from tickops import testing
from tickops.exceptions import SchemaError

ADDED = ["limit_up", "limit_down", "limit_state", "sealed_volume", "sealed_value"]
SCHEMA = pl.Schema(
    {
        **DEPTH,
        "region": pl.String(),
        "name": pl.String(),
        "last_price": pl.Float64(),
        "prev_close": pl.Float64(),
    }
)
SYMBOLS = [
    "600000.SH", "688001.SH", "689009.SH", "000001.SZ", "003816.SZ", "300750.SZ", "301001.SZ",
    "920001.BJ", "430047.BJ", "830799.BJ", "899050.BJ", "000001.SH", "510300.SH", "159915.SZ",
]  # fmt: skip
DAYS = [
    date(2020, 8, 21), date(2020, 8, 24), date(2023, 2, 1), date(2026, 7, 3), date(2026, 7, 6),
]  # fmt: skip
NAMES = [None, "浦发银行", "ST中安", "*ST信威"]
RATES: list[oracle.Rates] = [None, None, 0.1, 0.44, {"600000.SH": 0.2, "300750.SZ": None}]


def row(
    text: str = "10:00:00",
    symbol: str = "600000.SH",
    *,
    last: float | None = 10.0,
    close: float | None = 10.0,
    bid: tuple[float, int] = (9.99, 5),
    ask: tuple[float, int] = (10.01, 7),
    day: date = MONDAY,
    region: str = "CN",
    name: str | None = None,
) -> Row:
    found: Row = {
        "symbol": symbol,
        "timestamp": at(text, day, region),
        "region": region,
        "name": name,
        "last_price": last,
        "prev_close": close,
    }
    for side, (price, volume) in (("bid", bid), ("ask", ask)):
        found[f"{side}_prices"] = [price, *[0.0] * 4]
        found[f"{side}_volumes"] = [volume, *[0] * 4]
    return found


def frame_of(*rows: Row) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=SCHEMA)


def limits_of(one: Row, **parameters: Any) -> tuple[Any, ...]:
    return ops.limits(**parameters).apply(frame_of(one)).select(ADDED).row(0)


def _noisy(cents: int) -> st.SearchStrategy[float]:
    return st.sampled_from([cents / 100, cents * 0.01, cents / 100 * (1 + 2e-16)])


@st.composite
def rows(draw: st.DrawFn) -> Row:
    """Rows at and near the limits, at all times of the day."""
    symbol, cents = draw(st.sampled_from(SYMBOLS)), draw(st.integers(1, 300_000))
    region = draw(st.sampled_from(["CN"] * 5 + ["HK", "XX"]))
    text = draw(st.sampled_from(strategies.EDGES))
    found = row(
        text,
        symbol,
        close=draw(st.one_of(_noisy(cents), st.sampled_from([0.0, None]))),
        day=draw(st.sampled_from(DAYS)),
        region=region,
        name=draw(st.sampled_from(NAMES)),
    )
    prices = oracle.limit_prices(found)
    near = [cents, *(int(price * 100) for price in prices or ())]
    last = draw(st.sampled_from(near)) + draw(st.sampled_from([0, 0, 0, 1, -1]))
    found["last_price"] = draw(st.one_of(_noisy(max(last, 0)), st.none()))
    for side in draw(st.sampled_from([("bid",), ("ask",), ("bid", "ask"), ()])):
        found[f"{side}_prices"] = [0.0] * 5
    for side in ("bid", "ask"):
        found[f"{side}_volumes"] = [draw(st.sampled_from([0, 1, 99_999])), 0, 0, 0, 0]
        if draw(st.integers(0, 20)) == 0:
            found[f"{side}_prices"] = None
    return found


@strategies.EXAMPLES
@given(
    data=st.data(),
    drawn=st.lists(rows(), max_size=12),
    rates=st.sampled_from(RATES),
    unit=st.sampled_from([None, 1]),
)
def test_equals_the_oracle(
    data: st.DataObject, drawn: list[Row], rates: oracle.Rates, unit: int | None
) -> None:
    frame = frame_of(*drawn)
    run = ops.limits(rates=rates, unit=unit).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    # The market of a symbol is that of its first row.
    regions = {one["symbol"]: one["region"] for one in reversed(drawn)}
    expected = [one | {"region": regions[one["symbol"]]} for one in rows_of(frame)]
    answers = oracle.limits(expected, rates=rates, unit=unit)
    for answer, one in zip(answers, drawn, strict=True):
        answer["region"] = one["region"]
    assert_same(pl.concat(parts), answers)


@strategies.EXAMPLES
@given(frame=testing.quotes(levels=5, regions=("CN", "US"), corrections=True, late=True, nans=True))
def test_of_whole_streams_equals_the_oracle(frame: pl.DataFrame) -> None:
    out = ops.limits(rates=0.002).apply(frame)
    assert_same(out.select(ADDED), _only_added(oracle.limits(rows_of(frame), rates=0.002)))


def _only_added(answers: list[Row]) -> list[Row]:
    return [{name: answer[name] for name in ADDED} for answer in answers]


@pytest.mark.parametrize(
    ("close", "up", "down"),
    [
        (10.0, 11.0, 9.0),
        (53.96, 59.36, 48.56),  # 59.356 and 48.564
        (10.05, 11.06, 9.05),  # 11.055 and 9.045: a half goes up, both times
        (9.75, 10.73, 8.78),
        (1.15, 1.27, 1.04),  # 1.15 · 1.1 is 1.265 less a little in floats
        (85.40999999999998, 93.95, 76.87),
    ],
)
def test_limits_are_rounded_half_up_to_the_cent(close: float, up: float, down: float) -> None:
    assert limits_of(row(close=close))[:2] == (up, down)


def test_rounding_as_python_does_is_told_apart() -> None:
    """Half to even, of floats: the known mistake ``round(close * 1.1, 2)``."""
    frame = frame_of(*(row(close=cents / 100) for cents in range(95, 1_500, 10)))
    expected = oracle.limits(rows_of(frame))
    wrong = [one | {"limit_up": round(one["prev_close"] * 1.1, 2)} for one in expected]
    assert_same(ops.limits().apply(frame), expected)
    assert differences(ops.limits().apply(frame), wrong)


@pytest.mark.parametrize(
    ("symbol", "day", "name", "up"),
    [
        ("600000.SH", MONDAY, None, 11.0),
        ("000001.SZ", MONDAY, "平安银行", 11.0),
        ("600000.SH", MONDAY, "*ST浦发", 10.5),
        ("600000.SH", date(2026, 7, 5), "ST浦发", 10.5),
        ("600000.SH", date(2026, 7, 6), "ST浦发", 11.0),
        ("300750.SZ", date(2020, 8, 23), None, 11.0),
        ("300750.SZ", date(2020, 8, 24), None, 12.0),
        ("301001.SZ", MONDAY, "*ST三盛", 12.0),
        ("688001.SH", MONDAY, "ST华兴", 12.0),
        ("689009.SH", MONDAY, None, 12.0),
        ("920001.BJ", MONDAY, None, 13.0),
        ("000001.SH", MONDAY, "上证指数", None),
        ("899050.BJ", MONDAY, "北证50", None),
        ("510300.SH", MONDAY, None, None),
    ],
)
def test_rates_by_board_and_date(
    symbol: str, day: date, name: str | None, up: float | None
) -> None:
    one = row(symbol=symbol, day=day, name=name)
    assert limits_of(one)[0] == up
    if up is None:
        assert limits_of(one) == (None,) * 5


def test_without_names_nothing_is_under_special_treatment() -> None:
    frame = frame_of(row(name="ST浦发")).drop("name")
    assert ops.limits().apply(frame)["limit_up"].to_list() == [11.0]


def test_rates_given() -> None:
    assert limits_of(row(name="ST浦发"), rates=0.2)[:2] == (12.0, 8.0)
    assert limits_of(row(symbol="510300.SH"), rates=0.1)[:2] == (11.0, 9.0)
    by_symbol = {"600000.SH": None, "000001.SZ": 0.44}
    assert limits_of(row(), rates=by_symbol) == (None,) * 5
    assert limits_of(row(symbol="000001.SZ"), rates=by_symbol)[0] == 14.4
    assert limits_of(row(symbol="300750.SZ"), rates=by_symbol)[0] == 12.0


def test_sealed_up() -> None:
    one = row(last=11.0, bid=(11.0, 2_000), ask=(0.0, 0))
    assert limits_of(one)[2:] == ("up", 2_000, 2_200_000.0)
    assert limits_of(one, unit=1)[4] == 22_000.0
    noisy = row(last=11.000000000000002, bid=(11.0, 2_000), ask=(0.0, 0))
    assert limits_of(noisy)[2:4] == ("up", 2_000)


def test_sealed_down() -> None:
    one = row(last=9.0, bid=(0.0, 0), ask=(9.0, 300))
    assert limits_of(one)[2:] == ("down", 300, 270_000.0)


@pytest.mark.parametrize(
    "one",
    [
        row(),
        row(last=11.0, bid=(10.99, 5), ask=(11.0, 7)),  # at the limit, but offered
        row(last=10.99, bid=(10.99, 5), ask=(0.0, 0)),  # no ask, but below the limit
        row(last=9.0, bid=(0.0, 0), ask=(9.0, 7)) | {"prev_close": 9.5},
    ],
)
def test_not_sealed(one: Row) -> None:
    assert limits_of(one)[2:] == ("none", None, None)


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("09:14:59", "up"),
        ("09:15:00", None),
        ("09:24:59", None),
        ("09:25:00", "up"),
        ("14:56:59", "up"),
        ("14:57:00", None),
        ("14:59:59.999", None),
        ("15:00:00", "up"),
    ],
)
def test_an_auction_says_nothing_about_sealing(text: str, state: str | None) -> None:
    found = limits_of(row(text, last=11.0, bid=(11.0, 5), ask=(0.0, 0)))
    assert found[:3] == (11.0, 9.0, state)
    assert (found[3] is None) == (state is None)


def test_no_last_price_and_no_book_leave_the_state_open() -> None:
    assert limits_of(row(last=0.0)) == (11.0, 9.0, None, None, None)
    assert limits_of(row(last=None)) == (11.0, 9.0, None, None, None)
    assert limits_of(row(last=11.0, bid=(0.0, 9), ask=(0.0, 9)))[2:] == (None, None, None)


@pytest.mark.parametrize("close", [0.0, None, float("nan"), float("inf")])
def test_no_previous_close_gives_null(close: float | None) -> None:
    assert limits_of(row(close=close)) == (None,) * 5


def test_other_regions_give_null() -> None:
    assert limits_of(row(symbol="00700.HK", region="HK"), rates=0.1) == (None,) * 5


def test_output_schema() -> None:
    added = {"limit_state": ops.LIMIT_STATE, "sealed_volume": pl.Int64()}
    expected = pl.Schema(
        {name: added.get(name, pl.Float64()) for name in ADDED},
    )
    for frame in (frame_of(), frame_of(row())):
        out = ops.limits().apply(frame)
        assert out.schema == ops.limits().output_schema(SCHEMA)
        assert out.schema == pl.Schema({**SCHEMA, **expected})


@pytest.mark.parametrize("column", [name for name in SCHEMA if name not in ("region", "name")])
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=column):
        ops.limits().apply(frame_of(row()).drop(column))


def test_names_of_wrong_type_are_told() -> None:
    with pytest.raises(SchemaError, match=r"'name'.*Int32"):
        ops.limits().apply(frame_of(row()).with_columns(name=pl.lit(1, pl.Int32)))
    with_categories = frame_of(row(name="ST浦发")).cast({"name": pl.Categorical()})
    assert ops.limits().apply(with_categories)["limit_up"].item() == 10.5


@pytest.mark.real_data
@pytest.mark.parametrize("name", real.SETS)
def test_equals_what_the_exchange_gave(name: str) -> None:
    meta = pl.read_parquet(real.path(name, "meta.parquet"))
    book = real.depth(name).select("bid_prices", "ask_prices", "bid_volumes", "ask_volumes")
    frame = pl.concat([real.quotes(name), book], how="horizontal")
    out = ops.limits(unit=1).apply(frame)
    known = meta["upper_limit"].is_not_null()
    assert known.any()
    for ours, theirs in (("limit_up", "upper_limit"), ("limit_down", "lower_limit")):
        assert out.filter(known)[ours].equals(meta.filter(known)[theirs])
    local = pl.col("timestamp").dt.convert_time_zone("Asia/Shanghai")
    closing = local.dt.time().is_between(at("14:57:00").time(), at("14:59:59").time())
    assert out.filter(closing)["limit_state"].null_count() == out.filter(closing).height > 0
    assert set(out["limit_state"].drop_nulls().unique()) <= {"none", "up", "down"}
