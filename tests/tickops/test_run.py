"""Runs: one at a time, in order, never half."""

import threading
from datetime import UTC, datetime

import polars as pl
import pytest

import tickops as ops


def quotes(*rows: tuple[str, int, int, float]) -> pl.DataFrame:
    return pl.DataFrame(
        rows,
        schema={
            "symbol": pl.String,
            "timestamp": pl.Datetime("ms", "UTC"),
            "volume": pl.Int64,
            "amount": pl.Float64,
        },
        orient="row",
    )


FIRST = quotes(("600000.SH", 1776735000000, 1, 10.0), ("000001.SZ", 1776735000000, 2, 20.0))
SECOND = quotes(("600000.SH", 1776735003000, 3, 30.0))


def test_pieces_are_the_whole() -> None:
    op = ops.deltas()
    run = op.start()
    pieces = [run.push(FIRST), run.push(FIRST.clear()), run.push(SECOND), run.finish()]
    assert pl.concat(pieces).equals(op.apply(pl.concat([FIRST, SECOND])))


def test_scan_reads_in_order_and_gives_no_empty_frames() -> None:
    rows = pl.concat([FIRST, SECOND])
    pieces = list(ops.deltas().scan(rows.lazy(), rows=1))
    assert all(piece.height for piece in pieces)
    assert pl.concat(pieces).equals(ops.deltas().apply(rows))


def test_before_the_first_frame_there_is_nothing() -> None:
    run = ops.deltas().start()
    assert run.advance(0).shape == (0, 0)
    assert run.finish().shape == (0, 0)


def test_schema_can_be_said_beforehand() -> None:
    op = ops.deltas()
    run = op.start(schema=FIRST.schema)
    assert run.finish().schema == op.output_schema(FIRST.schema)


def test_after_finish_it_is_over() -> None:
    run = ops.deltas().start()
    run.finish()
    with pytest.raises(ops.OperatorError, match="it was finished"):
        run.push(FIRST)


def test_changed_columns_are_refused_and_nothing_is_lost() -> None:
    run = ops.deltas().start()
    run.push(FIRST)
    changed = SECOND.with_columns(pl.col("volume").cast(pl.Int32), extra=1).drop("amount")
    with pytest.raises(ops.SchemaError) as raised:
        run.push(changed)
    for word in ("'amount'", "is missing", "'extra'", "is new", "'volume' was Int64, is Int32"):
        assert word in str(raised.value)
    with pytest.raises(ops.SchemaError, match="order"):
        run.push(SECOND.select(reversed(SECOND.columns)))
    assert run.push(SECOND)["delta_volume"].to_list() == [2]


def test_missing_column_is_named_with_its_maker() -> None:
    with pytest.raises(ops.SchemaError, match=r"needs column 'delta_volume' .* deltas\(\) makes"):
        ops.vwap(window="5m").apply(FIRST)


def test_wrong_type_is_named() -> None:
    with pytest.raises(ops.SchemaError, match="'volume' to be an integer type; it is Float64"):
        ops.deltas().apply(FIRST.cast({"volume": pl.Float64}))


def test_no_frame_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="not LazyFrame"):
        ops.deltas().start().push(FIRST.lazy())  # pyright: ignore[reportArgumentType]


def test_an_error_in_the_middle_ends_the_run() -> None:
    run = ops.deltas(late="raise").start()
    run.push(SECOND)
    with pytest.raises(ops.LateRowError, match=r"600000\.SH") as raised:
        run.push(FIRST)
    assert "01:30:03" in str(raised.value)
    with pytest.raises(ops.OperatorError, match="raised LateRowError"):
        run.push(SECOND)


def test_one_caller_at_a_time() -> None:
    inside, leave = threading.Event(), threading.Event()
    run = ops.deltas().start()

    class Slow(pl.DataFrame):
        @property
        def schema(self) -> pl.Schema:
            inside.set()
            assert leave.wait(30)
            return super().schema

    thread = threading.Thread(target=run.push, args=(Slow(FIRST),))
    thread.start()
    assert inside.wait(30)
    with pytest.raises(ops.OperatorError, match="one caller at a time"):
        run.push(SECOND)
    leave.set()
    thread.join(30)
    assert run.push(SECOND)["delta_volume"].to_list() == [2]


def test_naive_time_is_refused() -> None:
    run = ops.deltas().start()
    with pytest.raises(ValueError, match="time zone"):
        run.advance(datetime(2026, 4, 21))
    run.advance(datetime(2026, 4, 21, tzinfo=UTC))


def test_counts_name_the_operator() -> None:
    run = ops.deltas().start()
    run.push(SECOND)
    run.push(FIRST)
    assert run.counts == {"deltas.late": 1}


def test_rows_without_symbol_or_time_stay_with_nulls() -> None:
    holes = pl.concat(
        [
            FIRST,
            FIRST.with_columns(symbol=pl.lit(None, pl.String)),
            FIRST.with_columns(timestamp=pl.lit(None, pl.Datetime("ms", "UTC"))),
            SECOND,
        ]
    )
    out = ops.deltas().apply(holes)
    assert out["reason"].to_list() == ["first", "first", None, None, None, None, "trade"]
    assert out["delta_volume"].to_list() == [None] * 6 + [2]
