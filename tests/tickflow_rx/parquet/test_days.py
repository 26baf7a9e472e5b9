"""Trading days against the standard library's time zones; places against a count."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tickflow_rx.decoding._schema import REGION
from tickflow_rx.parquet._days import Places, by_day, trading_days

ZONES = {"CN": "Asia/Shanghai", "HK": "Asia/Hong_Kong", "US": "America/New_York"}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# New York changes its clocks on 2026-03-08 and 2026-11-01.
TIMES = st.sampled_from(
    [
        datetime(2026, month, day, hour, minute, tzinfo=UTC)
        for month, day in ((3, 7), (3, 8), (10, 31), (11, 1), (12, 31))
        for hour, minute in ((3, 59), (4, 0), (4, 59), (5, 0), (15, 59), (16, 0), (23, 59))
    ]
) | st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))


@given(rows=st.lists(st.tuples(TIMES, st.sampled_from(["CN", "HK", "US", "", "XX"])), max_size=30))
def test_the_day_is_the_local_date_of_the_market(rows: list[tuple[datetime, str]]) -> None:
    frame = pl.DataFrame(
        {
            "timestamp": pl.Series(
                [time // timedelta(milliseconds=1) for time in (row[0] - EPOCH for row in rows)],
                dtype=pl.Int64,
            ).cast(pl.Datetime("ms", "UTC")),
            "region": pl.Series([row[1] for row in rows], dtype=REGION),
            "number": range(len(rows)),
        }
    )
    expected: dict[str, list[int]] = {}
    for number, (time, region) in enumerate(rows):
        local = time.astimezone(ZoneInfo(ZONES.get(region, "UTC")))
        expected.setdefault(local.date().isoformat(), []).append(number)
    found = {day: part["number"].to_list() for day, part in by_day(frame, trading_days(frame))}
    assert found == expected


@given(
    frames=st.lists(st.lists(st.integers(0, 3), max_size=8).map(sorted), max_size=5),
)
def test_places_count_rows_that_arrived_together(frames: list[list[int]]) -> None:
    places = Places()
    found = [
        place
        for times in frames
        for place in places.of(pl.Series(times, dtype=pl.Datetime("us", "UTC"))).to_list()
    ]
    together = groupby(time for times in frames for time in times)
    assert found == [place for _, rows in together for place, _ in enumerate(rows)]
