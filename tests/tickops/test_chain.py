"""Chains: what they refuse, and what they are made of."""

import polars as pl
import pytest
import reactivex

import tickops as ops
from tests.oracles.frames import at, quote, quotes
from tests.tickops.test_run import FIRST, SECOND


def test_nested_chains_are_opened() -> None:
    deltas, day, five = ops.deltas(), ops.vwap(), ops.vwap(window="5m")
    assert ops.chain(ops.chain(deltas, day), five) == ops.chain(deltas, day, five)
    assert ops.chain(deltas, day).operators == (deltas, day)


def test_nothing_and_strangers_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        ops.chain()
    with pytest.raises(TypeError, match="takes operators, not 'deltas'"):
        ops.chain("deltas")  # pyright: ignore[reportArgumentType]


def test_different_units_are_refused() -> None:
    with pytest.raises(ValueError, match=r"agree on the unit.*unit=1.*unit=None"):
        ops.chain(ops.deltas(unit=1), ops.vwap())
    ops.chain(ops.deltas(unit={"600000.SH": 1}), ops.vwap(unit={"600000.SH": 1}))


def test_schema_goes_through_all_steps() -> None:
    chain = ops.chain(ops.deltas(), ops.vwap())
    assert list(chain.output_schema(FIRST.schema))[-2:] == ["reason", "vwap"]
    with pytest.raises(ops.SchemaError, match="'last_price'"):
        ops.chain(ops.deltas(), ops.bars("1m")).output_schema(FIRST.schema)


def test_traits_are_those_of_the_steps() -> None:
    assert ops.chain(ops.deltas(), ops.vwap()).adds_columns
    assert not ops.chain(ops.deltas(), ops.filter(pl.col("volume") > 0)).adds_columns


def test_in_a_pipe_one_by_one_or_as_a_chain() -> None:
    a, b = ops.deltas(), ops.vwap(window=2)
    source = reactivex.of(FIRST, SECOND)
    got: dict[str, list[pl.DataFrame]] = {"chain": [], "steps": []}
    source.pipe(ops.chain(a, b)).subscribe(got["chain"].append)
    source.pipe(a, b).subscribe(got["steps"].append)
    assert pl.concat(got["chain"]).equals(pl.concat(got["steps"]))


NOBODYS = quotes(
    [
        quote("10:00:00", 10, high=10.1, low=9.9),
        quote("10:00:03", 20, high=99.0, low=1.0) | {"timestamp": None},
        quote("10:00:06", 30, high=10.1, low=9.9),
    ]
).with_columns(
    start=pl.lit(at("10:00:00")).dt.convert_time_zone("UTC"),
    end=pl.lit(at("10:01:00")).dt.convert_time_zone("UTC"),
    close=pl.col("last_price"),
)
"""Bars with a column `timestamp` too, which is null in one of them."""


@pytest.mark.parametrize("op", [ops.corwin_schultz(), ops.merge_bars("5m")], ids=repr)
def test_row_without_time_is_nobodys_in_a_chain_and_alone(op: ops.Operator) -> None:
    """These look at symbols only; whether another step needs times must make no difference."""
    lag = ops.lag("volume")
    out = ops.chain(lag, op).apply(NOBODYS)
    assert out.equals(op.apply(lag.apply(NOBODYS)))
    alone = op.apply(NOBODYS)
    assert out.select(alone.columns).equals(alone)
    of_others = op.apply(NOBODYS.filter(pl.col("timestamp").is_not_null()))
    assert alone.filter(pl.col("volume") != 20).equals(of_others)


def test_operators_are_values() -> None:
    assert ops.deltas(unit=1) == ops.deltas(unit=1) != ops.deltas(unit=100)
    assert len({ops.bars("1m"), ops.bars("1m"), ops.bars("5m")}) == 2
    assert repr(ops.bars("1m", fill=True)) == "bars('1m', fill=True)"
    assert repr(ops.deltas(unit={"b": 2, "a": 1})) == "deltas(unit={'a': 1, 'b': 2})"
    with pytest.raises(AttributeError):
        ops.deltas().unit = 5  # pyright: ignore[reportAttributeAccessIssue]
