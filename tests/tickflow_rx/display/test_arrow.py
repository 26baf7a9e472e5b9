"""Frames as Perspective reads them: its own engine is asked."""

import io
from datetime import UTC, date, datetime, time, timedelta
from importlib import import_module
from typing import Any

import polars as pl
import pytest

from tests.tickflow_rx.display.stage import books, quotes
from tickflow_rx.display._arrow import arrow_bytes, form_of

perspective: Any = import_module("perspective")

_NOON = datetime(2026, 4, 21, 4, tzinfo=UTC)


def read(frame: pl.DataFrame) -> tuple[dict[str, str], dict[str, list[Any]]]:
    table = perspective.table(arrow_bytes(frame))
    try:
        view = table.view()
        columns = view.to_columns()
        view.delete()
        return table.schema(), columns
    finally:
        table.delete()


def test_quotes_and_books_are_read() -> None:
    schema, columns = read(quotes(("600000.SH", 9.72), ("000001.SZ", 11.0)))
    assert schema["symbol"] == "string"
    assert schema["timestamp"] == "datetime"
    assert schema["volume"] == "integer"
    assert columns["last_price"] == [9.72, 11.0]
    schema, columns = read(books("600000.SH", [(9.7, 3)], [(9.8, 4), (9.9, 5)]))
    assert columns["ask_prices_2"] == [9.9]
    assert columns["ask_volumes_2"] == [5]
    assert columns["bid_prices_5"] == [0]


@pytest.mark.parametrize(
    ("values", "kind", "shown"),
    [
        (["a", None], pl.String, ["a", None]),
        (["a", None], pl.Categorical, ["a", None]),
        (["b", "a"], pl.Enum(["a", "b"]), ["b", "a"]),
        ([True, None], pl.Boolean, [True, None]),
        ([1, None], pl.UInt64, [1, None]),
        ([2**70], pl.Int128, [float(2**70)]),
        ([1.5, None], pl.Float32, [1.5, None]),
        ([_NOON], pl.Datetime("us", "Asia/Shanghai"), [1_776_744_000_000]),
        ([date(2026, 4, 21)], pl.Date, [1_776_729_600_000]),
        ([timedelta(seconds=1.5)], pl.Duration("ms"), [1.5]),
        ([time(9, 30)], pl.Time, ["09:30:00"]),
        ([None, None], pl.Null, [None, None]),
    ],
)
def test_every_kind_of_value(values: list[Any], kind: Any, shown: list[Any]) -> None:
    _, columns = read(pl.DataFrame({"x": pl.Series(values, dtype=kind)}))
    assert [None if value is None else str(value)[:8] for value in columns["x"]] == [
        None if value is None else str(value)[:8] for value in shown
    ]


def test_what_cannot_be_shown_is_left_out_and_named() -> None:
    frame = pl.DataFrame(
        {
            "x": [1],
            "list": [[1, 2]],
            "struct": [{"a": 1}],
            "bytes": [b"a"],
            "object": pl.Series([object()], dtype=pl.Object),
            "deep": pl.Series([[[1.0, 2.0]]], dtype=pl.Array(pl.Float64, (1, 2))),
        }
    )
    assert form_of(frame).left_out == ["list", "struct", "bytes", "object", "deep"]
    assert pl.read_ipc_stream(io.BytesIO(arrow_bytes(frame))).columns == ["x"]
