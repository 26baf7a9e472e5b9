"""Frames of rows that traded, with mids and sides around their prices."""

from datetime import datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import strategies as st

from tests.oracles import deltas, strategies, trades
from tests.oracles.frames import DELTAS, at, quote
from tests.oracles.market import Row, rows_of

MIDS = [None, 0.0, 9.97, 9.99, 9.995, 10.0, 10.005, 10.01, 10.02, 10.05]


@st.composite
def with_mids(draw: st.DrawFn, **options: Any) -> pl.DataFrame:
    """Snapshots with differences, and a mid near 10 in each row."""
    quotes = draw(strategies.quotes(**options))
    rows = deltas.deltas(rows_of(quotes), late="include").rows
    size = len(rows)
    mids = draw(st.lists(st.sampled_from(MIDS), min_size=size, max_size=size))
    schema = pl.Schema({**quotes.schema, **DELTAS, "mid": pl.Float64()})
    return pl.DataFrame([row | {"mid": mid} for row, mid in zip(rows, mids, strict=True)], schema)


@st.composite
def with_sides(draw: st.DrawFn, **options: Any) -> pl.DataFrame:
    """The same with the side that each row was traded on."""
    frame = draw(with_mids(**options))
    rows = trades.trade_side(rows_of(frame), late="include")
    return pl.DataFrame(rows, pl.Schema({**frame.schema, "trade_side": pl.Int64()}))


STEPS = [0, 1, 3, 3, 3, 20, 61, 4000, 86_400, -2, -100]
"""Seconds since the symbol's row before."""


@st.composite
def trading(draw: st.DrawFn) -> pl.DataFrame:
    """Rows of two symbols most of which traded, on a drawn side."""
    steps = st.tuples(
        st.sampled_from(["600000.SH", "000001.SZ"]),
        st.sampled_from(STEPS),
        st.sampled_from([None, 0, -2, 1, 1, 2, 5, 300]),
        st.sampled_from([0.0, 9.99, 10.0, 10.0, 10.01, 10.02, 10.1]),
        st.sampled_from([*MIDS, 9.99, 10.0, 10.01, 10.02]),
        st.sampled_from([None, 1, 1, -1, -1]),
    )
    times, rows = dict[str, datetime](), list[Row]()
    for symbol, step, volume, price, mid, side in draw(st.lists(steps, min_size=6, max_size=30)):
        time = times.get(symbol, at("09:59:00")) + timedelta(seconds=step)
        times[symbol] = max(time, times.get(symbol, time))
        row = quote("10:00:00", last=price, symbol=symbol, timestamp=time)
        paid = None if volume is None else volume * 1000.0
        traded = {"delta_volume": volume, "delta_amount": paid}
        rows.append(priced(row, **traded, mid=mid, trade_side=side))
    return frame_of(*rows)


def priced(row: Row, **values: Any) -> Row:
    """A row as `deltas` gives it when it traded what is said here, and more columns."""
    empty: Row = {"delta_volume": None, "delta_amount": None, "delta_price": None, "reason": None}
    return row | empty | values


def frame_of(*rows: Row) -> pl.DataFrame:
    """Rows as `priced` gives them."""
    names = {name: pl.Float64() for name in ("mid",) if name in rows[0]}
    names |= {name: pl.Int64() for name in ("trade_side",) if name in rows[0]}
    schema = {**strategies.QUOTES, **DELTAS, **names}
    return pl.DataFrame(list(rows), schema=pl.Schema(schema))
