"""Bars that close by what was traded."""

import numpy as np

from tickops._arrays import F64, I32, I64, Bool, Records
from tickops._kernels._jit import kernel

__all__ = ["ADAPT", "COUNTS", "STATE", "finish", "push"]

STATE = np.dtype(
    [
        ("start_us", np.int64),
        ("end_us", np.int64),
        ("volume", np.int64),
        ("open", np.float64),
        ("high", np.float64),
        ("low", np.float64),
        ("close", np.float64),
        ("amount", np.float64),
        ("amount_rest", np.float64),
        ("buy", np.float64),
        ("buy_rest", np.float64),
        ("sell", np.float64),
        ("sell_rest", np.float64),
        ("last_price", np.float64),
        ("tick_price", np.float64),
        ("goal", np.float64),
        ("mean_ticks", np.float64),
        ("mean_buy", np.float64),
        ("mean_sell", np.float64),
        ("ticks", np.int32),
        ("rows", np.int32),
        ("day", np.int32),
        ("tick_day", np.int32),
        ("side", np.int32),
        ("seen", np.int32),
        ("gap", np.int32),
        ("priced", np.int32),
    ]
)
"""By symbol: its open bar, if `rows` is not 0, and its last traded price.

`tick_price`: the same of the day `tick_day`, 0 for none; `side` is that of the last change since
(1 up, -1 down, 0 none yet). Sums are compensated: amount + amount_rest is one. A flow that has
no sides is all in `buy`. `goal`: the flow that closes the bar; `ticks`: its rows that traded.
`mean_ticks` (0 before the first whole bar): mean of these over bars; `mean_buy`, `mean_sell`: of
what flows with a row that trades; all three exponentially weighted.
"""

ADAPT = np.dtype(
    [
        ("expected", np.int64),
        ("least", np.int64),
        ("most", np.int64),
        ("alpha_bars", np.float64),
        ("alpha_rows", np.float64),
    ]
)
"""How thresholds follow expectations, a record or none: rows of the first bar, of the shortest
and the longest, weights of a new bar and of a new row.
"""

COUNTS = ("outside", "null")
"""Why rows were left out, in the order of `counts`."""

_OUTSIDE, _NULL = 0, 1
_TICK, _VOLUME = 0, 1
_ALL, _IMBALANCE, _STREAK = 0, 1, 3
_SAME = 1e-9


@kernel
def _plus(amount: float, rest: float, value: float) -> tuple[float, float]:
    """Add to a compensated sum; `rest` takes what the addition rounds away (Knuth's TwoSum)."""
    total = amount + value
    back = total - amount
    rest += (amount - (total - back)) + (value - back)
    amount = total + rest
    return amount, rest - (amount - total)


@kernel
def _write(s: Records, c: int, unit: int, partial: int, o: Records) -> None:
    """Close the open bar of a symbol: write it to `o`, leave none open."""
    o["code"] = c
    o["day"] = s["day"]
    o["start"] = s["start_us"]
    o["end"] = s["end_us"]
    if s["priced"] != 0:
        o["open"] = s["open"]
        o["high"] = s["high"]
        o["low"] = s["low"]
        o["close"] = s["close"]
    else:
        price = s["last_price"] if s["last_price"] > 0 else np.nan
        o["open"] = price
        o["high"] = price
        o["low"] = price
        o["close"] = price
    amount = s["amount"] + s["amount_rest"]
    o["volume"] = s["volume"]
    o["amount"] = amount
    o["vwap"] = amount / (s["volume"] * unit) if s["volume"] > 0 else np.nan
    o["rows"] = s["rows"]
    o["partial"] = partial
    o["gap"] = s["gap"]
    s["rows"] = 0


@kernel
def _goal(s: Records, by: int, threshold: float, adaptive: bool) -> float:
    """Flow that closes the bar that begins: the threshold, or what is expected of a bar."""
    if not adaptive:
        return threshold
    if s["mean_ticks"] == 0:
        return np.inf
    if by == _IMBALANCE:
        return s["mean_ticks"] * abs(s["mean_buy"] - s["mean_sell"])
    return s["mean_ticks"] * max(s["mean_buy"], s["mean_sell"])


@kernel
def _learn(s: Records, buy: float, sell: float, alpha: float) -> None:
    """Let the expectation of flows follow a row that traded; before the first bar there is none."""
    if s["mean_ticks"] > 0:
        s["mean_buy"] += alpha * (buy - s["mean_buy"])
        s["mean_sell"] += alpha * (sell - s["mean_sell"])


@kernel
def _learn_bar(s: Records, alpha: float) -> None:
    """Let the expectations follow a whole bar; they begin with the first one's means."""
    ticks = float(s["ticks"])
    if s["mean_ticks"] > 0:
        s["mean_ticks"] += alpha * (ticks - s["mean_ticks"])
    else:
        s["mean_ticks"] = ticks
        s["mean_buy"] = (s["buy"] + s["buy_rest"]) / ticks
        s["mean_sell"] = (s["sell"] + s["sell_rest"]) / ticks


@kernel
def _begin(s: Records, time_us: int, goal: float) -> None:
    """Open a bar of a symbol."""
    s["start_us"] = time_us
    s["goal"] = goal
    s["ticks"] = 0
    s["volume"] = 0
    s["amount"] = 0.0
    s["amount_rest"] = 0.0
    s["buy"] = 0.0
    s["buy_rest"] = 0.0
    s["sell"] = 0.0
    s["sell_rest"] = 0.0
    s["gap"] = 0
    s["priced"] = 0


@kernel
def _tick(s: Records, price: float, day: int) -> int:
    """Side of a row that traded at a price, by the tick rule; a new day forgets the last one."""
    if day != s["tick_day"]:
        s["tick_day"] = day
        s["tick_price"] = 0.0
        s["side"] = 0
    before = s["tick_price"]
    # Prices carry noise of floats: 85.40999999999998 is no fall from 85.41.
    if before > 0 and abs(price - before) > _SAME * before:
        s["side"] = 1 if price > before else -1
    s["tick_price"] = price
    return s["side"]


@kernel
def _price(s: Records, price: float) -> None:
    """Note the price of a row that traded in the open bar."""
    s["last_price"] = price
    if s["priced"] == 0:
        s["priced"] = 1
        s["open"] = price
        s["high"] = price
        s["low"] = price
    s["high"] = max(s["high"], price)
    s["low"] = min(s["low"], price)
    s["close"] = price


@kernel
def _flow(s: Records, by: int) -> float:
    """Flow of the open bar that may close it."""
    if by == _IMBALANCE:
        net, rest = _plus(s["buy"], s["buy_rest"] - s["sell_rest"], -s["sell"])
        return abs(net + rest)
    return max(s["buy"] + s["buy_rest"], s["sell"] + s["sell_rest"])


@kernel
def _reached(s: Records, by: int, adapt: Records) -> bool:
    """Whether the open bar is whole."""
    flow = _flow(s, by)
    if len(adapt) == 0:
        return flow >= s["goal"]
    a = adapt[0]
    if s["mean_ticks"] == 0:
        return s["ticks"] >= a["expected"]
    if s["ticks"] >= a["most"]:
        return True
    # A goal is a product of means: what equals it may be off by their rounding.
    return s["ticks"] >= a["least"] and flow >= s["goal"] * (1 - _SAME)


@kernel
def push(
    codes: I32,
    times_us: I64,
    days: I32,
    last_price: F64,
    delta_volume: I64,
    volume_valid: Bool,
    delta_amount: F64,
    trade_side: F64,
    gap: Bool,
    units: Records,
    of: int,
    by: int,
    threshold: float,
    adapt: Records,
    daily: bool,
    state: Records,
    order: I32,
    known: I64,
    counts: I64,
    out: Records,
) -> int:
    """Take rows into bars, and write the bars that they close.

    Parameters
    ----------
    codes, times_us, days
        (n,) symbol number (-1: leave the row alone), epoch us and local date; they never fall
        within a symbol.
    last_price
        (n,) price, 0 or NaN for none.
    delta_volume, volume_valid, delta_amount
        (n,) what was traded; null (`volume_valid`, empty for all valid; NaN) adds nothing.
    trade_side
        (n,) above 0 for a buy, below 0 for a sale, else neither; empty for the tick rule.
    gap
        (n,) whether the row comes after a gap; may be empty.
    units
        Shares per unit of volume, by symbol.
    of
        What flows: 0 a row that traded, 1 its volume, 2 its amount.
    by
        What closes a bar on reaching `threshold`: 0 the whole flow, 1 buys less sales or
        sales less buys, 2 the larger of them, 3 the same where each ends the other.
    adapt
        (1,) of ADAPT where expectations take the place of `threshold`, else empty.
    daily
        Whether a bar ends with its day.
    state
        (symbols,) of STATE, updated in place.
    order, known
        Symbols with a row so far, and (1,) how many; new ones are put to the end.
    counts
        (2,) rows left out, as in COUNTS; updated in place.
    out
        (2n,) of ``tickops._kernels.bars.OUT``: a row closes two bars at most.

    Returns
    -------
    int
        How many bars are written. O(1) a row.
    """
    n = 0
    check = len(volume_valid) > 0
    sided = len(trade_side) > 0
    for i in range(len(codes)):
        c = codes[i]
        if c < 0:
            counts[_NULL] += 1
            continue
        s = state[c]
        if s["seen"] == 0:
            s["seen"] = 1
            order[known[0]] = c
            known[0] += 1
        if daily and s["rows"] != 0 and days[i] != s["day"]:
            _write(s, c, units[c], 1, out[n])
            n += 1
        dv = delta_volume[i]
        da = delta_amount[i]
        if not np.isfinite(da) or (check and not volume_valid[i]):
            dv = 0
            da = 0.0
        if s["rows"] == 0:
            if dv <= 0:
                if dv != 0 or da != 0:
                    counts[_OUTSIDE] += 1
                continue
            _begin(s, times_us[i], _goal(s, by, threshold, len(adapt) > 0))
        s["rows"] += 1
        s["end_us"] = times_us[i]
        s["day"] = days[i]
        if len(gap) > 0 and gap[i]:
            s["gap"] = 1
        s["volume"] += dv
        s["amount"], s["amount_rest"] = _plus(s["amount"], s["amount_rest"], da)
        price = last_price[i]
        tick = 0
        if dv > 0 and 0 < price < np.inf:
            _price(s, price)
            tick = _tick(s, price, days[i])
        side = 1
        if by != _ALL:
            side = tick
            if sided:
                side = 0
                if dv > 0:
                    side = 1 if trade_side[i] > 0 else (-1 if trade_side[i] < 0 else 0)
        if of == _TICK:
            flow = 1.0 if dv > 0 else 0.0
        else:
            flow = float(dv) if of == _VOLUME else da
        if side > 0:
            s["buy"], s["buy_rest"] = _plus(s["buy"], s["buy_rest"], flow)
            if by == _STREAK:
                s["sell"], s["sell_rest"] = 0.0, 0.0
        elif side < 0:
            s["sell"], s["sell_rest"] = _plus(s["sell"], s["sell_rest"], flow)
            if by == _STREAK:
                s["buy"], s["buy_rest"] = 0.0, 0.0
        if dv > 0:
            s["ticks"] += 1
            if len(adapt) > 0:
                buy = flow if side > 0 else 0.0
                _learn(s, buy, flow if side < 0 else 0.0, adapt[0]["alpha_rows"])
        if _reached(s, by, adapt):
            if len(adapt) > 0:
                _learn_bar(s, adapt[0]["alpha_bars"])
            _write(s, c, units[c], 0, out[n])
            n += 1
    return n


@kernel
def finish(units: Records, state: Records, order: I32, known: I64, out: Records) -> int:
    """Close the bars that are open, as partial, in the order of `order`.

    Parameters and result are those of `push`; `out` has room for a bar a symbol. O(symbols).
    """
    n = 0
    for k in range(known[0]):
        c = order[k]
        if state[c]["rows"] != 0:
            _write(state[c], c, units[c], 1, out[n])
            n += 1
    return n
