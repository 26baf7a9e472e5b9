"""`corwin_schultz` against the formulas of the paper in 50 digits."""

import math
import random
from typing import Literal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tickops as ops
from tests import data
from tests.oracles import corwin_schultz as oracle
from tests.oracles import strategies
from tests.oracles.compare import assert_same
from tests.oracles.market import Row
from tickops.exceptions import SchemaError

Negative = Literal["null", "zero", "keep"]

FEWER = settings(deadline=None, max_examples=20 if strategies.SMALL else 60)
BARS = pl.Schema(
    {"symbol": pl.String(), "high": pl.Float64(), "low": pl.Float64(), "close": pl.Float64()}
)


def bar(high: float | None, low: float | None, close: float | None = None, **others: str) -> Row:
    return {"symbol": "600000.SH", "high": high, "low": low, "close": close} | others


def bars(*rows: Row) -> pl.DataFrame:
    return pl.DataFrame(rows, BARS)


def spread_of(*rows: Row, op: ops.corwin_schultz | None = None) -> list[float | None]:
    return (op or ops.corwin_schultz()).apply(bars(*rows))["corwin_schultz"].to_list()


@st.composite
def periods(draw: st.DrawFn) -> pl.DataFrame:
    """Bars of two symbols, some without trade, some all at one price."""
    cents = st.tuples(*(st.integers(950, 1050) for _ in range(3))).map(sorted)
    rows = [
        bar(high / 100, low / 100, close / 100, symbol=symbol)
        if traded
        else bar(None, 0.0, None, symbol=symbol)
        for symbol, traded, (low, close, high) in draw(
            st.lists(
                st.tuples(
                    st.sampled_from(["600000.SH", "000001.SZ"]),
                    st.sampled_from([True] * 9 + [False]),
                    st.one_of(cents, st.sampled_from([(1000,) * 3, (1001,) * 3])),
                ),
                max_size=25,
            )
        )
    ]
    return bars(*rows)


@FEWER
@given(
    data=st.data(),
    frame=periods(),
    overnight=st.booleans(),
    negative=st.sampled_from(["null", "zero", "keep"]),
)
def test_equals_the_oracle(
    data: st.DataObject, frame: pl.DataFrame, overnight: bool, negative: Negative
) -> None:
    run = ops.corwin_schultz(overnight=overnight, negative=negative).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    expected = oracle.corwin_schultz(frame.to_dicts(), overnight=overnight, negative=negative)
    assert_same(pl.concat(parts), expected)


def test_a_range_that_repeats_is_all_spread() -> None:
    """Both periods from 9.9 to 10.1, the one range of both: a spread of 0.2 at 10."""
    assert spread_of(bar(10.1, 9.9, 10.0), bar(10.1, 9.9)) == [None, pytest.approx(0.02, rel=1e-12)]


def test_a_range_that_doubles_in_two_periods_is_all_volatility() -> None:
    """Ranges of a length that touch and do not overlap: √γ = 2·√(β/2), so α < 0."""
    rows = bar(math.exp(0.1), 1.0, 1.05), bar(math.exp(0.2), math.exp(0.1))
    alpha = (0.1 * math.sqrt(2) - 0.2) / (math.sqrt(2) - 1)
    expected = 2 * (math.exp(alpha) - 1) / (math.exp(alpha) + 1)
    op = ops.corwin_schultz(overnight=False, negative="keep")
    assert spread_of(*rows, op=op)[1] == pytest.approx(expected, rel=1e-12)
    assert expected < 0


def test_a_negative_spread_is_as_asked_for() -> None:
    rows = bar(10.1, 9.9, 10.1), bar(10.4, 10.1)
    assert spread_of(*rows)[1] is None
    assert spread_of(*rows, op=ops.corwin_schultz(negative="zero"))[1] == 0.0
    kept = spread_of(*rows, op=ops.corwin_schultz(negative="keep"))[1]
    assert kept is not None
    assert kept < 0


@pytest.mark.parametrize("jump", [5.0, -5.0])
def test_what_happened_over_night_is_taken_out(jump: float) -> None:
    """The second range is the first one, five higher or lower: the close was at its edge."""
    close = 9.9 if jump > 0 else 10.1
    rows = bar(10.1, 9.9, close), bar(10.1 + jump, 9.9 + jump)
    assert spread_of(*rows)[1] == pytest.approx(0.02, rel=1e-9)
    assert spread_of(*rows, op=ops.corwin_schultz(overnight=False)) == [None, None]


def test_what_was_taken_out_is_in_the_next_pair_again() -> None:
    """The third period is compared with the second one as it was."""
    rows = bar(10.1, 9.9, 9.9), bar(20.2, 19.8, 20.0), bar(20.2, 19.8)
    assert spread_of(*rows)[2] == pytest.approx(0.02, rel=1e-9)


def test_a_close_within_the_range_changes_nothing() -> None:
    rows = bar(10.1, 9.9, 10.0), bar(10.2, 9.95)
    assert spread_of(*rows) == spread_of(*rows, op=ops.corwin_schultz(overnight=False))
    assert spread_of(bar(10.1, 9.9), rows[1]) == spread_of(*rows)


def test_one_price_all_along_has_no_spread() -> None:
    assert spread_of(bar(10.0, 10.0, 10.0), bar(10.0, 10.0)) == [None, 0.0]


def test_a_range_around_one_price_is_nothing_but_itself() -> None:
    """√β = √γ: nothing is left, not even rounding."""
    op = ops.corwin_schultz(overnight=False, negative="keep")
    assert spread_of(bar(10.07, 9.83), bar(9.91, 9.91), op=op) == [None, 0.0]


@pytest.mark.parametrize(
    "nothing", [bar(None, None), bar(0.0, 0.0), bar(10.0, 0.0), bar(9.0, 10.0)]
)
def test_a_period_without_prices_is_left_out(nothing: Row) -> None:
    rows = bar(10.1, 9.9, 10.0), bar(10.1, 9.9)
    assert spread_of(rows[0], nothing, rows[1]) == [None, None, pytest.approx(0.02)]


def test_row_without_symbol_changes_nothing() -> None:
    nobody = bar(99.0, 1.0, 50.0) | {"symbol": None}
    rows = bar(10.1, 9.9, 10.0), nobody, bar(10.1, 9.9)
    assert spread_of(*rows) == [None, None, pytest.approx(0.02)]


def test_symbols_do_not_mix() -> None:
    other = bar(99.0, 1.0, 50.0, symbol="000001.SZ")
    assert spread_of(bar(10.1, 9.9, 10.0), other, bar(10.1, 9.9)) == [
        *[None, None],
        pytest.approx(0.02),
    ]


def test_gives_back_the_spread_of_simulated_days() -> None:
    """A random walk of 3 % a day, watched in 390 trades at bid or ask of 2 %; as in the paper."""
    random.seed(5)
    value, rows = 0.0, list[Row]()
    for _ in range(50 if strategies.SMALL else 1000):
        prices = list[float]()
        for _ in range(390):
            value += random.gauss(0, 0.03 / math.sqrt(390))
            prices.append(math.exp(value) * (1 + random.choice([-0.01, 0.01])))
        rows.append(bar(max(prices), min(prices), prices[-1]))
    kept = spread_of(*rows, op=ops.corwin_schultz(negative="keep"))[1:]
    mean = sum(spread for spread in kept if spread is not None) / len(kept)
    assert mean == pytest.approx(0.02, abs=0.01 if strategies.SMALL else 0.003)


def test_goes_on_after_bars() -> None:
    chain = ops.chain(ops.deltas(), ops.bars("1m"), ops.corwin_schultz())
    assert "corwin_schultz" in chain.output_schema({**_QUOTES})


_QUOTES = {
    "symbol": pl.String(),
    "timestamp": pl.Datetime("ms", "UTC"),
    **dict.fromkeys(("last_price", "high", "low", "amount"), pl.Float64()),
    "volume": pl.Int64(),
}


def test_output_schema() -> None:
    expected = pl.Schema({**BARS, "corwin_schultz": pl.Float64()})
    assert ops.corwin_schultz().output_schema(BARS) == expected
    assert ops.corwin_schultz().apply(bars()).schema == expected


def test_missing_column_is_named() -> None:
    for column in ("symbol", "high", "low", "close"):
        with pytest.raises(SchemaError, match=column):
            ops.corwin_schultz().apply(bars().drop(column))
    assert ops.corwin_schultz(overnight=False).apply(bars().drop("close")).height == 0


@pytest.mark.real_data
def test_equals_the_oracle_on_bars_of_a_real_day() -> None:
    quotes = data.quotes(data.SZ5)[: 500 if strategies.SMALL else 6000]
    frame = ops.chain(ops.deltas(unit=1), ops.bars("5m", unit=1)).apply(quotes)
    found = ops.corwin_schultz().apply(frame).select("symbol", "high", "low", "close", "^cor.*$")
    expected = oracle.corwin_schultz(
        found.drop("corwin_schultz").to_dicts(), overnight=True, negative="null"
    )
    assert_same(found, expected)
    assert any(row["corwin_schultz"] is not None for row in expected)
