"""Every public operator obeys every law, with several sets of parameters each."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import Phase, find, settings

import tickops as ops
from tests import data
from tests.oracles.strategies import SMALL
from tickops.testing import LAWS, Law, assert_identical, check_operator, joined, play, quotes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hypothesis.strategies import SearchStrategy

FEW = 2
MORE = 2 if SMALL else 4
IN_ORDER = quotes(corrections=True, nulls=True)
EVERYWHERE = quotes(symbols=5, regions=("CN", "HK", "US", "ZZ"), late=True, corrections=True)
WITHOUT_MOMENTS = tuple(law for law in LAWS if not law.moments)
"""For late="raise": what comes after its bar was closed by the clock is late by right."""


@dataclass(frozen=True)
class Case:
    """An operator with some parameters, and what goes into it."""

    operator: ops.Operator
    prepare: ops.Operator | None = None
    frames: SearchStrategy[pl.DataFrame] | None = None
    laws: Sequence[Law] = LAWS
    examples: int = FEW

    def __repr__(self) -> str:
        kind = type(self.operator).__name__
        return f"{kind}-{CASES.index(self)}"


DELTAS = ops.deltas()
LATE_DELTAS = ops.deltas(late="include")
SIDES = ops.chain(ops.deltas(), ops.spread(), ops.trade_side())
MID = (pl.col("high") + pl.col("low")) / 2
BOTH = quotes(levels=2, corrections=True, late=True, nulls=True, nans=True)
IN_CHANNELS = ops.chain(
    ops.with_columns(
        channel=pl.when(pl.col("volume") % 3 > 0)
        .then(pl.lit("quotes"))
        .otherwise(pl.lit("depth"))
        .cast(pl.Enum(["quotes", "depth"]))
    ),
    ops.with_columns(
        *(pl.when(channel="quotes").then(name).alias(name) for name in ("last_price", "amount")),
        *(pl.when(channel="depth").then(name).alias(name) for name in ("bid_prices", "ask_prices")),
    ),
)

CASES = [
    Case(ops.deltas(), examples=MORE),
    Case(ops.deltas(late="include", gap_after="5s")),
    Case(ops.deltas(late="raise"), frames=IN_ORDER),
    Case(ops.deltas(unit={"600000.SH": 1, "AAPL.US": 10}), frames=EVERYWHERE),
    Case(ops.vwap(), DELTAS, examples=MORE),
    Case(ops.vwap(late="include"), LATE_DELTAS),
    Case(ops.vwap(window="5m"), DELTAS, examples=MORE),
    Case(ops.vwap(window="1m", unit=7, late="include"), ops.deltas(late="include", unit=7)),
    Case(ops.vwap(window=3), DELTAS),
    Case(ops.vwap(window=100, late="raise"), DELTAS, frames=IN_ORDER),
    Case(ops.bars("1m"), DELTAS, examples=MORE),
    Case(ops.bars("1m", fill=True, profile="split_auction"), DELTAS, frames=EVERYWHERE),
    Case(ops.bars("1m", fill=True, profile="dolphindb"), DELTAS),
    Case(ops.bars("5m", closed="right"), DELTAS),
    Case(ops.bars("1m", late="include", grace="0s", session_grace="0s"), LATE_DELTAS),
    Case(ops.bars("1m", late="raise"), DELTAS, frames=IN_ORDER, laws=WITHOUT_MOMENTS),
    Case(ops.bars("30m", sessions=[("09:00", "12:00"), ("13:00", "18:00")]), DELTAS, EVERYWHERE),
    Case(
        ops.bars("1m", aggregate={"last_price": ["first", "last", "min", "max", "mean", "sum"]}),
        DELTAS,
    ),
    Case(ops.spread(), examples=MORE),
    Case(ops.weighted_mid()),
    Case(ops.imbalance(), examples=MORE),
    Case(ops.imbalance(levels=2, weights="inverse")),
    Case(ops.imbalance(levels=3, weights=("exp", 0.5))),
    Case(ops.with_columns(MID.alias("mid"), range=pl.col("high") - pl.col("low"))),
    Case(ops.with_columns(pl.col("symbol").cast(pl.String).str.slice(7).alias("exchange"))),
    Case(ops.filter(pl.col("volume") > 5)),
    Case(ops.filter(pl.col("timestamp").dt.minute() % 2 == 0)),
    Case(ops.tick_bars(3), DELTAS),
    Case(ops.tick_bars(2, daily=False, late="include"), LATE_DELTAS),
    Case(ops.volume_bars(20), DELTAS),
    Case(ops.volume_bars(7, unit=7, late="raise"), ops.deltas(unit=7), frames=IN_ORDER),
    Case(ops.amount_bars(30_000.0), DELTAS, frames=EVERYWHERE),
    Case(ops.amount_bars(1e5, daily=False, late="include"), LATE_DELTAS),
    Case(ops.imbalance_bars("volume", threshold=12), DELTAS),
    Case(ops.imbalance_bars("tick", threshold=2, daily=False, late="include"), LATE_DELTAS),
    Case(ops.runs_bars("amount", threshold=50_000), DELTAS, frames=EVERYWHERE),
    Case(ops.runs_bars("tick", threshold=3, late="include"), LATE_DELTAS),
    Case(ops.vamp(levels=3)),
    Case(ops.depth_value(levels=2, unit={"000001.SZ": 7})),
    Case(ops.sweep_cost(700)),
    Case(ops.book_slope()),
    Case(ops.ofi()),
    Case(ops.ofi(levels=3, late="include")),
    Case(ops.ofi(levels=5, late="raise"), frames=quotes(levels=5, regions=("CN", "US"))),
    Case(ops.limits(rates=0.001)),
    Case(ops.limits(), frames=quotes(levels=2, symbols=4, regions=("CN", "HK"), late=True)),
    Case(ops.trade_side(), DELTAS),
    Case(ops.trade_side(late="include"), ops.chain(ops.spread(), LATE_DELTAS)),
    Case(ops.effective_spread(), SIDES),
    Case(ops.unit_check()),
    Case(ops.unit_check(unit={"600000.SH": 1}), frames=EVERYWHERE),
    Case(ops.realised_spread("5m"), SIDES),
    Case(ops.realised_spread("3s", late="include"), SIDES),
    Case(ops.amihud("5m"), DELTAS),
    Case(ops.amihud(3, late="include"), LATE_DELTAS, frames=EVERYWHERE),
    Case(ops.roll_spread("1h"), DELTAS),
    Case(ops.roll_spread(6, late="raise"), DELTAS, frames=IN_ORDER),
    Case(ops.kyle_lambda("1h"), SIDES),
    Case(ops.kyle_lambda(5, late="include"), SIDES),
    Case(ops.lag("last_price", periods=2)),
    Case(ops.lag(["amount", "volume"], periods=3, daily=True, late="include"), frames=EVERYWHERE),
    Case(ops.diff(["amount", "volume"], daily=True, late="raise"), frames=IN_ORDER),
    Case(ops.returns(["high", "low"], kind="simple", periods=2, daily=True, late="include")),
    Case(ops.cumulative("amount"), frames=EVERYWHERE),
    Case(ops.cumulative(["high", "amount"], statistic="count", daily=False, late="include")),
    Case(ops.ewm(["last_price", "amount"], halflife=3, statistics=["mean", "std"])),
    Case(ops.ewm("amount", halflife="30s", by="time", statistics="var", late="include")),
    Case(ops.crossing("last_price", "prev_close", late="include")),
    Case(ops.threshold("last_price", 9, 11, late="raise"), frames=IN_ORDER),
    Case(ops.cooldown("loud", "3s", late="include"), ops.with_columns(loud=pl.col("volume") > 9)),
    Case(ops.first_of_day(), frames=EVERYWHERE),
    Case(ops.dedupe()),
    Case(ops.dedupe("volume", late="include")),
    Case(
        ops.rolling(
            "1m",
            {
                "last_price": ["mean", "std", "kurtosis", "min", "argmax", "first", "median"],
                ("last_price", "amount"): ["corr", "beta"],
            },
        ),
    ),
    Case(ops.rolling(3, {"amount": ["rank", "max", "last", "count"]}, daily=True, min_rows=2)),
    Case(
        ops.rolling(None, {"amount": ["sum", "skew", "min", "first"]}, daily=True, late="include")
    ),
    Case(ops.microprice([[-0.004, 0.0, 0.004], [-0.007, 0.0, 0.007]])),
    Case(ops.vpin(7, buckets=3), SIDES),
    Case(ops.vpin(2, buckets=5, late="include"), SIDES),
    Case(ops.corwin_schultz(), ops.chain(ops.deltas(), ops.bars("1m"))),
    Case(ops.corwin_schultz(overnight=False, negative="zero")),
    Case(ops.volume_ratio(days=2, min_days=1), DELTAS, frames=EVERYWHERE),
    Case(ops.volume_ratio(1, sessions="CN", late="include"), LATE_DELTAS),
    Case(ops.twap(), frames=EVERYWHERE),
    Case(ops.twap("5m", late="include")),
    Case(ops.twap("26h", column="high"), frames=EVERYWHERE),
    Case(ops.realised_volatility("5m", late="include")),
    Case(ops.realised_volatility(3, min_rows=2, daily=False), frames=EVERYWHERE),
    Case(ops.bars("1d", fill=True, late="include"), LATE_DELTAS, frames=EVERYWHERE),
    Case(ops.bars("session", closed="right"), DELTAS),
    Case(ops.streak_bars("tick", threshold=2, late="include"), LATE_DELTAS),
    Case(ops.imbalance_bars("volume", threshold="adaptive", expected_ticks=3, span=4), DELTAS),
    Case(ops.runs_bars("amount", threshold="adaptive", expected_ticks=2, daily=False), DELTAS),
    Case(ops.asof("depth"), IN_CHANNELS, BOTH),
    Case(ops.asof("quotes", columns="amount", prefix="q ", tolerance="20s"), IN_CHANNELS, BOTH),
    Case(ops.combine_latest(late="include"), IN_CHANNELS, BOTH),
    Case(ops.renko_bars(0.02), DELTAS),
    Case(ops.renko_bars(0.05, anchor=0, late="include"), LATE_DELTAS, frames=EVERYWHERE),
    Case(
        ops.rolling("1m", {"last_price": ["mean", "std", "count"]}, weights="delta_volume"),
        DELTAS,
    ),
    Case(
        ops.rolling(None, {"amount": ["sum", "var"]}, weights="volume", daily=True, late="include"),
        frames=EVERYWHERE,
    ),
    Case(ops.ewm(["high", "low", "amount"], alpha=0.3, statistics=["mean", "corr", "cov"])),
    Case(ops.ewm(["low", "amount"], halflife="9s", by="time", statistics="cov", late="include")),
    Case(ops.merge_bars("5m"), ops.chain(DELTAS, ops.bars("1m"))),
    Case(
        ops.merge_bars("1d", profile="split_auction", late="include", session_grace="0s"),
        ops.chain(LATE_DELTAS, ops.bars("30m", fill=True)),
    ),
    Case(
        ops.merge_bars("1d"),
        ops.chain(DELTAS, ops.bars("1m"), ops.merge_bars("5m")),
        frames=EVERYWHERE,
    ),
    Case(ops.pair_spread("600000.SH", "000001.SZ", hedge=0.5)),
    Case(
        ops.pair_spread("600000.SH", "00700.HK", log=True, max_age="3h", late="include"),
        frames=EVERYWHERE,
    ),
    Case(ops.index({"600000.SH": 3, "000001.SZ": 40})),
    Case(
        ops.index({"600000.SH": 3, "00700.HK": 4}, start_from="prev_close", late="include"),
        frames=EVERYWHERE,
    ),
    Case(ops.cross_section("1m", {"last_price": ["rank", "zscore"], "amount": "demean"})),
    Case(
        ops.cross_section("7m", {"amount": "rank_pct"}, groups="region", late="include"),
        frames=EVERYWHERE,
    ),
    Case(ops.sample("1m")),
    Case(ops.sample("7m", grace="0s", late="include"), frames=EVERYWHERE),
    Case(ops.resample("5m", ["last_price", "volume"], max_age="10m", late="include")),
    Case(ops.resample("30m", "amount", sessions=[("00:00", "20:00")]), frames=EVERYWHERE),
    Case(ops.resample("1h", "amount"), ops.resample("7m", "amount"), EVERYWHERE),
    Case(ops.reorder()),
    Case(ops.reorder(within="1m", late="include"), frames=EVERYWHERE),
    Case(ops.chain(ops.deltas(), ops.vwap(window="5m"), ops.bars("1m")), examples=MORE),
    Case(
        ops.chain(
            ops.spread(),
            ops.deltas(late="include"),
            ops.filter(pl.col("spread_bps") < 1e4),
            ops.bars("1m", fill=True, aggregate={"spread_bps": ["mean", "last", "count"]}),
            ops.with_columns(rise=pl.col("close") - pl.col("open")),
        )
    ),
    Case(ops.chain(ops.deltas())),
    Case(
        ops.chain(
            ops.reorder(within="8h"),
            ops.resample("15m", "last_price"),
            ops.returns(),
            ops.cross_section("15m", {"returns": "rank"}),
        ),
        examples=MORE,
    ),
]


OF_SHELLS = ("schema", "layout", "observable", "fusion", "shards")
"""Laws of what lies around kernels: as they are, compiled or not."""


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_operator_obeys_every_law(case: Case) -> None:
    check_operator(
        case.operator,
        prepare=case.prepare,
        frames=case.frames,
        laws=[law for law in case.laws if not (SMALL and law.name in OF_SHELLS)],
        max_examples=case.examples,
    )


def test_every_public_operator_is_in_the_table() -> None:
    exported = [getattr(ops, name) for name in ops.__all__]
    kinds = {kind for kind in exported if isinstance(kind, type) and issubclass(kind, ops.Operator)}
    assert kinds - {ops.Operator} == {type(case.operator) for case in CASES}


@pytest.mark.real_data
@pytest.mark.skipif(SMALL, reason="whole days are no small data")
@pytest.mark.parametrize("name", data.SETS)
def test_the_main_pipeline_obeys_on_real_days(name: str) -> None:
    pipeline = ops.chain(ops.deltas(), ops.vwap(window="5m"), ops.bars("1m"))
    check_operator(pipeline, frames=data.quotes(name), max_examples=4)


BUSY = quotes(levels=5, min_rows=20, corrections=True, nulls=True)
RESUME = "import sys; from tests.tickops.test_laws import resume; resume(sys.argv[1])"


def test_a_snapshot_goes_on_in_another_process(tmp_path: Path) -> None:
    quiet = settings(database=None, derandomize=True, phases=[Phase.generate])
    frame = find(BUSY, lambda frame: frame["symbol"].n_unique() == 3, settings=quiet)
    half = frame.height // 2
    for number, case in enumerate(CASES):
        prepared = frame if case.prepare is None else case.prepare.apply(frame)
        run = case.operator.start()
        run.push(prepared[:half])
        tmp_path.joinpath(f"{number}.snapshot").write_bytes(run.snapshot())
        prepared[half:].write_ipc(tmp_path / f"{number}.in.arrow")
        joined(play(run, [prepared[half:]])).write_ipc(tmp_path / f"{number}.expected.arrow")
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", RESUME, str(tmp_path)], cwd=root, check=True, timeout=100)
    for number in range(len(CASES)):
        actual = pl.read_ipc(tmp_path / f"{number}.out.arrow")
        expected = pl.read_ipc(tmp_path / f"{number}.expected.arrow")
        assert_identical(actual, expected, repr(CASES[number]))


def resume(folder: str) -> None:
    """Go on from the snapshots in a folder, in a process that has seen other symbols first."""
    others = pl.Series(["999999.SH", "300750.SZ", "000001.SZ"], dtype=ops.SYMBOL)
    for number, case in enumerate(CASES):
        run = case.operator.start(Path(folder, f"{number}.snapshot").read_bytes())
        rest = pl.read_ipc(Path(folder, f"{number}.in.arrow"))
        joined(play(run, [rest])).write_ipc(Path(folder, f"{number}.out.arrow"))
    assert len(others)
