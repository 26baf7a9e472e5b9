"""`interleave` against sorting rows in plain Python; and what it refuses."""

import importlib
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tickops as ops
from tests.oracles import strategies
from tests.oracles.frames import at
from tickops.exceptions import SchemaError
from tickops.testing import depth, quotes

module = importlib.import_module("tickops.interleave")
START = at("10:00:00")
TIME = pl.Datetime("us", "UTC")


@pytest.fixture(autouse=True, params=["short", "long"])
def length(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """All frames count as short, or as long: they are put together in different ways."""
    monkeypatch.setattr(module, "_LONG", 0 if request.param == "long" else 1 << 62)


def arrivals() -> st.SearchStrategy[list[datetime]]:
    seconds = st.lists(st.integers(0, 4), max_size=8).map(sorted)
    return seconds.map(lambda offsets: [START + timedelta(seconds=each) for each in offsets])


@settings(strategies.EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(arrivals(), min_size=1, max_size=3))
def test_equals_sorting_with_ties_in_the_order_of_channels(drawn: list[list[datetime]]) -> None:
    names = ["b", "a", "c"][: len(drawn)]
    frames: dict[str, Any] = {
        name: pl.DataFrame({"received": times, f"of {name}": range(len(times))}).cast(
            {"received": TIME, f"of {name}": pl.Int64}
        )
        for name, times in zip(names, drawn, strict=True)
    }
    triples = [
        (moment, place, number)
        for place, times in enumerate(drawn)
        for number, moment in enumerate(times)
    ]
    out = ops.interleave(**frames)
    got = [
        (row["received"], names.index(row["channel"]), row[f"of {row['channel']}"])
        for row in out.to_dicts()
    ]
    assert got == sorted(triples)


@settings(
    strategies.EXAMPLES,
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(left=quotes(blocks=False), right=depth(blocks=False, nulls=True))
def test_gives_back_each_channels_rows(left: pl.DataFrame, right: pl.DataFrame) -> None:
    left, right = (frame.sort("received", maintain_order=True) for frame in (left, right))
    out = ops.interleave(quotes=left, depth=right)
    assert out.columns == [*left.columns, *right.columns[5:], "channel"]
    assert out.filter(channel="quotes").select(left.columns).equals(left)
    assert out.filter(channel="depth").select(right.columns).equals(right)
    assert out.filter(channel="depth")["last_price"].null_count() == right.height
    assert out["received"].is_sorted()


def frame(*offsets: int | None, **columns: Any) -> pl.DataFrame:
    moments = [None if each is None else START + timedelta(seconds=each) for each in offsets]
    return pl.DataFrame({"received": moments, **columns}, schema_overrides={"received": TIME})


def test_the_schema_does_not_depend_on_what_is_there() -> None:
    full = ops.interleave(quotes=frame(1, a=[1]), depth=frame(0, b=["x"]))
    none = ops.interleave(quotes=frame(1, a=[1]).clear(), depth=frame(0, b=["x"]).clear())
    assert full.schema == none.schema == ops.interleave(quotes=frame(1, a=[1]), depth=frame(
        0, b=["x"]
    ).clear()).schema  # fmt: skip
    assert full.schema["channel"] == pl.Enum(["quotes", "depth"])


def test_the_order_of_the_names_is_that_of_ties_and_categories() -> None:
    for names in (["a", "b"], ["b", "a"]):
        frames: dict[str, Any] = {name: frame(0) for name in names}
        out = ops.interleave(**frames)
        assert out["channel"].to_list() == names
        assert out.schema["channel"] == pl.Enum(names)


def test_by_another_column() -> None:
    out = ops.interleave(
        by="timestamp",
        quotes=frame(9, 8, timestamp=[1, 3]),
        depth=frame(7, timestamp=[2]),
    )
    assert out["timestamp"].to_list() == [1, 2, 3]


def test_a_column_that_both_have_is_there_once() -> None:
    out = ops.interleave(quotes=frame(0, x=[1]), depth=frame(1, x=[2]))
    assert out.select("x", "channel").rows() == [(1, "quotes"), (2, "depth")]


def test_frames_that_are_not_in_order_are_named() -> None:
    with pytest.raises(ValueError, match=r"depth must be in order of 'received': row 2 has .*:00"):
        ops.interleave(quotes=frame(0, 1), depth=frame(2, 3, 1))
    with pytest.raises(ValueError, match="quotes must have no null in 'received': row 1 has"):
        ops.interleave(quotes=frame(0, None, 2), depth=frame(1))


def test_columns_that_do_not_fit_are_named() -> None:
    with pytest.raises(SchemaError, match=r"'x' must be of one type .* Int64 in quotes, String in"):
        ops.interleave(quotes=frame(0, x=[1]), depth=frame(0, x=["1"]))
    with pytest.raises(SchemaError, match="needs column 'received'; depth has"):
        ops.interleave(quotes=frame(0), depth=frame(0).rename({"received": "arrived"}))
    with pytest.raises(SchemaError, match="'channel'; depth has one"):
        ops.interleave(quotes=frame(0), depth=frame(0, channel=["depth"]))


def test_what_is_no_frame_is_named() -> None:
    with pytest.raises(TypeError, match="a frame for each channel"):
        ops.interleave()
    with pytest.raises(TypeError, match=r"depth must be a polars\.DataFrame, not LazyFrame"):
        ops.interleave(quotes=frame(0), depth=frame(0).lazy())  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    "keys",
    [
        [1, 3, 3],
        [0.5, 1.5, 1.5],
        ["a", "b", "b"],
        [START, START + timedelta(1), START + timedelta(1)],
    ],
    ids=lambda keys: type(keys[0]).__name__,
)
def test_any_key_in_order_will_do(keys: list[Any]) -> None:
    one, two, three = keys
    out = ops.interleave(
        by="key",
        a=pl.DataFrame({"key": [one, three], "x": [1, 2], "own": [True, False]}),
        b=pl.DataFrame({"key": [two], "y": ["first"]}),
        c=pl.DataFrame({"key": [one, two, three], "x": [3, 4, 5], "y": [None, "p", "q"]}),
    )
    assert out["key"].to_list() == [one, one, two, two, three, three]
    assert out["channel"].to_list() == ["a", "c", "a", "b", "c", "c"]
    assert out["x"].to_list() == [1, 3, 2, None, 4, 5]
    assert out["y"].to_list() == [None, None, None, "first", "p", "q"]
    assert out["own"].to_list() == [True, None, False, None, None, None]
