"""Long frames go through in blocks, and nobody can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tickops as ops
from tests.oracles.strategies import SMALL
from tests.tickops.test_laws import CASES, Case
from tickops import _run
from tickops._batch import Batch
from tickops._run import Run
from tickops._stateless import Stateless
from tickops._symbols import Symbols
from tickops.testing import assert_identical, quotes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tickops._operator import Core

ROWS = quotes(levels=5, corrections=True, late=True, nulls=True, nans=True)
PLAIN = pl.DataFrame(
    {
        "symbol": ["a", "b"] * 4,
        "timestamp": pl.Series(range(8)).cast(pl.Datetime("ms", "UTC")),
        "volume": range(8),
        "amount": np.arange(8.0),
    }
)


class Growing(Symbols):
    """Symbols to which others add between any two questions, as steps in other threads may."""

    def __len__(self) -> int:
        count = super().__len__()
        self._grow()
        return count

    @property
    def markets(self) -> Any:
        """As they were."""
        markets = super().markets
        self._grow()
        return markets

    def _grow(self) -> None:
        self._add([f"{len(self.names)}.OTHER"], ["US"])


def check_blocks(
    case: Case,
    monkeypatch: pytest.MonkeyPatch,
    *,
    examples: int,
    most_threads: int,
    symbols: type[Symbols] = Symbols,
) -> None:
    """Fail if blocks do not give what the whole gives, with other `symbols` for the blocks."""

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(
        frame=ROWS if case.frames is None else case.frames,
        length=st.integers(1, 8),
        threads=st.integers(1, most_threads),
    )
    def check(frame: pl.DataFrame, length: int, threads: int) -> None:
        given_ = frame if case.prepare is None else case.prepare.apply(frame)
        whole = case.operator.start()
        expected = [whole.push(given_), whole.finish()]
        with monkeypatch.context() as patched:
            patched.setattr(_run, "BLOCK_ROWS", length)
            patched.setattr(_run, "Symbols", symbols)
            cut = Run(case.operator, threads=threads)
            actual = [cut.push(given_), cut.finish()]
        assert_identical(pl.concat(actual), pl.concat(expected))
        assert cut.counts == whole.counts

    check()


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_blocks_give_what_the_whole_gives(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    check_blocks(case, monkeypatch, examples=3 if SMALL else 8, most_threads=2)


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_symbols_may_come_at_any_time(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    examples = 2 if SMALL else 5
    check_blocks(case, monkeypatch, examples=examples, most_threads=1, symbols=Growing)


def test_columns_that_stay_are_not_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_run, "BLOCK_ROWS", 3)
    out = ops.deltas().apply(PLAIN)
    address = PLAIN["amount"].to_numpy().__array_interface__["data"]
    assert out["amount"].to_numpy().__array_interface__["data"] == address


def test_columns_that_are_added_are_in_one_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_run, "BLOCK_ROWS", 3)
    op = ops.chain(ops.deltas(), ops.with_columns(twice=pl.col("volume") * 2))
    assert op.apply(PLAIN).n_chunks("all") == [1] * 9


def test_a_core_that_makes_rows_of_its_own_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """If its operator says that it adds columns."""

    class Same(ops.Operator):
        def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
            return schema

        def core(self, schema: pl.Schema, symbols: Symbols) -> Core:
            return Stateless(lambda batch: Batch(batch.columns, batch.height, batch.symbols))

        def __repr__(self) -> str:
            return "Same()"

    assert_identical(Same().apply(PLAIN), PLAIN)
    monkeypatch.setattr(_run, "BLOCK_ROWS", 3)
    with pytest.raises(AssertionError, match=r"batch\.with_columns"):
        Same().apply(PLAIN)


def test_a_block_of_which_nothing_comes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes after it stands elsewhere than in the frame."""
    monkeypatch.setattr(_run, "BLOCK_ROWS", 2)
    newest, late = PLAIN[6:], PLAIN[:2]
    out = ops.deltas().apply(pl.concat([newest, late, late, newest, late]))
    assert_identical(out.select(PLAIN.columns), pl.concat([newest, newest]))
    at_the_end = ops.deltas().apply(pl.concat([newest, late]))
    assert_identical(at_the_end.select(PLAIN.columns), newest)
    nothing = ops.filter(pl.col("volume") < 0)
    for op in (nothing, ops.chain(nothing, ops.deltas())):
        out = op.apply(PLAIN)
        assert out.height == 0
        assert out.schema == op.output_schema(PLAIN.schema)


@pytest.mark.parametrize("threads", [1, 2])
def test_an_error_in_a_later_block_ends_the_run(
    monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    monkeypatch.setattr(_run, "BLOCK_ROWS", 3)
    run = Run(ops.deltas(late="raise"), threads=threads)
    with pytest.raises(ops.LateRowError, match="a row of a at 1970-01-01 00:00:00"):
        run.push(pl.concat([PLAIN, PLAIN[:1]]))
    with pytest.raises(ops.OperatorError, match="this run is over"):
        run.push(PLAIN)
