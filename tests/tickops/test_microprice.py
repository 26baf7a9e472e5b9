"""`microprice` against chains whose limit is known, and exact fractions."""

import random
from datetime import datetime, timedelta
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tickops as ops
from tests import data
from tests.oracles import microprice as oracle
from tests.oracles import strategies
from tests.oracles.compare import assert_same
from tests.oracles.frames import DEPTH, MONDAY, TUESDAY, at, book
from tests.oracles.market import Row, rows_of
from tickops.exceptions import SchemaError, SnapshotError

FEWER = settings(deadline=None, max_examples=20 if strategies.SMALL else 60)
TABLE = [[-0.004, -0.001, 0.001, 0.004], [-0.02, -0.005, 0.005, 0.02]]
HEAVY, LIGHT = 900, 100


def top(
    time: datetime, cents: int, bids: int, asks: int, *, ticks: int = 1, symbol: str = "600000.SH"
) -> pl.DataFrame:
    """One book of a level a side, its bid at so many cents."""
    frame = book([(cents / 100, bids)], [((cents + ticks) / 100, asks)])
    moment = pl.lit(time).cast(DEPTH["timestamp"])
    return frame.with_columns(timestamp=moment, symbol=pl.lit(symbol))


def leaning(bid: bool, cents: int, time: datetime, symbol: str) -> pl.DataFrame:
    bids, asks = (HEAVY, LIGHT) if bid else (LIGHT, HEAVY)
    return top(time, cents, bids, asks, symbol=symbol)


def history(*steps: tuple[bool, int, int]) -> pl.DataFrame:
    """For each (leans to the bid afterwards, cents moved, times): a symbol with that one step.

    It leans to the bid before; the mirror, which leans to the ask, is the fit's to add.
    """
    frames = list[pl.DataFrame]()
    for bid, moved, times in steps:
        for _ in range(times):
            symbol = f"{len(frames):06}.SZ"
            frames.append(leaning(True, 1000, at("10:00:00"), symbol))
            frames.append(leaning(bid, 1000 + moved, at("10:00:03"), symbol))
    return pl.concat(frames)


def adjusted(op: ops.microprice) -> float:
    """What is added to the mid of a book that leans to the bid."""
    frame = top(at("10:00:00"), 1000, HEAVY, LIGHT)
    return op.apply(frame)["microprice"].item() - 10.005


CHAIN = [(True, 0, 4), (False, 0, 3), (True, 1, 1), (False, 1, 2)]
"""Of ten steps from a book that leans to the bid; the mid rises with three of them.

With g antisymmetric, g = 0.3 ticks + (0.4 − 0.3) g + (0.1 − 0.2) g, so g is 0.3 ticks: first
moves give a third of one, of which moves that turn the book take a part back.
"""


def test_of_a_chain_that_can_be_counted_the_limit_is_exact() -> None:
    op = ops.microprice.fit(history(*CHAIN), buckets=2, max_spread_ticks=1)
    assert adjusted(op) == pytest.approx(0.003, rel=1e-9)


def test_is_not_the_weighted_mid() -> None:
    """That adds 0.4 ticks to a book of 900 against 100, however the market moves."""
    frame = top(at("10:00:00"), 1000, HEAVY, LIGHT)
    weighted = ops.weighted_mid().apply(frame)["weighted_mid"].item() - 10.005
    assert weighted == pytest.approx(0.004)
    for times in (1, 20):
        steps = [*CHAIN, (True, 0, 10 * times)]
        op = ops.microprice.fit(history(*steps), buckets=2, max_spread_ticks=1)
        size = 10 + 10 * times
        expected = 3 / (size - (4 - 3 + 10 * times) - (1 - 2)) / 100
        assert adjusted(op) == pytest.approx(expected, rel=1e-9)
        assert adjusted(op) != pytest.approx(weighted, rel=0.1)


def test_is_not_the_first_move_alone() -> None:
    """Where books keep leaning after a move, more moves are to come than the first."""
    steps = [(True, 0, 5), (False, 0, 1), (True, 1, 3), (False, 1, 1)]
    op = ops.microprice.fit(history(*steps), buckets=2, max_spread_ticks=1)
    assert adjusted(op) == pytest.approx(0.01 * 0.4 / (1 - 0.4 - 0.2), rel=1e-9)


def test_a_book_that_first_has_to_change_leads_to_the_same_limit() -> None:
    """A heavy book turns into a lighter one, whose next moves are worth a tick: so is it."""
    start, after, heavy, lighter = at("10:00:00"), at("10:00:03"), (900, 100), (600, 400)
    steps = [(heavy, lighter, 0), (lighter, lighter, 1), (lighter, lighter[::-1], 1)]
    frames = [
        top(time, 1000 + moved, *volumes, symbol=f"{number:06}.SZ")
        for number, (before, then, change) in enumerate(steps)
        for time, moved, volumes in ((start, 0, before), (after, change, then))
    ]
    op = ops.microprice.fit(pl.concat(frames), buckets=4, max_spread_ticks=1)
    assert op.adjustment[0] == pytest.approx([-0.01, -0.01, 0.01, 0.01])


def test_gives_back_the_chain_that_made_a_history() -> None:
    random.seed(3)
    bid, cents, rows = True, 100_000, list[tuple[bool, int]]()
    choices = [(after, moved) for after, moved, times in CHAIN for _ in range(times)]
    for _ in range(600 if strategies.SMALL else 10_000):
        rows.append((bid, cents))
        same, moved = random.choice(choices)
        cents += moved if bid else -moved
        bid = bid == same
    start = at("10:00:00")
    frame = pl.DataFrame(
        {
            "symbol": "600000.SH",
            "timestamp": [start + timedelta(milliseconds=n) for n in range(len(rows))],
            "bid_prices": [[cents / 100] for _, cents in rows],
            "ask_prices": [[(cents + 1) / 100] for _, cents in rows],
            "bid_volumes": [[HEAVY if bid else LIGHT] for bid, _ in rows],
            "ask_volumes": [[LIGHT if bid else HEAVY] for bid, _ in rows],
        }
    )
    op = ops.microprice.fit(frame, buckets=2, max_spread_ticks=1)
    assert adjusted(op) == pytest.approx(0.003, abs=0.0012 if strategies.SMALL else 0.0002)


def messy(seed: int, size: int) -> pl.DataFrame:
    """Two symbols over two days: spreads, one-sided and locked books, late rows.

    Mids tend to where books lean.
    """
    draw = random.Random(seed)
    rows = list[pl.DataFrame]()
    cents = {"600000.SH": 1000, "AAPL.US": 2000}
    for number in range(size):
        symbol = draw.choice(list(cents))
        day = MONDAY if number < size // 2 else TUESDAY
        late = draw.choice([0] * 12 + [90])
        time = at("10:00:00", day) + timedelta(seconds=3 * number - late)
        volumes = draw.choice([0, 1, 2, 3, 5, 8]), draw.choice([0, 1, 2, 3, 5, 8])
        ticks = draw.choice([0, 1, 1, 1, 2, 2, 3])
        frame = top(time, cents[symbol], *volumes, ticks=ticks, symbol=symbol)
        if draw.random() < 0.05:
            frame = frame.with_columns(ask_prices=pl.lit([0.0] * 5, DEPTH["ask_prices"]))
        rows.append(frame)
        cents[symbol] += draw.choice([0, 0, 1, -1, 2 if volumes[0] > volumes[1] else -2])
    return pl.concat(rows)


@pytest.mark.parametrize(("buckets", "spreads"), [(2, 2), (3, 1), (4, 2), (5, 1)])
def test_fit_equals_the_oracle(buckets: int, spreads: int) -> None:
    frame = messy(buckets, 300 if strategies.SMALL else 400)
    op = ops.microprice.fit(frame, buckets=buckets, max_spread_ticks=spreads)
    expected = oracle.table(rows_of(frame), buckets, spreads, "0.01")
    for found, row in zip(op.adjustment, expected, strict=True):
        assert found == pytest.approx(row, rel=1e-9, abs=1e-12)
    assert max(op.adjustment[0]) > 1e-4


def test_fit_is_antisymmetric_and_a_balanced_book_has_its_mid() -> None:
    op = ops.microprice.fit(messy(7, 300), buckets=4, max_spread_ticks=2)
    assert all(row == tuple(-value for value in reversed(row)) for row in op.adjustment)
    for ticks in (1, 2):
        frame = top(at("10:00:00"), 1000, 7, 7, ticks=ticks)
        assert op.apply(frame)["microprice"].item() == pytest.approx(10 + ticks / 200, rel=1e-15)


def test_fit_takes_no_step_over_night_or_from_one_symbol_to_another() -> None:
    plain = history(*CHAIN)
    others = [
        leaning(True, 5000, at("14:59:57"), "000000.SH"),
        leaning(True, 9000, at("09:30:00", TUESDAY), "000000.SH"),
        leaning(False, 100, at("09:30:03", TUESDAY), "000001.SH"),
    ]
    found = ops.microprice.fit(pl.concat([plain, *others]), buckets=2, max_spread_ticks=1)
    assert found == ops.microprice.fit(plain, buckets=2, max_spread_ticks=1)


def test_fit_in_ticks_of_another_size() -> None:
    """Prices and tick five times as large: so is the table."""
    frame = messy(4, 300)
    finer = ops.microprice.fit(frame, buckets=2, max_spread_ticks=3, tick=0.01)
    scaled = frame.with_columns(
        *(
            (pl.col(name).arr.to_list().list.eval(pl.element() * 5)).list.to_array(5)
            for name in ("bid_prices", "ask_prices")
        )
    )
    coarser = ops.microprice.fit(scaled, buckets=2, max_spread_ticks=3, tick=0.05)
    for row, larger in zip(finer.adjustment, coarser.adjustment, strict=True):
        assert larger == pytest.approx([5 * value for value in row], rel=1e-9)


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (book([], []).clear(), "no step from a spread of 1 ticks"),
        (history((True, 1, 1)).head(1), "no step from a spread of 1 ticks"),
        (history(*CHAIN), "no step from a spread of 2 ticks with an imbalance from 0 to 0.5"),
        (history((True, 0, 9), (False, 0, 9)), "never moves from a spread of 1 ticks"),
        (history((True, 0, 9), (True, 1, 9)), "without a limit"),
    ],
)
def test_fit_says_what_the_history_lacks(frame: pl.DataFrame, says: str) -> None:
    spreads = 2 if "of 2 ticks" in says else 1
    with pytest.raises(ValueError, match=says):
        ops.microprice.fit(frame, buckets=2, max_spread_ticks=spreads)


def test_fit_needs_a_spread_to_be_seen_in_all_buckets() -> None:
    with pytest.raises(ValueError, match=r"imbalance from 0\.2 to 0\.4"):
        ops.microprice.fit(history(*CHAIN), buckets=5, max_spread_ticks=1)


@FEWER
@given(data=st.data(), frame=strategies.depth())
def test_rows_equal_the_oracle(data: st.DataObject, frame: pl.DataFrame) -> None:
    run = ops.microprice(TABLE, tick=0.02).start()
    parts = [run.push(part) for part in data.draw(strategies.cuts(frame))]
    tick, rows = Fraction("0.02"), rows_of(frame)
    expected = list[Row]()
    for row in rows:
        state = oracle.state_of(row, 4, 2, tick)
        value = None
        if state is not None and row["bid_prices"][0] != row["ask_prices"][0]:
            mid = (row["bid_prices"][0] + row["ask_prices"][0]) / 2
            balanced = row["bid_volumes"][0] == row["ask_volumes"][0]
            value = mid + (0.0 if balanced else TABLE[state.ticks - 1][state.bucket])
        expected.append(row | {"microprice": value})
    # A width of half a tick can be either: floats do not say.
    odd = [round((row["ask_prices"][0] - row["bid_prices"][0]) * 100) % 2 == 1 for row in rows]
    assert_same(pl.concat(parts).filter(~pl.Series(odd, dtype=pl.Boolean)), [
        row for row, halved in zip(expected, odd, strict=True) if not halved
    ])  # fmt: skip


def microprice_of(frame: pl.DataFrame) -> float | None:
    return ops.microprice(TABLE).apply(frame)["microprice"].item()


def test_adds_what_the_table_says() -> None:
    """Imbalances of 0.1, 0.3, 0.6 and 0.9 are in the four quarters; the second row is 2 wide."""
    volumes = [(10, 90), (30, 70), (60, 40), (90, 10)]
    for more, (bids, asks) in zip(TABLE[0], volumes, strict=True):
        assert microprice_of(book([(10.0, bids)], [(10.01, asks)])) == pytest.approx(10.005 + more)
    for more, (bids, asks) in zip(TABLE[1], volumes, strict=True):
        assert microprice_of(book([(10.0, bids)], [(10.02, asks)])) == pytest.approx(10.01 + more)


def test_edges_of_buckets_are_mirrored() -> None:
    """An imbalance of a quarter is in the second bucket, so three quarters are in the third."""
    assert microprice_of(book([(10.0, 1)], [(10.01, 3)])) == pytest.approx(10.004)
    assert microprice_of(book([(10.0, 3)], [(10.01, 1)])) == pytest.approx(10.006)


def test_only_the_best_level_counts() -> None:
    bids = [(10.0, 90), (9.99, 10_000)]
    assert microprice_of(book(bids, [(10.01, 10), (10.02, 1)])) == pytest.approx(10.009)


@pytest.mark.parametrize(
    "nothing",
    [
        book([], [(10.0, 5)]),
        book([(10.0, 5)], [(0.0, 300)]),
        book([(10.0, 500), (0.0, 120)], [(10.0, 500)]),
        book([(10.02, 5)], [(10.0, 5)]),
        book([(10.0, 0)], [(10.01, 0)]),
        book([(10.0, 5)], [(10.03, 5)]),
    ],
)
def test_is_null_without_a_bucket(nothing: pl.DataFrame) -> None:
    """One-sided, locked as in an auction, crossed, empty, or wider than the table."""
    assert microprice_of(nothing) is None


def test_float_noise_in_prices_moves_no_spread() -> None:
    noisy = book([(85.39999999999998, 90)], [(85.41, 10)])
    assert microprice_of(noisy) == pytest.approx(85.405 + 0.004)


def test_its_name_is_short_and_tells_tables_apart() -> None:
    large = [[0.001 * number for number in range(50)]] * 20
    other = [*large[:-1], [*large[-1][:-1], 0.0490001]]
    assert len(repr(ops.microprice(large))) < 80
    assert repr(ops.microprice(large)) == repr(ops.microprice([list(row) for row in large]))
    assert ops.microprice(large) == ops.microprice(large)
    assert hash(ops.microprice(large)) == hash(ops.microprice(large))
    assert ops.microprice(large) != ops.microprice(other)
    assert ops.microprice([[-0.1, 0.1]]) != ops.microprice([[-0.1], [0.1]])
    assert ops.microprice(large) != ops.microprice(large, tick=0.02)
    snapshot = ops.microprice(large).start().snapshot()
    assert ops.microprice(large).start(snapshot) is not None
    with pytest.raises(SnapshotError):
        ops.microprice(other).start(snapshot)


def test_does_not_see_its_table_change() -> None:
    table = [[-0.001, 0.001]]
    op = ops.microprice(table)
    table[0][1] = 5.0
    assert op == ops.microprice([[-0.001, 0.001]])


def test_output_schema() -> None:
    expected = pl.Schema({**DEPTH, "microprice": pl.Float64()})
    assert ops.microprice(TABLE).output_schema(DEPTH) == expected
    assert ops.microprice(TABLE).apply(book([], []).clear()).schema == expected


@pytest.mark.parametrize("column", ["bid_prices", "ask_prices", "bid_volumes", "ask_volumes"])
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=column):
        ops.microprice(TABLE).apply(book([], []).drop(column))


@pytest.mark.parametrize("column", ["symbol", "timestamp", "bid_prices", "ask_volumes"])
def test_column_missing_in_the_history_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=rf"fit.*{column}"):
        ops.microprice.fit(history(*CHAIN).drop(column))


@pytest.mark.real_data
@pytest.mark.skipif(strategies.SMALL, reason="whole days are no small data")
def test_a_real_day_moves_to_where_it_leans() -> None:
    """g rises with the imbalance, stays within the spread, and the mid a minute on follows it."""
    frame = data.depth(data.SZ5)
    frame = frame.filter(pl.col("symbol") == pl.col("symbol").first())
    op = ops.microprice.fit(frame, buckets=4, max_spread_ticks=1)
    row = op.adjustment[0]
    assert list(row) == sorted(row)
    assert 0 < max(row) < 0.01
    found = ops.chain(ops.spread(), op).apply(frame).drop_nulls("microprice")
    later = found["mid"].shift(-20) - found["mid"]
    leans = found["microprice"] - found["mid"]
    both = pl.DataFrame({"later": later, "leans": leans}).drop_nulls()
    assert both.filter(pl.col("leans") > 0)["later"].mean() > 0  # pyright: ignore[reportOptionalOperand, reportOperatorIssue]
    assert both.filter(pl.col("leans") < 0)["later"].mean() < 0  # pyright: ignore[reportOptionalOperand, reportOperatorIssue]
