"""Symbols: one numbering whatever their type, and the local time of their market."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tickops as ops
from tickops._markets import MARKETS
from tickops._symbols import Symbols

NAMES = ["600000.SH", "000001.SZ", "600000.SH", "00700.HK"]


@pytest.mark.parametrize("dtype", [pl.String, pl.Categorical, ops.SYMBOL], ids=str)
def test_numbers_follow_first_appearance(dtype: pl.DataType) -> None:
    symbols = Symbols()
    column = pl.Series(NAMES).cast(dtype)
    assert symbols.encode(column, None, None).tolist() == [0, 1, 0, 2]
    assert symbols.encode(column.reverse(), None, None).tolist() == [2, 0, 1, 0]
    assert symbols.names == ["600000.SH", "000001.SZ", "00700.HK"]
    assert symbols.series(np.array([2, 0], np.int32), column.dtype).to_list() == [
        "00700.HK",
        "600000.SH",
    ]


def test_null_and_masked_rows_have_no_number() -> None:
    symbols = Symbols()
    column = pl.Series(["a", None, "b", "c"])
    valid = np.array([True, True, False, True])
    assert symbols.encode(column, None, valid).tolist() == [0, -1, -1, 1]
    assert symbols.names == ["a", "c"]


def test_the_first_row_says_which_market() -> None:
    symbols = Symbols()
    regions = pl.Series(["CN", "US", "HK", "HK"])
    symbols.encode(pl.Series(NAMES), regions, None)
    symbols.encode(pl.Series(["x", "y"]), pl.Series([None, "SG"], dtype=pl.String), None)
    markets: list[int] = symbols.markets.tolist()
    assert [MARKETS[market].region for market in markets] == ["CN", "US", "HK", "", ""]


def test_categories_live_as_long_as_the_process() -> None:
    before = pl.Series(["keeps-its-code"], dtype=ops.SYMBOL).cat.physical().item()
    pl.Series(["another"], dtype=ops.SYMBOL)
    assert pl.Series(["keeps-its-code"], dtype=ops.SYMBOL).cat.physical().item() == before


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["CN", "HK", "US", "SG"]),
            st.datetimes(datetime(1971, 1, 1), datetime(2099, 1, 1)),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_local_time_is_that_of_zoneinfo(rows: list[tuple[str, datetime]]) -> None:
    zones = {"CN": "Asia/Shanghai", "HK": "Asia/Hong_Kong", "US": "America/New_York", "SG": "UTC"}
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    moments = [moment.replace(tzinfo=UTC) for _, moment in rows]
    times = np.array([(m - epoch) // timedelta(microseconds=1) for m in moments])
    times.flags.writeable = False
    symbols = Symbols()
    regions = [region for region, _ in rows]
    codes = symbols.encode(pl.Series(regions), pl.Series(regions), None)
    local = symbols.localise(codes, times)
    for i, (region, moment) in enumerate(zip(regions, moments, strict=True)):
        there = moment.astimezone(ZoneInfo(zones[region]))
        midnight = there.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
        assert local.days[i] == (there.date() - epoch.date()).days
        assert local.time_of_day_us[i] == (there.replace(tzinfo=None) - midnight) // timedelta(
            microseconds=1
        )
