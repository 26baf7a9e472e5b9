"""Whatever a journal holds: compacted and scanned, it is what the decoder makes of its frames."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tickflow_rx.decoding import wire
from tests.tickflow_rx.parquet.recorded import (
    DAY_US,
    START_US,
    assert_same_bits,
    decoded,
    frames_of,
    message,
    quotes,
    record,
)
from tests.tickflow_rx.parquet.test_days import ZONES
from tickflow_rx import (
    DEPTH,
    QUOTES,
    JournalError,
    compact,
    scan_depth,
    scan_quotes,
)
from tickflow_rx._queue import RawFrame
from tickflow_rx.journal import JournalWriter
from tickflow_rx.parquet import _parts, _segment, scan_clock


def _quote(fields: dict[str, Any]) -> dict[str, Any]:
    return wire.quote(**fields)


def _book(fields: dict[str, Any]) -> dict[str, Any]:
    return wire.book(**fields)


MIDNIGHT_MS = START_US // 1_000 + 14 * 3_600_000 + 30 * 60_000  # of Shanghai
EXTREMES = st.sampled_from([-62_135_596_800_000, 253_402_300_799_999, 0, -1])
TIMES = st.integers(MIDNIGHT_MS - 2, MIDNIGHT_MS + 2) | EXTREMES
NUMBERS = st.sampled_from([0.0, -0.0, 9.72, 85.40999999999998, 1e308, 5e-324]) | st.floats(
    allow_nan=False, allow_infinity=False
)
VOLUMES = st.integers(-(2**63) + 1, 2**63 - 1)
TEXTS = st.sampled_from(["", "A", "浦发银行", "\x00", "a\nb"]) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=3
)
COMMON = {
    "symbol": st.sampled_from(["600000.SH", "00700.HK", "AAPL.US", "", "平安"]),
    "region": st.sampled_from(["CN", "HK", "US", "XX"]),
    "timestamp": TIMES,
}
EXT = st.none() | st.fixed_dictionaries(
    {}, optional={"type": TEXTS, "name": TEXTS, "change_pct": NUMBERS, "turnover_rate": NUMBERS}
)
QUOTE = st.fixed_dictionaries(
    {**COMMON, "last_price": NUMBERS, "volume": VOLUMES, "ext": EXT}, optional={"session": TEXTS}
).map(_quote)
BOOK = st.fixed_dictionaries(
    {
        **COMMON,
        **{name: st.lists(NUMBERS, max_size=6) for name in ("bid_prices", "ask_prices")},
        **{name: st.none() | st.lists(VOLUMES, max_size=6) for name in ("bid_volumes",)},
    }
).map(_book)
FRAME = st.one_of(
    st.lists(QUOTE, min_size=1, max_size=4).map(lambda rows: message(*rows)),
    st.lists(BOOK, min_size=1, max_size=4).map(lambda rows: message(*rows)),
    st.sampled_from([b"no json", b"\xff", b'{"op":"subscribed","channel":"quotes"}']),
)
RECORDERS = st.lists(
    st.lists(st.tuples(FRAME, st.integers(1, 3)), max_size=10), min_size=1, max_size=3
)


def journal(folder: Path, recorders: list[list[tuple[bytes, int]]], segment_bytes: int) -> None:
    """One recorder after the other; frames arrive in 20 hours, on connections that count up."""
    now = START_US
    for frames in recorders:
        writer = JournalWriter(folder, segment_bytes=segment_bytes)
        connection = 1
        for data, step in frames:
            now += step * DAY_US // 24
            connection += step == 3
            writer.frames([RawFrame(data, now, connection)])
            writer.flush()
        writer.close()


@settings(deadline=None, max_examples=20)
@given(
    recorders=RECORDERS,
    segment_bytes=st.sampled_from([1, 600, 1 << 20]),
    part_rows=st.sampled_from([1, 4, 1 << 19]),
)
def test_any_journal(
    recorders: list[list[tuple[bytes, int]]], segment_bytes: int, part_rows: int
) -> None:
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patched:
        folder = Path(name)
        patched.setattr(_parts, "_ROWS", part_rows)
        patched.setattr(_parts, "_GROUP_ROWS", 2)
        patched.setattr(_segment, "_BYTES", 500 if part_rows == 4 else 1 << 20)
        journal(folder, recorders, segment_bytes)
        stats = compact(folder)
        expected = decoded(frames_of(folder))
        assert (stats.quotes, stats.depth) == (expected["quotes"].height, expected["depth"].height)
        for channel, scan in (("quotes", scan_quotes), ("depth", scan_depth)):
            rows = expected[channel]
            assert_same_bits(scan(folder).collect(), rows)
            assert_same_bits(pl.concat([rows.clear(), *scan(folder).collect_batches()]), rows)
            days = [_day(row) for row in rows.select("timestamp", "region").rows()]
            for day in {day for day in days if day is not None}:
                of_day = rows.filter(pl.Series([other == day for other in days]))
                assert_same_bits(scan(folder, day=day).collect(), of_day)


def _day(row: tuple[Any, ...]) -> date | None:
    """Trading day; None where the local date is none that Python knows."""
    try:
        return row[0].astimezone(ZoneInfo(ZONES.get(row[1], "UTC"))).date()
    except OverflowError:
        return None


def test_rows_of_two_days_that_came_in_turn(tmp_path: Path) -> None:
    """At 20:00 UTC it is the next day in Shanghai, and still this one in New York."""
    now = START_US + 20 * DAY_US // 24
    rows = [
        wire.quote(symbol, region=region, timestamp=now // 1_000)
        for symbol, region in [("600000.SH", "CN"), ("AAPL.US", "US"), ("00700.HK", "HK")]
    ]
    frames = [RawFrame(message(*rows[k % 2 :]), now + k, 1) for k in range(50)]
    record(tmp_path, frames)
    assert compact(tmp_path).files == 2
    expected = decoded(frames)["quotes"]
    assert_same_bits(scan_quotes(tmp_path).collect(), expected)
    some = scan_quotes(tmp_path).filter(pl.col("connection") == 1).select("symbol", "received")
    assert some.collect().equals(expected.select("symbol", "received"))
    of_us = scan_quotes(tmp_path, day=datetime.fromtimestamp(now / 1e6, UTC))
    assert of_us.collect()["symbol"].unique().to_list() == ["AAPL.US"]


def test_rows_of_many_days(tmp_path: Path) -> None:
    """As the newest rows of halted symbols have, when they are subscribed to."""
    rows = [
        wire.quote(f"60{k:04d}.SH", timestamp=(START_US - k * DAY_US) // 1_000) for k in range(60)
    ]
    frames = [RawFrame(message(*rows), START_US + k, 1) for k in range(3)]
    record(tmp_path, frames)
    assert compact(tmp_path).files == 60
    assert_same_bits(scan_quotes(tmp_path).collect(), decoded(frames)["quotes"])


def test_symbols(tmp_path: Path) -> None:
    record(tmp_path, quotes(40))
    compact(tmp_path)
    some = ["600002.SH", "600004.SH"]
    rows = scan_quotes(tmp_path).collect()
    expected = rows.filter(pl.col("symbol").cast(pl.String).is_in(some))
    assert 0 < expected.height < rows.height
    assert_same_bits(scan_quotes(tmp_path, symbols=some).collect(), expected)
    assert scan_depth(tmp_path, symbols=[]).collect().schema == DEPTH


def test_files_of_other_days_are_not_opened(tmp_path: Path) -> None:
    record(tmp_path, quotes(4) + quotes(4, at_us=START_US + DAY_US))
    compact(tmp_path)
    (other,) = tmp_path.glob("quotes/date=2026-04-22/*")
    other.write_bytes(b"no Parquet")
    assert scan_quotes(tmp_path, day="2026-04-21").collect().height == 2
    with pytest.raises(pl.exceptions.PolarsError):
        scan_quotes(tmp_path).collect()


def test_what_is_not_there(tmp_path: Path) -> None:
    for scan in (scan_quotes, scan_depth, scan_clock):
        with pytest.raises(JournalError, match=r"are compacted in .*: first `tickflow-rx compact"):
            scan(tmp_path)
    record(tmp_path, [quotes(1)[0]])
    compact(tmp_path)
    assert scan_depth(tmp_path).collect().schema == DEPTH
    assert scan_clock(tmp_path).collect().height == 0
    assert scan_quotes(tmp_path, day="2026-04-25").collect().equals(QUOTES.to_frame())
    with pytest.raises(ValueError, match="day must be a date such as '2026-11-24', not 'monday'"):
        scan_quotes(tmp_path, day="monday")


def test_a_folder_with_brackets(tmp_path: Path) -> None:
    folder = tmp_path / "data [1]*"
    record(folder, quotes(4))
    compact(folder)
    assert scan_quotes(folder).collect().height == 2
