"""Price limits of A-shares in decimals, and whether the price is sealed at one."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.oracles.market import ZONES, Row, Unit, region_of, shares_per_unit

Rates = float | Mapping[str, float | None] | None

NOTHING: Row = dict.fromkeys(
    ("limit_up", "limit_down", "limit_state", "sealed_volume", "sealed_value")
)


def limits(rows: list[Row], *, rates: Rates = None, unit: Unit = None) -> list[Row]:
    return [row | NOTHING | _values(row, rates, unit) for row in rows]


def _values(row: Row, rates: Rates, unit: Unit) -> Row:
    prices = limit_prices(row, rates)
    if prices is None:
        return {}
    up, down = prices
    found: Row = {"limit_up": float(up), "limit_down": float(down)}
    last, bid, ask = _price(row["last_price"]), _best(row, "bid"), _best(row, "ask")
    if _in_auction(row) or last is None or (bid is None and ask is None):
        return found
    found["limit_state"] = "none"
    if last == up and ask is None:
        found |= {"limit_state": "up"} | _sealed(row, "bid", unit)
    elif last == down and bid is None:
        found |= {"limit_state": "down"} | _sealed(row, "ask", unit)
    return found


def limit_prices(row: Row, rates: Rates = None) -> tuple[Decimal, Decimal] | None:
    """Highest and lowest price of the day, to the cent."""
    close = _price(row["prev_close"])
    rate = _rate(row, rates)
    if close is None or rate is None or region_of(row) != "CN":
        return None
    cent = Decimal("0.01")
    up, down = (
        (close * (1 + sign * rate)).quantize(cent, ROUND_HALF_UP) for sign in (Decimal(1), -1)
    )
    return up, down


def _rate(row: Row, rates: Rates) -> Decimal | None:
    given: Any = rates
    if isinstance(rates, Mapping):
        given = rates.get(row["symbol"], "by board")
        if given is None:
            return None
    if isinstance(given, float):
        return Decimal(str(given))
    code, exchange = row["symbol"].split(".")
    day = _local(row).date()
    special = "ST" in (row.get("name") or "")
    match exchange, code[:3]:
        case "BJ", "899":
            return None
        case "BJ", _:
            return Decimal("0.3")
        case "SH", "688" | "689":
            return Decimal("0.2")
        case "SZ", "300" | "301":
            return Decimal("0.2") if day >= date(2020, 8, 24) else Decimal("0.1")
        case ("SH", "600" | "601" | "603" | "605") | ("SZ", "000" | "001" | "002" | "003"):
            five = special and day < date(2026, 7, 6)
            return Decimal("0.05") if five else Decimal("0.1")
        case _:
            return None


def _sealed(row: Row, side: str, unit: Unit) -> Row:
    volume = (row[f"{side}_volumes"] or [0])[0] or 0
    price = _best(row, side)
    if volume == 0 or price is None:
        return {}
    shares = shares_per_unit(row["symbol"], region_of(row), unit)
    return {"sealed_volume": volume, "sealed_value": float(volume * shares * price)}


def _in_auction(row: Row) -> bool:
    clock = _local(row).time()
    return time(9, 15) <= clock < time(9, 25) or time(14, 57) <= clock < time(15, 0)


def _local(row: Row) -> datetime:
    return row["timestamp"].astimezone(ZONES.get(region_of(row), UTC))


def _best(row: Row, side: str) -> Decimal | None:
    prices = row[f"{side}_prices"]
    return _price(prices[0]) if prices else None


def _price(value: float | None) -> Decimal | None:
    """A price without float noise; 0, null and NaN are none."""
    if value is None or not value > 0:
        return None
    return Decimal(value).quantize(Decimal("0.001"), ROUND_HALF_UP)
