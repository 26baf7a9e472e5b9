"""What is known of a symbol's other channels at each row, looked up in all rows before it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import polars as pl
from hypothesis import strategies as st

from tests.oracles.deltas import LateRow
from tests.oracles.market import Row
from tests.oracles.strategies import SMALL
from tickops import testing

CHANNELS = ("quotes", "depth")
COMMON = ("symbol", "timestamp", "received", "connection", "region", "channel")
OF_DEPTH = ("bid_prices", "bid_volumes", "ask_prices", "ask_volumes", "halted")


@st.composite
def interleaved(draw: st.DrawFn) -> pl.DataFrame:
    """Quotes and books in one stream, with columns of all kinds and everything that can be wrong.

    A channel's row has null in the columns of the other, and in some of its own.
    """
    frame = draw(
        testing.quotes(
            levels=2,
            corrections=True,
            late=True,
            nulls=True,
            nans=True,
            max_rows=10 if SMALL else 24,
        )
    )
    count = frame.height
    moves = st.lists(st.sampled_from(CHANNELS), min_size=count, max_size=count)
    texts = st.lists(st.sampled_from(["浦发银行", None, ""]), min_size=count, max_size=count)
    channels, names = draw(moves), draw(texts)
    frame = frame.with_columns(
        pl.Series("name", names, pl.String),
        pl.Series("session", names, pl.Categorical()),
        pl.Series("halted", [name == "" for name in names], pl.Boolean),
        pl.Series("channel", channels, pl.Enum(CHANNELS)),
    )
    is_depth = pl.col("channel") == "depth"
    lacking = draw(st.sets(st.integers(0, max(count - 1, 0)), max_size=2))
    lost = pl.int_range(pl.len()).is_in(list(lacking))
    broken = draw(st.sampled_from(["symbol", "timestamp"]))
    return frame.with_columns(
        *(
            pl.when(is_depth if name in OF_DEPTH else ~is_depth).then(name).alias(name)
            for name in frame.columns
            if name not in COMMON
        ),
        pl.when(~lost).then(broken).alias(broken),
    )


@dataclass
class Answer:
    rows: list[Row] = field(default_factory=list[Row])
    late: int = 0


@dataclass
class _Past:
    """All rows of one symbol so far, by channel."""

    rows: dict[str, list[Row]]

    def is_late(self, row: Row) -> bool:
        return any(row["timestamp"] < before["timestamp"] for before in self.rows[row["channel"]])

    def newest(self, channel: str, row: Row, tolerance: timedelta | None) -> Row | None:
        for before in self.rows[channel][-1:]:
            if tolerance is None or row["timestamp"] - before["timestamp"] <= tolerance:
                return before
        return None


def asof(
    rows: Sequence[Row],
    other: str,
    *,
    late: str,
    tolerance: timedelta | None = None,
    columns: Sequence[str] | None = None,
    prefix: str = "",
) -> Answer:
    """Rows of the channel that is not `other`, beside what came last of `other`."""
    return _joined(rows, [other], late, tolerance, columns, prefix)


def combine_latest(rows: Sequence[Row], *, late: str, tolerance: timedelta | None = None) -> Answer:
    """All rows, each beside what came last of the other channel, or itself."""
    return _joined(rows, CHANNELS, late, tolerance, None, "")


def _joined(
    rows: Sequence[Row],
    joins: Sequence[str],
    late: str,
    tolerance: timedelta | None,
    columns: Sequence[str] | None,
    prefix: str,
) -> Answer:
    answer, pasts = Answer(), dict[Any, _Past]()
    for row in rows:
        known = row["symbol"] is not None and row["timestamp"] is not None
        past = pasts.setdefault(row["symbol"], _Past({name: [] for name in CHANNELS}))
        mine = row["channel"] in joins
        if known and mine and past.is_late(row):
            if late == "raise":
                raise LateRow(row["symbol"])
            if late == "drop":
                answer.late += 1
                continue
        if mine and known:
            past.rows[row["channel"]].append(row)
        if mine and len(joins) == 1:
            continue
        out: dict[str, Any] = dict(row)
        for name in joins:
            newest = past.newest(name, row, tolerance) if known else None
            if name == row["channel"]:
                newest = row
            for column in columns or _columns_of(name, row):
                out[prefix + column] = newest[column] if newest else None
            out[f"{name}_timestamp"] = newest["timestamp"] if newest else None
        answer.rows.append(out)
    return answer


def _columns_of(channel: str, row: Row) -> list[str]:
    """Columns that rows of a channel can have values in."""
    return [
        name for name in row if name not in COMMON and (name in OF_DEPTH) == (channel == "depth")
    ]
