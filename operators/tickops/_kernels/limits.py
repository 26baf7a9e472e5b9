"""Price limits of A-shares, and whether a price is sealed at one."""

import math

import numpy as np

from tickops._arrays import F64, I32, I64, U8, Bool, Records
from tickops._kernels._jit import kernel

__all__ = ["RULE", "limits"]

RULE = np.dtype([("before", np.int64), ("day", np.int32), ("after", np.int64)])
"""Rate in millionths on days before `day` and from it on; 0 is no limit."""

_NONE, _UP, _DOWN = 0, 1, 2
_UNKNOWN = 255
_MILLION = 1_000_000
_HIGHEST = 1e9
_M = 60_000_000
_OPENING_FROM, _OPENING_TO = 555 * _M, 565 * _M
_CLOSING_FROM, _CLOSING_TO = 897 * _M, 900 * _M


@kernel
def _thousandths(price: float) -> int:
    """Price in thousandths of the currency, free of float noise; 0 where there is none."""
    return math.floor(price * 1_000 + 0.5) if 0 < price < _HIGHEST else 0


@kernel
def limits(
    codes: I32,
    days: I32,
    time_of_day_us: I64,
    last: F64,
    prev_close: F64,
    special: Bool,
    bids: F64,
    asks: F64,
    bid_volumes: F64,
    ask_volumes: F64,
    rules: Records,
    special_rules: Records,
    units: I64,
    limit_up: F64,
    limit_down: F64,
    state: U8,
    volume: I64,
    value: F64,
) -> None:
    """Limit prices of the day, and the orders that wait at one of them.

    Parameters
    ----------
    codes, days, time_of_day_us
        (n,) symbol number (-1: all null), local date, us since local midnight.
    last, prev_close
        (n,) prices; 0 or NaN is none.
    special
        (n,) under special treatment (ST); empty for none.
    bids, asks, bid_volumes, ask_volumes
        (n, ≥1) book, best first; price 0 or NaN is no level.
    rules, special_rules
        (symbols,) of RULE, for plain rows and for those under special treatment.
    units
        Shares per unit of volume, by symbol.
    limit_up, limit_down
        (n,) written, rounded half-up to the cent; NaN where there is no limit.
    state
        (n,) written: 0 none, 1 up, 2 down; 255 for null.
    volume, value
        (n,) written: volume of the best level when sealed, else 0; its value, else NaN.
        O(1) a row.
    """
    marked = len(special) > 0
    for i in range(len(codes)):
        limit_up[i] = np.nan
        limit_down[i] = np.nan
        state[i] = _UNKNOWN
        volume[i] = 0
        value[i] = np.nan
        c = codes[i]
        close = _thousandths(prev_close[i])
        if c < 0 or close == 0:
            continue
        rule = special_rules[c] if marked and special[i] else rules[c]
        rate = rule["after"] if days[i] >= rule["day"] else rule["before"]
        if rate == 0:
            continue
        up = (close * (_MILLION + rate) + 5 * _MILLION) // (10 * _MILLION)
        down = (close * (_MILLION - rate) + 5 * _MILLION) // (10 * _MILLION)
        limit_up[i] = up / 100
        limit_down[i] = down / 100
        t = time_of_day_us[i]
        if _OPENING_FROM <= t < _OPENING_TO or _CLOSING_FROM <= t < _CLOSING_TO:
            continue
        price = _thousandths(last[i])
        bid = bids[i, 0]
        ask = asks[i, 0]
        has_bid = bid > 0
        has_ask = ask > 0
        if price == 0 or not (has_bid or has_ask):
            continue
        state[i] = _NONE
        waiting = 0.0
        at = 0.0
        if price == 10 * up and not has_ask:
            state[i] = _UP
            waiting = bid_volumes[i, 0]
            at = bid
        elif price == 10 * down and not has_bid:
            state[i] = _DOWN
            waiting = ask_volumes[i, 0]
            at = ask
        if waiting > 0:
            volume[i] = int(waiting)
            value[i] = waiting * units[c] * at
