"""`bars` against plain Python, with time passing between the rows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tickops as ops
from tests.oracles import bars as oracle
from tests.oracles import deltas, strategies
from tests.oracles.compare import assert_same, left_out
from tests.oracles.frames import DELTAS
from tests.oracles.market import Row, rows_of, seconds
from tests.oracles.sessions import Calendar, Grace

SUMS = 1e-6
"""Sums of amounts that cancel are as exact as the amounts are."""

ADJACENT = [("09:30", "10:00"), ("10:00", "15:00")]


@dataclass(frozen=True)
class Given:
    """Parameters of the operator, and the same for the oracle."""

    every: str = "1m"
    profile: Literal["tdx", "split_auction", "dolphindb"] = "tdx"
    closed: Literal["left", "right"] = "left"
    fill: bool = False
    grace: str = "5s"
    session_grace: str = "60s"
    late: Literal["drop", "include"] = "drop"
    unit: int | Mapping[str, int] | None = None
    sessions: Any = None

    def operator(self) -> ops.bars:
        return ops.bars(
            self.every,
            sessions=self.sessions,
            profile=self.profile,
            closed=self.closed,
            fill=self.fill,
            grace=self.grace,
            session_grace=self.session_grace,
            aggregate={"last_price": list(oracle.STATISTICS)},
            unit=self.unit,
            late=self.late,
        )

    def options(self) -> oracle.Options:
        grace = Grace(seconds(self.grace), seconds(self.session_grace))
        return oracle.Options(
            calendar=Calendar(seconds(self.every), self.profile, grace, self.sessions, self.closed),
            fill=self.fill,
            unit=self.unit,
            late=self.late,
            aggregate={"last_price": list(oracle.STATISTICS)},
        )


def givens() -> st.SearchStrategy[Given]:
    return st.builds(
        Given,
        every=st.sampled_from(["1m", "1m", "5m", "30s", "7m", "1h"]),
        profile=st.sampled_from(["tdx", "split_auction"]),
        closed=st.sampled_from(["left", "left", "right"]),
        fill=st.booleans(),
        grace=st.sampled_from(["5s", "0s", "20s"]),
        session_grace=st.sampled_from(["60s", "3s", "10m"]),
        late=st.sampled_from(["drop", "include"]),
        unit=st.sampled_from([None, 1, {"600000.SH": 200}]),
        sessions=st.sampled_from(
            [None, None, None, "US", [("09:30", "10:00"), ("10:00", "15:00")]]
        ),
    )


@st.composite
def scripts(draw: st.DrawFn, frame: pl.DataFrame) -> list[pl.DataFrame | int]:
    """The frame in pieces, and moments between them: mostly soon after the newest row."""
    script: list[pl.DataFrame | int] = []
    newest = datetime(2026, 3, 2, tzinfo=UTC)
    for part in draw(strategies.cuts(frame)):
        script.append(part)
        known = [row["timestamp"] for row in rows_of(part) if row["timestamp"] is not None]
        newest = max([newest, *known])
        after = draw(st.sampled_from([None, -60, 0, 1, 5, 20, 60, 65, 130, 4000, 90_000]))
        if after is not None:
            script.append(round((newest + timedelta(seconds=after)).timestamp() * 1e6))
    return script


def check(given: Given, frame: pl.DataFrame, script: list[pl.DataFrame | int]) -> None:
    """What the operator and the oracle say after each event is the same."""
    run, naive = given.operator().start(schema=frame.schema), oracle.Bars(given.options())
    for event in script:
        if isinstance(event, int):
            moment = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=event)
            assert_same(run.advance(event), naive.advance(moment), absolute=SUMS)
        else:
            expected = [bar for row in rows_of(event) for bar in naive.push(row)]
            assert_same(run.push(event), expected, absolute=SUMS)
    assert_same(run.finish(), naive.finish(), absolute=SUMS)
    counts = {"late": naive.late, "outside": naive.outside, "null": naive.null}
    assert left_out(run) == {f"bars.{name}": count for name, count in counts.items() if count}


def differenced(frame: pl.DataFrame, late: str) -> pl.DataFrame:
    rows: list[Row] = deltas.deltas(rows_of(frame), late=late).rows
    return pl.DataFrame(rows, schema=pl.Schema({**frame.schema, **DELTAS}))


@strategies.MANY
@given(data=st.data(), given=givens(), quotes=strategies.quotes())
def test_equals_the_oracle(data: st.DataObject, given: Given, quotes: pl.DataFrame) -> None:
    frame = differenced(quotes, data.draw(st.sampled_from(["drop", "include"])))
    check(given, frame, data.draw(scripts(frame)))


@pytest.mark.parametrize("closed", ["left", "right"])
@strategies.EXAMPLES
@given(data=st.data(), given=givens(), quotes=strategies.quotes())
def test_equals_the_oracle_with_the_minutes_of_dolphindb(
    data: st.DataObject, given: Given, quotes: pl.DataFrame, closed: Literal["left", "right"]
) -> None:
    given = replace(given, every="1m", profile="dolphindb", sessions=None, closed=closed)
    frame = differenced(quotes, "include")
    check(given, frame, data.draw(scripts(frame)))


@strategies.EXAMPLES
@given(data=st.data(), given=givens(), quotes=strategies.markets())
def test_equals_the_oracle_in_all_markets(
    data: st.DataObject, given: Given, quotes: pl.DataFrame
) -> None:
    frame = differenced(quotes, "include")
    check(given, frame, data.draw(scripts(frame)))
