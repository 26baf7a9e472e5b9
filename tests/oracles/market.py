"""What the oracles know of markets: zones, trading days, volume units."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

Row = dict[str, Any]
Unit = int | Mapping[str, int] | None

ZONES = {
    "CN": ZoneInfo("Asia/Shanghai"),
    "HK": ZoneInfo("Asia/Hong_Kong"),
    "US": ZoneInfo("America/New_York"),
}


def rows_of(frame: pl.DataFrame) -> list[Row]:
    """Rows of a frame; every timestamp becomes an aware datetime in UTC, in microseconds."""
    rows = frame.to_dicts()
    for row in rows:
        row["timestamp"] = in_utc(row["timestamp"])
    return rows


def in_utc(moment: datetime | None) -> datetime | None:
    """The same moment in UTC; a moment without a zone is one in UTC."""
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def region_of(row: Row) -> str:
    """Region of a row; where the frame has none it is CN."""
    return row.get("region", "CN")


def made_region(row: Row) -> Row:
    """Region that rows made of this one have: none if it has none, null if nobody knows it."""
    if "region" not in row:
        return {}
    return {"region": row["region"] if row["region"] in ZONES else None}


def trading_day(moment: datetime, region: str) -> date:
    """Local date of the market; of a market nobody knows, the date in UTC."""
    return moment.astimezone(ZONES.get(region, UTC)).date()


def shares_per_unit(symbol: str, region: str, unit: Unit) -> int:
    """Shares in one unit of the feed's volume: 100 in CN, else 1, unless said otherwise."""
    default = 100 if region == "CN" else 1
    if unit is None:
        return default
    return unit if isinstance(unit, int) else unit.get(symbol, default)


def seconds(text: str) -> timedelta:
    """``"30s"``, ``"5m"``, ``"1h"``, ``"500ms"``: one number and one unit."""
    for suffix, name in (
        ("ms", "milliseconds"),
        ("s", "seconds"),
        ("m", "minutes"),
        ("h", "hours"),
    ):
        if text.endswith(suffix):
            return timedelta(**{name: int(text.removesuffix(suffix))})
    message = f"no duration of one unit: {text!r}"
    raise ValueError(message)
