"""`bars`: what a bar says of the rows that it takes."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Literal

import polars as pl
import pytest

import tickops as ops
from tests.oracles import strategies
from tests.oracles.frames import DELTAS, MONDAY, QUOTES, TUESDAY, at, quote, quotes, traded
from tests.oracles.market import Row
from tickops.exceptions import SchemaError

BEFORE = quote("09:25:00", 100)
"""A first row: a baseline, and too early to make the bars after it partial."""

COLUMNS = [
    *["symbol", "trading_day", "start", "end", "open", "high", "low", "close"],
    *["volume", "amount", "vwap", "rows", "partial", "gap", "region"],
]


def bars_of(*rows: Row, op: ops.bars | None = None) -> list[Row]:
    """Bars of the frame that the rows make, `deltas` before them."""
    out = ops.chain(ops.deltas(gap_after="2h"), op or ops.bars("1m")).apply(quotes(rows))
    return out.to_dicts()


def only(bars: list[Row]) -> Row:
    (bar,) = bars
    return bar


def pick(bars: Sequence[Row], *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(bar[column] for column in columns) for bar in bars]


def test_a_bar() -> None:
    rows = [
        BEFORE,
        quote("10:00:03", 110, 10.1, amount=110_100.0),
        quote("10:00:06", 110, 10.2, amount=110_100.0),
        quote("10:00:30", 130, 9.8, amount=129_700.0),
        quote("10:00:59", 135, 10.0, amount=134_700.0),
        quote("10:01:00", 135, 10.3, amount=134_700.0),
    ]
    bar = only(bars_of(*rows))
    assert bar == {
        "symbol": "600000.SH",
        "trading_day": MONDAY,
        "start": at("10:00:00"),
        "end": at("10:01:00"),
        "open": 10.1,
        "high": 10.1,
        "low": 9.8,
        "close": 10.0,
        "volume": 35,
        "amount": 34_700.0,
        "vwap": pytest.approx(34_700 / 3500),
        "rows": 4,
        "partial": False,
        "gap": False,
        "region": "CN",
    }


def test_prices_come_only_from_rows_that_traded() -> None:
    rows = [
        BEFORE,
        quote("10:00:03", 100, 99.0),
        quote("10:00:06", 110, 10.1),
        quote("10:00:09", 110, 1.0),
        quote("10:00:12", 105, 88.0),
        quote("10:00:15", 115, 10.2),
        quote("10:00:18", 115, 77.0),
    ]
    found = pick(bars_of(*rows), "open", "high", "low", "close")
    assert found == [(10.1, 10.2, 10.1, 10.2)]


def test_high_that_rose_between_two_rows_belongs_to_the_bar() -> None:
    rows = [
        BEFORE | {"high": 10.0, "low": 10.0},
        quote("10:00:03", 110, 10.1, high=10.1, low=10.0),
        quote("10:00:06", 120, 10.1, high=10.9, low=9.3),
        quote("10:01:06", 130, 10.2, high=10.9, low=9.3),
    ]
    assert pick(bars_of(*rows), "high", "low") == [(10.9, 9.3), (10.2, 10.2)]


def test_high_of_a_row_that_did_not_trade_counts_in_a_bar_that_did() -> None:
    rows = [
        BEFORE | {"high": 10.0, "low": 10.0},
        quote("10:00:03", 110, 10.0, high=10.0, low=10.0),
        quote("10:00:06", 110, 10.0, high=10.4, low=9.6),
    ]
    assert pick(bars_of(*rows), "high", "low") == [(10.4, 9.6)]


def test_high_of_0_is_none() -> None:
    """The low rises from 0 to the first price, which is no fall; the high from none."""
    rows = [
        quote("09:24:57", 0, 0.0),
        quote("09:25:00", 10, 10.0, high=10.2, low=9.9),
        quote("09:30:03", 20, 10.1, high=10.2, low=9.9),
    ]
    split = ops.bars("1m", profile="split_auction")
    found = pick(bars_of(*rows, op=split), "open", "high", "low", "close")
    assert found == [(10.0, 10.2, 9.9, 10.0), (10.1, 10.1, 10.1, 10.1)]


def test_high_of_the_first_row_is_a_baseline() -> None:
    """It rose at some time before; nobody knows when."""
    rows = [
        quote("10:00:03", 100, 10.0, high=12.0, low=8.0),
        quote("10:00:06", 110, 10.0, high=12.0, low=8.0),
    ]
    assert pick(bars_of(*rows), "high", "low") == [(10.0, 10.0)]


def test_high_of_a_first_row_that_no_bar_takes_is_a_baseline_too() -> None:
    rows = [
        quote("12:00:00", 100, 10.0, high=12.0, low=8.0),
        quote("13:00:03", 110, 10.0, high=12.0, low=8.0),
    ]
    assert pick(bars_of(*rows), "high", "low") == [(10.0, 10.0)]


def test_high_of_the_day_before_is_forgotten() -> None:
    rows = [
        quote("14:00:03", 100, 12.0, high=12.0, low=12.0),
        quote("09:30:03", 10, 10.0, high=11.0, low=9.0, day=TUESDAY),
    ]
    assert pick(bars_of(*rows), "high", "low") == [(11.0, 9.0)]


def test_vwap_is_of_the_bar() -> None:
    rows = BEFORE, quote("10:00:03", 110), quote("10:01:03", 120, amount=121_000.0)
    assert pick(bars_of(*rows), "vwap") == [(10.0,), (11.0,)]


@pytest.mark.parametrize(
    ("region", "unit", "vwap"),
    [
        ("CN", None, 10.0),
        ("HK", None, 1000.0),
        ("US", None, 1000.0),
        ("CN", 1, 1000.0),
        ("CN", {"600000.SH": 50}, 20.0),
        ("CN", {"000001.SZ": 50}, 10.0),
    ],
)
def test_unit(region: str, unit: int | dict[str, int] | None, vwap: float) -> None:
    rows = [quote("09:25:00", 1, region=region), quote("10:00:03", 3, region=region)]
    op = ops.chain(ops.deltas(unit=unit), ops.bars("1m", unit=unit))
    assert op.apply(quotes(rows))["vwap"].to_list() == [vwap]


def test_bar_of_a_correction_keeps_the_sums_right() -> None:
    """A bar in which nothing traded has one all the same if volume or amount moved."""
    rows = [
        BEFORE,
        quote("10:00:03", 110, 10.1, high=10.1, low=10.1),
        quote("10:01:03", 104, 10.4, high=10.4, low=10.1),
        quote("10:02:03", 104, 10.4, amount=104_030.0, high=10.4, low=10.1),
        quote("10:03:03", 104, 10.4, amount=104_030.0, high=10.4, low=10.1),
    ]
    found = pick(bars_of(*rows), "open", "high", "low", "close", "volume", "amount", "vwap")
    assert found == [
        (10.1, 10.1, 10.1, 10.1, 10, 10_000.0, 10.0),
        (10.1, 10.4, 10.1, 10.1, -6, -6000.0, None),
        (10.1, 10.1, 10.1, 10.1, 0, 30.0, None),
    ]


def test_bar_of_a_correction_before_any_close_has_no_prices() -> None:
    rows = BEFORE, quote("10:01:03", 94)
    assert pick(bars_of(*rows), "open", "high", "low", "close", "volume") == [
        (None, None, None, None, -6)
    ]


def test_bar_of_a_correction_has_the_close_of_an_earlier_day() -> None:
    rows = [
        BEFORE,
        quote("10:00:03", 110, 10.1),
        quote("09:30:03", 0, 0.0, day=TUESDAY, amount=30.0),
    ]
    assert pick(bars_of(*rows), "open", "close", "amount")[1:] == [(10.1, 10.1, 30.0)]


def test_minute_that_did_not_trade_has_no_bar() -> None:
    rows = BEFORE, quote("10:00:03", 110), quote("10:01:03", 110), quote("10:02:03", 120)
    assert pick(bars_of(*rows), "start") == [(at("10:00:00"),), (at("10:02:00"),)]


def test_fill_gives_it_one_at_the_close_before_it() -> None:
    rows = BEFORE, quote("10:00:03", 110, 10.3), quote("10:02:03", 110), quote("10:04:03", 120)
    bars = bars_of(*rows, op=ops.bars("1m", fill=True))
    at_ten = next(index for index, bar in enumerate(bars) if bar["start"] == at("10:00:00"))
    assert pick(bars[at_ten + 1 :], "start", "open", "high", "low", "close", "rows") == [
        (at("10:01:00"), 10.3, 10.3, 10.3, 10.3, 0),
        (at("10:02:00"), 10.3, 10.3, 10.3, 10.3, 1),
        (at("10:03:00"), 10.3, 10.3, 10.3, 10.3, 0),
        (at("10:04:00"), 10.0, 10.0, 10.0, 10.0, 1),
    ]
    assert (
        pick(bars[at_ten + 1 :][:3], "volume", "amount", "vwap", "partial", "gap")
        == [(0, 0.0, None, False, False)] * 3
    )


def test_fill_begins_with_the_first_row_of_the_day() -> None:
    rows = quote("10:00:03", 100), quote("10:02:03", 110)
    bars = bars_of(*rows, op=ops.bars("1m", fill=True))
    assert pick(bars, "start", "close", "partial") == [
        (at("10:00:00"), 9.9, True),
        (at("10:01:00"), 9.9, False),
        (at("10:02:00"), 10.0, True),
    ]


def test_fill_before_the_days_first_trade_uses_prev_close() -> None:
    rows = [
        quote("14:59:57", 100, 10.5),
        quote("14:59:58", 110, 10.5),
        quote("09:30:03", 0, 0.0, day=TUESDAY, prev_close=10.4),
        quote("09:31:03", 10, 10.6, day=TUESDAY, prev_close=10.4),
    ]
    bars = bars_of(*rows, op=ops.bars("1m", fill=True))
    assert pick(bars[1:], "trading_day", "start", "close") == [
        (TUESDAY, at("09:30:00", TUESDAY), 10.4),
        (TUESDAY, at("09:31:00", TUESDAY), 10.6),
    ]


@pytest.mark.parametrize("prev_close", [0.0, None, "absent"])
def test_fill_without_prev_close_uses_the_last_close(prev_close: float | str | None) -> None:
    rows = [
        quote("14:59:57", 100, 10.5),
        quote("14:59:58", 110, 10.5),
        quote("09:30:03", 0, 0.0, day=TUESDAY),
        quote("09:31:03", 10, 10.6, day=TUESDAY),
    ]
    frame = quotes(rows)
    if prev_close == "absent":
        frame = frame.drop("prev_close")
    else:
        frame = frame.with_columns(pl.lit(prev_close, pl.Float64).alias("prev_close"))
    op = ops.chain(ops.deltas(), ops.bars("1m", fill=True))
    assert op.apply(frame)["close"].to_list() == [10.5, 10.5, 10.6]
    assert op.apply(frame[2:])["close"].to_list() == [10.6]


def test_rows_counts_all_rows_of_the_bar() -> None:
    rows = quote("10:00:00", 100), quote("10:00:03", 100), quote("10:00:06", 110)
    assert only(bars_of(*rows))["rows"] == 3


@pytest.mark.parametrize(
    ("first", "partial"), [("10:00:00", False), ("10:00:00.001", True), ("09:59:59", False)]
)
def test_partial_when_the_first_row_came_after_the_start(first: str, partial: bool) -> None:
    rows = quote(first, 100), quote("10:00:30", 110), quote("10:01:00", 120), quote("10:02:00", 120)
    bars = {bar["start"]: bar["partial"] for bar in bars_of(*rows)}
    assert bars[at("10:00:00")] is partial
    assert bars[at("10:01:00")] is False


def test_partial_is_of_each_day() -> None:
    rows = [
        BEFORE,
        quote("10:00:30", 110),
        quote("10:00:30", 10, day=TUESDAY),
        quote("10:01:00", 20, day=TUESDAY),
        quote("10:02:00", 20, day=TUESDAY),
    ]
    assert pick(bars_of(*rows), "partial") == [(False,), (True,), (False,)]


@pytest.mark.parametrize("profile", ["tdx", "split_auction", "dolphindb"])
@pytest.mark.parametrize(("first", "partial"), [("09:25:00", False), ("09:25:01", True)])
def test_partial_of_a_bar_with_the_opening_auction(
    profile: Literal["tdx", "split_auction", "dolphindb"], first: str, partial: bool
) -> None:
    """A first row at 09:25:00 still has the whole match before it or in it."""
    rows = quote(first, 100), quote("09:29:00", 110), quote("09:31:00", 120), quote("09:35:00", 120)
    assert bars_of(*rows, op=ops.bars("1m", profile=profile))[0]["partial"] is partial


def test_gap() -> None:
    rows = [
        BEFORE,
        quote("10:00:03", 110),
        quote("10:01:03", 120, connection=2),
        quote("10:02:03", 130, connection=2),
    ]
    assert pick(bars_of(*rows), "gap") == [(False,), (True,), (False,)]


def test_symbols_do_not_mix() -> None:
    other = {"symbol": "000001.SZ", "last_price": 20.0}
    rows = [
        BEFORE,
        BEFORE | other,
        quote("10:00:03", 110),
        quote("10:00:04", 105) | other,
        quote("10:00:06", 111),
        quote("10:01:03", 112),
        quote("10:01:02", 107) | other,
    ]
    assert pick(bars_of(*rows), "symbol", "start", "close", "volume") == [
        ("600000.SH", at("10:00:00"), 10.0, 11),
        ("000001.SZ", at("10:00:00"), 20.0, 5),
        ("000001.SZ", at("10:01:00"), 20.0, 2),
        ("600000.SH", at("10:01:00"), 10.0, 1),
    ]


def test_aggregate() -> None:
    spreads = [None, 1.0, 4.0, None, 3.0]
    rows = [quote(f"10:00:0{n}", 100 + n) for n in range(5)]
    frame = quotes(rows).with_columns(spread_bps=pl.Series(spreads))
    names = ["first", "last", "min", "max", "mean", "sum", "count"]
    op = ops.chain(ops.deltas(), ops.bars("1m", aggregate={"spread_bps": names, "rows_": ["max"]}))
    out = op.apply(frame.with_columns(rows_=pl.col("volume")))
    made = [*[f"spread_bps_{name}" for name in names], "rows__max"]
    assert out.columns == [*COLUMNS[:-1], *made, "region"]
    assert out.select("^spread_bps_.*$").row(0) == (1.0, 3.0, 1.0, 4.0, 8 / 3, 8.0, 3)
    assert out["rows__max"].to_list() == [104.0]
    assert out.schema["spread_bps_count"] == pl.Int64
    assert out.schema["spread_bps_last"] == pl.Float64


def test_aggregate_of_nothing() -> None:
    frame = quotes([BEFORE, quote("10:00:03", 110), quote("10:02:03", 120)])
    frame = frame.with_columns(x=pl.Series([1.0, None, 3.0]))
    aggregate = {"x": ["first", "mean", "sum", "count"]}
    op = ops.chain(ops.deltas(), ops.bars("1m", fill=True, aggregate=aggregate))
    nothing = (None, None, 0.0, 0)
    out = op.apply(frame).select("^x_.*$").rows()
    assert out[0] == (1.0, 1.0, 1.0, 1)
    assert out[-4:] == [nothing, nothing, nothing, (3.0, 3.0, 3.0, 1)]


@pytest.mark.parametrize("kind", [*strategies.TIMESTAMPS, pl.Datetime("us")])
def test_start_and_end_have_the_type_of_timestamp(kind: pl.Datetime) -> None:
    frame = quotes([BEFORE, quote("10:00:03", 110)]).with_columns(pl.col("timestamp").cast(kind))
    out = ops.chain(ops.deltas(), ops.bars("1m")).apply(frame)
    assert (out.schema["start"], out.schema["end"]) == (kind, kind)
    start = out["start"].dt.epoch("us").item()
    assert start == at("10:00:00").timestamp() * 1_000_000


@pytest.mark.parametrize(
    "kind",
    [pl.String(), pl.Categorical(), pl.Enum(["US", "CN", "XX"])],
    ids=["text", "cat", "enum"],
)
def test_region_is_that_of_the_symbol_in_the_type_it_came_in(kind: Any) -> None:
    """So a day of New York stays one where bars are merged on their own."""
    names = {"AAPL.US": "US", "600000.SH": "CN", "BHP.AX": "XX"}
    rows = [
        quote(f"10:00:0{n}", n, symbol=symbol, region=region)
        for n in range(3)
        for symbol, region in names.items()
    ]
    frame = quotes(rows).with_columns(pl.col("region").cast(kind))
    out = ops.chain(ops.deltas(), ops.bars("1m", sessions="CN")).apply(frame)
    assert out.columns == COLUMNS
    assert out.schema["region"] == kind
    found = dict(out.select("symbol", "region").rows())
    assert found == {"AAPL.US": "US", "600000.SH": "CN", "BHP.AX": None}


def test_without_region_there_is_none() -> None:
    op = ops.chain(ops.deltas(), ops.bars("1m", aggregate={"last_price": ["mean"]}))
    out = op.apply(quotes([BEFORE, quote("10:00:03", 110)]).drop("region"))
    assert out.columns == [*COLUMNS[:-1], "last_price_mean"]
    assert out.schema == op.output_schema(quotes([]).drop("region").schema)


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
            "partial": pl.Boolean(),
            "gap": pl.Boolean(),
            "region": pl.String(),
        }
    )
    assert ops.bars("1m").output_schema(before) == expected
    assert ops.bars("1m").apply(pl.DataFrame(schema=before)).schema == expected
    assert list(expected) == COLUMNS


@pytest.mark.parametrize("column", ["delta_volume", "delta_amount"])
def test_missing_column_is_named_with_the_operator_that_makes_it(column: str) -> None:
    rows = [BEFORE | {"delta_volume": 1, "delta_amount": 1.0}]
    with pytest.raises(SchemaError, match=column) as caught:
        ops.bars("1m").apply(traded(rows).drop(column))
    assert "deltas" in str(caught.value).replace(column, "")


def test_missing_column_of_an_aggregate_is_named_with_the_operator_that_makes_it() -> None:
    op = ops.chain(ops.deltas(), ops.bars("1m", aggregate={"spread_bps": ["mean"]}))
    with pytest.raises(SchemaError, match="spread_bps") as caught:
        op.apply(quotes([BEFORE]))
    assert "spread" in str(caught.value).replace("spread_bps", "")


def test_refuses_parameters_that_cannot_be_right() -> None:
    for every in ("0s", "-1m", "soon"):
        with pytest.raises(ValueError, match="every"):
            ops.bars(every)
    wrong: list[dict[str, Any]] = [
        {"profile": "wind"},
        {"closed": "both"},
        {"grace": "-1s"},
        {"session_grace": "later"},
        {"late": "never"},
        {"aggregate": {"spread_bps": ["median"]}},
        {"unit": 0},
        {"sessions": [("11:30", "09:30")]},
        {"sessions": "MARS"},
    ]
    for parameters in wrong:
        (name,) = parameters
        with pytest.raises(ValueError, match=name):
            ops.bars("1m", **parameters)


def test_every_may_be_a_timedelta() -> None:
    rows = BEFORE, quote("10:00:03", 110), quote("10:04:03", 120), quote("10:05:00", 130)
    bars = bars_of(*rows, op=ops.bars(timedelta(minutes=5)))
    assert pick(bars, "start", "end", "volume") == [
        (at("10:00:00"), at("10:05:00"), 20),
        (at("10:05:00"), at("10:10:00"), 10),
    ]
