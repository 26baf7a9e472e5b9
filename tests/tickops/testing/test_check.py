"""What `check_operator` takes, and what it says."""

import logging
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import Phase, find, settings
from hypothesis import strategies as st

import tickops as ops
from tests.tickops.testing.broken import NeverEnds, NoState, OneTotal, Raises
from tests.tickops.testing.simple import Highest, Minutes, Row, Run, State, Totals
from tickops.testing import LAWS, Case, Law, LawBroken, check_operator, quotes, require
from tickops.testing import _check as check

NAMED = {law.name: law for law in LAWS}
PLAIN = settings(database=None, derandomize=True, phases=[Phase.generate])
FRAME = find(quotes(min_rows=12), lambda frame: True, settings=PLAIN)


def message(*args: Any, **keywords: Any) -> str:
    with pytest.raises(AssertionError) as caught:
        check_operator(*args, **keywords)
    return str(caught.value)


def seen_by(law: Law, **keywords: Any) -> list[Case]:
    """Cases that a law is tried on."""
    cases: list[Case] = []
    watching = Law(law.name, law.doc, cases.append, law.applies, law.moments, law.share)
    check_operator(Totals(), laws=[watching], **keywords)
    return cases


def test_a_failure_shows_law_operator_how_where_and_the_smallest_input() -> None:
    lines = message(NoState(), laws=[NAMED["chunks"]]).splitlines()
    assert lines[0] == "law 'chunks' is broken by NoState()"
    assert lines[1] == NAMED["chunks"].doc
    assert lines[2] == "in the cut 1 rows, 1 rows"
    assert lines[3] == "row 1 differs in 'number': expected 2, got 1"
    assert lines[4].startswith("  expected: {'symbol': '600000.SH', ")
    assert lines[5].startswith("  got:      {'symbol': '600000.SH', ")
    assert lines[6] == "smallest input found, 2 rows:"
    assert lines[7] == "shape: (2, 12)"
    assert sum(line.startswith("│ 600000.SH ┆ 2023-02-01 01:30:") for line in lines) == 2


def test_moments_are_shown_where_they_matter() -> None:
    class Closing(Minutes):
        def due(self, state: State, now: int) -> list[Row]:
            return [dict(group) for group in state.values()]

    assert "time told after 1 rows: 16752150" in message(Closing(), laws=[NAMED["clock"]])


def test_what_an_operator_raises_is_shown_and_is_the_cause() -> None:
    with pytest.raises(AssertionError, match="RuntimeError: what shall I do with this") as caught:
        check_operator(Raises())
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_an_operator_that_is_not_the_same_twice_is_reported() -> None:
    class Moody(Totals):
        runs = 0

        def new_state(self) -> State:
            type(self).runs += 1
            return {"600000.SH": {"number": 1_000, "total": 0.0}} if self.runs == 15 else {}

    said = message(Moody(), laws=[NAMED["batch"]])
    assert said.startswith("law 'batch' is broken by Moody()")
    assert "Not every time: " in said


def test_a_panic_of_polars_is_a_failure_like_others(capfd: pytest.CaptureFixture[str]) -> None:
    class Panics(Totals):
        def step(self, state: State, row: Row) -> list[Row]:
            raise pl.exceptions.PanicException("the library gives up")

    assert "PanicException: the library gives up" in message(Panics(), laws=[NAMED["batch"]])


def test_the_search_for_a_smaller_input_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "_SHRINK_SECONDS", 0.0)
    said = message(NoState(), laws=[NAMED["chunks"]])
    assert said.startswith("law 'chunks' is broken by NoState()")
    assert "Not every time" not in said


def test_the_first_broken_law_is_named() -> None:
    assert message(OneTotal(), max_examples=4).startswith("law 'symbols' is broken by OneTotal()")


def test_only_the_laws_that_are_given_are_tried() -> None:
    check_operator(NeverEnds(), laws=[law for law in LAWS if law.name != "batch"], max_examples=3)


def test_traits_choose_laws() -> None:
    class Across(OneTotal):
        across_symbols = True

    class Replacing(Totals):
        replaces = ("high",)

        def step(self, state: State, row: Row) -> list[Row]:
            return [out | {"high": 0.0} for out in super().step(state, row)]

    class Declared(Replacing):
        replaces = ()

    assert not NAMED["order"].applies(Minutes())
    check_operator(Across(), laws=[NAMED["symbols"], NAMED["clock"]])
    check_operator(Replacing(), laws=[NAMED["order"]])
    assert message(Declared(), laws=[NAMED["order"]]).startswith("law 'order'")


def test_a_law_of_the_users_own() -> None:
    def never_zero(case: Case) -> None:
        require(case.whole()["number"].min() != 1, "it begins with 1")

    law = Law("modest", "No row is the first.", never_zero)
    said = message(Totals(), laws=[law], frames=quotes(min_rows=1))
    assert said.startswith("law 'modest' is broken by Totals()\nNo row is the first.\nit begins")
    assert repr(law) == "Law('modest', 'No row is the first.')"
    assert issubclass(LawBroken, AssertionError)


def test_frames_are_a_strategy_a_frame_or_several_of_which_slices_are_tried() -> None:
    law = NAMED["chunks"]
    drawn = seen_by(law, frames=st.just(FRAME), max_examples=5)
    assert {case.stream.frame.height for case in drawn} == {FRAME.height}
    cases = seen_by(law, frames=FRAME, max_examples=40)
    heights = {case.stream.frame.height for case in cases}
    assert {0, FRAME.height} < heights
    several = seen_by(law, frames=[FRAME[:1], FRAME[5:8]], max_examples=40)
    assert {0, 1, 2, 3} == {case.stream.frame.height for case in several}


def test_by_default_the_columns_decide_what_is_drawn() -> None:
    def columns(operator: ops.Operator, prepare: ops.Operator | None = None) -> set[str]:
        cases: list[Case] = []
        law = Law("watching", "", cases.append)
        check_operator(operator, prepare=prepare, laws=[law], max_examples=2)
        return set(cases[0].raw.schema)

    assert "bid_prices" not in columns(ops.deltas())
    assert "volume" not in columns(ops.spread())
    assert columns(ops.chain(ops.deltas(), ops.spread())) > {"volume", "bid_prices"}
    assert columns(ops.spread(), ops.deltas()) > {"volume", "bid_prices"}


def test_an_operator_that_takes_none_of_them_says_so() -> None:
    with pytest.raises(AssertionError, match="needs column 'delta_volume'"):
        check_operator(ops.vwap())


def test_prepare_goes_first_and_what_it_gives_at_a_moment_comes_before_the_moment() -> None:
    check_operator(Highest(), prepare=Minutes(), max_examples=5)
    cases: list[Case] = []
    watching = Law("watching", "", cases.append)
    check_operator(Highest(), prepare=Minutes(), laws=[watching])
    for case in cases:
        run = Minutes().start()
        for segment, moment, made in zip(
            case.raw.segments, (*case.raw.moments, None), case.stream.segments, strict=True
        ):
            closed = run.push(segment).height
            closed += run.finish().height if moment is None else run.advance(moment).height
            assert made.height == closed
    assert any(case.stream.frame.height > 2 for case in cases)
    said = message(NoState(), prepare=Totals(), laws=[NAMED["chunks"]])
    assert "\nafter Totals(), 2 rows:\n" in said


def test_other_names_for_symbol_and_timestamp() -> None:
    class Renamed(Totals):
        def output_schema(self, schema: Any, /) -> pl.Schema:
            return super().output_schema(schema)

        def start(self, snapshot: bytes | None = None, /) -> Run:
            class Renaming(Run):
                def push(self, frame: pl.DataFrame, /) -> pl.DataFrame:
                    inner = frame.rename({"who": "symbol", "when": "timestamp"})
                    out = super().push(inner)
                    self.schema = None if self.schema is None else renamed(self.schema)
                    return out.rename({"symbol": "who", "timestamp": "when"})

            return Renaming(self, snapshot)

    def renamed(schema: pl.Schema) -> pl.Schema:
        names = {"symbol": "who", "timestamp": "when"}
        return pl.Schema({names.get(name, name): dtype for name, dtype in schema.items()})

    frames = quotes().map(lambda frame: frame.rename({"symbol": "who", "timestamp": "when"}))
    check_operator(Renamed(), frames=frames, symbol="who", timestamp="when", max_examples=4)


def test_rows_without_symbol_or_time_can_be_tried() -> None:
    frames = st.lists(st.floats(-9, 9), max_size=5).map(
        lambda x: pl.DataFrame({"x": pl.Series(x, dtype=pl.Float64)})
    )
    check_operator(ops.with_columns(y=pl.col("x") * 2), frames=frames, max_examples=4)


def test_moments_never_fall_and_lie_among_the_rows() -> None:
    cases = seen_by(NAMED["time"], max_examples=60)
    assert any(len(case.stream.moments) > 1 for case in cases)
    for case in cases:
        moments = case.stream.moments
        assert list(moments) == sorted(moments)
        assert len(case.stream.segments) == len(moments) + 1
    assert all(not case.stream.moments for case in seen_by(NAMED["chunks"], max_examples=5))


def test_the_number_of_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    law = NAMED["chunks"]
    monkeypatch.delenv("TICKOPS_SMALL", raising=False)
    assert len(seen_by(law)) == 20
    assert len(seen_by(law, max_examples=7)) == 7
    assert len(seen_by(NAMED["state"])) == 4
    monkeypatch.setenv("TICKOPS_SMALL", "1")
    assert len(seen_by(law)) == 6
    monkeypatch.setenv("TICKOPS_SMALL", "0")
    assert len(seen_by(law)) == 20


def test_the_same_streams_are_tried_every_time() -> None:
    first, second = (seen_by(NAMED["time"]) for _ in range(2))
    assert [case.stream.moments for case in first] == [case.stream.moments for case in second]
    assert all(
        one.stream.frame.equals(other.stream.frame)
        for one, other in zip(first, second, strict=True)
    )


def test_nothing_is_printed_logged_or_written(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.chdir(tmp_path)
    check_operator(ops.deltas(), max_examples=3)
    message(NoState(), laws=[NAMED["chunks"]])
    assert capfd.readouterr() == ("", "")
    assert not caplog.records
    assert not logging.getLogger("tickops").disabled
    assert list(tmp_path.iterdir()) == []
