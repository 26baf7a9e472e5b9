"""`vpin` against units of volume, one by one."""

from typing import Literal

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tickops as ops
from tests import data
from tests.oracles import sided, strategies
from tests.oracles import vpin as oracle
from tests.oracles.compare import assert_same, left_out
from tests.oracles.frames import DELTAS, QUOTES, TUESDAY, quote
from tests.oracles.market import Row, rows_of
from tests.oracles.sided import frame_of, priced
from tickops._kernels.vpin import STATE
from tickops._snapshot import decode, encode
from tickops.exceptions import LateRowError, SchemaError, SnapshotError

Policy = Literal["drop", "include"]

FEWER = settings(deadline=None, max_examples=10 if strategies.SMALL else 50)
BEFORE = pl.Schema({**QUOTES, **DELTAS, "trade_side": pl.Int64()})


def trade(second: int, volume: int | None, side: int | None) -> Row:
    return priced(quote(f"10:00:{second:02}"), delta_volume=volume, trade_side=side)


def vpin_of(*rows: Row, op: ops.vpin) -> list[float | None]:
    return op.apply(frame_of(*rows))["vpin"].to_list()


@FEWER
@given(
    data=st.data(),
    frame=sided.trading(),
    bucket=st.sampled_from([1, 2, 3, 7, 100]),
    buckets=st.sampled_from([1, 2, 5]),
    late=st.sampled_from(["drop", "include"]),
)
def test_equals_the_oracle(
    data: st.DataObject, frame: pl.DataFrame, bucket: int, buckets: int, late: Policy
) -> None:
    run = ops.vpin(bucket, buckets=buckets, late=late).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    expected = oracle.vpin(rows_of(frame), bucket, buckets, late=late)
    assert_same(pl.concat(parts), expected)
    assert left_out(run).get("vpin.late", 0) == frame.height - len(expected)


def test_is_null_until_all_buckets_are_full() -> None:
    rows = trade(0, 10, 1), trade(3, 9, 1), trade(6, 1, -1)
    assert vpin_of(*rows, op=ops.vpin(10, buckets=2)) == [None, None, 0.9]


def test_balanced_trading_has_none_and_one_sided_all() -> None:
    rows = trade(0, 5, 1), trade(3, 5, -1), trade(6, 10, -1)
    assert vpin_of(*rows, op=ops.vpin(10, buckets=1)) == [None, 0.0, 1.0]


def test_volume_beyond_a_bucket_goes_on_into_the_next_ones() -> None:
    """8 bought; 17 sold: 2 fill the first bucket, 10 the second, 5 wait; 5 bought."""
    rows = trade(0, 8, 1), trade(3, 17, -1), trade(6, 5, 1)
    assert vpin_of(*rows, op=ops.vpin(10, buckets=1)) == [None, 1.0, 0.0]
    assert vpin_of(*rows, op=ops.vpin(10, buckets=3)) == [None, None, 16 / 30]


def test_an_open_bucket_does_not_count() -> None:
    rows = trade(0, 5, 1), trade(1, 5, -1), trade(3, 9, 1)
    assert vpin_of(*rows, op=ops.vpin(10, buckets=1)) == [None, 0.0, 0.0]


def test_a_trade_larger_than_all_buckets() -> None:
    rows = trade(0, 3, -1), trade(3, 10**15 + 4, 1), trade(6, 3, -1)
    assert vpin_of(*rows, op=ops.vpin(10, buckets=4)) == [None, 1.0, (3 * 10 + 4) / 40]


@pytest.mark.parametrize("nothing", [(None, 1), (0, 1), (-9, 1), (9, None), (9, 0)])
def test_rows_without_trade_or_side_add_nothing(nothing: tuple[int | None, int | None]) -> None:
    found = vpin_of(trade(0, 5, 1), trade(1, *nothing), trade(2, 5, -1), op=ops.vpin(10, buckets=1))
    assert found == [None, None, 0.0]


def test_a_bucket_goes_on_over_night() -> None:
    tuesday = priced(quote("09:30:00", day=TUESDAY), delta_volume=5, trade_side=-1)
    assert vpin_of(trade(0, 5, 1), tuesday, op=ops.vpin(10, buckets=1)) == [None, 0.0]


LATE = trade(3, 5, 1), trade(6, 4, 1), trade(4, 1, -1)


def test_late_row_is_dropped_and_counted() -> None:
    run = ops.vpin(10, buckets=1).start()
    assert run.push(frame_of(*LATE))["vpin"].to_list() == [None, None]
    assert left_out(run) == {"vpin.late": 1}


def test_late_row_is_included() -> None:
    assert vpin_of(*LATE, op=ops.vpin(10, buckets=1, late="include")) == [None, None, 0.8]


def test_late_row_is_an_error() -> None:
    with pytest.raises(LateRowError, match=r"600000\.SH"):
        ops.vpin(10, late="raise").apply(frame_of(*LATE))


@pytest.mark.parametrize("broken", [{"symbol": None}, {"timestamp": None}])
def test_row_without_symbol_or_time_changes_nothing(broken: Row) -> None:
    found = vpin_of(LATE[0], LATE[1] | broken, trade(6, 5, 1), op=ops.vpin(10, buckets=1))
    assert found == [None, None, 1.0]


def test_symbols_do_not_mix() -> None:
    other = trade(4, 5, -1) | {"symbol": "000001.SZ"}
    found = vpin_of(LATE[0], other, trade(6, 5, 1), op=ops.vpin(10, buckets=1))
    assert found == [None, None, 1.0]


@pytest.mark.parametrize(("field", "value"), [("place", -1), ("place", 2), ("count", 3)])
def test_a_snapshot_with_a_ring_that_does_not_fit_is_refused(field: str, value: int) -> None:
    op = ops.vpin(10, buckets=2)
    run = op.start()
    run.push(frame_of(*LATE))
    saved = decode(run.snapshot(), [repr(op)])
    state = saved.states[0]
    records = state.array("state", STATE, 1)
    records[field] = value
    ring, newest = state.array("rings", np.int64, 1, 2), state.array("newest_us", np.int64, 1)
    arrays = {"state": records, "rings": ring, "newest_us": newest}
    forged = encode(saved.schema, saved.symbols, saved.markets, [(repr(op), {}, arrays)])
    with pytest.raises(SnapshotError, match="damaged"):
        op.start(forged)


def test_output_schema() -> None:
    expected = pl.Schema({**BEFORE, "vpin": pl.Float64()})
    assert ops.vpin(10).output_schema(BEFORE) == expected
    assert ops.vpin(10).apply(pl.DataFrame(schema=BEFORE)).schema == expected


def test_missing_column_is_named() -> None:
    for column in ("symbol", "timestamp", "delta_volume", "trade_side"):
        with pytest.raises(SchemaError, match=column):
            ops.vpin(10).apply(frame_of(*LATE).drop(column))


@pytest.mark.real_data
def test_of_a_real_day_is_the_same_by_other_means() -> None:
    """Buckets cut in a line of all volume: their edges are multiples of the bucket."""
    quotes = data.quotes(data.SZ5).with_columns(mid="last_price")
    quotes = quotes.filter(pl.col("symbol") == pl.col("symbol").first())
    frame = ops.chain(ops.deltas(unit=1), ops.trade_side()).apply(quotes)
    frame = frame[: 200 if strategies.SMALL else None]
    volume = pl.col("delta_volume").fill_null(0) * (pl.col("trade_side").fill_null(0) != 0)
    bucket, buckets = int(frame.select(volume.sum()).item()) // 80, 50
    traded = frame.filter(volume > 0).select(end=volume.cum_sum(), side="trade_side").rows()
    count = traded[-1][0] // bucket
    net, start = [0] * count, 0
    for end, side in traded:
        for k in range(start // bucket, min(count, -(-end // bucket))):
            net[k] += side * (min(end, (k + 1) * bucket) - max(start, k * bucket))
        start = end
    expected = sum(map(abs, net[-buckets:])) / (buckets * bucket)
    assert ops.vpin(bucket, buckets=buckets).apply(frame)["vpin"][-1] == pytest.approx(expected)
