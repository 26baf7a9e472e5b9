"""`kyle_lambda` against exact fractions, all of a window again."""

from typing import Literal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tickops as ops
from tests import data
from tests.oracles import liquidity as oracle
from tests.oracles import sided, strategies
from tests.oracles.compare import assert_same, left_out
from tests.oracles.frames import DELTAS, QUOTES, TUESDAY, quote
from tests.oracles.market import Row, rows_of, seconds
from tests.oracles.sided import frame_of, priced
from tickops.exceptions import LateRowError, SchemaError

Policy = Literal["drop", "include"]

FEWER = settings(deadline=None, max_examples=8 if strategies.SMALL else 25)


def trade(second: int, mid: float | None, side: int | None, volume: int | None = 1) -> Row:
    """One row that traded on a side, and the mid after it."""
    row = quote(f"10:{second // 60:02}:{second % 60:02}")
    return priced(row, delta_volume=volume, mid=mid, trade_side=side)


def kyle_lambda_of(*rows: Row, op: ops.kyle_lambda | None = None) -> list[float | None]:
    return (op or ops.kyle_lambda("1h")).apply(frame_of(*rows))["kyle_lambda"].to_list()


@pytest.mark.parametrize("late", ["drop", "include"])
@pytest.mark.parametrize("window", ["1m", "2h", 1, 6])
@FEWER
@given(data=st.data(), frame=sided.trading())
def test_equals_the_oracle(
    data: st.DataObject, frame: pl.DataFrame, window: str | int, late: Policy
) -> None:
    run = ops.kyle_lambda(window, late=late).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    width = seconds(window) if isinstance(window, str) else window
    expected = oracle.kyle_lambda(rows_of(frame), width, late=late)
    assert_same(pl.concat(parts), expected)
    assert left_out(run).get("kyle_lambda.late", 0) == frame.height - len(expected)


@strategies.EXAMPLES
@given(frame=sided.trading())
def test_without_mid_takes_the_last_price(frame: pl.DataFrame) -> None:
    found = ops.kyle_lambda(9).apply(frame.drop("mid"))
    assert_same(found, oracle.kyle_lambda(rows_of(frame.drop("mid")), 9))


def test_gives_back_the_slope_of_a_market_maker() -> None:
    """The mid moves by 0.02 a lot bought, and by 0.5 anyway: the slope is not the mean ratio."""
    mid, rows = 100.0, [trade(0, 100.0, None, 0)]
    for number, flow in enumerate([3, -1, 2, -7, 5]):
        mid += 0.5 + 0.02 * flow
        rows.append(trade(3 + number, mid, 1 if flow > 0 else -1, abs(flow)))
    assert kyle_lambda_of(*rows) == [None, None, *[pytest.approx(0.02, rel=1e-9)] * 4]


def test_volume_is_signed() -> None:
    rows = trade(0, 10.0, None, 0), trade(3, 10.1, 1, 4), trade(6, 10.0, -1, 4)
    assert kyle_lambda_of(*rows)[-1] == pytest.approx(0.025)


def test_is_null_while_all_signed_volumes_are_one() -> None:
    rows = [trade(3 * n, mid, 1, 7) for n, mid in enumerate([10.0, 10.3, 10.1, 10.7, 10.2])]
    assert kyle_lambda_of(*rows) == [None] * 5
    assert kyle_lambda_of(*rows, trade(15, 10.0, -1, 7))[-1] is not None


def test_is_null_again_when_the_others_have_left_the_window() -> None:
    flows = [5, 2, 3, 3, 3, 4, 4]
    rows = [trade(3 * n, 10.0 + n % 3, 1, flow) for n, flow in enumerate(flows)]
    found = kyle_lambda_of(*rows, op=ops.kyle_lambda(2))
    assert [value is None for value in found] == [True, True, False, True, True, False, True]


def test_a_mid_that_stays_has_a_slope_of_nothing() -> None:
    rows = trade(0, 10.0, 1), trade(3, 10.0, 1, 4), trade(6, 10.0, -1, 2)
    assert kyle_lambda_of(*rows) == [None, None, 0.0]


def test_the_change_is_since_the_row_before_whether_it_traded_or_not() -> None:
    """What the mid did without a trade is no impact of the next one."""
    rows = trade(0, 10.0, None, 0), trade(3, 10.1, 1), trade(6, 19.0, None, 0)
    assert kyle_lambda_of(*rows, trade(9, 18.9, -1))[-1] == pytest.approx(0.1)


@pytest.mark.parametrize(
    "nothing", [trade(4, None, 1, 9), trade(4, 0.0, 1, 9), trade(4, 10.1, None, 9)]
)
def test_rows_without_mid_or_side_add_nothing(nothing: Row) -> None:
    rows = trade(0, 10.0, None, 0), trade(3, 10.1, 1), trade(6, 10.0, -1)
    assert kyle_lambda_of(*rows[:2], nothing, rows[2])[3] == pytest.approx(0.1)


def test_there_is_no_change_over_night() -> None:
    tuesday = [
        priced(quote(f"09:30:0{n}", day=TUESDAY), delta_volume=1, trade_side=side, mid=mid)
        for n, (side, mid) in enumerate([(-1, 20.0), (1, 20.1), (-1, 20.0)])
    ]
    found = kyle_lambda_of(trade(0, 10.0, 1), *tuesday, op=ops.kyle_lambda("24h"))
    assert found == [None] * 3 + [pytest.approx(0.1)]


@pytest.mark.parametrize(("second", "known"), [(302, True), (303, False)])
def test_a_window_is_open_on_the_left(second: int, known: bool) -> None:
    rows = trade(0, 10.0, None, 0), trade(3, 10.1, 1), trade(6, 10.0, -1)
    found = kyle_lambda_of(*rows, trade(second, 10.0, None, 0), op=ops.kyle_lambda("5m"))
    assert (found[3] is not None) == known


def test_stays_exact_where_large_sums_cancel() -> None:
    """Volumes of 10⁹ that differ by 1: Σq² − (Σq)²/n loses all 16 digits of a float."""
    rows = [trade(3 * n, 10.0 + 0.25 * (n % 2), 1, 10**9 + n % 2 if n else 0) for n in range(40)]
    assert kyle_lambda_of(*rows)[2:] == pytest.approx([0.5] * 38, rel=1e-9)


@pytest.mark.parametrize("window", ["1h", 5])
def test_no_digit_of_a_sum_is_lost(window: str | int) -> None:
    """Flows near 2·10¹⁵ that differ by 10⁶, mids that double and halve: sums and products fill
    two floats, while rows come and while they leave, and cancel but for the last digits."""
    rows = [
        trade(3 * n, 2.0 ** abs(n % 6 - 3) / 3, 1, 2 * 10**15 + n * 7919 % 11 * 10**6 + n)
        for n in range(40)
    ]
    frame = frame_of(*rows)
    width = seconds(window) if isinstance(window, str) else window
    expected = oracle.kyle_lambda(rows_of(frame), width)
    assert_same(ops.kyle_lambda(window).apply(frame), expected, absolute=0.0)


LATE = trade(1, 10.0, 1, 2), trade(3, 10.3, 1, 3), trade(6, 10.1, -1, 4), trade(2, 10.4, 1, 9)


def test_late_row_is_dropped_and_counted() -> None:
    run = ops.kyle_lambda("1h").start()
    assert run.push(frame_of(*LATE))["kyle_lambda"].to_list() == kyle_lambda_of(*LATE[:-1])
    assert left_out(run) == {"kyle_lambda.late": 1}


def test_late_row_is_included_as_at_the_newest_time() -> None:
    in_time = LATE[-1] | {"timestamp": LATE[-2]["timestamp"]}
    found = kyle_lambda_of(*LATE, op=ops.kyle_lambda("1h", late="include"))
    assert found == kyle_lambda_of(*LATE[:-1], in_time)
    assert found[-1] != found[-2]


def test_late_row_is_an_error() -> None:
    with pytest.raises(LateRowError, match=r"600000\.SH"):
        ops.kyle_lambda("1h", late="raise").apply(frame_of(*LATE))


@pytest.mark.parametrize("broken", [{"symbol": None}, {"timestamp": None}])
def test_row_without_symbol_or_time_changes_nothing(broken: Row) -> None:
    rows = LATE[:-1]
    whole = kyle_lambda_of(*rows)
    assert kyle_lambda_of(*rows[:1], LATE[-1] | broken, *rows[1:]) == [*whole[:1], None, *whole[1:]]


def test_symbols_do_not_mix() -> None:
    other = LATE[-1] | {"symbol": "000001.SZ"}
    rows = LATE[:-1]
    assert kyle_lambda_of(*rows[:1], other, *rows[1:])[2:] == kyle_lambda_of(*rows)[1:]


def test_a_long_window_outgrows_its_log() -> None:
    """Thousands of rows in windows at once, the same as of rows in a window of that many."""
    count = 300 if strategies.SMALL else 5000
    rows = [LATE[number % 3] | {"timestamp": number} for number in range(count)]
    frame = frame_of(*rows)
    assert_same(
        ops.kyle_lambda("1s").apply(frame).tail(1),
        ops.kyle_lambda(1000).apply(frame).tail(1).to_dicts(),
    )
    alone = ops.kyle_lambda(10).apply(frame.tail(12)).tail(1).to_dicts()
    assert_same(ops.kyle_lambda(10).apply(frame).tail(1), alone)


def test_output_schema() -> None:
    before = pl.Schema({**QUOTES, **DELTAS, "mid": pl.Float64(), "trade_side": pl.Int64()})
    expected = pl.Schema({**before, "kyle_lambda": pl.Float64()})
    assert ops.kyle_lambda("5m").output_schema(before) == expected
    assert ops.kyle_lambda("5m").apply(pl.DataFrame(schema=before)).schema == expected


@pytest.mark.parametrize("window", [0, -1, True, "0s", "-5m", "soon"])
def test_refuses_windows_that_cannot_be_right(window: str | int) -> None:
    with pytest.raises(ValueError, match="window"):
        ops.kyle_lambda(window)


@pytest.mark.parametrize("column", ["delta_volume", "trade_side"])
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=column):
        ops.kyle_lambda("5m").apply(frame_of(*LATE).drop(column))


def test_neither_mid_nor_last_price_is_told() -> None:
    with pytest.raises(SchemaError, match=r"mid.*spread\(\)"):
        ops.kyle_lambda("5m").apply(frame_of(*LATE).drop("mid", "last_price"))


@pytest.mark.real_data
@pytest.mark.parametrize("name", data.SETS)
def test_equals_the_oracle_on_real_data(name: str) -> None:
    frame = ops.deltas(unit=1).apply(data.quotes(name)).filter(pl.col("delta_volume") > 0)
    sided_rows = ops.trade_side().apply(frame.with_columns(mid=pl.col("last_price")))
    some = sided_rows.drop("mid")[: 60 if strategies.SMALL else 250]
    op = ops.kyle_lambda(50)
    expected = oracle.kyle_lambda(rows_of(some), 50)
    assert_same(op.apply(some), expected)
    assert any(row["kyle_lambda"] is not None for row in expected)
