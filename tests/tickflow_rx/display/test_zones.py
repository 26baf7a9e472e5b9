"""Time of day at the exchange."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from tickflow_rx.display._zones import exchange_seconds, exchange_zone, rises_red


@pytest.mark.parametrize(
    ("symbol", "zone", "red"),
    [
        ("600000.SH", "Asia/Shanghai", True),
        ("300750.sz", "Asia/Shanghai", True),
        ("430047.BJ", "Asia/Shanghai", True),
        ("00700.HK", "Asia/Hong_Kong", True),
        ("AAPL.US", "America/New_York", False),
        ("other", "UTC", True),
    ],
)
def test_by_suffix(symbol: str, zone: str, red: bool) -> None:
    assert exchange_zone(symbol) == zone
    assert rises_red(symbol) is red


def test_local_time_is_written_as_if_it_were_utc() -> None:
    opening = datetime(2026, 4, 21, 1, 30, 0, 500_000, tzinfo=UTC)
    times = pl.Series([opening, None], dtype=pl.Datetime("ms", "UTC"))
    nine_thirty = datetime(2026, 4, 21, 9, 30, 0, 500_000, tzinfo=UTC).timestamp()
    assert exchange_seconds(times, "Asia/Shanghai").to_list() == [nine_thirty, None]
    # As it is in summer, four hours behind.
    assert exchange_seconds(times, "America/New_York")[0] == nine_thirty - 12 * 3_600


def test_dates_are_those_of_the_exchange() -> None:
    midnight = datetime(2026, 4, 21, tzinfo=UTC).timestamp()
    assert exchange_seconds(pl.Series([date(2026, 4, 21)]), "Asia/Shanghai").to_list() == [midnight]


def test_times_without_a_zone_are_utc_as_operators_take_them() -> None:
    times = pl.Series([datetime(2026, 4, 21, 1, 30)])
    nine_thirty = datetime(2026, 4, 21, 9, 30, tzinfo=UTC).timestamp()
    assert exchange_seconds(times, "Asia/Shanghai").to_list() == [nine_thirty]
