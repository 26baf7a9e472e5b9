"""The time axis of pictures, against a plain loop over what is drawn."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickflow_rx.display._market_axis import MarketAxis

NINE_THIRTY = datetime(2026, 4, 21, 9, 30, tzinfo=UTC).timestamp()
DAY = 86_400


def _axis(starts: list[float], ends: list[float] | None = None) -> MarketAxis:
    of_starts = pl.Series(starts, dtype=pl.Float64)
    return MarketAxis(of_starts, of_starts if ends is None else pl.Series(ends, dtype=pl.Float64))


def _minutes(day: int, first: int, count: int) -> list[float]:
    return [NINE_THIRTY + day * DAY + (first + k) * 60 for k in range(count)]


@given(st.lists(st.integers(1, 3_000), min_size=1, max_size=40))
def test_within_a_stretch_distances_stay_and_pauses_are_as_wide_as_each_other(
    steps: list[int],
) -> None:
    times = [NINE_THIRTY]
    for step in steps:
        times.append(times[-1] + step)
    axis = _axis(times)
    usual = sorted(steps)
    median = (usual[len(usual) // 2] + usual[(len(usual) - 1) // 2]) / 2
    widths: set[float] = set()
    number = 0
    for k, (before, after) in enumerate(pairwise(times)):
        width = axis.starts[k + 1] - axis.starts[k]
        if after - before > max(600, 5 * median):
            widths.add(width)
            number += 1
        else:
            assert width == after - before
        assert axis.stretches[k + 1] == number
    assert len(widths) <= 1
    assert all(width >= 1 for width in widths)
    assert len(axis.pauses) == number
    assert axis.domain == (axis.starts[0], max(axis.starts[-1], 1))


def test_lunch_is_cut_out() -> None:
    starts = [*_minutes(0, 0, 120), *_minutes(0, 210, 120)]
    axis = _axis(starts, [start + 60 for start in starts])
    assert axis.domain == (0, 4 * 3600 + 144)  # a hundredth of four hours
    assert axis.pauses == [2 * 3600 + 72]
    assert axis.ends[119] == 7200
    assert axis.starts[120] == 7344


def test_ticks_say_the_time_of_their_place() -> None:
    starts = [*_minutes(0, 0, 120), *_minutes(0, 210, 120)]
    axis = _axis(starts, [start + 60 for start in starts])
    assert [text for [text] in axis.ticks.values()] == [
        "09:30", "10:00", "10:30", "11:00", "11:30", "13:00", "13:30", "14:00", "14:30", "15:00",
    ]  # fmt: skip
    times = {f"{datetime.fromtimestamp(time, UTC):%H:%M}": time for time in starts}
    by_place = dict(zip(axis.starts, starts, strict=True))
    for place, [text] in axis.ticks.items():
        if place in by_place:
            assert by_place[place] == times[text]


def test_seconds_are_shown_where_minutes_are_too_long() -> None:
    axis = _axis([NINE_THIRTY + k for k in range(10)])
    assert axis.ticks[0] == ["09:30"]
    assert axis.ticks[7] == ["09:30:07"]


def test_the_date_stands_below_the_first_tick_of_each_day() -> None:
    starts = [time for day in (0, 1) for time in _minutes(day, 0, 120)]
    ticks = list(_axis(starts).ticks.values())
    assert [text[1] for text in ticks if len(text) == 2] == ["04-21", "04-22"]
    assert ticks[0] == ["09:30", "04-21"]


def test_of_many_days_only_dates_are_shown_and_not_too_many() -> None:
    starts = [NINE_THIRTY + day * DAY for day in range(100)]
    axis = _axis(starts, [start + 19_800 for start in starts])
    texts = [text for [text] in axis.ticks.values()]
    assert texts[:2] == ["2026-04-21", "2026-04-30"]
    assert len(texts) == 12
    assert set(axis.ticks) <= set(axis.starts)


@pytest.mark.parametrize("offset", [0.25, 0.999])
def test_times_between_seconds_keep_their_fraction(offset: float) -> None:
    axis = _axis([NINE_THIRTY + offset, NINE_THIRTY + 3])
    assert axis.starts[0] == pytest.approx(offset)
    assert axis.ticks[1] == ["09:30:01"]


def test_a_single_moment_has_an_axis_too() -> None:
    axis = _axis([NINE_THIRTY])
    assert axis.domain == (0, 1)
    assert axis.ticks == {0: ["09:30"]}
    assert axis.pauses == []
