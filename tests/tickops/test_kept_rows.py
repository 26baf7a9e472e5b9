"""Kept rows against rows looked up in all frames so far; and what a snapshot makes of them."""

import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tickops as ops
from tests.oracles import strategies
from tickops._batch import Batch
from tickops._column import Column
from tickops._kept_rows import KeptRows
from tickops._snapshot import State, decode, encode
from tickops._symbols import Symbols
from tickops.exceptions import SchemaError, SnapshotError
from tickops.testing import assert_identical

if TYPE_CHECKING:
    from tickops._arrays import Bool

NOON = datetime(2026, 3, 2, 12, 0, 0, 1_000, UTC)
VALUES: dict[str, tuple[Any, list[Any]]] = {
    "float": (pl.Float64(), [1.5, None, math.nan, -0.0, math.inf]),
    "float 32": (pl.Float32(), [0.1, math.nan, None]),
    "byte": (pl.Int8(), [-128, None, 127]),
    "unsigned": (pl.UInt64(), [2**64 - 1, None, 0]),
    "wide": (pl.Int128(), [2**100, None, -1]),
    "boolean": (pl.Boolean(), [True, False, None]),
    "timestamp": (pl.Datetime("ns", "Asia/Shanghai"), [NOON, None]),
    "date": (pl.Date(), [date(2026, 3, 2), None, date(1969, 1, 1)]),
    "time": (pl.Time(), [time(23, 59, 59, 1), None]),
    "duration": (pl.Duration("ms"), [timedelta(milliseconds=-1), None]),
    "enum": (pl.Enum(["quotes", "depth"]), ["depth", None, "quotes"]),
    "category": (pl.Categorical(), ["b", None, "", "a"]),
    "symbol": (ops.SYMBOL, ["600000.SH", None, "000001.SZ"]),
    "text": (pl.String(), ["浦发银行 and more than fits in place", None, "", "x"]),
    "bytes": (pl.Binary(), [b"\xff\x00", None, b""]),
    "decimal": (pl.Decimal(10, 2), [Decimal("1.25"), None]),
    "book": (pl.Array(pl.Float64, 2), [[1.0, None], None, [math.nan, -0.0]]),
    "sizes": (pl.Array(pl.Int64, 2), [[1, 2**63 - 1], None, [None, None]]),
    "square": (pl.Array(pl.Array(pl.UInt8, 2), 1), [[[1, 2]], None, [[None, 3]]]),
    "list": (pl.List(pl.String), [["x", None], None, [], ["y"]]),
    "struct": (pl.Struct({"a": pl.Int8, "b": pl.List(pl.Float64)}), [{"a": 1, "b": [0.5]}, None]),
    "nothing": (pl.Null(), [None]),
}
SCHEMA = pl.Schema({name: dtype for name, (dtype, _) in VALUES.items()})


def frame(seeds: list[int]) -> pl.DataFrame:
    columns = {
        name: [values[(seed + place) % len(values)] for seed in seeds]
        for place, (name, (_, values)) in enumerate(VALUES.items())
    }
    return pl.DataFrame(columns, schema=SCHEMA, strict=False)


def batch(rows: pl.DataFrame) -> Batch:
    columns = {series.name: Column.of(series) for series in rows.get_columns()}
    return Batch(columns, rows.height, Symbols())


def taken(kept: KeptRows, of: Batch, rows: list[int], slots: list[int]) -> pl.DataFrame:
    columns = kept.take(of, np.array(rows, np.int64), np.array(slots, np.int64))
    return pl.DataFrame([column.series(name) for name, column in columns.items()])


def keep(kept: KeptRows, of: Batch, rows: list[int], slots: list[int]) -> None:
    kept.keep(of, np.array(rows, np.int64), np.array(slots, np.int64))


def written(kept: KeptRows) -> bytes:
    return encode(None, [], [], [("op", {}, kept.save(6))])


def saved(kept: KeptRows) -> State:
    return decode(written(kept), ["op"]).states[0]


NONE = frame([0]).clear(1)
SLOTS = st.integers(0, 5)


@settings(strategies.EXAMPLES, max_examples=12 if strategies.SMALL else 30)
@given(data=st.data())
def test_gives_back_what_was_kept_last(data: st.DataObject) -> None:
    kept, by_slot = KeptRows("op", SCHEMA), dict[int, pl.DataFrame]()
    for _ in range(data.draw(st.integers(1, 4))):
        rows = frame(data.draw(st.lists(st.integers(0, 11), min_size=1, max_size=4)))
        numbers = st.integers(0, rows.height - 1)
        wanted = data.draw(
            st.lists(st.tuples(numbers | st.just(-1), SLOTS | st.just(-1)), min_size=1, max_size=6)
        )
        expected = [rows[row] if row >= 0 else by_slot.get(slot, NONE) for row, slot in wanted]
        actual = taken(kept, batch(rows), [row for row, _ in wanted], [slot for _, slot in wanted])
        assert_identical(actual, pl.concat(expected))
        pairs = data.draw(st.lists(st.tuples(numbers, SLOTS), max_size=4))
        keep(kept, batch(rows), [row for row, _ in pairs], [slot for _, slot in pairs])
        by_slot |= {slot: rows[row] for row, slot in pairs}
        gone = data.draw(st.lists(SLOTS, max_size=1))
        kept.forget(np.array(gone, np.int64))
        by_slot = {slot: row for slot, row in by_slot.items() if slot not in gone}
        if data.draw(st.booleans()):
            state, kept = saved(kept), KeptRows("op", SCHEMA)
            kept.load(state, 6)


def test_what_is_saved_depends_on_what_is_kept_alone() -> None:
    once, often = KeptRows("op", SCHEMA), KeptRows("op", SCHEMA)
    keep(once, batch(frame([3, 4])), [0, 1], [2, 0])
    for seed in range(9):
        keep(often, batch(frame([seed, 4])), [1, 0], [0, 2])
    keep(often, batch(frame([3])), [0], [2])
    assert written(once) == written(often)


def test_what_was_kept_before_is_let_go() -> None:
    kept, of = KeptRows("op", {"x": pl.Int64()}), batch(pl.DataFrame({"x": range(1_000)}))
    for _ in range(20):
        kept.keep(of, np.arange(1_000), np.arange(1_000) % 10)
    assert cast("Bool", kept.save(16)["kept.used"]).tolist() == [True] * 10 + [False] * 6
    rows = kept._rows["x"]  # pyright: ignore[reportPrivateUsage]
    assert len(rows) == 11
    assert rows.estimated_size() < 200


def test_frames_in_chunks() -> None:
    kept = KeptRows("op", SCHEMA)
    whole = frame(list(range(12)))
    pieces = pl.concat([whole[start : start + 1] for start in range(12)], rechunk=False)
    keep(kept, batch(pieces), [11, 3], [0, 1])
    actual = taken(kept, batch(pieces), [7, -1, -1], [-1, 1, 0])
    assert_identical(actual, whole[[7, 3, 11]])


@pytest.mark.parametrize(
    "dtype", [pl.Object(), pl.List(pl.Object), pl.Struct({"a": pl.Object}), pl.Array(pl.Int8, 0)]
)
def test_a_type_that_no_snapshot_holds_is_named(dtype: Any) -> None:
    with pytest.raises(SchemaError, match=r"op cannot keep column 'x' of type \w+"):
        KeptRows("op", {"x": dtype})


def damaged(name: str, array: Any) -> State:
    kept = KeptRows("op", SCHEMA)
    keep(kept, batch(frame([3, 4])), [0, 1], [0, 1])
    data = encode(None, [], [], [("op", {}, {**kept.save(2), f"kept.{name}": array})])
    return decode(data, ["op"]).states[0]


PLACE = {name: place for place, name in enumerate(SCHEMA)}


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("used", np.array([True, False])),
        ("used", np.array([True, True, True])),
        (f"{PLACE['float']}.valid", np.ones(3, np.bool_)),
        (f"{PLACE['enum']}.values", np.full(2, 9, np.uint8)),
        (f"{PLACE['text']}.lengths", np.array([-1, 1])),
        (f"{PLACE['text']}.bytes", np.full(1, 0xFF, np.uint8)),
        (f"{PLACE['list']}.lengths", np.array([2**62, 2**62])),
    ],
)
def test_damage_is_a_snapshot_error(name: str, array: Any) -> None:
    with pytest.raises(SnapshotError, match="snapshot of op"):
        KeptRows("op", SCHEMA).load(damaged(name, array), 2)
