"""`deltas` against plain Python: what was traded between two snapshots, and why it is that."""

from datetime import timedelta
from typing import Any, Literal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tickops as ops
from tests.oracles import deltas as oracle
from tests.oracles import strategies
from tests.oracles.compare import assert_same, differences, left_out
from tests.oracles.frames import DELTAS, QUOTES, TUESDAY, quote, quotes
from tests.oracles.market import Row, rows_of
from tickops.exceptions import LateRowError, SchemaError

Policy = Literal["drop", "include"]

ADDED = ["delta_volume", "delta_amount", "delta_price", "reason"]


def deltas_of(*rows: Row, op: ops.deltas | None = None) -> list[tuple[Any, ...]]:
    """The four columns of the frame that the rows make."""
    return (op or ops.deltas()).apply(quotes(rows)).select(ADDED).rows()


@pytest.mark.parametrize("late", ["drop", "include"])
@strategies.EXAMPLES
@given(data=st.data(), frame=strategies.quotes())
def test_equals_the_oracle(data: st.DataObject, frame: pl.DataFrame, late: Policy) -> None:
    unit = data.draw(st.sampled_from([None, 1, {"600000.SH": 200}]))
    op = ops.deltas(unit=unit, late=late)
    expected = oracle.deltas(rows_of(frame), unit=unit, late=late)
    run = op.start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    assert_same(pl.concat(parts), expected.rows)
    assert run.counts.get("deltas.late", 0) == expected.late


@strategies.EXAMPLES
@given(data=st.data(), frame=strategies.quotes())
def test_deltas_of_a_day_sum_to_last_minus_baseline(
    data: st.DataObject, frame: pl.DataFrame
) -> None:
    op = ops.deltas(late=data.draw(st.sampled_from(["drop", "include"])))
    out = op.apply(frame).drop_nulls(["volume", "amount"])
    for rows in out.partition_by("symbol"):
        new_day = rows["reason"].is_in(["first", "new_day"])
        for day in rows.with_columns(number=new_day.cum_sum()).partition_by("number"):
            is_first = day["reason"][0] == "first"
            volume, amount = (day["volume"][0], day["amount"][0]) if is_first else (0, 0.0)
            assert day["delta_volume"].sum() == day["volume"][-1] - volume
            assert day["delta_amount"].sum() == pytest.approx(
                day["amount"][-1] - amount, rel=1e-9, abs=1e-6
            )


@strategies.EXAMPLES
@given(frame=strategies.quotes(with_nulls=False))
def test_equals_polars_where_no_row_is_late(frame: pl.DataFrame) -> None:
    time = pl.col("timestamp").dt.epoch("us")
    frame = frame.filter(time >= time.cum_max().over("symbol"))
    out = ops.deltas().apply(frame)
    naive = out.select(pl.col("volume", "amount").diff().over("symbol"))
    within_a_day = ~out["reason"].is_in(["first", "new_day"])
    assert out.filter(within_a_day)["delta_volume"].equals(
        naive.filter(within_a_day)["volume"], check_names=False
    )
    assert out.filter(within_a_day)["delta_amount"].equals(
        naive.filter(within_a_day)["amount"], check_names=False
    )


def test_first_row_of_a_symbol_is_a_baseline() -> None:
    assert deltas_of(quote("09:30:03", 700)) == [(None, None, None, "first")]


def test_each_symbol_has_its_own_baseline() -> None:
    other = quote("09:30:04", 50, symbol="000001.SZ")
    out = deltas_of(quote("09:30:03", 700), other, quote("09:30:06", 701))
    assert [row[3] for row in out] == ["first", "first", "trade"]
    assert out[2][0] == 1


def test_trade() -> None:
    rows = quote("09:30:03", 700), quote("09:30:06", 712, amount=700_000.0 + 12_060.0)
    assert deltas_of(*rows)[1] == (12, 12_060.0, 10.05, "trade")


def test_unchanged() -> None:
    rows = quote("09:30:03", 700), quote("09:30:06", 700, last=10.5)
    assert deltas_of(*rows)[1] == (0, 0.0, None, "unchanged")


def test_amount_that_moves_alone_is_a_trade_without_a_price() -> None:
    rows = quote("09:30:03", 700), quote("09:30:06", 700, amount=700_450.0)
    assert deltas_of(*rows)[1] == (0, 450.0, None, "trade")


@pytest.mark.parametrize(("volume", "amount"), [(690, 690_000.0), (700, 699_999.0), (701, 1.0)])
def test_counter_that_went_back_is_a_correction(volume: int, amount: float) -> None:
    out = deltas_of(quote("09:30:03", 700), quote("09:30:06", volume, amount=amount))[1]
    assert out[0] == volume - 700
    assert out[1] == amount - 700_000.0
    assert out[3] == "correction"


def test_correction_of_volume_has_no_price() -> None:
    out = deltas_of(quote("09:30:03", 700), quote("09:30:06", 690))[1]
    assert out == (-10, -10_000.0, None, "correction")


def test_new_day_counts_from_zero() -> None:
    out = deltas_of(quote("15:00:03", 700), quote("09:25:00", 30, day=TUESDAY))[1]
    assert out == (30, 30_000.0, 10.0, "new_day")


def test_new_day_with_a_higher_counter_is_a_new_day_all_the_same() -> None:
    out = deltas_of(quote("15:00:03", 700), quote("09:25:00", 900, day=TUESDAY))[1]
    assert out == (900, 900_000.0, 10.0, "new_day")


def test_new_day_without_trades_has_no_price() -> None:
    out = deltas_of(quote("15:00:03", 700), quote("09:15:00", 0, day=TUESDAY))[1]
    assert out == (0, 0.0, None, "new_day")


def test_new_day_comes_before_gap() -> None:
    tuesday = quote("09:25:00", 30, day=TUESDAY, connection=2)
    assert deltas_of(quote("15:00:03", 700), tuesday)[1][3] == "new_day"


@pytest.mark.parametrize("region", ["CN", "HK", "US", "XX"])
def test_new_day_begins_at_local_midnight(region: str) -> None:
    """In New York that is 05:00 UTC in winter; where nobody knows the market, 00:00 UTC."""
    rows = [
        quote("23:59:58", 700, region=region),
        quote("23:59:59", 710, region=region),
        quote("00:00:01", 720, region=region, day=TUESDAY),
    ]
    assert [row[3] for row in deltas_of(*rows)] == ["first", "trade", "new_day"]
    assert deltas_of(*rows)[2][0] == 720


def test_region_of_a_symbol_is_that_of_its_first_row() -> None:
    rows = [quote("23:59:58", 700), quote("23:59:59", 701), quote("00:00:01", 30, day=TUESDAY)]
    for row in rows[1:]:
        row["region"] = "US"
    assert deltas_of(*rows)[1:] == [(1, 1000.0, 10.0, "trade"), (30, 30_000.0, 10.0, "new_day")]


def test_new_connection_is_a_gap() -> None:
    out = deltas_of(quote("09:30:03", 700), quote("09:30:06", 712, connection=2))[1]
    assert out == (12, 12_000.0, 10.0, "gap")


def test_connection_is_compared_with_that_of_the_same_symbol() -> None:
    rows = [
        quote("09:30:03", 700),
        quote("09:30:04", 50, symbol="000001.SZ", connection=2),
        quote("09:30:06", 712),
    ]
    assert deltas_of(*rows)[2][3] == "trade"


@pytest.mark.parametrize(("after", "reason"), [("10:00:30", "trade"), ("10:00:30.001", "gap")])
def test_silence_over_gap_after_is_a_gap(after: str, reason: str) -> None:
    assert deltas_of(quote("10:00:00", 700), quote(after, 712))[1][3] == reason


def test_gap_after_is_a_parameter() -> None:
    rows = quote("10:00:00", 700), quote("10:04:00", 712)
    assert deltas_of(*rows, op=ops.deltas(gap_after="5m"))[1][3] == "trade"
    assert deltas_of(*rows, op=ops.deltas(gap_after=timedelta(minutes=4)))[1][3] == "trade"
    assert deltas_of(*rows, op=ops.deltas(gap_after="3m"))[1][3] == "gap"


def test_gap_comes_before_correction() -> None:
    assert deltas_of(quote("10:00:00", 700), quote("10:01:00", 600))[1][3] == "gap"


def test_frames_need_no_connection() -> None:
    frame = quotes([quote("10:00:00", 700), quote("10:00:03", 712)]).drop("connection")
    assert ops.deltas().apply(frame)["reason"].to_list() == ["first", "trade"]


@pytest.mark.parametrize(
    ("region", "unit", "price"),
    [
        ("CN", None, 10.0),
        ("HK", None, 1000.0),
        ("US", None, 1000.0),
        ("XX", None, 1000.0),
        ("CN", 1, 1000.0),
        ("CN", 200, 5.0),
        ("CN", {"600000.SH": 50}, 20.0),
        ("CN", {"000001.SZ": 50}, 10.0),
        ("US", {"000001.SZ": 50}, 1000.0),
    ],
)
def test_unit(region: str, unit: int | dict[str, int] | None, price: float) -> None:
    rows = quote("10:00:00", 1, region=region), quote("10:00:03", 3, region=region)
    assert deltas_of(*rows, op=ops.deltas(unit=unit))[1][2] == price


def test_default_unit_where_the_frame_has_no_region_is_that_of_cn() -> None:
    frame = quotes([quote("10:00:00", 1), quote("10:00:03", 3)]).drop("region")
    assert ops.deltas().apply(frame)["delta_price"].to_list() == [None, 10.0]


LATE = [
    quote("10:00:00", 700),
    quote("10:00:06", 712),
    quote("10:00:03", 705),
    quote("10:00:09", 720),
]


def test_late_row_is_dropped_and_counted() -> None:
    run = ops.deltas().start()
    out = run.push(quotes(LATE))
    assert out["delta_volume"].to_list() == [None, 12, 8]
    assert left_out(run) == {"deltas.late": 1}


def test_late_row_is_an_error() -> None:
    with pytest.raises(LateRowError, match=r"600000\.SH"):
        ops.deltas(late="raise").apply(quotes(LATE))


def test_late_row_is_included_in_order_of_arrival() -> None:
    out = deltas_of(*LATE, op=ops.deltas(late="include"))
    assert [(row[0], row[3]) for row in out] == [
        (None, "first"),
        (12, "trade"),
        (-7, "correction"),
        (15, "trade"),
    ]


def test_late_row_does_not_move_the_newest_time() -> None:
    """The newest time stays: a row between the late row and the newest is late, too."""
    rows = [*LATE[:3], quote("10:00:05", 706), quote("10:00:06", 712)]
    run = ops.deltas().start()
    run.push(quotes(rows))
    assert left_out(run) == {"deltas.late": 2}
    assert deltas_of(*rows, op=ops.deltas(late="include"))[-1][3] == "trade"


def test_late_row_of_an_earlier_day_is_of_the_current_day() -> None:
    rows = [
        quote("15:00:03", 700),
        quote("09:25:00", 30, day=TUESDAY),
        quote("15:01:00", 700),
        quote("09:25:03", 31, day=TUESDAY),
    ]
    out = deltas_of(*rows, op=ops.deltas(late="include"))
    assert [(row[0], row[3]) for row in out[1:]] == [
        (30, "new_day"),
        (670, "trade"),
        (-669, "correction"),
    ]


def test_same_second_is_not_late() -> None:
    rows = quote("10:00:00", 700), quote("10:00:00", 701)
    assert deltas_of(*rows, op=ops.deltas(late="raise"))[1][0] == 1


def test_symbols_are_late_each_by_itself() -> None:
    rows = quote("10:00:05", 700), quote("10:00:00", 50, symbol="000001.SZ")
    assert len(deltas_of(*rows, op=ops.deltas(late="raise"))) == 2


@pytest.mark.parametrize(
    "broken",
    [
        {"symbol": None},
        {"timestamp": None},
        {"volume": None},
        {"amount": None},
        {"amount": float("nan")},
    ],
)
def test_incomplete_row_is_kept_and_changes_nothing(broken: Row) -> None:
    rows = [quote("10:00:00", 700), quote("10:00:03", 9) | broken, quote("10:00:06", 712)]
    out = deltas_of(*rows)
    assert out[1] == (None, None, None, None)
    assert out[2] == (12, 12_000.0, 10.0, "trade")


@pytest.mark.parametrize("kind", [*strategies.TIMESTAMPS, pl.Datetime("us")])
def test_takes_timestamps_of_any_unit_and_zone(kind: pl.Datetime) -> None:
    frame = quotes([quote("10:00:00", 700), quote("10:00:03", 712)])
    frame = frame.with_columns(pl.col("timestamp").cast(kind))
    out = ops.deltas().apply(frame)
    assert out.schema["timestamp"] == kind
    assert out["delta_volume"].to_list() == [None, 12]


@pytest.mark.parametrize("kind", [pl.String(), pl.Categorical(), ops.SYMBOL])
def test_takes_symbols_of_any_type(kind: pl.DataType) -> None:
    frame = quotes([quote("10:00:00", 700), quote("10:00:03", 712)])
    out = ops.deltas().apply(frame.with_columns(pl.col("symbol").cast(kind)))
    assert out.schema["symbol"] == kind
    assert out["symbol"].to_list() == ["600000.SH"] * 2


def test_keeps_rows_order_and_columns() -> None:
    frame = quotes([*LATE[:2], quote("10:00:01", 5, symbol="000001.SZ")])
    out = ops.deltas().apply(frame)
    assert out.select(QUOTES.names()).equals(frame)


def test_output_schema() -> None:
    expected = pl.Schema({**QUOTES, **DELTAS})
    assert ops.deltas().output_schema(QUOTES) == expected
    assert ops.deltas().apply(quotes([])).schema == expected


@pytest.mark.parametrize("column", ["symbol", "timestamp", "volume", "amount"])
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=column):
        ops.deltas().apply(quotes([quote("10:00:00")]).drop(column))


@pytest.mark.parametrize("column", ["symbol", "timestamp", "volume", "amount"])
def test_column_of_wrong_type_is_named_with_its_type(column: str) -> None:
    frame = quotes([quote("10:00:00")]).with_columns(pl.lit(value=True).alias(column))
    with pytest.raises(SchemaError, match=column) as caught:
        ops.deltas().apply(frame)
    assert "Bool" in str(caught.value)


def test_refuses_parameters_that_cannot_be_right() -> None:
    for unit in (0, -1, {"600000.SH": 0}):
        with pytest.raises(ValueError, match="unit"):
            ops.deltas(unit=unit)
    for gap_after in ("-1s", "soon"):
        with pytest.raises(ValueError, match="gap_after"):
            ops.deltas(gap_after=gap_after)
    with pytest.raises(ValueError, match="late"):
        ops.deltas(late="never")  # pyright: ignore[reportArgumentType]


def first_row_as_trade(rows: list[Row]) -> list[Row]:
    """The mistake of `diff` with its null filled: the day so far counts as one trade."""
    out = oracle.deltas(rows).rows
    return [
        row | {"delta_volume": row["volume"], "delta_amount": row["amount"], "reason": "trade"}
        if row["reason"] == "first"
        else row
        for row in out
    ]


def test_oracle_catches_a_first_row_that_counts_as_trade() -> None:
    frame = quotes([quote("10:00:00", 700), quote("10:00:03", 712)])
    wrong = pl.DataFrame(first_row_as_trade(rows_of(frame)), schema={**QUOTES, **DELTAS})
    found = differences(wrong, oracle.deltas(rows_of(frame)).rows)
    assert {line.split(": ")[0] for line in found} == {
        "row 0, delta_volume",
        "row 0, delta_amount",
        "row 0, reason",
    }
