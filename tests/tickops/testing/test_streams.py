"""Cuts, streams, and playing them."""

import polars as pl
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from tests.tickops.testing.simple import Minutes, Totals
from tickops.testing import Stream, assert_identical, cuts, frames_equal, joined, play, quotes

ROWS = pl.DataFrame({"x": range(5)})


@given(st.data(), quotes(max_rows=8))
def test_a_cut_concatenates_to_the_frame(data: st.DataObject, frame: pl.DataFrame) -> None:
    assert_identical(pl.concat(data.draw(cuts(frame))), frame)


@pytest.mark.parametrize(
    "heights", [[5], [0, 5], [5, 0], [2, 3], [2, 0, 3], [1, 1, 1, 1, 1], [1, 1, 1, 2]]
)
def test_cuts_of_many_kinds_are_drawn(heights: list[int]) -> None:
    quiet = settings(database=None, max_examples=5_000, derandomize=True)
    find(cuts(ROWS), lambda frames: [frame.height for frame in frames] == heights, settings=quiet)


def test_a_cut_shrinks_to_few_frames() -> None:
    quiet = settings(database=None, derandomize=True)
    found = find(
        cuts(ROWS), lambda frames: any(len(frame) == 2 for frame in frames), settings=quiet
    )
    assert len(found) <= 3


@given(cuts(ROWS, max_cuts=0))
def test_max_cuts_bounds_the_drawn_places(frames: list[pl.DataFrame]) -> None:
    assert len(frames) in (1, ROWS.height)


def test_a_stream_is_told_in_order() -> None:
    stream = Stream((ROWS[:2], ROWS[2:2], ROWS[2:]), (10, 20))
    assert_identical(stream.frame, ROWS)
    script = stream.script([[ROWS[:1], ROWS[1:2]], [], [ROWS[2:]]])
    assert [event if isinstance(event, int) else event["x"].to_list() for event in script] == [
        [0],
        [1],
        10,
        20,
        [2, 3, 4],
    ]
    assert [len(part) for part in stream.replaced([ROWS, ROWS, ROWS]).segments] == [5, 5, 5]


def test_play_gives_what_each_event_brings_about_and_then_the_end() -> None:
    frame = pl.DataFrame(
        {"symbol": ["a", "a"], "timestamp": [0, 60_000], "last_price": [1.0, 2.0]},
        schema_overrides={"timestamp": pl.Datetime("ms", "UTC")},
    )
    run = Minutes().start()
    before, pushed, told, end = play(run, [0, frame, 120_000_000])
    assert (before.width, pushed.height, told.height, end.height) == (0, 1, 1, 0)
    assert joined([before, pushed, told, end])["high"].to_list() == [1.0, 2.0]
    assert len(play(Totals().start(), [frame, frame], finish=False)) == 2


def test_joined_of_a_run_that_never_knew_its_schema_has_no_columns() -> None:
    assert frames_equal(joined([pl.DataFrame(), pl.DataFrame()]), pl.DataFrame())
